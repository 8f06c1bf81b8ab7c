/* SPDX-License-Identifier: Apache-2.0 */
#include "query_fixture.h"

#include <unistd.h>

static QueryFixture fixture;
static QueryFixture *const f = &fixture;

static int set_up(void **state)
{
    (void)state;
    query_fixture_init(f);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    query_fixture_done(f);
    return 0;
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_error("# '%s' does not contain '%s'\n", text, part);
    assert_non_null(strstr(text, part));
}

static void r1_four_kinds_of_tables(void **state)
{
    (void)state;
    EXPECT(f,
           "CREATE USER TABLE r1_user (id BIGINT PRIMARY KEY)",
           "[CREATE TABLE: default.r1_user (user)]");
    EXPECT(f,
           "CREATE SHARED TABLE r1_shared (id BIGINT PRIMARY KEY)",
           "[CREATE TABLE: default.r1_shared (shared)]");
    EXPECT(f,
           "CREATE STREAM TABLE r1_stream (id BIGINT) WITH (TTL_SECONDS = 10)",
           "[CREATE TABLE: default.r1_stream (stream)]");
    EXPECT(f,
           "SELECT table_name, table_type FROM system.tables WHERE table_name LIKE 'r1\\_%' OR "
           "table_name = 'users' ORDER BY table_name",
           "r1_shared|shared\nr1_stream|stream\nr1_user|user\nusers|system\n");
}

static void r2_table_names_are_checked(void **state)
{
    (void)state;
    EXPECT(
        f, "CREATE TABLE foo_1 (id BIGINT PRIMARY KEY)", "[CREATE TABLE: default.foo_1 (shared)]");
    static const char *const BAD[] = {"\"Foo\"", "\"1foo\"", "_foo"};
    for (size_t i = 0; i < 3; i++) {
        char sql[100];
        snprintf(sql, sizeof(sql), "CREATE TABLE %s (id BIGINT PRIMARY KEY)", BAD[i]);
        query_admin(f, sql);
        assert_int_not_equal(f->status, STATUS_OK);
    }
}

static void r5_a_stream_has_no_system_columns(void **state)
{
    (void)state;
    query_admin(f, "CREATE STREAM TABLE r5 (event_id TEXT, body TEXT) WITH (TTL_SECONDS = 60)");
    EXPECT(f, "INSERT INTO r5 VALUES ('event_123', 'x')", "[Inserted 1 row(s)]");
    EXPECT(f, "SELECT * FROM r5", "event_123|x\n");
    assert_true(str_equal(f->columns, STR("event_id:TEXT body:TEXT")));
    assert_contains(query_admin(f, "SELECT _deleted FROM r5"), "ERROR");
    query_admin(f, "SELECT _seq FROM r5");
    assert_int_equal(f->status, STATUS_OK);
}

static void r6_creating_a_stream_twice(void **state)
{
    (void)state;
    EXPECT(f,
           "CREATE STREAM TABLE r6 (id TEXT) WITH (TTL_SECONDS = 60)",
           "[CREATE TABLE: default.r6 (stream)]");
    assert_contains(query_admin(f, "CREATE STREAM TABLE r6 (id TEXT) WITH (TTL_SECONDS = 60)"),
                    "ERROR ALREADY_EXISTS: Already exists: ");
    EXPECT(f,
           "CREATE STREAM TABLE IF NOT EXISTS r6 (other TEXT) WITH (TTL_SECONDS = 60)",
           "[Table default.r6 already exists]");
    EXPECT(f, "SELECT column_name FROM system.columns WHERE table_name = 'r6'", "id\n");
    EXPECT(f, "SELECT storage_id, version FROM system.tables WHERE table_name = 'r6'", "|1\n");
}

static void r9_system_tables_answer_sql(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE events (id BIGINT PRIMARY KEY)");
    EXPECT(f, "SELECT count(*) FROM system.tables WHERE table_name = 'events'", "1\n");
    EXPECT(
        f,
        "SELECT table_id, table_type FROM system.table_schemas WHERE table_id = 'default:events'",
        "default:events|SHARED\n");
    assert_string_equal(query_user(f, "ann", "SELECT * FROM system.tables"),
                        "ERROR PERMISSION_DENIED: Permission denied: Access denied: Role 'User' "
                        "cannot access table "
                        "'system.tables'. System tables require 'dba' or 'system' role.");
    assert_contains(query_admin(f, "DELETE FROM system.users WHERE user_id = 'x'"),
                    "Cannot delete");
}

static void r11_system_columns_are_the_servers(void **state)
{
    (void)state;
    query_admin(f, "CREATE USER TABLE r11 (id BIGINT PRIMARY KEY, v INT)");
    query_user(f, "ann", "INSERT INTO r11 VALUES (1, 2)");
    EXPECT_AS(f,
              "ann",
              "SELECT id, v, _deleted, _seq > 0, _updated <= NOW() FROM r11",
              "1|2|false|true|true\n");
    query_user(f, "ann", "SELECT * FROM r11");
    assert_true(str_equal(f->columns,
                          STR("id:BIGINT:nn:pk v:INT _seq:BIGINT:nn _updated:TIMESTAMP "
                              "_deleted:BOOLEAN:nn")));
    EXPECT_AS(f,
              "ann",
              "INSERT INTO r11 (id, _deleted) VALUES (2, true)",
              "ERROR COLUMN_NOT_FOUND: Column '_deleted' does not exist");
    EXPECT_AS(f,
              "ann",
              "UPDATE r11 SET _seq = 1 WHERE id = 1",
              "ERROR COLUMN_NOT_FOUND: Column '_seq' does not exist");
}

