/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries: [WITH ..] blocks, VALUES and parentheses joined by set operations,
 * then ORDER BY, LIMIT, OFFSET and AS OF SEQ for the whole.
 */
#include "sql/parser_internal.h"

bool parser_at_query(const Parser *parser)
{
    return AT_WORD(parser, "select") || AT_WORD(parser, "values") || AT_WORD(parser, "with");
}

bool parser_at_select(const Parser *parser)
{
    Parser ahead = {.token = parser->token};
    while (TAKE_SYMBOL(&ahead, "("))
        ;
    return parser_at_query(&ahead);
}

static bool at_as_of(const Parser *parser)
{
    return AT_WORDS(parser, "as", "of") && at_word_of(parser->token + 2, STR("seq"));
}

bool parser_at_select_rest(const Parser *parser)
{
    return AT_WORD(parser, "union") || AT_WORD(parser, "intersect") || AT_WORD(parser, "except") ||
           AT_WORD(parser, "order") || AT_WORD(parser, "limit") || AT_WORD(parser, "offset") ||
           AT_WORD(parser, "fetch") || at_as_of(parser);
}

static AstSelect *new_select(Parser *parser, uint32_t offset)
{
    AstSelect *select = ARENA_NEW(parser->arena, AstSelect);
    select->offset = offset;
    return select;
}

/* ---- select list ---- */

/* SUBSCRIBE TO SELECT .. FROM t OPTIONS (..): here OPTIONS is no alias. */
static bool at_alias(const Parser *parser)
{
    return parser_at_name(parser) &&
           !(AT_WORD(parser, "options") && at_symbol_of(parser->token + 1, STR("(")));
}

Status parse_alias(Parser *parser, AstName *ret_alias)
{
    if (at_as_of(parser))
        return STATUS_OK;
    if (TAKE_WORD(parser, "as"))
        return parse_label(parser, "an alias", ret_alias);
    return at_alias(parser) ? parse_name(parser, "an alias", ret_alias) : STATUS_OK;
}

/* table.*, namespace.table.* */
static bool at_table_star(const Parser *parser)
{
    const Token *token = parser->token;
    for (int parts = 0; parts < 2; parts++) {
        if (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED)
            return false;
        if (!at_symbol_of(token + 1, STR(".")))
            return false;
        token += 2;
        if (at_symbol_of(token, STR("*")))
            return true;
    }
    return false;
}

static Status parse_table_star(Parser *parser, const AstExpr **ret_expr)
{
    AstExpr *star = new_expr(parser, AST_STAR, parser_offset(parser));
    do
        TRY(parse_label(parser, "a table name", &star->qualifier));
    while (TAKE_SYMBOL(parser, ".") && !AT_SYMBOL(parser, "*"));
    parser_advance(parser);
    set_length(parser, star);
    *ret_expr = star;
    return STATUS_OK;
}

static Status parse_item(Parser *parser, AstItem *ret_item)
{
    *ret_item = (AstItem){0};
    if (AT_SYMBOL(parser, "*")) {
        ret_item->expr = new_star(parser);
        return STATUS_OK;
    }
    if (at_table_star(parser))
        return parse_table_star(parser, &ret_item->expr);
    TRY(parse_expr(parser, &ret_item->expr));
    return parse_alias(parser, &ret_item->alias);
}

Status parse_items(Parser *parser, const AstItem **ret_items, size_t *ret_count)
{
    AstItem *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    do {
        items = arena_grow(parser->arena, items, count, &capacity, sizeof(*items));
        TRY(parse_item(parser, &items[count++]));
    } while (TAKE_SYMBOL(parser, ","));
    *ret_items = items;
    *ret_count = count;
    return STATUS_OK;
}

/* ---- one query block ---- */

static Status parse_distinct(Parser *parser, AstSelect *select)
{
    select->distinct = TAKE_WORD(parser, "distinct");
    if (!select->distinct)
        (void)TAKE_WORD(parser, "all");
    else if (TAKE_WORD(parser, "on")) {
        ExprList on = {0};
        const Token *open = parser->token;
        TRY(EXPECT_SYMBOL(parser, "("));
        TRY(parse_expr_list(parser, &on));
        select->distinct_on = on.items;
        select->distinct_on_count = on.count;
        return parser_expect_close(parser, open);
    }
    return STATUS_OK;
}

