/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_fixture.h"

static void a_query_block_has_all_its_clauses(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSelect *select = must_parse_select(
        &ctx,
        "SELECT DISTINCT m.room, count(*) AS total, upper(name) label FROM app.msgs m "
        "WHERE m.id > $1 GROUP BY m.room, 3 HAVING count(*) > 2 "
        "ORDER BY total DESC, room NULLS FIRST LIMIT 10 OFFSET $2");
    assert_true(select->distinct);
    assert_int_equal(select->item_count, 3);
    assert_null(select->items[0].alias.text.ptr);
    assert_str(select->items[1].alias.text, "total");
    assert_str(select->items[2].alias.text, "label");
    assert_str(select->from->table.namespace_name.text, "app");
    assert_str(select->from->table.name.text, "msgs");
    assert_str(select->from->alias.text, "m");
    assert_int_equal(select->where->op, AST_OP_GT);
    assert_int_equal(select->group_by_count, 2);
    assert_non_null(select->having);
    assert_int_equal(select->order_by.count, 2);
    assert_true(select->order_by.items[0].descending);
    assert_true(select->order_by.items[1].nulls_first);
    assert_str(select->limit->text, "10");
    assert_int_equal(select->limit_offset->index, 2);
}

static void stars_may_name_their_table(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSelect *select = must_parse_select(&ctx, "SELECT *, m.*, app.m.*, \"M\".* FROM m");
    assert_int_equal(select->item_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(select->items[i].expr->kind, AST_STAR);
    assert_null(select->items[0].expr->qualifier.text.ptr);
    assert_str(select->items[1].expr->qualifier.text, "m");
    assert_str(select->items[2].expr->qualifier.text, "m");
    assert_str(select->items[3].expr->qualifier.text, "M");
}

static void words_of_the_grammar_serve_as_columns_and_aliases(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSelect *select = must_parse_select(
        &ctx,
        "SELECT name, type, status, date, time, timestamp, user, role, key, value, "
        "text, json, data, options, level, to, set, over, filter, rows, first, "
        "a AS order, b AS select, count(*) over FROM user options");
    assert_int_equal(select->item_count, 24);
    assert_str(select->items[5].expr->name.text, "timestamp");
    assert_str(select->items[21].alias.text, "order");
    assert_str(select->items[22].alias.text, "select");
    assert_str(select->items[23].alias.text, "over");
    assert_str(select->from->alias.text, "options");
}

static void the_namespace_default_needs_no_quotes(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstFrom *from = must_parse_select(&ctx, "SELECT * FROM default.events")->from;
    assert_str(from->table.namespace_name.text, "default");
    assert_str(from->table.name.text, "events");
}

static void joins_lean_to_the_left(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstFrom *from = must_parse_select(&ctx,
                                            "SELECT 1 FROM a JOIN b ON a.x = b.x LEFT OUTER JOIN c "
                                            "USING (x, y) NATURAL FULL JOIN d CROSS JOIN e, f")
                              ->from;
    assert_int_equal(from->join, AST_JOIN_CROSS);
    assert_str(from->right->table.name.text, "f");
    from = from->left;
    assert_int_equal(from->join, AST_JOIN_CROSS);
    from = from->left;
    assert_int_equal(from->join, AST_JOIN_FULL);
    assert_true(from->natural);
    from = from->left;
    assert_int_equal(from->join, AST_JOIN_LEFT);
    assert_int_equal(from->using_columns.count, 2);
    from = from->left;
    assert_int_equal(from->join, AST_JOIN_INNER);
    assert_non_null(from->on);
    assert_str(from->left->table.name.text, "a");
}

static void joins_nest_in_parentheses(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstFrom *from =
        must_parse_select(&ctx, "SELECT 1 FROM a JOIN (b JOIN c ON true) AS j ON false")->from;
    assert_str(from->left->table.name.text, "a");
    assert_int_equal(from->right->kind, AST_FROM_JOIN);
    assert_str(from->right->alias.text, "j");
}

static void queries_values_and_functions_are_tables_too(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstFrom *query =
        must_parse_select(&ctx, "SELECT 1 FROM LATERAL (SELECT 2) AS q (x, y)")->from;
    assert_int_equal(query->kind, AST_FROM_SELECT);
    assert_true(query->lateral);
    assert_int_equal(query->column_aliases.count, 2);
    const AstFrom *values =
        must_parse_select(&ctx, "SELECT 1 FROM (VALUES (1, 2), (3, 4)) v")->from;
    assert_int_equal(values->kind, AST_FROM_VALUES);
    assert_int_equal(values->select->values->row_count, 2);
    const AstFrom *function =
        must_parse_select(&ctx, "SELECT 1 FROM vector_search('a', 'b') s")->from;
    assert_int_equal(function->kind, AST_FROM_FUNCTION);
    assert_str(function->function->text, "vector_search");
}

static void a_parenthesis_in_from_holds_a_query_or_joins(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstFrom *set =
        must_parse_select(&ctx, "SELECT 1 FROM ((SELECT 1) UNION SELECT 2) AS u")->from;
    assert_int_equal(set->kind, AST_FROM_SELECT);
    assert_int_equal(set->select->set_op, AST_SET_UNION);
    assert_str(set->alias.text, "u");
    const AstFrom *joins =
        must_parse_select(&ctx, "SELECT 1 FROM ((SELECT 1) AS x JOIN y ON true)")->from;
    assert_int_equal(joins->kind, AST_FROM_JOIN);
    assert_int_equal(must_parse_select(&ctx, "SELECT 1 FROM (((SELECT 1))) z")->from->kind,
                     AST_FROM_SELECT);
}

static void set_operations_have_ranks(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSelect *select =
        must_parse_select(&ctx, "SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 EXCEPT SELECT 4");
    assert_int_equal(select->set_op, AST_SET_EXCEPT);
    assert_int_equal(select->left->set_op, AST_SET_UNION);
    assert_true(select->left->set_all);
    assert_int_equal(select->left->right->set_op, AST_SET_INTERSECT);
}

static void order_and_limit_belong_to_the_whole(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSelect *set =
        must_parse_select(&ctx, "SELECT 1 UNION (SELECT 2 LIMIT 1) ORDER BY 1 LIMIT 5");
    assert_int_equal(set->set_op, AST_SET_UNION);
    assert_int_equal(set->order_by.count, 1);
    assert_str(set->limit->text, "5");
    assert_str(set->right->limit->text, "1");
    const AstSelect *twice =
        must_parse_select(&ctx, "(SELECT a FROM t LIMIT 9) ORDER BY a LIMIT 3");
    assert_str(twice->limit->text, "3");
    assert_str(twice->from->select->limit->text, "9");
}

static void limits_come_in_several_spellings(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSelect *fetch =
        must_parse_select(&ctx, "SELECT 1 FROM t OFFSET 2 ROWS FETCH FIRST 3 ROWS ONLY");
    assert_str(fetch->limit->text, "3");
    assert_str(fetch->limit_offset->text, "2");
    assert_null(must_parse_select(&ctx, "SELECT 1 LIMIT ALL")->limit);
}

static void ctes_come_first(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSelect *select =
        must_parse_select(&ctx,
                          "WITH RECURSIVE a (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a), "
                          "recursive AS NOT MATERIALIZED (VALUES (1)) SELECT * FROM a, recursive");
    assert_true(select->recursive);
    assert_int_equal(select->cte_count, 2);
    assert_str(select->ctes[0].name.text, "a");
    assert_int_equal(select->ctes[0].columns.count, 1);
    assert_int_equal(select->ctes[0].select->set_op, AST_SET_UNION);
    assert_non_null(select->ctes[1].select->values);
}

static void windows_can_be_used_by_name(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSelect *select =
        must_parse_select(&ctx,
                          "SELECT sum(a) OVER w, avg(b) OVER v FROM t WINDOW w AS "
                          "(ORDER BY a), v AS (PARTITION BY c) "
                          "ORDER BY max(b) OVER w");
    assert_int_equal(select->items[0].expr->window->order.count, 1);
    assert_int_equal(select->items[1].expr->window->partition_count, 1);
    assert_int_equal(select->order_by.items[0].expr->window->order.count, 1);
}

static void a_query_may_look_back_in_time(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    static const char *const QUERIES[] = {
        "SELECT * FROM t AS OF SEQ 5",
        "SELECT * FROM t m AS OF SEQ 5",
        "SELECT * FROM t WHERE a = 1 ORDER BY a LIMIT 2 AS OF SEQ 5",
        "SELECT 1 AS OF SEQ 5",
    };
    for (size_t i = 0; i < sizeof(QUERIES) / sizeof(*QUERIES); i++)
        assert_str(must_parse_select(&ctx, QUERIES[i])->as_of_seq->text, "5");
    assert_str(must_parse_select(&ctx, "SELECT 1 AS of")->items[0].alias.text, "of");
}

static void values_stand_alone(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSelect *select = must_parse_select(&ctx, "VALUES (1, 'a'), (2, 'b') ORDER BY 1");
    assert_int_equal(select->values->row_count, 2);
    assert_int_equal(select->values->width, 2);
    assert_str(select->values->rows[1][1]->text, "b");
    assert_int_equal(select->order_by.count, 1);
}

static void distinct_on_lists_expressions(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstSelect *select = must_parse_select(&ctx, "SELECT DISTINCT ON (a, b) c FROM t");
    assert_true(select->distinct);
    assert_int_equal(select->distinct_on_count, 2);
}

/* A query in parentheses keeps its clauses; what follows applies to its result. */
static void clauses_of_a_query_in_parentheses_stay_inside(void **state)
{
    (void)state;
    static const ShapeCase CASES[] = {
        {"((SELECT 1)) ORDER BY 1", "(select 1 (order 1))"},
        {"(SELECT a FROM t LIMIT 5) LIMIT 2",
         "(select * (from (select a (from t) (limit 5))) (limit 2))"},
        {"(SELECT a FROM t ORDER BY a LIMIT 5) ORDER BY b",
         "(select * (from (select a (from t) (order a) (limit 5))) (order b))"},
        {"(SELECT a FROM t AS OF SEQ 5) ORDER BY a",
         "(select * (from (select a (from t) (as-of 5))) (order a))"},
        {"(SELECT 1 LIMIT 1) UNION (SELECT 2 ORDER BY 1)",
         "(union (select 1 (limit 1)) (select 2 (order 1)))"},
    };
    CHECK_SELECT_SHAPES(CASES);
}

static void queries_have_the_shape_they_are_written_in(void **state)
{
    (void)state;
    static const ShapeCase CASES[] = {
        {"SELECT a, b + 1 AS c, d e FROM t", "(select a (+ b 1):c d:e (from t))"},
        {"SELECT t.*, u.\"X\" \"Y\" FROM t, u", "(select t.* u.\"X\":\"Y\" (from (cross t u)))"},
        {"SELECT DISTINCT ON (a, b) c FROM t", "(select distinct (on a b) c (from t))"},
        {"SELECT * FROM t AS x (a, b)", "(select * (from t:x[a b]))"},
        {"SELECT * FROM (VALUES (1, 2), (3, 4)) AS v(a, b)",
         "(select * (from (values (row 1 2) (row 3 4)):v[a b]))"},
        {"SELECT * FROM t, LATERAL (SELECT t.a) s",
         "(select * (from (cross t lateral:(select t.a):s)))"},
        {"SELECT * FROM a NATURAL LEFT JOIN b", "(select * (from (natural-left a b)))"},
        {"SELECT * FROM a FULL OUTER JOIN b USING (x, y)",
         "(select * (from (full a b (using [x y]))))"},
        {"SELECT * FROM a, b JOIN c ON x", "(select * (from (cross a (join b c (on x)))))"},
        {"SELECT * FROM ((SELECT 1) s CROSS JOIN t)", "(select * (from (cross (select 1):s t)))"},
        {"SELECT 1 EXCEPT SELECT 2 UNION SELECT 3",
         "(union (except (select 1) (select 2)) (select 3))"},
        {"SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 ORDER BY 1 LIMIT 3",
         "(union-all (select 1) (intersect (select 2) (select 3)) (order 1) (limit 3))"},
        {"WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
         "(select (with-recursive r[n] (union-all (select 1) (select (+ n 1) (from r)))) * "
         "(from r))"},
        {"WITH recursive (a) AS (SELECT 1), y AS (SELECT 2) SELECT 3",
         "(select (with recursive[a] (select 1) y (select 2)) 3)"},
        {"SELECT a FROM t FETCH FIRST 3 ROWS ONLY", "(select a (from t) (limit 3))"},
        {"SELECT a FROM t OFFSET 1 ROW FETCH NEXT ROW ONLY",
         "(select a (from t) (limit 1) (offset 1))"},
    };
    CHECK_SELECT_SHAPES(CASES);
}

static void assert_syntax_errors(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(context_done) Context ctx = {0};
        AstScript script;
        Status status = sql_parse(&ctx, str_from_c(texts[i]), &script);
        if (status != STATUS_SYNTAX_ERROR)
            print_error("# accepted: %s\n", texts[i]);
        assert_int_equal(status, STATUS_SYNTAX_ERROR);
    }
}