static void r12_shared_tables_insert_update_delete(void **state)
{
    (void)state;
    query_admin(f, "CREATE SHARED TABLE r12 (id BIGINT PRIMARY KEY, v TEXT)");
    EXPECT(f, "INSERT INTO r12 VALUES (1, 'a'), (2, 'b')", "[Inserted 2 row(s)]");
    EXPECT(f, "UPDATE r12 SET v = v || '!' WHERE id = 1", "[Updated 1 row(s)]");
    EXPECT(f, "SELECT a._seq > 0, v FROM r12 AS a WHERE id = 1", "true|a!\n");
    EXPECT(f, "DELETE FROM r12 WHERE id = 1", "[Deleted 1 row(s)]");
    EXPECT(f, "SELECT id FROM r12", "2\n");
    EXPECT(f, "SELECT id, v FROM r12 WHERE _deleted = true", "1|a!\n");
    EXPECT(f, "DELETE FROM r12 WHERE id = 1", "[Deleted 0 row(s)]");
    query_admin(
        f,
        "CREATE SHARED TABLE r12_hard (id BIGINT PRIMARY KEY) WITH (DELETED_RETENTION_HOURS = 0)");
    query_admin(f, "INSERT INTO r12_hard VALUES (1)");
    EXPECT(f, "DELETE FROM r12_hard WHERE id = 1", "[Deleted 1 row(s)]");
    EXPECT(f, "SELECT id FROM r12_hard WHERE _deleted = true", "");
}

static void r12_an_update_bumps_the_version_unless_nothing_changes(void **state)
{
    (void)state;
    query_admin(f, "CREATE SHARED TABLE r12_seq (id BIGINT PRIMARY KEY, v INT)");
    query_admin(f, "INSERT INTO r12_seq VALUES (1, 1)");
    const char *before = query_admin(f, "SELECT _seq FROM r12_seq");
    EXPECT(f, "UPDATE r12_seq SET v = 1 WHERE id = 1", "[Updated 1 row(s)]");
    assert_int_equal(f->done.seq, 0);
    EXPECT(f, "SELECT _seq FROM r12_seq", before);
    EXPECT(f, "UPDATE r12_seq SET v = 2 WHERE id = 1", "[Updated 1 row(s)]");
    assert_int_not_equal(f->done.seq, 0);
    assert_string_not_equal(query_admin(f, "SELECT _seq FROM r12_seq"), before);
}

static void r13_shared_rows_are_the_same_for_everybody(void **state)
{
    (void)state;
    query_admin(f,
                "CREATE SHARED TABLE r13 (id BIGINT PRIMARY KEY, kind TEXT, n INT) WITH "
                "(ACCESS_LEVEL = PUBLIC)");
    query_admin(f, "INSERT INTO r13 VALUES (1,'a',3),(2,'b',2),(3,'a',1)");
    static const char *const QUERY =
        "SELECT id, n * 10 AS ten FROM r13 WHERE kind = 'a' ORDER BY n LIMIT 1";
    EXPECT_AS(f, "ann", QUERY, "3|10\n");
    EXPECT_AS(f, "bob", QUERY, "3|10\n");
    assert_contains(query_user(f, "ann", "INSERT INTO r13 VALUES (4,'a',1)"),
                    "ERROR PERMISSION_DENIED");
}

static void r15_a_dropped_table_is_gone_and_its_name_is_free(void **state)
{
    (void)state;
    static const char *const KINDS[] = {"USER", "SHARED"};
    for (size_t i = 0; i < 2; i++) {
        char sql[120];
        snprintf(sql, sizeof(sql), "CREATE %s TABLE r15 (id BIGINT PRIMARY KEY)", KINDS[i]);
        query_admin(f, sql);
        query_admin(f, "INSERT INTO r15 VALUES (1)");
        assert_contains(query_admin(f, "DROP TABLE r15"),
                        "[Table default.r15 dropped successfully. Cleanup job: CL-");
        EXPECT(f, "SELECT * FROM r15", "ERROR TABLE_NOT_FOUND: Table not found: default.r15");
        EXPECT(f, "SELECT count(*) FROM system.schemas WHERE table_name = 'r15'", "0\n");
        query_admin(f, sql);
        EXPECT(f, "SELECT * FROM r15", "");
        query_admin(f, "DROP TABLE r15");
    }
    EXPECT(f, "DROP TABLE IF EXISTS r15", "[Table default.r15 does not exist (skipped)]");
}

/* Polls system.jobs, as clients do, until the job has that status. */
static void wait_for_job(Str id, const char *status)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "SELECT status FROM system.jobs WHERE job_id = '%.*s'", STR_ARG(id));
    for (int i = 0; !str_starts_with(str_from_c(query_admin(f, sql)), str_from_c(status)); i++) {
        assert_true(i < 5000); /* else it never is */
        usleep(1000);
    }
}

static Str id_in(const char *text, const char *prefix)
{
    const char *id = strstr(text, prefix);
    assert_non_null(id);
    return str_from(id, JOB_ID_BYTES);
}

