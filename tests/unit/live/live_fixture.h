/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole live engine without sockets: a store in a temporary directory, the
 * sequencer, SQL through query/, and clients whose sink is a list of messages.
 * The test thread is the reactor: fixture_pump() runs its mailbox.
 */
#pragma once

#include "live/live_engine.h"
#include "query/query.h"
#include "table/table_cleanup.h"

typedef struct Fixture {
    char directory[64];
    Store *store;
    Sequencer *sequencer;
    WorkerPool *workers;
    JobScheduler *jobs;
    TableCleanup cleanup;
    SystemTables *system_tables;
    LiveRegistry *registry;
    LiveEngine *engine;
    Mailbox mailbox;
    QueryEngine query;
} Fixture;

/* options: index, output_budget_bytes, feed_bytes_max .. ; the rest is filled in. */
Fixture *fixture_open(LiveEngineOptions options);
void fixture_close(Fixture *fixture);

/* Runs a script as that user; fails the test unless it succeeds. */
void fixture_sql(Fixture *fixture, const char *user, const char *sql);
/* The status it ends with; the message goes to ret_message (may be NULL) of 512 bytes. */
Status fixture_try_sql(Fixture *fixture, const char *user, const char *sql, char *ret_message);

typedef struct TestClient {
    Fixture *fixture;
    LiveClient *client;
    char *messages[4096]; /* JSON text */
    size_t count;
    size_t read;
    size_t binary_count;    /* messages that came as gzip */
    size_t pretended_queue; /* what queued_bytes() says */
} TestClient;

TestClient *client_open(Fixture *fixture, const char *user);
void client_close(TestClient *client);
/* options_json NULL: no initial data. */
void client_subscribe(TestClient *client,
                      const char *id,
                      const char *sql,
                      const char *options_json);
/* The next message, waiting up to 20 s for it. */
const char *client_next(TestClient *client);
/* The next message holds the text; the message itself. */
const char *client_expect(TestClient *client, const char *text);
/* Whatever was committed before is delivered; then nothing is left to read. */
void client_expect_nothing(TestClient *client);

/* Runs what is in the mailbox. */
void fixture_pump(Fixture *fixture);
/* Everything committed so far was handed to the engine. */
void fixture_settle(Fixture *fixture);