static Status parse_grouping_item(Parser *parser, const AstExpr **ret_item);

/* (item, ..), the parenthesis being next */
static Status parse_grouping_list(Parser *parser, AstExpr *grouping)
{
    ExprList items = {0};
    const Token *open = parser->token;
    TRY(EXPECT_SYMBOL(parser, "("));
    while (!AT_SYMBOL(parser, ")")) {
        const AstExpr *item;
        TRY(parse_grouping_item(parser, &item));
        expr_list_add(parser, &items, item);
        if (!TAKE_SYMBOL(parser, ","))
            break;
    }
    set_args(grouping, &items);
    TRY(parser_expect_close(parser, open));
    set_length(parser, grouping);
    return parser_grow(parser, 1);
}

static Status parse_grouping(Parser *parser, AstGrouping kind, const AstExpr **ret_expr)
{
    AstExpr *grouping = new_expr(parser, AST_GROUPING, parser_offset(parser));
    grouping->grouping = kind;
    *ret_expr = grouping;
    TRY(parser_enter(parser));
    TRY(parse_grouping_list(parser, grouping));
    parser_leave(parser);
    return STATUS_OK;
}

/* ROLLUP (..), CUBE (..), GROUPING SETS (..); *ret_found says whether there is one. */
static Status take_grouping(Parser *parser, const AstExpr **ret_expr, bool *ret_found)
{
    bool called = at_symbol_of(parser->token + 1, STR("("));
    *ret_found = true;
    if (called && TAKE_WORD(parser, "rollup"))
        return parse_grouping(parser, AST_GROUPING_ROLLUP, ret_expr);
    if (called && TAKE_WORD(parser, "cube"))
        return parse_grouping(parser, AST_GROUPING_CUBE, ret_expr);
    if (TAKE_WORDS(parser, "grouping", "sets"))
        return parse_grouping(parser, AST_GROUPING_SETS, ret_expr);
    *ret_found = false;
    return STATUS_OK;
}

/* (a, b) is no expression: what does not parse as one is read again as a set. */
static Status parse_grouping_item(Parser *parser, const AstExpr **ret_item)
{
    bool found;
    TRY(take_grouping(parser, ret_item, &found));
    if (found)
        return STATUS_OK;
    Parser before = *parser;
    bool may_be_set = AT_SYMBOL(parser, "(");
    Status status = parse_expr(parser, ret_item);
    if (status == STATUS_OK || !may_be_set)
        return status;
    *parser = before;
    context_clear_error(parser->ctx);
    return parse_grouping(parser, AST_GROUPING_SET, ret_item);
}

static Status parse_group_by(Parser *parser, AstSelect *select)
{
    ExprList keys = {0};
    TRY(EXPECT_WORD(parser, "by"));
    do {
        const AstExpr *key;
        bool found;
        TRY(take_grouping(parser, &key, &found));
        if (!found)
            TRY(parse_expr(parser, &key));
        expr_list_add(parser, &keys, key);
    } while (TAKE_SYMBOL(parser, ","));
    select->group_by = keys.items;
    select->group_by_count = keys.count;
    return STATUS_OK;
}

/* Notes how deep it nests; the condition itself is no level. */
static Status parse_where(Parser *parser, AstSelect *select)
{
    int outer = parser->deepest;
    parser->deepest = parser->depth + 1;
    TRY(parse_expr(parser, &select->where));
    select->where_nesting = parser->deepest - parser->depth - 1;
    if (outer > parser->deepest)
        parser->deepest = outer;
    return STATUS_OK;
}

static Status parse_block(Parser *parser, AstSelect *select)
{
    parser->windows->count = 0;
    TRY(EXPECT_WORD(parser, "select"));
    TRY(parse_distinct(parser, select));
    TRY(parse_items(parser, &select->items, &select->item_count));
    if (TAKE_WORD(parser, "from"))
        TRY(parse_from(parser, &select->from));
    if (TAKE_WORD(parser, "where"))
        TRY(parse_where(parser, select));
    if (TAKE_WORD(parser, "group"))
        TRY(parse_group_by(parser, select));
    if (TAKE_WORD(parser, "having"))
        TRY(parse_expr(parser, &select->having));
    if (TAKE_WORD(parser, "window"))
        TRY(parse_window_clause(parser));
    return resolve_windows(parser);
}

/* ---- VALUES ---- */