static void r72_the_cleanup_of_a_dropped_table_is_a_job(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE r72 (id BIGINT PRIMARY KEY); INSERT INTO r72 VALUES (1)");
    char sql[200];
    Str id = id_in(query_admin(f, "DROP TABLE r72"), "CL-");
    snprintf(sql,
             sizeof(sql),
             "SELECT job_type, parameters->>'table_id', retry_count, max_retries, node_id "
             "FROM system.jobs WHERE job_id = '%.*s'",
             STR_ARG(id));
    EXPECT(f, sql, "cleanup|default.r72|0|3|1\n"); /* whatever it is doing */
    wait_for_job(id, "completed");
    snprintf(sql,
             sizeof(sql),
             "SELECT message, started_at >= created_at, finished_at >= started_at "
             "FROM system.jobs WHERE job_id = '%.*s'",
             STR_ARG(id));
    EXPECT(f, sql, "Cleaned up table default.r72|true|true\n");
    snprintf(sql,
             sizeof(sql),
             "SELECT node_id, status, error_message FROM system.job_nodes WHERE job_id = '%.*s'",
             STR_ARG(id));
    EXPECT(f, sql, "1|completed|NULL\n");
}

static void r72_a_dropped_namespace_has_one_job_for_its_tables(void **state)
{
    (void)state;
    query_admin(f, "CREATE NAMESPACE r72a; CREATE NAMESPACE r72b");
    query_admin(f, "CREATE TABLE r72a.t (id BIGINT PRIMARY KEY)");
    query_admin(f, "CREATE TABLE r72a.u (id BIGINT PRIMARY KEY)");
    const char *count = query_admin(f, "SELECT count(*) FROM system.jobs");
    query_admin(f, "DROP NAMESPACE r72b"); /* it was empty */
    EXPECT(f, "SELECT count(*) FROM system.jobs", count);
    query_admin(f, "DROP NAMESPACE r72a");
    const char *newest =
        query_admin(f, "SELECT job_id FROM system.jobs ORDER BY created_at DESC LIMIT 1");
    wait_for_job(id_in(newest, "CL-"), "completed");
}

static void only_administrators_see_and_kill_jobs(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE killed (id BIGINT PRIMARY KEY)");
    Str id = id_in(query_admin(f, "DROP TABLE killed"), "CL-");
    wait_for_job(id, "completed");
    char sql[120];
    snprintf(sql, sizeof(sql), "KILL JOB '%.*s'", STR_ARG(id));
    assert_contains(query_admin(f, sql), "is completed already, it cannot be killed");
    assert_contains(query_admin(f, "KILL JOB 'CL-none'"), "Job 'CL-none' does not exist");
    assert_contains(query_user(f, "eve", sql), "PERMISSION_DENIED");
    assert_contains(query_user(f, "eve", "SELECT * FROM system.jobs"), "ERROR");
}

static void a_table_is_dropped_only_as_what_it_is(void **state)
{
    (void)state;
    query_admin(f, "CREATE SHARED TABLE kind_s (id BIGINT PRIMARY KEY)");
    query_admin(f, "CREATE USER TABLE kind_u (id BIGINT PRIMARY KEY)");
    assert_contains(query_admin(f, "DROP USER TABLE kind_s"),
                    "Table 'default.kind_s' is a shared table, not a user table");
    assert_contains(query_admin(f, "DROP STREAM TABLE IF EXISTS kind_u"),
                    "Table 'default.kind_u' is a user table, not a stream table");
    assert_contains(query_admin(f, "DROP SHARED TABLE kind_s"), "dropped successfully");
    assert_contains(query_admin(f, "DROP USER TABLE kind_u"), "dropped successfully");
    assert_contains(query_admin(f, "DROP USER TABLE IF EXISTS kind_u"), "(skipped)");
}

static bool find_watcher(void *data, Arena *arena, uint32_t table_id, TableWatcher *ret_watcher)
{
    (void)data;
    (void)arena;
    (void)table_id;
    *ret_watcher = (TableWatcher){STR("conn-7"), STR("ann"), STR("sub-3")};
    return true;
}

static void a_watched_table_is_dropped_by_force_only(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE watched (id BIGINT PRIMARY KEY)");
    f->engine.hooks.find_watcher = find_watcher;
    const char *text = query_admin(f, "DROP TABLE watched");
    assert_contains(text, "conn-7");
    assert_contains(text, "ann");
    assert_contains(text, "sub-3");
    assert_contains(query_admin(f, "DROP TABLE watched FORCE"), "dropped successfully");
    f->engine.hooks.find_watcher = NULL;
}

static void r17_describe_table(void **state)
{
    (void)state;
    query_admin(
        f, "CREATE USER TABLE r17 (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), v TEXT NOT NULL)");
    const char *text = query_admin(f, "describe table r17");
    assert_contains(text, "id|1|1|BigInt|false|true|SNOWFLAKE_ID()|NULL|1\n");
    assert_contains(text, "v|2|2|Text|false|false|NULL|NULL|1\n");
    assert_contains(text, "table_type|user\n");
    assert_contains(text, "schema_version|1\n");
    assert_string_equal(query_admin(f, "DESC TABLE default.r17"), text);
    query_admin(f, "CREATE STREAM TABLE r17_stream (id TEXT) WITH (TTL_SECONDS = 5)");
    assert_contains(query_admin(f, "DESCRIBE TABLE r17_stream"), "ttl_ms|5000\n");
    query_admin(f, "CREATE SHARED TABLE r17_shared (id TEXT PRIMARY KEY)");
    assert_contains(query_admin(f, "DESCRIBE TABLE r17_shared"), "access_level|private\n");
    query_admin(f, "DESCRIBE TABLE system.users");
    assert_int_equal(f->status, STATUS_OK);
}

