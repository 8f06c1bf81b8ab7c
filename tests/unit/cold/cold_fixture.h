/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole cold tier in a temporary directory: store, sequencer, DuckDB, object
 * stores; tables of (id BIGINT, body TEXT, n INT); writes that carry what they
 * found in both tiers as a table's writer does; and a model of what each owner
 * should see, to compare with.
 */
#pragma once

#include "cold/cold_private.h"
#include "cold/compact.h"
#include "cold/flush.h"
#include "cold_test.h"
#include "commit/catalog_commit.h"

enum { MODEL_KEYS = 400, MODEL_BODY_BYTES = 24, FILE_ROWS_MAX = 150 };

typedef struct Fixture {
    char path[64];
    Context ctx;
    Store *store;
    Sequencer *sequencer;
    StorageDefaults defaults;
    ObjectStores *objects;
    DuckEngine *duck;
    ColdTier *tier;
} Fixture;

void fixture_init(Fixture *fixture);
void fixture_done(Fixture *fixture);
/* Stops and starts everything but the files; duck stays. */
void fixture_reopen(Fixture *fixture);

/* Copies the hot store aside, and puts that copy back; the files stay as they are. */
void fixture_copy_store(Fixture *fixture);
void fixture_restore_store(Fixture *fixture);

/* Until what was written so far is durable. */
void fixture_await_durable(Fixture *fixture);

/* Moves the clock; it goes on from there. */
void fixture_advance_ms(int64_t ms);

typedef struct TestTable {
    Fixture *fixture;
    uint32_t id;
    bool per_user;
} TestTable;

TestTable
fixture_table(Fixture *fixture, const char *name, TableKind kind, int64_t retention_hours);
/* ALTER: adds column `extra` INT with a default for old rows, and drops `n`. */
void test_table_alter(TestTable *table);
void test_table_drop(TestTable *table);

typedef struct ModelRow {
    bool live;
    char body[MODEL_BODY_BYTES];
} ModelRow;

/* One owner's rows of one table, as they should be. */
typedef struct TestOwner {
    TestTable *table;
    Owner owner;
    ModelRow rows[MODEL_KEYS];
} TestOwner;

void owner_init(TestOwner *owner, TestTable *table, const char *user_id);
/* Write, and note in the model. */
void owner_put(TestOwner *owner, int64_t id, const char *body);
void owner_remove(TestOwner *owner, int64_t id);
/* A random one of both. */
void owner_change(TestOwner *owner, uint64_t *state, int64_t id_max);

/* Files of at most FILE_ROWS_MAX rows. */
Status owner_flush(TestOwner *owner, FlushResult *ret_result);
Status owner_compact(TestOwner *owner, bool everything, CompactResult *ret_result);

/* What is read over both tiers is what the model says: by scans both ways, by key, and inside of
 * DuckDB. */
void owner_check(TestOwner *owner);

/* Versions of the owner in the hot tier, tombstones and markers included. */
size_t owner_hot_count(TestOwner *owner);
/* As of the newest durable snapshot; the caller closes it. */
ColdView *owner_view(TestOwner *owner);
ColdStats owner_stats(TestOwner *owner);
/* The encoded key of an id; in the fixture's arena. */
Str fixture_key(Fixture *fixture, int64_t id);
/* Files named batch-*.parquet below the storage. */
size_t fixture_file_count(Fixture *fixture);
/* Below the fixture's directory. */
Str fixture_file(Fixture *fixture, const char *path); /* its text, in the fixture's arena */
bool fixture_path_exists(Fixture *fixture, const char *path);
void fixture_make_file(Fixture *fixture, const char *path); /* and its directory */
