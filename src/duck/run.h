/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DuckRun: one statement under way, on a connection of its own.
 *
 * The caller's thread owns it; DuckDB's threads reach it through their
 * connection's id and touch only what its lock guards.
 */
#pragma once

#include "duck/engine.h"

typedef struct DuckScan DuckScan;

/* One of the statement's sources: what DuckDB gets as bind data. */
typedef struct BoundSource {
    DuckRun *run;
    DuckSource *source;
    bool is_open; /* under the run's lock */
} BoundSource;

struct DuckRun {
    DuckEngine *engine;
    DuckInstance *instance;
    duckdb_connection connection;
    uint64_t connection_id;
    duckdb_prepared_statement prepared;
    BoundSource *sources;
    size_t source_count;
    const DuckFunction *functions;
    size_t function_count;
    Watch watch;

    pthread_mutex_t lock; /* guards what follows */
    int64_t deadline_us;  /* of the last call: the bounds of what DuckDB's threads do for it */
    size_t memory_limit;
    DuckScan *scans;
    Context error; /* of the first source that failed; STATUS_OK = none */
};

MUST_CHECK Status duck_run_start(Context *ctx,
                                 DuckEngine *engine,
                                 const DuckStatement *statement,
                                 DuckRun **ret_run);
/* Results of the run are destroyed by now. */
void duck_run_free(DuckRun *run);
DEFINE_CLEANUP(DuckRun, duck_run_free)

/* Around each call into DuckDB that may take long. */
void duck_run_enter(DuckRun *run, Context *ctx);
void duck_run_leave(DuckRun *run);

typedef enum RunMode { RUN_STREAMING, RUN_TO_THE_END } RunMode;

/* On failure there is no result to destroy. */
MUST_CHECK Status duck_run_execute(Context *ctx,
                                   DuckRun *run,
                                   RunMode mode,
                                   duckdb_result *ret_result);

/* What went wrong, DuckDB saying `text` (may be NULL); never STATUS_OK. */
Status duck_run_fail(Context *ctx, DuckRun *run, const char *text);

/* From any thread: what a source or function of the statement complained about. */
void duck_run_keep_error(DuckRun *run, const Context *from);

/* A Context for work of a DuckDB thread: with the statement's bounds, an arena of its own. */
Context duck_run_context(DuckRun *run);

/* ---- function.c ---- */

/* Makes kalam_call_..() known. */
MUST_CHECK Status duck_function_register(Context *ctx,
                                         DuckInstance *instance,
                                         duckdb_connection connection);

/* ---- source.c ---- */

/* Makes kalam_source() known. */
MUST_CHECK Status duck_source_register(Context *ctx,
                                       DuckInstance *instance,
                                       duckdb_connection connection);
/* Under the run's lock. */
void duck_scans_cancel(DuckScan *scans);