static void r24_stream_inserts_return_their_time(void **state)
{
    (void)state;
    query_admin(f, "CREATE STREAM TABLE r24 (event_id TEXT, n INT) WITH (TTL_SECONDS = 60)");
    int64_t last = 0;
    for (int i = 0; i < 3; i++) {
        char sql[100];
        snprintf(sql, sizeof(sql), "INSERT INTO r24 VALUES ('event_%d', %d)", i, i);
        query_admin(f, sql);
        assert_true(f->done.has_timestamp);
        assert_true(f->done.timestamp_ms >= last);
        last = f->done.timestamp_ms;
    }
    EXPECT(f, "SELECT event_id FROM r24", "event_0\nevent_1\nevent_2\n");
    EXPECT(f, "SELECT event_id FROM r24 ORDER BY _seq DESC LIMIT 1", "event_2\n");
    assert_contains(query_admin(f, "INSERT INTO r24 VALUES ('event_9', 'many')"), "ERROR");
    EXPECT(f, "SELECT count(*) FROM r24", "3\n");
    assert_contains(query_admin(f, "UPDATE r24 SET n = 1 WHERE n = 0"),
                    "UPDATE is not supported for STREAM tables");
    EXPECT(f, "DELETE FROM r24 WHERE n = 1", "[Deleted 1 row(s)]");
    EXPECT(f, "SELECT event_id FROM r24", "event_0\nevent_2\n");
}

static bool nobody(void *data, uint32_t table_id, Owner owner)
{
    (void)table_id;
    (void)owner;
    return *(bool *)data;
}

static void an_ephemeral_stream_keeps_only_what_somebody_watches(void **state)
{
    (void)state;
    bool watched = false;
    query_admin(
        f, "CREATE STREAM TABLE ephemeral (id TEXT) WITH (TTL_SECONDS = 60, EPHEMERAL = true)");
    f->engine.hooks.has_watcher = nobody;
    f->engine.hooks.data = &watched;
    EXPECT(f, "INSERT INTO ephemeral VALUES ('a'), ('b')", "[Inserted 2 row(s)]");
    assert_int_equal(f->done.discarded, 2);
    watched = true;
    EXPECT(f, "INSERT INTO ephemeral VALUES ('c')", "[Inserted 1 row(s)]");
    assert_int_equal(f->done.discarded, 0);
    EXPECT(f, "SELECT id FROM ephemeral", "c\n");
    f->engine.hooks = (QueryHooks){0};
}

static void r83_row_ids_come_back_in_order(void **state)
{
    (void)state;
    query_admin(f, "CREATE USER TABLE r83 (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), v INT)");
    query_user(f, "ann", "INSERT INTO r83 (v) VALUES (1),(2),(3),(4),(5)");
    assert_int_equal(f->done.row_id_count, 5);
    int64_t last = 0;
    for (size_t i = 0; i < 5; i++) {
        int64_t id;
        assert_true(str_to_int64(f->done.row_ids[i], &id));
        assert_true(id > last);
        last = id;
    }
    char sql[100];
    snprintf(sql, sizeof(sql), "UPDATE r83 SET v = 9 WHERE id = %lld", (long long)last);
    query_user(f, "ann", sql);
    int64_t id;
    assert_int_equal(f->done.row_id_count, 1);
    assert_true(str_to_int64(f->done.row_ids[0], &id));
    assert_int_equal(id, last);
    snprintf(sql, sizeof(sql), "DELETE FROM r83 WHERE id = %lld", (long long)last);
    query_user(f, "ann", sql);
    assert_int_equal(f->done.row_id_count, 1);
}

static void r86_unqualified_names_live_in_default(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE r86 (id BIGINT PRIMARY KEY)");
    EXPECT(f, "SELECT table_id FROM system.schemas WHERE table_name = 'r86'", "default:r86\n");
    EXPECT(f, "CREATE NAMESPACE r86_ns", "[Namespace 'r86_ns' created successfully]");
    EXPECT(f, "CREATE NAMESPACE IF NOT EXISTS r86_ns", "[Namespace 'r86_ns' already exists]");
    EXPECT(f,
           "USE r86_ns; CREATE TABLE other (id BIGINT PRIMARY KEY); SELECT count(*) FROM other",
           "[Namespace switched to 'r86_ns'][CREATE TABLE: r86_ns.other (shared)]0\n");
    TestRequest request = {.user = "root",
                           .role = ROLE_SYSTEM,
                           .namespace_name = "r86_ns",
                           .sql = "SELECT count(*) FROM other"};
    assert_string_equal(query_run(f, &request), "0\n");
    EXPECT(f, "USE nowhere", "ERROR NOT_FOUND: Not found: Namespace 'nowhere' does not exist");
    EXPECT(f, "DROP NAMESPACE r86_ns", "[Namespace 'r86_ns' dropped successfully]");
    EXPECT(f, "SELECT * FROM r86_ns.other", "ERROR TABLE_NOT_FOUND: Table not found: r86_ns.other");
}

