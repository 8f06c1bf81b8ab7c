/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of a DuckEngine: the instance of DuckDB and the statements on it.
 *
 * An instance is reference counted, because one that reports a fatal error is
 * given up: the next statement opens another, the last one on the old closes it.
 */
#pragma once

#include "base/map.h"
#include "base/refcount.h"
#include "duck/duck.h"
#include "duck/library.h"
#include "duck/watchdog.h"

#include <pthread.h>

typedef struct DuckRun DuckRun;

typedef struct DuckInstance {
    RefCount references;
    duckdb_database database;
    pthread_mutex_t lock; /* guards runs */
    IdMap runs;           /* by the id of their connection */
} DuckInstance;

struct DuckEngine {
    Arena arena; /* of the options and directories */
    DuckOptions options;
    Watchdog watchdog;
    pthread_mutex_t lock; /* guards what follows */
    Str *directories;
    size_t directory_count;
    size_t directory_capacity;
    DuckInstance *instance; /* NULL = none yet */
};

/* The instance, opened when there is none, with a reference for the caller. */
MUST_CHECK Status duck_engine_instance(Context *ctx, DuckEngine *engine, DuckInstance **ret);

/* Later statements get another one. */
void duck_engine_give_up(DuckEngine *engine, DuckInstance *instance);

void duck_instance_unref(DuckInstance *instance);
DEFINE_CLEANUP(DuckInstance, duck_instance_unref)

void duck_instance_add(DuckInstance *instance, uint64_t connection_id, DuckRun *run);
void duck_instance_remove(DuckInstance *instance, uint64_t connection_id);
/* From DuckDB's threads; NULL = none. */
DuckRun *duck_instance_find(DuckInstance *instance, duckdb_client_context context);
