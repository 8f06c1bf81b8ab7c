/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_fixture.h"

/* ---- R17 ---- */

static void r17_describe_in_any_case_and_length(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "DESCRIBE TABLE app.t",
        "describe table app.t",
        "DESC TABLE app.t",
        "desc table App.T",
        "DeSc TaBlE app.t;",
        "DESCRIBE app.t",
        "DESC app.t",
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        const AstDescribe *describe = &must_parse_kind(&ctx, TEXTS[i], AST_DESCRIBE)->describe;
        assert_table_name(&describe->table, "app.t");
        assert_false(describe->history);
    }
}

static void r17_describe_history(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstDescribe *describe =
        &must_parse_kind(&ctx, "DESCRIBE TABLE t HISTORY", AST_DESCRIBE)->describe;
    assert_true(describe->history);
    assert_name(&describe->table.name, "t", 15);
    assert_null(describe->table.namespace_name.text.ptr);
}

/* ---- SHOW, USE ---- */

static const AstShow *must_parse_show(Context *ctx, const char *text, AstShowKind kind)
{
    const AstShow *show = &must_parse_kind(ctx, text, AST_SHOW)->show;
    assert_int_equal(show->show, kind);
    return show;
}

static void show_everything(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    must_parse_show(&ctx, "SHOW NAMESPACES", AST_SHOW_NAMESPACES);
    must_parse_show(&ctx, "show storages", AST_SHOW_STORAGES);
    must_parse_show(&ctx, "SHOW MANIFEST", AST_SHOW_MANIFEST);
    must_parse_show(&ctx, "SHOW ALL", AST_SHOW_ALL);
    assert_null(must_parse_show(&ctx, "SHOW TABLES", AST_SHOW_TABLES)->namespace_name.text.ptr);
    assert_name(
        &must_parse_show(&ctx, "SHOW TABLES IN app", AST_SHOW_TABLES)->namespace_name, "app", 15);
    assert_name(
        &must_parse_show(&ctx, "SHOW TABLES IN NAMESPACE app", AST_SHOW_TABLES)->namespace_name,
        "app",
        25);
    assert_name(&must_parse_show(&ctx, "SHOW TABLES IN default", AST_SHOW_TABLES)->namespace_name,
                "default",
                15);
    assert_table_name(&must_parse_show(&ctx, "SHOW COLUMNS FROM app.t", AST_SHOW_COLUMNS)->table,
                      "app.t");
    assert_table_name(&must_parse_show(&ctx, "SHOW COLUMNS IN t", AST_SHOW_COLUMNS)->table, "t");
    assert_table_name(&must_parse_show(&ctx, "SHOW STATS FOR TABLE app.t", AST_SHOW_STATS)->table,
                      "app.t");
}

static void use_namespaces(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    assert_name(&must_parse_kind(&ctx, "USE app", AST_USE)->use, "app", 4);
    assert_name(&must_parse_kind(&ctx, "USE NAMESPACE app", AST_USE)->use, "app", 14);
    assert_name(&must_parse_kind(&ctx, "SET NAMESPACE app", AST_USE)->use, "app", 14);
    assert_name(&must_parse_kind(&ctx, "use default;", AST_USE)->use, "default", 4);
    assert_name(&must_parse_kind(&ctx, "USE \"App\"", AST_USE)->use, "\"App\"", 4);
}

/* ---- EXPLAIN, SUBSCRIBE, EXECUTE AS ---- */

static void explain_statements(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstExplain *explain = &must_parse_kind(&ctx, "EXPLAIN SELECT 1", AST_EXPLAIN)->explain;
    assert_false(explain->analyze || explain->subscribe);
    assert_select(explain->statement->select, "(select 1)");
    assert_str(explain->statement->text, "SELECT 1");
    explain = &must_parse_kind(&ctx, "EXPLAIN ANALYZE DELETE FROM t", AST_EXPLAIN)->explain;
    assert_true(explain->analyze);
    assert_int_equal(explain->statement->kind, AST_DELETE);
}

static void explain_subscribe_with_and_without_to(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "EXPLAIN SUBSCRIBE TO app.t WHERE a = 1",
        "EXPLAIN SUBSCRIBE app.t WHERE a = 1",
        "EXPLAIN SUBSCRIBE TO SELECT * FROM app.t WHERE a = 1",
        "EXPLAIN SUBSCRIBE SELECT * FROM app.t WHERE a = 1",
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        CLEANUP(context_done) Context ctx = {0};
        const AstExplain *explain = &must_parse_kind(&ctx, TEXTS[i], AST_EXPLAIN)->explain;
        assert_true(explain->subscribe);
        assert_int_equal(explain->statement->kind, AST_SUBSCRIBE);
        assert_select(explain->statement->subscribe.select,
                      "(select * (from app.t) (where (= a 1)))");
    }
}

static void subscribe_to_a_table(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSubscribe *subscribe =
        &must_parse_kind(&ctx,
                         "SUBSCRIBE TO app.t WHERE room = 7 OPTIONS (last_rows=10, from=5)",
                         AST_SUBSCRIBE)
             ->subscribe;
    assert_select(subscribe->select, "(select * (from app.t) (where (= room 7)))");
    assert_options(&subscribe->options, "last_rows=10 from=5");
    subscribe = &must_parse_kind(&ctx, "SUBSCRIBE TO t", AST_SUBSCRIBE)->subscribe;
    assert_select(subscribe->select, "(select * (from t))");
    assert_int_equal(subscribe->options.count, 0);
}