static void two_users_with_the_same_sql_and_keys_never_meet(void **state)
{
    (void)state;
    query_admin(f, "CREATE USER TABLE mine (id BIGINT PRIMARY KEY, v TEXT)");
    EXPECT_AS(f, "ann", "INSERT INTO mine VALUES (1, 'ann')", "[Inserted 1 row(s)]");
    EXPECT_AS(f, "bob", "INSERT INTO mine VALUES (1, 'bob')", "[Inserted 1 row(s)]");
    EXPECT_AS(f, "ann", "SELECT v FROM mine WHERE id = 1", "ann\n");
    EXPECT_AS(f, "bob", "SELECT v FROM mine", "bob\n");
    EXPECT_AS(f, "ann", "UPDATE mine SET v = 'changed' WHERE v <> ''", "[Updated 1 row(s)]");
    EXPECT_AS(f, "bob", "SELECT v, count(*) FROM mine GROUP BY v", "bob|1\n");
    EXPECT_AS(f, "bob", "DELETE FROM mine WHERE id = 1", "[Deleted 1 row(s)]");
    EXPECT_AS(f, "ann", "SELECT v FROM mine", "changed\n");
    EXPECT(f, "SELECT count(*) FROM mine", "0\n");
    EXPECT(f, "EXECUTE AS USER 'ann' (SELECT v FROM mine)", "changed\n");
    assert_true(str_equal(f->done.as_user, STR("ann")));
    assert_contains(query_user(f, "bob", "EXECUTE AS USER 'ann' (SELECT v FROM mine)"),
                    "ERROR UNAUTHORIZED: Unauthorized: EXECUTE AS USER is not authorized");
}

static void errors_say_what_the_specification_says(void **state)
{
    (void)state;
    query_admin(f, "CREATE USER TABLE e (id BIGINT PRIMARY KEY, v TEXT NOT NULL, n INT)");
    query_admin(f, "INSERT INTO e VALUES (1, 'a', 1)");
    EXPECT(
        f,
        "INSERT INTO e VALUES (1, 'b', 2)",
        "ERROR UNIQUE_VIOLATION: Already exists: Primary key violation: value '1' already exists "
        "in column 'id'");
    EXPECT(
        f,
        "INSERT INTO e VALUES (2, 'b', 2), (2, 'c', 3)",
        "ERROR UNIQUE_VIOLATION: Already exists: Primary key violation: value '2' already exists "
        "in column 'id'");
    EXPECT(f, "SELECT count(*) FROM e", "1\n");
    assert_contains(query_admin(f, "INSERT INTO e (id) VALUES (3)"),
                    "NOT NULL constraint violation: column 'v'");
    EXPECT(f,
           "INSERT INTO e (id, x) VALUES (3, 1)",
           "ERROR COLUMN_NOT_FOUND: Column 'x' does not exist");
    assert_contains(query_admin(f, "UPDATE e SET id = 2 WHERE id = 1"),
                    "UPDATE cannot modify primary key column 'id'");
    assert_contains(query_admin(f, "UPDATE e SET n = 2"), "UPDATE requires a WHERE clause");
    assert_contains(query_admin(f, "DELETE FROM e"), "DELETE requires a WHERE clause");
    assert_contains(query_admin(f, "SELECT * FROM nowhere.e"), "Table not found: nowhere.e");
    assert_contains(query_admin(f, "UPDATE e SET n = 1 / 0 WHERE id = 1"), "DIVISION_BY_ZERO");
    assert_contains(query_admin(f, "SELECT 1; SELECT FROM FROM"), "ERROR");
    assert_string_equal(f->error_code, "BATCH_PARSE_ERROR");
    query_admin(f, " ; ");
    assert_string_equal(f->error_code, "EMPTY_SQL");
    Value one = value_bigint(1);
    TestRequest request = {.user = "root",
                           .role = ROLE_SYSTEM,
                           .sql = "SELECT 1; SELECT 2",
                           .parameters = &one,
                           .parameter_count = 1};
    query_run(f, &request);
    assert_string_equal(f->error_code, "PARAMS_WITH_BATCH");
    assert_contains(query_user(f, "ann", "SELECT 1; CREATE NAMESPACE nope"), "PERMISSION_DENIED");
}

static void what_is_not_supported_is_named(void **state)
{
    (void)state;
    static const char *const STATEMENTS[] = {
        "DELETE FROM e WHERE id IN (SELECT 1)",
        "SELECT ARRAY[1, 2]",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM (e CROSS JOIN e AS b) AS c",
        "INSERT INTO e SELECT * FROM e",
    };
    query_admin(f, "CREATE TABLE IF NOT EXISTS e (id BIGINT PRIMARY KEY)");
    for (size_t i = 0; i < sizeof(STATEMENTS) / sizeof(*STATEMENTS); i++) {
        const char *text = query_admin(f, STATEMENTS[i]);
        if (f->status != STATUS_UNSUPPORTED)
            print_error("# %s: %s\n", STATEMENTS[i], text);
        assert_int_equal(f->status, STATUS_UNSUPPORTED);
    }
}

static void parameters_are_values(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE params (id BIGINT PRIMARY KEY, v TEXT)");
    Value values[] = {value_bigint(5), value_text(STR("it's"))};
    TestRequest request = {.user = "root",
                           .role = ROLE_SYSTEM,
                           .sql = "INSERT INTO params VALUES ($1, $2)",
                           .parameters = values,
                           .parameter_count = 2};
    assert_string_equal(query_run(f, &request), "[Inserted 1 row(s)]");
    request.sql = "SELECT v FROM params WHERE id = $1 AND v = $2 LIMIT $1";
    assert_string_equal(query_run(f, &request), "it's\n");
    assert_int_equal(f->worker_steps, 0);
}