/* DEFAULT is a NULL expression; only INSERT knows what to do with it. */
static Status parse_values_row(Parser *parser, bool defaults, ExprList *row)
{
    const Token *open = parser->token;
    TRY(EXPECT_SYMBOL(parser, "("));
    do {
        const AstExpr *expr = NULL;
        if (!defaults || !TAKE_WORD(parser, "default"))
            TRY(parse_expr(parser, &expr));
        expr_list_add(parser, row, expr);
    } while (TAKE_SYMBOL(parser, ","));
    return parser_expect_close(parser, open);
}

static Status check_width(Parser *parser, const AstValues *values, size_t count, uint32_t offset)
{
    if (values->row_count == 0 || count == values->width)
        return STATUS_OK;
    return fail_at(parser->ctx,
                   STATUS_SYNTAX_ERROR,
                   offset,
                   "VALUES lists must all have the same length: this one has %zu, the first %zu",
                   count,
                   values->width);
}

static Status parse_values(Parser *parser, bool defaults, AstSelect *select)
{
    AstValues *values = ARENA_NEW(parser->arena, AstValues);
    const AstExpr *const **rows = NULL;
    size_t capacity = 0;
    TRY(EXPECT_WORD(parser, "values"));
    do {
        ExprList row = {.capacity = values->width};
        uint32_t offset = parser_offset(parser);
        if (values->width)
            row.items = ARENA_ARRAY(parser->arena, const AstExpr *, values->width);
        TRY(parse_values_row(parser, defaults, &row));
        TRY(check_width(parser, values, row.count, offset));
        rows = arena_grow(parser->arena, rows, values->row_count, &capacity, sizeof(*rows));
        rows[values->row_count++] = row.items;
        values->width = row.count;
    } while (TAKE_SYMBOL(parser, ","));
    values->rows = rows;
    select->values = values;
    return STATUS_OK;
}

/* ---- set operations ---- */

/* SELECT .., VALUES .., or a query in parentheses */
static Status parse_term(Parser *parser, const AstSelect **ret_select)
{
    const Token *open = parser->token;
    if (TAKE_SYMBOL(parser, "(")) {
        TRY(parse_select(parser, ret_select));
        return parser_expect_close(parser, open);
    }
    AstSelect *select = new_select(parser, open->offset);
    TRY(AT_WORD(parser, "values") ? parse_values(parser, false, select)
                                  : parse_block(parser, select));
    *ret_select = select;
    return parser_grow(parser, 1);
}

static AstSetOp take_set_op(Parser *parser, bool intersect)
{
    if (intersect)
        return TAKE_WORD(parser, "intersect") ? AST_SET_INTERSECT : AST_SET_NONE;
    return TAKE_WORD(parser, "union")    ? AST_SET_UNION
           : TAKE_WORD(parser, "except") ? AST_SET_EXCEPT
                                         : AST_SET_NONE;
}

static Status parse_set_chain(Parser *parser,
                              bool intersect,
                              const AstSelect *first,
                              const AstSelect **ret_select);

/* An operand of UNION and EXCEPT is a chain of INTERSECT, which binds tighter. */
static Status parse_set_operand(Parser *parser,
                                bool intersect,
                                const AstSelect *first,
                                const AstSelect **ret_select)
{
    if (!intersect)
        return parse_set_chain(parser, true, first, ret_select);
    if (!first)
        return parse_term(parser, ret_select);
    *ret_select = first;
    return STATUS_OK;
}

/* `first`, when there is one, was read already. */
static Status parse_set_chain(Parser *parser,
                              bool intersect,
                              const AstSelect *first,
                              const AstSelect **ret_select)
{
    uint32_t offset = first ? first->offset : parser_offset(parser);
    const AstSelect *left;
    TRY(parse_set_operand(parser, intersect, first, &left));
    for (;;) {
        AstSetOp op = take_set_op(parser, intersect);
        if (op == AST_SET_NONE)
            break;
        AstSelect *select = new_select(parser, offset);
        select->set_op = op;
        select->set_all = TAKE_WORD(parser, "all");
        if (!select->set_all)
            (void)TAKE_WORD(parser, "distinct");
        select->left = left;
        int outer = height_open(parser);
        TRY(parse_set_operand(parser, intersect, NULL, &select->right));
        height_close(parser, outer);
        TRY(parser_grow(parser, 1));
        left = select;
    }
    *ret_select = left;
    return STATUS_OK;
}

