/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_fixture.h"

static void assert_assignments(const AstAssignment *items, size_t count, const char *expected)
{
    CLEANUP(buf_done) Buf text = {0};
    for (size_t i = 0; i < count; i++) {
        buf_printf(&text, "%s", i ? ", " : "");
        shape_name(&text, &items[i].column);
        BUF_LIT(&text, " := ");
        shape_expr(&text, items[i].value);
    }
    assert_str(buf_str(&text), expected);
}

static void assert_items(const AstItem *items, size_t count, const char *expected)
{
    CLEANUP(buf_done) Buf text = {0};
    shape_items(&text, items, count);
    assert_str(buf_str(&text), expected);
}

static void assert_names(const AstNameList *list, const char *expected)
{
    CLEANUP(buf_done) Buf text = {0};
    shape_names(&text, list);
    assert_str(buf_str(&text), expected);
}

static const AstInsert *must_parse_insert(Context *ctx, const char *text)
{
    return &must_parse_kind(ctx, text, AST_INSERT)->insert;
}

/* ---- INSERT ---- */

static void insert_values(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstStatement *statement = must_parse_kind(
        &ctx, "INSERT INTO app.msgs (id, room, body) VALUES ($1, $2, $3)", AST_INSERT);
    const AstInsert *insert = &statement->insert;
    assert_int_equal(statement->parameter_count, 3);
    assert_table_name(&insert->table, "app.msgs");
    assert_names(&insert->columns, "[id room body]");
    assert_name(&insert->columns.items[1], "room", 26);
    assert_select(insert->source, "(values (row $1 $2 $3))");
    assert_false(insert->default_values);
    assert_false(insert->on_conflict);
    assert_int_equal(insert->returning_count, 0);
}

static void insert_many_rows_with_defaults(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstInsert *insert =
        must_parse_insert(&ctx, "INSERT INTO t VALUES (1, DEFAULT), (DEFAULT, 'x')");
    assert_int_equal(insert->columns.count, 0);
    assert_select(insert->source, "(values (row 1 default) (row default 'x'))");
    assert_null(insert->source->values->rows[0][1]);
}

static void insert_default_values(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstInsert *insert = must_parse_insert(&ctx, "INSERT INTO t DEFAULT VALUES RETURNING id");
    assert_true(insert->default_values);
    assert_null(insert->source);
    assert_items(insert->returning, insert->returning_count, " id");
}

static void insert_from_a_query(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    assert_select(must_parse_insert(&ctx, "INSERT INTO t SELECT a FROM u")->source,
                  "(select a (from u))");
    assert_select(must_parse_insert(&ctx, "INSERT INTO t (SELECT a FROM u)")->source,
                  "(select a (from u))");
    assert_select(
        must_parse_insert(&ctx, "INSERT INTO t (a) WITH x AS (SELECT 1) SELECT 2")->source,
        "(select (with x (select 1)) 2)");
    const AstInsert *insert = must_parse_insert(&ctx, "INSERT INTO t (a) (SELECT 1)");
    assert_names(&insert->columns, "[a]");
    assert_select(insert->source, "(select 1)");
}

static void insert_quoted_names_as_the_wasm_client_does(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstInsert *insert =
        must_parse_insert(&ctx, "INSERT INTO \"ns\".\"t\" (\"col\", \"order\") VALUES (1, 2)");
    assert_table_name(&insert->table, "\"ns\".\"t\"");
    assert_names(&insert->columns, "[\"col\" \"order\"]");
}

static void on_conflict_do_nothing(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstInsert *insert =
        must_parse_insert(&ctx, "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING");
    assert_true(insert->on_conflict);
    assert_false(insert->conflict_update);
    assert_int_equal(insert->conflict_columns.count, 0);
}

static void on_conflict_do_update(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstInsert *insert = must_parse_insert(
        &ctx,
        "INSERT INTO t (id, n) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET n = excluded.n + 1, "
        "m = 'x' WHERE t.n < 5 RETURNING *, n AS x");
    assert_true(insert->on_conflict && insert->conflict_update);
    assert_names(&insert->conflict_columns, "[id]");
    assert_assignments(
        insert->assignments, insert->assignment_count, "n := (+ excluded.n 1), m := 'x'");
    assert_expr(insert->conflict_where, "(< t.n 5)");
    assert_items(insert->returning, insert->returning_count, " * n:x");
}

static void on_conflict_after_a_query(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstInsert *insert =
        must_parse_insert(&ctx, "INSERT INTO t SELECT * FROM u x ON CONFLICT (id) DO NOTHING");
    assert_true(insert->on_conflict);
    assert_select(insert->source, "(select * (from u:x))");
}

/* ---- UPDATE, DELETE ---- */

static void update_rows(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstUpdate *update =
        &must_parse_kind(
             &ctx, "UPDATE app.t SET a = a + 1, \"B\" = NULL WHERE id = $1 RETURNING a", AST_UPDATE)
             ->update;
    assert_table_name(&update->table, "app.t");
    assert_assignments(
        update->assignments, update->assignment_count, "a := (+ a 1), \"B\" := null");
    assert_name(&update->assignments[0].column, "a", 17);
    assert_int_equal(update->assignments[0].value->offset, 21);
    assert_expr(update->where, "(= id $1)");
    assert_items(update->returning, update->returning_count, " a");
}

static void update_without_where(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstUpdate *update = &must_parse_kind(&ctx, "UPDATE t SET a = 1", AST_UPDATE)->update;
    assert_null(update->where);
    assert_int_equal(update->returning_count, 0);
}

static void delete_rows(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstDelete *delete_from =
        &must_parse_kind(&ctx, "DELETE FROM app.t WHERE a IN (SELECT 1) RETURNING *, a", AST_DELETE)
             ->delete_from;
    assert_table_name(&delete_from->table, "app.t");
    assert_expr(delete_from->where, "(in a (select 1))");
    assert_items(delete_from->returning, delete_from->returning_count, " * a");
    assert_null(must_parse_kind(&ctx, "DELETE FROM t", AST_DELETE)->delete_from.where);
}

/* ---- names ---- */

static void common_words_name_columns_in_dml(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    must_parse(&ctx,
               "INSERT INTO t (name, type, status, date, time, timestamp, user, role, key, value, "
               "text, json, data, options, index, level, position, replace) VALUES "
               "(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)");
    must_parse(&ctx, "UPDATE t SET date = DATE '2026-01-01', options = '{}', index = index + 1");
    must_parse(&ctx, "DELETE FROM t WHERE user = 'x' AND position > 1 RETURNING key, value");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(insert_values),
        cmocka_unit_test(insert_many_rows_with_defaults),
        cmocka_unit_test(insert_default_values),
        cmocka_unit_test(insert_from_a_query),
        cmocka_unit_test(insert_quoted_names_as_the_wasm_client_does),
        cmocka_unit_test(on_conflict_do_nothing),
        cmocka_unit_test(on_conflict_do_update),
        cmocka_unit_test(on_conflict_after_a_query),
        cmocka_unit_test(update_rows),
        cmocka_unit_test(update_without_where),
        cmocka_unit_test(delete_rows),
        cmocka_unit_test(common_words_name_columns_in_dml),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sql/parse_dml", tests, NULL, NULL);
}