static void subscribe_to_a_query(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSubscribe *subscribe =
        &must_parse_kind(
             &ctx, "SUBSCRIBE TO SELECT a FROM app.t OPTIONS (batch_size = 100)", AST_SUBSCRIBE)
             ->subscribe;
    assert_select(subscribe->select, "(select a (from app.t))");
    assert_options(&subscribe->options, "batch_size=100");
}

static void execute_as_another_user(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstStatement *statement =
        must_parse_kind(&ctx, "EXECUTE AS USER 'bob' ( SELECT x, $2 FROM t )", AST_EXECUTE_AS);
    assert_str(statement->execute_as.user.text, "bob");
    assert_int_equal(statement->parameter_count, 2);
    assert_select(statement->execute_as.statement->select, "(select x $2 (from t))");
    assert_str(statement->execute_as.statement->text, "SELECT x, $2 FROM t");
    statement = must_parse_kind(&ctx, "EXECUTE AS USER bob (DELETE FROM t)", AST_EXECUTE_AS);
    assert_name(&statement->execute_as.user, "bob", 16);
    assert_int_equal(statement->execute_as.statement->kind, AST_DELETE);
}

/* Offsets count from the start of the whole text, however deep the statement stands. */
static void inner_statements_know_their_places(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    AstScript script;
    Str text = STR("SELECT 1; EXECUTE AS USER u (EXPLAIN SELECT abc)");
    assert_int_equal(sql_parse(&ctx, text, &script), STATUS_OK);
    const AstStatement *execute = script.statements[1];
    const AstStatement *explain = execute->execute_as.statement;
    const AstStatement *select = explain->explain.statement;
    const AstStatement *statements[] = {execute, explain, select};
    for (size_t i = 0; i < 3; i++)
        assert_memory_equal(
            text.ptr + statements[i]->offset, statements[i]->text.ptr, statements[i]->text.len);
    assert_int_equal(select->select->items[0].expr->offset, 44);
}

/* ---- STORAGE, KILL ---- */

static void storage_checks(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstStorage *storage =
        &must_parse_kind(&ctx, "STORAGE CHECK local EXTENDED", AST_STORAGE_CHECK)->storage;
    assert_name(&storage->id, "local", 14);
    assert_true(storage->extended);
    assert_false(
        must_parse_kind(&ctx, "STORAGE CHECK 'local'", AST_STORAGE_CHECK)->storage.extended);
}

static void storage_maintenance(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstMaintenance *maintenance =
        &must_parse_kind(&ctx, "STORAGE FLUSH TABLE app.t", AST_STORAGE_FLUSH)->maintenance;
    assert_false(maintenance->all);
    assert_table_name(&maintenance->table, "app.t");
    maintenance =
        &must_parse_kind(&ctx, "STORAGE COMPACT ALL IN NAMESPACE app", AST_STORAGE_COMPACT)
             ->maintenance;
    assert_true(maintenance->all);
    assert_name(&maintenance->namespace_name, "app", 33);
    maintenance =
        &must_parse_kind(&ctx, "STORAGE FLUSH ALL IN app", AST_STORAGE_FLUSH)->maintenance;
    assert_name(&maintenance->namespace_name, "app", 21);
    maintenance = &must_parse_kind(&ctx, "STORAGE COMPACT ALL", AST_STORAGE_COMPACT)->maintenance;
    assert_true(maintenance->all);
    assert_null(maintenance->namespace_name.text.ptr);
}

static void kill_jobs_and_live_queries(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstKill *kill = &must_parse_kind(&ctx, "KILL JOB 'FL-0123'", AST_KILL)->kill;
    assert_false(kill->live_query);
    assert_str(kill->id, "FL-0123");
    kill = &must_parse_kind(&ctx, "KILL LIVE QUERY 'a:b'", AST_KILL)->kill;
    assert_true(kill->live_query);
    assert_str(kill->id, "a:b");
}

/* ---- transactions ---- */

static void transactions(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    must_parse_kind(&ctx, "BEGIN", AST_BEGIN);
    must_parse_kind(&ctx, "begin transaction", AST_BEGIN);
    must_parse_kind(&ctx, "BEGIN WORK", AST_BEGIN);
    must_parse_kind(&ctx, "START TRANSACTION", AST_BEGIN);
    must_parse_kind(&ctx, "COMMIT", AST_COMMIT);
    must_parse_kind(&ctx, "COMMIT WORK;", AST_COMMIT);
    must_parse_kind(&ctx, "ROLLBACK", AST_ROLLBACK);
    must_parse_kind(&ctx, "rollback transaction", AST_ROLLBACK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r17_describe_in_any_case_and_length),
        cmocka_unit_test(r17_describe_history),
        cmocka_unit_test(show_everything),
        cmocka_unit_test(use_namespaces),
        cmocka_unit_test(explain_statements),
        cmocka_unit_test(explain_subscribe_with_and_without_to),
        cmocka_unit_test(subscribe_to_a_table),
        cmocka_unit_test(subscribe_to_a_query),
        cmocka_unit_test(execute_as_another_user),
        cmocka_unit_test(inner_statements_know_their_places),
        cmocka_unit_test(storage_checks),
        cmocka_unit_test(storage_maintenance),
        cmocka_unit_test(kill_jobs_and_live_queries),
        cmocka_unit_test(transactions),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sql/parse_utility", tests, NULL, NULL);
}