/* ---- ORDER BY, LIMIT and their like ---- */

static Status parse_order_item(Parser *parser, AstOrder *ret_order)
{
    *ret_order = (AstOrder){0};
    TRY(parse_expr(parser, &ret_order->expr));
    ret_order->descending = TAKE_WORD(parser, "desc");
    if (!ret_order->descending)
        (void)TAKE_WORD(parser, "asc");
    if (!TAKE_WORD(parser, "nulls"))
        return STATUS_OK;
    ret_order->nulls_given = true;
    ret_order->nulls_first = TAKE_WORD(parser, "first");
    return ret_order->nulls_first || TAKE_WORD(parser, "last")
               ? STATUS_OK
               : parser_fail(parser, "FIRST or LAST");
}

Status parse_order_list(Parser *parser, AstOrderList *ret_list)
{
    AstOrder *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    do {
        items = arena_grow(parser->arena, items, count, &capacity, sizeof(*items));
        TRY(parse_order_item(parser, &items[count++]));
    } while (TAKE_SYMBOL(parser, ","));
    *ret_list = (AstOrderList){items, count};
    return STATUS_OK;
}

static void skip_rows(Parser *parser)
{
    if (!TAKE_WORD(parser, "rows"))
        (void)TAKE_WORD(parser, "row");
}

static const AstExpr *new_one(Parser *parser)
{
    AstExpr *one = new_expr(parser, AST_NUMBER, parser_offset(parser));
    one->text = STR("1");
    return one;
}

/* FETCH FIRST [n] ROWS ONLY; without n it is 1 */
static Status parse_fetch(Parser *parser, AstSelect *select)
{
    if (!TAKE_WORD(parser, "first"))
        TRY(EXPECT_WORD(parser, "next"));
    if (AT_WORDS(parser, "row", "only") || AT_WORDS(parser, "rows", "only"))
        select->limit = new_one(parser);
    else
        TRY(parse_expr(parser, &select->limit));
    skip_rows(parser);
    return EXPECT_WORD(parser, "only");
}

static Status parse_limit(Parser *parser, AstSelect *select)
{
    if (TAKE_WORD(parser, "all"))
        return STATUS_OK;
    TRY(parse_expr(parser, &select->limit));
    if (!AT_SYMBOL(parser, ","))
        return STATUS_OK;
    Status status = parser_fail(parser, NULL);
    fail_hint(parser->ctx, "LIMIT offset, count is written LIMIT count OFFSET offset");
    return status;
}

/* One clause; *ret_none when there is none, or not for the first time. */
static Status parse_clause(Parser *parser, AstSelect *select, bool *ret_none)
{
    *ret_none = false;
    if (!select->order_by.count && TAKE_WORD(parser, "order")) {
        TRY(EXPECT_WORD(parser, "by"));
        return parse_order_list(parser, &select->order_by);
    }
    if (!select->limit && TAKE_WORD(parser, "limit"))
        return parse_limit(parser, select);
    if (!select->limit && TAKE_WORD(parser, "fetch"))
        return parse_fetch(parser, select);
    if (!select->limit_offset && TAKE_WORD(parser, "offset")) {
        TRY(parse_expr(parser, &select->limit_offset));
        skip_rows(parser);
        return STATUS_OK;
    }
    if (!select->as_of_seq && at_as_of(parser)) {
        parser->token += 3;
        return parse_expr(parser, &select->as_of_seq);
    }
    *ret_none = true;
    return STATUS_OK;
}

/* ---- WITH ---- */

/* name [(columns)] AS [[NOT] MATERIALIZED] (query) */
static Status parse_cte(Parser *parser, AstCte *ret_cte)
{
    *ret_cte = (AstCte){0};
    TRY(parse_name(parser, "a name", &ret_cte->name));
    if (AT_SYMBOL(parser, "("))
        TRY(parse_name_list(parser, &ret_cte->columns));
    TRY(EXPECT_WORD(parser, "as"));
    if (!TAKE_WORDS(parser, "not", "materialized"))
        (void)TAKE_WORD(parser, "materialized");
    const Token *open = parser->token;
    TRY(EXPECT_SYMBOL(parser, "("));
    TRY(parse_select(parser, &ret_cte->select));
    return parser_expect_close(parser, open);
}

