/* SPDX-License-Identifier: Apache-2.0 */
#include "live_fixture.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/gzip.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail

enum { PATIENCE_MS = 20000 };

/* ---- the engine ---- */

static void post(void *data, MailboxItem *item)
{
    assert_true(mailbox_post(data, item));
}

static void open_engine(Fixture *fixture, LiveEngineOptions options)
{
    options.sequencer = fixture->sequencer;
    options.workers = fixture->workers;
    options.registry = fixture->registry;
    options.post = post;
    options.post_data = &fixture->mailbox;
    fixture->engine = live_engine_new(&options);
}

static const StorageDefaults STORAGES = {.local_directory = STR_INIT("storage")};

Fixture *fixture_open(LiveEngineOptions options)
{
    Fixture *fixture = NEW(Fixture);
    CLEANUP(context_done) Context ctx = {0};
    strcpy(fixture->directory, "/tmp/kalamdb-live-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    mailbox_init(&fixture->mailbox, NULL, NULL);
    StoreOptions store_options = {.path = str_from_c(fixture->directory)};
    assert_int_equal(store_open(&ctx, &store_options, &fixture->store), STATUS_OK);
    SequencerOptions sequencer_options = {.store = fixture->store};
    assert_int_equal(sequencer_open(&ctx, &sequencer_options, &fixture->sequencer), STATUS_OK);
    fixture->workers = worker_pool_new(4);
    fixture->system_tables = system_tables_new(&STORAGES);
    fixture->jobs =
        job_scheduler_new(&(JobOptions){.store = fixture->store, .sequencer = fixture->sequencer});
    fixture->cleanup = (TableCleanup){.store = fixture->store, .sequencer = fixture->sequencer};
    table_cleanup_register(fixture->jobs, &fixture->cleanup);
    assert_int_equal(job_scheduler_start(&ctx, fixture->jobs), STATUS_OK);
    fixture->registry = live_registry_new(fixture->sequencer, 1);
    live_registry_register_tables(fixture->registry, fixture->system_tables);
    open_engine(fixture, options);
    fixture->query = (QueryEngine){
        .sequencer = fixture->sequencer,
        .store = fixture->store,
        .jobs = fixture->jobs,
        .system_tables = fixture->system_tables,
        .table_defaults = {.deleted_retention_hours = 168, .stream_ttl_ms = 10000},
        .hooks = {.find_watcher = live_registry_find_watcher,
                  .has_watcher = live_registry_has_watcher,
                  .kill_live_query = live_registry_kill,
                  .data = fixture->registry},
    };
    return fixture;
}

void fixture_close(Fixture *fixture)
{
    char command[128];
    live_engine_stop(fixture->engine);
    worker_pool_free(fixture->workers); /* its tasks use the sequencer */
    assert_true(job_scheduler_stop(fixture->jobs, PATIENCE_MS));
    sequencer_close(fixture->sequencer);
    job_scheduler_free(fixture->jobs);
    fixture_pump(fixture);
    live_engine_free(fixture->engine);
    live_registry_free(fixture->registry);
    system_tables_free(fixture->system_tables);
    store_close(fixture->store);
    mailbox_done(&fixture->mailbox);
    snprintf(command, sizeof(command), "rm -rf %s", fixture->directory);
    assert_int_equal(system(command), 0);
    free(fixture);
}

void fixture_pump(Fixture *fixture)
{
    mailbox_run(&fixture->mailbox);
}

/* ---- SQL ---- */

static void ignore_begin(void *data, const AstStatement *statement)
{
    (void)data;
    (void)statement;
}

static void ignore_columns(void *data, const ResultColumn *columns, size_t count)
{
    (void)data;
    (void)columns;
    (void)count;
}

static Status ignore_row(void *data, Context *ctx, const Value *values)
{
    (void)data;
    (void)ctx;
    (void)values;
    return STATUS_OK;
}

static void ignore_done(void *data, const ResultDone *done)
{
    (void)data;
    (void)done;
}

static bool never_full(void *data)
{
    (void)data;
    return false;
}

static void post_semaphore(void *data)
{
    sem_post(data);
}

Status fixture_try_sql(Fixture *fixture, const char *user, const char *sql, char *ret_message)
{
    static const ResultSink SINK = {
        ignore_begin, ignore_columns, ignore_row, ignore_done, never_full};
    sem_t awake;
    sem_init(&awake, 0, 0);
    QueryRequest request = {
        .user_id = str_from_c(user),
        .role = strcmp(user, "root") == 0 ? ROLE_SYSTEM : ROLE_USER,
        .sql = str_from_c(sql),
        .sink = &SINK,
        .wake = post_semaphore,
        .wake_data = &awake,
    };
    QueryRun *run = query_new(&fixture->query, &request);
    for (QueryStep step; (step = query_advance(run, QUERY_ON_WORKER)) != QUERY_DONE;)
        if (step == QUERY_WAITING)
            sem_wait(&awake);
    Status status = query_status(run);
    if (ret_message) {
        CLEANUP(buf_done) Buf text = {0};
        if (status != STATUS_OK)
            query_write_error(run, &text);
        snprintf(ret_message, 512, "%.*s", STR_ARG(buf_str(&text)));
    }
    query_free(run);
    sem_destroy(&awake);
    return status;
}

void fixture_sql(Fixture *fixture, const char *user, const char *sql)
{
    char message[512];
    Status status = fixture_try_sql(fixture, user, sql, message);
    if (status != STATUS_OK)
        printf("# %s: %s\n", sql, message);
    assert_int_equal(status, STATUS_OK);
}

static Status do_nothing(WriteOp *op, CommitBuilder *builder)
{
    (void)op;
    (void)builder;
    return STATUS_OK;
}

void fixture_settle(Fixture *fixture)
{
    CLEANUP(context_done) Context ctx = {0};
    WriteOp op = {.ctx = &ctx, .execute = do_nothing};
    assert_int_equal(sequencer_execute(fixture->sequencer, &op), STATUS_OK);
    fixture_pump(fixture);
}

/* ---- clients ---- */

static void keep(TestClient *client, Str text)
{
    assert_true(client->count < sizeof(client->messages) / sizeof(*client->messages));
    client->messages[client->count++] = strndup(text.ptr, text.len);
}

static void sink_send_parts(void *data, Str head, Shared *tail)
{
    CLEANUP(buf_done) Buf text = {0};
    buf_str_append(&text, head);
    buf_str_append(&text, shared_str(tail));
    keep(data, buf_str(&text));
}

static void sink_send(void *data, Shared *message, bool binary)
{
    ((TestClient *)data)->binary_count += binary;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf text = {0};
    if (!binary) {
        keep(data, shared_str(message));
        return;
    }
    assert_int_equal(gzip_decompress(&ctx, shared_str(message), 64 << 20, &text), STATUS_OK);
    keep(data, buf_str(&text));
}

static size_t sink_queued_bytes(void *data)
{
    return ((TestClient *)data)->pretended_queue;
}

static const LiveSink TEST_SINK = {
    .send_parts = sink_send_parts, .send = sink_send, .queued_bytes = sink_queued_bytes};

/* The engine asks the catalog who somebody is: he must be there. */
static void create_user(Fixture *fixture, const char *user)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "CREATE USER '%s' WITH PASSWORD 'a long password' ROLE user", user);
    fixture_try_sql(fixture, "root", sql, NULL);
}