static void a_decimal_keeps_the_digits_of_parameters_and_constants(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE exact (id BIGINT PRIMARY KEY, n DECIMAL(38,10), d DOUBLE)");
    Value wide = value_decimal((Int128)1234567890123456789 * 10000000000 + 123456789, 10);
    TestRequest request = {.user = "root",
                           .role = ROLE_SYSTEM,
                           .sql = "INSERT INTO exact VALUES (1, $1, $1)",
                           .parameters = &wide,
                           .parameter_count = 1};
    assert_string_equal(query_run(f, &request), "[Inserted 1 row(s)]");
    EXPECT(f, "SELECT n, d FROM exact", "1234567890123456789.0123456789|1.2345678901234568e+18\n");
    request.sql = "SELECT id, typeof($1), $1 + 1 FROM exact WHERE n = $1";
    assert_string_equal(query_run(f, &request), "1|DOUBLE|1.2345678901234568e+18\n");
    query_admin(f, "UPDATE exact SET n = 1234567890123456789012345678.0123456789 + 0 WHERE id = 1");
    EXPECT(f, "SELECT n FROM exact", "1234567890123456789012345678.0123456789\n");
    EXPECT(f, "SELECT 0.1 + 0.2, typeof(0.1 + 0.2)", "0.30000000000000004|DOUBLE\n");
    EXPECT(f, "SELECT CAST(0.1 * 3 - 0.3 AS DECIMAL(10,2))", "0.00\n");
}

static void a_value_longer_than_any_key_is_no_row(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE names (id TEXT PRIMARY KEY, n INT)");
    query_admin(f, "INSERT INTO names VALUES ('a', 1), ('z', 2)");
    Value wanted = value_text(str_from(memset(arena_alloc(&f->ctx.arena, 5000), 'm', 5000), 5000));
    TestRequest request = {.user = "root",
                           .role = ROLE_SYSTEM,
                           .sql = "SELECT * FROM names WHERE id = $1",
                           .parameters = &wanted,
                           .parameter_count = 1};
    assert_string_equal(query_run(f, &request), "");
    request.sql = "SELECT n FROM names WHERE id IN ($1, 'z')";
    assert_string_equal(query_run(f, &request), "2\n");
    request.sql = "SELECT n FROM names WHERE id < $1";
    assert_string_equal(query_run(f, &request), "1\n");
    request.sql = "SELECT n FROM names WHERE id >= $1 AND id <= 'z'";
    assert_string_equal(query_run(f, &request), "2\n");
    request.sql = "UPDATE names SET n = 3 WHERE id = $1";
    assert_string_equal(query_run(f, &request), "[Updated 0 row(s)]");
    request.sql = "DELETE FROM names WHERE id = $1";
    assert_string_equal(query_run(f, &request), "[Deleted 0 row(s)]");
}

static void a_transaction_left_open_is_the_requests_error(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE opened (id BIGINT PRIMARY KEY)");
    const char *expected =
        "]ERROR INVALID_OPERATION: Invalid operation: Request completed with an open explicit "
        "transaction; rolled back automatically";
    assert_contains(query_admin(f, "BEGIN"), expected);
    assert_contains(query_admin(f, "BEGIN; INSERT INTO opened VALUES (1)"), expected);
    EXPECT(f, "SELECT count(*) FROM opened", "0\n");
}

static void as_many_parameters_are_given_as_the_statement_has(void **state)
{
    (void)state;
    Value values[] = {value_bigint(5), value_bigint(6)};
    TestRequest request = {.user = "root",
                           .role = ROLE_SYSTEM,
                           .sql = "SELECT $1",
                           .parameters = values,
                           .parameter_count = 2};
    const char *expected = "ERROR INVALID_PARAMETER: the statement expects 1 parameter(s), "
                           "2 were given";
    assert_string_equal(query_run(f, &request), expected);
    request.sql = "EXECUTE AS USER 'ann' (SELECT $1)";
    assert_string_equal(query_run(f, &request), expected);
    request.sql = "SELECT $2 + $1";
    assert_string_equal(query_run(f, &request), "11\n");
    request.parameter_count = 1;
    assert_string_equal(query_run(f, &request),
                        "ERROR INVALID_PARAMETER: the statement expects 2 parameter(s), "
                        "1 were given");
}

static void batches_sum_their_writes(void **state)
{
    (void)state;
    EXPECT(f,
           "CREATE TABLE batch (id BIGINT PRIMARY KEY, v INT);"
           "INSERT INTO batch VALUES (1, 1);"
           "INSERT INTO batch VALUES (2, 2), (3, 3);"
           "SELECT count(*) FROM batch;"
           "UPDATE batch SET v = 0 WHERE id < 3;"
           "DELETE FROM batch WHERE id = 3",
           "[CREATE TABLE: default.batch (shared)]3\n[Inserted 3 row(s)][Updated 2 row(s)]"
           "[Deleted 1 row(s)]");
    EXPECT(
        f,
        "INSERT INTO batch VALUES (9, 9); INSERT INTO batch VALUES (1, 1); SELECT 1",
        "ERROR UNIQUE_VIOLATION: Statement 2 failed: Already exists: Primary key violation: value "
        "'1' already exists in column 'id'");
    EXPECT(f, "SELECT id FROM batch", "1\n2\n9\n");
}