static Status parse_ctes(Parser *parser, AstSelect *whole)
{
    AstCte *ctes = NULL;
    size_t capacity = 0;
    /* Before AS or a list of columns it is the name of a query. */
    whole->recursive = AT_WORD(parser, "recursive") && !AT_WORDS(parser, "recursive", "as") &&
                       !at_symbol_of(parser->token + 1, STR("("));
    if (whole->recursive)
        parser_advance(parser);
    do {
        ctes = arena_grow(parser->arena, ctes, whole->cte_count, &capacity, sizeof(*ctes));
        TRY(parse_cte(parser, &ctes[whole->cte_count++]));
    } while (TAKE_SYMBOL(parser, ","));
    whole->ctes = ctes;
    if (parser_at_select(parser))
        return STATUS_OK;
    bool is_dml =
        AT_WORD(parser, "insert") || AT_WORD(parser, "update") || AT_WORD(parser, "delete");
    return is_dml ? parser_fail_dialect(parser,
                                        "WITH before a statement that changes rows",
                                        "write INSERT INTO .. WITH .. SELECT, or a subquery")
                  : parser_fail(parser, "SELECT");
}

/* ---- the whole ---- */

static bool has_clauses(const AstSelect *select)
{
    return select->order_by.count || select->limit || select->limit_offset || select->as_of_seq ||
           select->cte_count;
}

/* SELECT * FROM (inner): what has clauses already cannot get them again. */
static AstSelect wrap(Parser *parser, const AstSelect *inner)
{
    AstFrom *from = ARENA_NEW(parser->arena, AstFrom);
    AstItem *item = ARENA_NEW(parser->arena, AstItem);
    from->kind = inner->values ? AST_FROM_VALUES : AST_FROM_SELECT;
    from->offset = inner->offset;
    from->select = inner;
    item->expr = new_expr(parser, AST_STAR, inner->offset);
    return (AstSelect){.offset = inner->offset, .from = from, .items = item, .item_count = 1};
}

/* The body with the clauses of `whole`. */
static Status put_together(Parser *parser,
                           const AstSelect *body,
                           const AstSelect *whole,
                           const AstSelect **ret_select)
{
    if (!has_clauses(whole)) {
        *ret_select = body;
        return STATUS_OK;
    }
    AstSelect *select = new_select(parser, 0);
    *select = has_clauses(body) ? wrap(parser, body) : *body;
    select->offset = whole->offset;
    select->ctes = whole->ctes;
    select->cte_count = whole->cte_count;
    select->recursive = whole->recursive;
    select->order_by = whole->order_by;
    select->limit = whole->limit;
    select->limit_offset = whole->limit_offset;
    select->as_of_seq = whole->as_of_seq;
    *ret_select = select;
    return parser_grow(parser, 2);
}

static Status parse_whole(Parser *parser, const AstSelect *first, const AstSelect **ret_select)
{
    AstSelect whole = {.offset = first ? first->offset : parser_offset(parser)};
    const AstSelect *body;
    if (!first && TAKE_WORD(parser, "with"))
        TRY(parse_ctes(parser, &whole));
    TRY(parse_set_chain(parser, false, first, &body));
    for (bool none = false; !none;)
        TRY(parse_clause(parser, &whole, &none));
    TRY(resolve_windows(parser));
    if (AT_WORD(parser, "for"))
        return parser_fail_dialect(parser, "SELECT .. FOR", "rows are not locked by reading them");
    return put_together(parser, body, &whole, ret_select);
}

Status parse_select_rest(Parser *parser, const AstSelect *first, const AstSelect **ret_select)
{
    WindowScope scope = {0};
    WindowScope *outer = parser->windows;
    TRY(parser_enter(parser));
    parser->windows = &scope;
    TRY(parse_whole(parser, first, ret_select));
    parser->windows = outer;
    parser_leave(parser);
    return STATUS_OK;
}

Status parse_select(Parser *parser, const AstSelect **ret_select)
{
    int outer = height_open(parser);
    TRY(parse_select_rest(parser, NULL, ret_select));
    height_close(parser, outer);
    return STATUS_OK;
}

Status parse_insert_source(Parser *parser, const AstSelect **ret_select)
{
    if (!AT_WORD(parser, "values"))
        return parse_select(parser, ret_select);
    AstSelect *select = new_select(parser, parser_offset(parser));
    *ret_select = select;
    return parse_values(parser, true, select);
}