TestClient *client_open(Fixture *fixture, const char *user)
{
    create_user(fixture, user);
    Snapshot *snapshot = published_durable(sequencer_published(fixture->sequencer));
    const User *account = catalog_user(snapshot->catalog, str_from_c(user));
    assert_non_null(account);
    TestClient *client = NEW(TestClient);
    client->fixture = fixture;
    LiveClientOptions options = {
        .sink = &TEST_SINK,
        .sink_data = client,
        .connection_id = STR("c0ffee"),
        .user_id = str_from_c(user),
        .role = account->role,
        .credentials_version = account->credentials_version,
        .gzip = true,
    };
    client->client = live_client_new(fixture->engine, &options);
    snapshot_unref(snapshot);
    return client;
}

void client_close(TestClient *client)
{
    live_client_free(client->client);
    for (size_t i = 0; i < client->count; i++)
        free(client->messages[i]);
    free(client);
}

void client_subscribe(TestClient *client, const char *id, const char *sql, const char *options_json)
{
    CLEANUP(context_done) Context ctx = {0};
    const Json *json = NULL;
    LiveSubscribe subscribe = {.subscription_id = str_from_c(id), .sql = str_from_c(sql)};
    if (options_json)
        assert_int_equal(json_parse(&ctx, str_from_c(options_json), &json), STATUS_OK);
    assert_int_equal(live_options_parse(&ctx, json, &subscribe.options), STATUS_OK);
    live_subscribe(client->client, &subscribe);
}

const char *client_next(TestClient *client)
{
    int64_t deadline = clock_monotonic_us() + PATIENCE_MS * 1000;
    while (client->read == client->count) {
        fixture_pump(client->fixture);
        if (client->read == client->count)
            usleep(500);
        assert_true(clock_monotonic_us() < deadline);
    }
    return client->messages[client->read++];
}

const char *client_expect(TestClient *client, const char *text)
{
    const char *message = client_next(client);
    if (!strstr(message, text))
        printf("# expected %s in %s\n", text, message);
    assert_non_null(strstr(message, text));
    return message;
}

void client_expect_nothing(TestClient *client)
{
    fixture_settle(client->fixture);
    if (client->read < client->count)
        printf("# unexpected: %s\n", client->messages[client->read]);
    assert_int_equal(client->count, client->read);
}
