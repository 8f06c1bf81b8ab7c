/* SPDX-License-Identifier: Apache-2.0 */
#include "query_fixture.h"

#include "base/file.h"
#include "cold/storage_path.h"

#include <semaphore.h>
#include <stdlib.h>

/* ---- life cycle ---- */

static void open_objects(QueryFixture *fixture)
{
    Arena *arena = &fixture->ctx.arena;
    fixture->storages = (StorageDefaults){
        .local_directory = arena_printf(arena, "%s-files/storage", fixture->path),
        .shared_template = SHARED_TABLES_TEMPLATE,
        .user_template = USER_TABLES_TEMPLATE,
    };
    ObjectStoresOptions options = {
        .defaults = &fixture->storages,
        .key = STR("0123456789abcdef0123456789abcdef"),
        .cache_directory = arena_printf(arena, "%s-files/cache", fixture->path),
        .cache_bytes_max = 1 << 20,
    };
    assert_int_equal(file_make_directories(&fixture->ctx, fixture->storages.local_directory),
                     STATUS_OK);
    assert_int_equal(object_stores_open(&fixture->ctx, &options, &fixture->objects), STATUS_OK);
}

static void open_all(QueryFixture *fixture)
{
    StoreOptions options = {.path = str_from_c(fixture->path), .write_buffer_bytes = 8 << 20};
    assert_int_equal(store_open(&fixture->ctx, &options, &fixture->store), STATUS_OK);
    SequencerOptions sequencer = {.store = fixture->store};
    assert_int_equal(sequencer_open(&fixture->ctx, &sequencer, &fixture->sequencer), STATUS_OK);
    open_objects(fixture);
    fixture->system_tables = system_tables_new(&fixture->storages);
    fixture->duck = duck_engine_new(&(DuckOptions){.memory_bytes = 256 << 20});
    fixture->engine.duck = fixture->duck;
    system_jobs_register(fixture->system_tables);
    fixture->jobs =
        job_scheduler_new(&(JobOptions){.store = fixture->store, .sequencer = fixture->sequencer});
    fixture->cleanup = (TableCleanup){.store = fixture->store, .sequencer = fixture->sequencer};
    table_cleanup_register(fixture->jobs, &fixture->cleanup);
    assert_int_equal(job_scheduler_start(&fixture->ctx, fixture->jobs), STATUS_OK);
    fixture->engine.sequencer = fixture->sequencer;
    fixture->engine.store = fixture->store;
    fixture->engine.jobs = fixture->jobs;
    fixture->engine.system_tables = fixture->system_tables;
    fixture->engine.objects = fixture->objects;
}

static void close_all(QueryFixture *fixture)
{
    assert_true(job_scheduler_stop(fixture->jobs, 10000));
    sequencer_close(TAKE(fixture->sequencer));
    job_scheduler_free(TAKE(fixture->jobs));
    store_close(TAKE(fixture->store));
    system_tables_free(TAKE(fixture->system_tables));
    object_stores_close(TAKE(fixture->objects));
    duck_engine_free(TAKE(fixture->duck));
}

void query_fixture_init(QueryFixture *fixture)
{
    static const PasswordPolicy CHEAP = {.memory_kib = 8, .iterations = 1};
    *fixture = (QueryFixture){.path = "/tmp/kalamdb-query-XXXXXX"};
    fixture->engine.table_defaults = (TableDefaults){
        .flush_policy = {.by_rows = true,
                         .rows = 10000,
                         .by_interval = true,
                         .interval_seconds = 300},
        .deleted_retention_hours = 168,
        .stream_ttl_ms = 10000,
    };
    fixture->engine.password_policy = &CHEAP;
    assert_non_null(mkdtemp(fixture->path));
    open_all(fixture);
}

void query_fixture_done(QueryFixture *fixture)
{
    char command[256];
    close_all(fixture);
    context_done(&fixture->ctx);
    snprintf(command, sizeof(command), "rm -rf '%s' '%s-files'", fixture->path, fixture->path);
    assert_int_equal(system(command), 0);
}

void query_fixture_reopen(QueryFixture *fixture)
{
    close_all(fixture);
    open_all(fixture);
}

/* ---- the sink ---- */

typedef struct TextSink {
    QueryFixture *fixture;
    Buf text;
    size_t column_count;
    bool has_columns;
    bool full;
} TextSink;

static void sink_begin(void *data, const AstStatement *statement)
{
    TextSink *sink = data;
    assert_non_null(statement);
    sink->has_columns = false;
}

static void sink_columns(void *data, const ResultColumn *columns, size_t count)
{
    TextSink *sink = data;
    Arena *arena = &sink->fixture->ctx.arena;
    CLEANUP(buf_done) Buf described = {0};
    sink->has_columns = true;
    sink->column_count = count;
    for (size_t i = 0; i < count; i++) {
        buf_printf(&described,
                   "%s%.*s:%.*s%s%s",
                   i ? " " : "",
                   STR_ARG(columns[i].name),
                   STR_ARG(type_to_sql(arena, columns[i].type)),
                   columns[i].not_null ? ":nn" : "",
                   columns[i].primary_key ? ":pk" : "");
        if (sink->fixture->names_columns)
            buf_printf(&sink->text, "%s%.*s", i ? "|" : "", STR_ARG(columns[i].name));
    }
    if (sink->fixture->names_columns)
        BUF_LIT(&sink->text, "\n");
    sink->fixture->columns = arena_str(arena, buf_str(&described));
}