static void users_are_created_altered_and_dropped(void **state)
{
    (void)state;
    EXPECT(f,
           "CREATE USER carl WITH PASSWORD 'long enough' ROLE service EMAIL 'c@x'",
           "[User 'carl' created]");
    assert_true(f->worker_steps > 0);
    EXPECT(f,
           "SELECT role, email, auth_type, password_hash LIKE '$argon2id$%' FROM system.users "
           "WHERE user_id = 'carl'",
           "service|c@x|Password|true\n");
    assert_contains(query_admin(f, "CREATE USER carl WITH PASSWORD 'long enough' ROLE user"),
                    "ERROR ALREADY_EXISTS: Already exists: ");
    EXPECT(f, "ALTER USER carl SET ROLE 'dba'", "[User 'carl' updated]");
    EXPECT(f, "DROP USER carl", "[User 'carl' dropped (soft delete)]");
    EXPECT(f,
           "SELECT role, deleted_at IS NOT NULL FROM system.users WHERE user_id = 'carl'",
           "dba|true\n");
    EXPECT(f, "DROP USER IF EXISTS carl", "[User 'carl' does not exist (skipped)]");
    assert_contains(query_user(f, "ann", "CREATE USER x WITH PASSWORD 'long enough' ROLE user"),
                    "ERROR PERMISSION_DENIED");
    TestRequest dba = {.user = "d",
                       .role = ROLE_DBA,
                       .sql = "CREATE USER s WITH PASSWORD 'long enough' ROLE system"};
    assert_contains(query_run(f, &dba), "ERROR PERMISSION_DENIED");
}

static void lists_are_for_everybody(void **state)
{
    (void)state;
    query_admin(
        f,
        "CREATE NAMESPACE listed; CREATE TABLE listed.t (id BIGINT PRIMARY KEY) "
        "WITH (ACCESS_LEVEL = 'PUBLIC'); CREATE TABLE listed.closed (id BIGINT PRIMARY KEY)");
    assert_contains(query_user(f, "ann", "SHOW NAMESPACES"), "listed|listed|");
    assert_contains(query_user(f, "ann", "SHOW TABLES IN listed"), "listed:t|t|listed|shared|");
    assert_null(strstr(query_user(f, "ann", "SHOW TABLES IN listed"), "closed"));
    assert_contains(query_user(f, "ann", "SHOW STORAGES"), "local|");
    assert_contains(query_user(f, "ann", "SHOW TABLES IN nowhere"), "ERROR NOT_FOUND");
}

static void writes_survive_a_restart(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE durable (id BIGINT PRIMARY KEY, v TEXT)");
    query_admin(f, "INSERT INTO durable VALUES (1, 'a'), (2, 'b')");
    query_admin(f, "DELETE FROM durable WHERE v = 'a'");
    query_fixture_reopen(f);
    EXPECT(f, "SELECT id, v FROM durable", "2|b\n");
}

static void a_statement_that_writes_too_many_rows_names_the_limit(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE capped (id BIGINT PRIMARY KEY, v INT)");
    f->engine.limits.write_rows_max = 3;
    query_admin(f, "INSERT INTO capped VALUES (1,1),(2,2),(3,3)");
    assert_int_equal(f->status, STATUS_OK);
    assert_contains(query_admin(f, "INSERT INTO capped VALUES (4,1),(5,2),(6,3),(7,7)"),
                    "limits.max_write_rows");
    query_admin(f, "INSERT INTO capped VALUES (4,4)");
    assert_contains(query_admin(f, "UPDATE capped SET v = 0 WHERE v > 0"), "limits.max_write_rows");
    f->engine.limits.write_rows_max = 0;
    EXPECT(f, "SELECT sum(v) FROM capped", "10\n");
}

/* ---- limits ---- */

enum { MANY = 5000, MANY_PER_INSERT = 500 };

/* A table of MANY rows of about 100 bytes. */
static void make_many(void)
{
    query_admin(f, "CREATE TABLE IF NOT EXISTS many (id BIGINT PRIMARY KEY, v TEXT)");
    if (strcmp(query_admin(f, "SELECT count(*) FROM many"), "0\n") != 0)
        return;
    for (int i = 0; i < MANY; i += MANY_PER_INSERT) {
        CLEANUP(buf_done) Buf sql = {0};
        BUF_LIT(&sql, "INSERT INTO many VALUES ");
        for (int j = i; j < i + MANY_PER_INSERT; j++)
            buf_printf(&sql, "%s(%d, '%0100d')", j > i ? "," : "", j, j);
        buf_byte(&sql, 0);
        query_admin(f, sql.ptr);
        assert_int_equal(f->status, STATUS_OK);
    }
}

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void a_long_result_streams_in_bounded_memory(void **state)
{
    (void)state;
    make_many();
    f->engine.limits.memory_bytes_max = 100000;
    assert_int_equal(count_lines(query_admin(f, "SELECT * FROM many")), MANY);
    assert_int_equal(f->status, STATUS_OK);
    assert_int_equal(f->worker_steps, 1);
    EXPECT(f, "SELECT id FROM many ORDER BY v DESC LIMIT 2", "4999\n4998\n");
    EXPECT(f, "SELECT sum(id) FROM many", "12497500\n");
    assert_contains(query_admin(f, "SELECT id FROM many ORDER BY v"), "limits.max_query_memory");
    assert_int_equal(f->status, STATUS_MEMORY_LIMIT);
    query_admin(f, "SELECT v, count(*) FROM many GROUP BY v");
    assert_int_equal(f->status, STATUS_MEMORY_LIMIT);
    query_admin(f, "SELECT DISTINCT v FROM many");
    assert_int_equal(f->status, STATUS_MEMORY_LIMIT);
    f->engine.limits.memory_bytes_max = 0;
}