/* Only INSERT knows what DEFAULT stands for. */
static void default_is_no_value_of_a_query(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "VALUES (DEFAULT)",
        "SELECT * FROM (VALUES (1, DEFAULT)) v",
        "INSERT INTO t SELECT * FROM (VALUES (DEFAULT)) v",
        "INSERT INTO t VALUES ((SELECT * FROM (VALUES (DEFAULT)) v))",
        "INSERT INTO t VALUES (DEFAULT) UNION VALUES (1)",
    };
    assert_syntax_errors(TEXTS, sizeof(TEXTS) / sizeof(*TEXTS));
}

static void a_star_is_no_value(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "SELECT t.* + 1 FROM t",
        "SELECT 1 FROM t WHERE t.*",
        "SELECT (t.*) FROM t",
        "SELECT * + 1",
        "SELECT 1 FROM t ORDER BY t.*",
    };
    assert_syntax_errors(TEXTS, sizeof(TEXTS) / sizeof(*TEXTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_block_has_all_its_clauses),
        cmocka_unit_test(stars_may_name_their_table),
        cmocka_unit_test(words_of_the_grammar_serve_as_columns_and_aliases),
        cmocka_unit_test(the_namespace_default_needs_no_quotes),
        cmocka_unit_test(joins_lean_to_the_left),
        cmocka_unit_test(joins_nest_in_parentheses),
        cmocka_unit_test(queries_values_and_functions_are_tables_too),
        cmocka_unit_test(a_parenthesis_in_from_holds_a_query_or_joins),
        cmocka_unit_test(set_operations_have_ranks),
        cmocka_unit_test(order_and_limit_belong_to_the_whole),
        cmocka_unit_test(limits_come_in_several_spellings),
        cmocka_unit_test(ctes_come_first),
        cmocka_unit_test(windows_can_be_used_by_name),
        cmocka_unit_test(a_query_may_look_back_in_time),
        cmocka_unit_test(values_stand_alone),
        cmocka_unit_test(distinct_on_lists_expressions),
        cmocka_unit_test(clauses_of_a_query_in_parentheses_stay_inside),
        cmocka_unit_test(queries_have_the_shape_they_are_written_in),
        cmocka_unit_test(default_is_no_value_of_a_query),
        cmocka_unit_test(a_star_is_no_value),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sql/parse_select", tests, NULL, NULL);
}
