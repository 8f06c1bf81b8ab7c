/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of query/ share: an engine on a store in a temporary directory,
 * and a driver that runs a request to its end on the test's thread, playing
 * reactor and worker in turn as the steps ask.
 *
 * Results come as text: rows with '|' between values (NULL is "NULL") and a line
 * end behind each; a result without columns is its message in [brackets]; an
 * error is "ERROR <STATUS>: <message>".
 */
#pragma once

#include "query/query.h"
#include "table/system_jobs.h"
#include "table/table_cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail /* cmocka's would hide ours */

typedef struct QueryFixture QueryFixture;
struct QueryFixture {
    char path[64];
    Context ctx; /* the results live here */
    Store *store;
    Sequencer *sequencer;
    StorageDefaults storages;
    ObjectStores *objects;
    JobScheduler *jobs;
    TableCleanup cleanup;
    SystemTables *system_tables;
    DuckEngine *duck;
    QueryEngine engine;
    /* How requests are driven. */
    bool sink_is_tiny;   /* full after every row */
    bool names_columns;  /* a line of column names before the rows */
    bool only_on_worker; /* no step on a reactor */
    /* Called once, when the sink is full: something else happens meanwhile. */
    void (*on_full)(QueryFixture *fixture);
    /* Of the last request. */
    Status status;
    const char *error_code;
    int worker_steps; /* how often it asked for a worker */
    int full_steps;
    ResultDone done; /* of its last result; row_ids in ctx */
    Str columns;     /* "name:TYPE:flags ..." of its last result set */
};

void query_fixture_init(QueryFixture *fixture);
void query_fixture_done(QueryFixture *fixture);
/* Closes the store and opens it again. */
void query_fixture_reopen(QueryFixture *fixture);

typedef struct TestRequest {
    const char *user;
    Role role;
    const char *sql;
    const char *namespace_name; /* NULL = none */
    const Value *parameters;
    size_t parameter_count;
} TestRequest;

/* A request under way. */
typedef struct TestRun TestRun;

/* Goes on until the request is done or waits for its write. */
TestRun *query_start(QueryFixture *fixture, const TestRequest *request);
/* To the end; the text of all results. */
const char *query_finish(TestRun *test);

/* Both. */
const char *query_run(QueryFixture *fixture, const TestRequest *request);

/* As root. */
const char *query_admin(QueryFixture *fixture, const char *sql);
/* As a plain user. */
const char *query_user(QueryFixture *fixture, const char *user, const char *sql);

/* Fails the test unless the result is exactly that. */
#define EXPECT(fixture, sql, expected)                                                             \
    assert_string_equal(query_admin((fixture), (sql)), (expected))
#define EXPECT_AS(fixture, user, sql, expected)                                                    \
    assert_string_equal(query_user((fixture), (user), (sql)), (expected))