static void short_reads_and_writes_by_key_need_no_worker(void **state)
{
    (void)state;
    static const char *const STATEMENTS[] = {
        "SELECT * FROM many WHERE id = 7",
        "SELECT * FROM many WHERE id > 10 AND id < 200 ORDER BY v DESC",
        "SELECT * FROM many ORDER BY id DESC LIMIT 100",
        "INSERT INTO many VALUES (100000, 'x')",
        "UPDATE many SET v = 'y' WHERE id = 100000",
        "DELETE FROM many WHERE id = 100000",
        "SELECT 1",
    };
    make_many();
    for (size_t i = 0; i < sizeof(STATEMENTS) / sizeof(*STATEMENTS); i++) {
        query_admin(f, STATEMENTS[i]); /* may read from the disk */
        assert_int_equal(f->status, STATUS_OK);
        query_admin(f, STATEMENTS[i]);
        assert_int_equal(f->worker_steps, 0);
    }
    query_admin(f, "UPDATE many SET v = 'y' WHERE v = 'z'");
    assert_int_equal(f->worker_steps, 1);
}

static void a_servers_limit_says_that_it_cut(void **state)
{
    (void)state;
    make_many();
    f->engine.limits.default_query_limit = 10;
    assert_int_equal(count_lines(query_admin(f, "SELECT id FROM many")), 10);
    assert_true(f->done.truncated);
    assert_int_equal(count_lines(query_admin(f, "SELECT id FROM many ORDER BY v DESC")), 10);
    assert_true(f->done.truncated);
    assert_int_equal(count_lines(query_admin(f, "SELECT id FROM many WHERE id < 10")), 10);
    assert_false(f->done.truncated);
    assert_int_equal(count_lines(query_admin(f, "SELECT id FROM many LIMIT 20")), 20);
    assert_false(f->done.truncated);
    f->engine.limits.default_query_limit = 0;
    f->engine.limits.max_query_limit = 15;
    assert_int_equal(count_lines(query_admin(f, "SELECT id FROM many LIMIT 20")), 15);
    assert_true(f->done.truncated);
    assert_int_equal(count_lines(query_admin(f, "SELECT id FROM many LIMIT 15")), 15);
    assert_false(f->done.truncated);
    f->engine.limits.max_query_limit = 0;
}

static void a_deadline_ends_a_statement(void **state)
{
    (void)state;
    make_many();
    f->engine.limits.deadline_ms = -1; /* has passed */
    query_admin(f, "SELECT count(*) FROM many");
    assert_int_equal(f->status, STATUS_TIMEOUT);
    f->engine.limits.deadline_ms = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r1_four_kinds_of_tables),
        cmocka_unit_test(r2_table_names_are_checked),
        cmocka_unit_test(r5_a_stream_has_no_system_columns),
        cmocka_unit_test(r6_creating_a_stream_twice),
        cmocka_unit_test(r9_system_tables_answer_sql),
        cmocka_unit_test(r11_system_columns_are_the_servers),
        cmocka_unit_test(r12_shared_tables_insert_update_delete),
        cmocka_unit_test(r12_an_update_bumps_the_version_unless_nothing_changes),
        cmocka_unit_test(r13_shared_rows_are_the_same_for_everybody),
        cmocka_unit_test(r15_a_dropped_table_is_gone_and_its_name_is_free),
        cmocka_unit_test(r72_the_cleanup_of_a_dropped_table_is_a_job),
        cmocka_unit_test(r72_a_dropped_namespace_has_one_job_for_its_tables),
        cmocka_unit_test(only_administrators_see_and_kill_jobs),
        cmocka_unit_test(a_table_is_dropped_only_as_what_it_is),
        cmocka_unit_test(a_watched_table_is_dropped_by_force_only),
        cmocka_unit_test(r17_describe_table),
        cmocka_unit_test(r24_stream_inserts_return_their_time),
        cmocka_unit_test(an_ephemeral_stream_keeps_only_what_somebody_watches),
        cmocka_unit_test(r83_row_ids_come_back_in_order),
        cmocka_unit_test(r86_unqualified_names_live_in_default),
        cmocka_unit_test(two_users_with_the_same_sql_and_keys_never_meet),
        cmocka_unit_test(errors_say_what_the_specification_says),
        cmocka_unit_test(what_is_not_supported_is_named),
        cmocka_unit_test(parameters_are_values),
        cmocka_unit_test(a_decimal_keeps_the_digits_of_parameters_and_constants),
        cmocka_unit_test(a_value_longer_than_any_key_is_no_row),
        cmocka_unit_test(a_transaction_left_open_is_the_requests_error),
        cmocka_unit_test(as_many_parameters_are_given_as_the_statement_has),
        cmocka_unit_test(batches_sum_their_writes),
        cmocka_unit_test(users_are_created_altered_and_dropped),
        cmocka_unit_test(lists_are_for_everybody),
        cmocka_unit_test(writes_survive_a_restart),
        cmocka_unit_test(a_statement_that_writes_too_many_rows_names_the_limit),
        cmocka_unit_test(a_long_result_streams_in_bounded_memory),
        cmocka_unit_test(short_reads_and_writes_by_key_need_no_worker),
        cmocka_unit_test(a_servers_limit_says_that_it_cut),
        cmocka_unit_test(a_deadline_ends_a_statement),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("query", tests, set_up, tear_down);
}