static Status sink_row(void *data, Context *ctx, const Value *values)
{
    (void)ctx;
    TextSink *sink = data;
    assert_true(sink->has_columns);
    for (size_t i = 0; i < sink->column_count; i++) {
        if (i)
            BUF_LIT(&sink->text, "|");
        if (value_is_null(&values[i]))
            BUF_LIT(&sink->text, "NULL");
        else
            value_write_text(&sink->text, &values[i]);
    }
    BUF_LIT(&sink->text, "\n");
    sink->full = sink->fixture->sink_is_tiny;
    return STATUS_OK;
}

static void sink_done(void *data, const ResultDone *done)
{
    TextSink *sink = data;
    Arena *arena = &sink->fixture->ctx.arena;
    if (!sink->has_columns)
        buf_printf(&sink->text, "[%.*s]", STR_ARG(done->message));
    sink->fixture->done = *done;
    Str *ids = ARENA_ARRAY(arena, Str, done->row_id_count);
    for (size_t i = 0; i < done->row_id_count; i++)
        ids[i] = arena_str(arena, done->row_ids[i]);
    sink->fixture->done.row_ids = ids;
    sink->fixture->done.as_user = arena_str(arena, done->as_user);
}

static bool sink_is_full(void *data)
{
    return ((TextSink *)data)->full;
}

/* ---- the driver ---- */

static void post(void *data)
{
    sem_post(data);
}

struct TestRun {
    QueryFixture *fixture;
    TextSink sink;
    sem_t woken;
    QueryRequest request;
    QueryRun *run;
    QueryStep step;
};

static void drain(TestRun *test)
{
    QueryFixture *fixture = test->fixture;
    void (*on_full)(QueryFixture *) = fixture->on_full;
    assert_true(test->sink.full);
    test->sink.full = false;
    fixture->full_steps++;
    fixture->on_full = NULL;
    if (on_full)
        on_full(fixture);
}

/* To the end, or until it waits. */
static void drive(TestRun *test)
{
    QueryFixture *fixture = test->fixture;
    while (test->step != QUERY_DONE && test->step != QUERY_WAITING) {
        QueryThread thread = fixture->only_on_worker ? QUERY_ON_WORKER : QUERY_ON_REACTOR;
        if (test->step == QUERY_NEEDS_WORKER) {
            thread = QUERY_ON_WORKER;
            fixture->worker_steps++;
        } else {
            drain(test);
        }
        test->step = query_advance(test->run, thread);
    }
}

TestRun *query_start(QueryFixture *fixture, const TestRequest *request)
{
    static const ResultSink SINK = {
        .begin = sink_begin,
        .columns = sink_columns,
        .row = sink_row,
        .done = sink_done,
        .is_full = sink_is_full,
    };
    TestRun *test = calloc(1, sizeof(*test));
    test->fixture = fixture;
    test->sink.fixture = fixture;
    sem_init(&test->woken, 0, 0);
    test->request = (QueryRequest){
        .user_id = str_from_c(request->user),
        .role = request->role,
        .sql = str_from_c(request->sql),
        .parameters = request->parameters,
        .parameter_count = request->parameter_count,
        .namespace_name = str_from_c(request->namespace_name),
        .sink = &SINK,
        .sink_data = &test->sink,
        .wake = post,
        .wake_data = &test->woken,
    };
    fixture->worker_steps = 0;
    fixture->full_steps = 0;
    test->run = query_new(&fixture->engine, &test->request);
    test->step =
        query_advance(test->run, fixture->only_on_worker ? QUERY_ON_WORKER : QUERY_ON_REACTOR);
    drive(test);
    return test;
}

static const char *report(TestRun *test)
{
    QueryFixture *fixture = test->fixture;
    fixture->status = query_status(test->run);
    fixture->error_code = query_error_code(test->run);
    if (fixture->status != STATUS_OK) {
        buf_printf(&test->sink.text, "ERROR %s: ", status_info(fixture->status)->name);
        query_write_error(test->run, &test->sink.text);
    }
    return arena_str(&fixture->ctx.arena, buf_str(&test->sink.text)).ptr;
}

const char *query_finish(TestRun *test)
{
    while (test->step == QUERY_WAITING) {
        while (sem_wait(&test->woken) != 0)
            ;
        test->step = query_advance(test->run, QUERY_ON_REACTOR);
        drive(test);
    }
    const char *text = report(test);
    query_free(test->run);
    sem_destroy(&test->woken);
    buf_done(&test->sink.text);
    free(test);
    return text;
}

const char *query_run(QueryFixture *fixture, const TestRequest *request)
{
    return query_finish(query_start(fixture, request));
}

const char *query_admin(QueryFixture *fixture, const char *sql)
{
    TestRequest request = {.user = "root", .role = ROLE_SYSTEM, .sql = sql};
    return query_run(fixture, &request);
}

const char *query_user(QueryFixture *fixture, const char *user, const char *sql)
{
    TestRequest request = {.user = user, .role = ROLE_USER, .sql = sql};
    return query_run(fixture, &request);
}
