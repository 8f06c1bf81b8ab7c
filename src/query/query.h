/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statement to result.
 *
 * A QueryRun executes one request: a script of statements, in order, for one
 * principal.  It is a state machine that never blocks a reactor: whoever drives
 * it calls query_advance() and does what the returned step says.
 *
 *     QUERY_DONE          finished; query_status() tells how
 *     QUERY_NEEDS_WORKER  call again from a worker thread
 *     QUERY_WAITING       a write is on its way; call again after wake()
 *     QUERY_OUTPUT_FULL   the sink is full; call again when it has drained
 *
 * A run belongs to one thread at a time.  It may move between threads from one
 * step to the next.  While it is WAITING nobody may touch it until wake() was
 * called (not even free it).
 *
 * Short work (an INSERT, a write or read by primary key, a small range) is done
 * on the reactor without a hop; longer reads, searches for the rows of an UPDATE
 * and password hashes ask for a worker.
 */
#pragma once

#include "auth/password.h"
#include "cold/cold.h"
#include "cold/cold_jobs.h"
#include "commit/sequencer.h"
#include "duck/duck.h"
#include "job/job.h"
#include "table/system_table.h"
#include "table/watcher.h"

typedef struct QueryRun QueryRun;

/* ---- the engine: shared by all requests, immutable while the server runs ---- */

typedef struct QueryLimits {      /* 0 = the default in brackets */
    size_t parameters_max;        /* limits.max_parameters [65,535] */
    size_t statement_bytes_max;   /* limits.max_statement_bytes [1 MiB] */
    size_t memory_bytes_max;      /* limits.max_query_memory [256 MiB], of one request */
    int64_t deadline_ms;          /* limits.query_timeout [none] */
    uint64_t write_rows_max;      /* limits.max_write_rows [100,000], of one statement */
    size_t transaction_bytes_max; /* limits.max_transaction_bytes [100 MiB] */
    int64_t default_query_limit;  /* limits.default_query_limit [none] */
    int64_t max_query_limit;      /* limits.max_query_limit [none] */
} QueryLimits;

/* What higher layers know.  Called from any thread; must not block.  NULL = nobody watches. */
typedef struct QueryHooks {
    /* Some open live query on the table, described in the arena. */
    bool (*find_watcher)(void *data, Arena *arena, uint32_t table_id, TableWatcher *ret_watcher);
    /* Does anybody watch this owner's events of an EPHEMERAL stream? */
    bool (*has_watcher)(void *data, uint32_t table_id, Owner owner);
    /* How many open live queries are on the table; of that user, or of everybody (empty). */
    size_t (*count_watchers)(void *data, uint32_t table_id, Str user_id);
    /* Has the live query ended by its owner; false when none has that id. */
    bool (*kill_live_query)(void *data, Str live_id);
    void *data;
} QueryHooks;

typedef struct QueryEngine {
    Sequencer *sequencer;
    Store *store;
    ColdTier *cold;            /* NULL: there is none */
    const ColdJobs *cold_jobs; /* likewise */
    JobScheduler *jobs;
    const SystemTables *system_tables;
    ObjectStores *objects;
    DuckEngine *duck; /* runs what the own executor cannot; NULL = that is refused */
    bool only_duck;   /* for tests: it runs every SELECT */
    TableDefaults table_defaults;
    QueryLimits limits;
    QueryHooks hooks;
    const PasswordPolicy *password_policy; /* NULL = its defaults */
} QueryEngine;

/* ---- results ---- */

typedef struct ResultColumn {
    Str name;
    Type type;
    bool not_null;
    bool primary_key; /* and therefore unique */
} ResultColumn;

typedef struct ResultDone {
    uint64_t row_count;
    Str message;        /* empty = none */
    Str as_user;        /* the effective user */
    SeqNo seq;          /* of the commit; 0 = none */
    const Str *row_ids; /* primary keys as text, in order; at most RESULT_ROW_IDS_MAX, else none */
    size_t row_id_count;
    bool has_timestamp; /* INSERT into a stream */
    int64_t timestamp_ms;
    bool has_discarded; /* INSERT into an ephemeral stream */
    uint64_t discarded;
    bool truncated; /* limits.default_query_limit or max_query_limit cut */
} ResultDone;

enum { RESULT_ROW_IDS_MAX = 1000 };

/*
 * Where results go.  For each result: begin, then columns and rows (queries
 * only; a result set without rows has columns), then done.  When a statement
 * fails no done follows; what its begin started is void.  In a request of
 * several statements the counts of INSERT, UPDATE and DELETE are summed and come
 * as up to three results at the end (protocol.md 1.6).
 *
 * Everything passed is borrowed for the call.  Called by the thread that
 * advances the run.
 */
typedef struct ResultSink {
    void (*begin)(void *data, const AstStatement *statement);
    void (*columns)(void *data, const ResultColumn *columns, size_t count);
    /* May fail: a value that the encoding does not have. */
    Status (*row)(void *data, Context *ctx, const Value *values);
    void (*done)(void *data, const ResultDone *done);
    /* Asked after rows; true makes the run return QUERY_OUTPUT_FULL. */
    bool (*is_full)(void *data);
} ResultSink;

/* ---- requests ---- */

typedef struct QueryRequest { /* all borrowed until query_free() */
    Str user_id;
    Role role;
    Str sql;
    const Value *parameters;
    size_t parameter_count;
    Str namespace_name; /* empty = default */
    const ResultSink *sink;
    void *sink_data;
    void (*wake)(void *data); /* from a thread of the sequencer; should only post */
    void *wake_data;
} QueryRequest;

typedef enum QueryThread { QUERY_ON_REACTOR, QUERY_ON_WORKER } QueryThread;

typedef enum QueryStep {
    QUERY_DONE,
    QUERY_NEEDS_WORKER,
    QUERY_WAITING,
    QUERY_OUTPUT_FULL
} QueryStep;

/* engine and what the request borrows must outlive the run. */
QueryRun *query_new(const QueryEngine *engine, const QueryRequest *request);
void query_free(QueryRun *run);
DEFINE_CLEANUP(QueryRun, query_free)

QueryStep query_advance(QueryRun *run, QueryThread thread);

/* From any thread; the next check ends the run with STATUS_CANCELLED.  A submitted write still
 * happens. */
void query_cancel(QueryRun *run);

/* ---- after QUERY_DONE ---- */

/* STATUS_OK, or what query_context() describes. */
Status query_status(const QueryRun *run);
const Context *query_context(const QueryRun *run);

/* EMPTY_SQL, BATCH_PARSE_ERROR and PARAMS_WITH_BATCH where they apply, else the status's code. */
const char *query_error_code(const QueryRun *run);

/* The whole message with its prefix, and "Statement N failed: " in a batch; nothing is redacted. */
void query_write_error(const QueryRun *run, Buf *out);

/* Does the request's text hold passwords or keys?  Then it must not be logged.  True as well when
 * it could not be parsed. */
bool query_holds_secrets(const QueryRun *run);

/* Of the statement that failed; empty when none had begun. */
Str query_failed_statement(const QueryRun *run);

/* What the last USE chose, empty when there was none; valid until query_free(). */
Str query_used_namespace(const QueryRun *run);
