/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/parser_internal.h"

bool parser_at_select(const Parser *parser)
{
    const Token *token = parser->token;
    while (at_symbol_of(token, STR("(")))
        token++;
    return at_word_of(token, STR("select")) || at_word_of(token, STR("values")) ||
           at_word_of(token, STR("with"));
}

static AstSelect *new_select(Parser *parser)
{
    AstSelect *select = ARENA_NEW(parser->arena, AstSelect);
    select->offset = parser_offset(parser);
    return select;
}

/* ---- select list ---- */

static bool at_alias(const Parser *parser)
{
    static const Str CLAUSES[] = {STR_INIT("window"), STR_INIT("fetch"), STR_INIT("options")};
    if (!parser_at_name(parser))
        return false;
    for (size_t i = 0; i < sizeof(CLAUSES) / sizeof(*CLAUSES); i++)
        if (at_word_of(parser->token, CLAUSES[i]))
            return false;
    return true;
}

static Status parse_alias(Parser *parser, AstName *ret_alias)
{
    if (AT_WORDS(parser, "as", "of") && at_word_of(parser->token + 2, STR("seq")))
        return STATUS_OK;
    if (TAKE_WORD(parser, "as") || at_alias(parser))
        return parse_name(parser, "an alias", ret_alias);
    return STATUS_OK;
}

static Status parse_item(Parser *parser, AstItem *ret_item)
{
    *ret_item = (AstItem){0};
    if (AT_SYMBOL(parser, "*")) {
        AstExpr *star = new_expr(parser, AST_STAR, parser_offset(parser));
        star->length = 1;
        ret_item->expr = star;
        parser_advance(parser);
        return STATUS_OK;
    }
    TRY(parse_expr(parser, &ret_item->expr));
    if (ret_item->expr->kind == AST_STAR)
        return STATUS_OK;
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

/* ---- FROM ---- */

static Status parse_from_item(Parser *parser, const AstFrom **ret_from);
static Status parse_joins(Parser *parser, const AstFrom **ret_from);

static AstFrom *new_from(Parser *parser, AstFromKind kind)
{
    AstFrom *from = ARENA_NEW(parser->arena, AstFrom);
    from->kind = kind;
    from->offset = parser_offset(parser);
    return from;
}

static Status parse_from_alias(Parser *parser, AstFrom *from)
{
    TRY(parse_alias(parser, &from->alias));
    if (from->alias.text.ptr && AT_SYMBOL(parser, "("))
        TRY(parse_name_list(parser, &from->column_aliases));
    return STATUS_OK;
}

static Status parse_from_parenthesis(Parser *parser, const AstFrom **ret_from)
{
    if (!parser_at_select(parser)) {
        parser_advance(parser);
        TRY(parse_joins(parser, ret_from));
        return EXPECT_SYMBOL(parser, ")");
    }
    AstFrom *from = new_from(parser, AST_FROM_SELECT);
    parser_advance(parser);
    TRY(parse_select(parser, &from->select));
    TRY(EXPECT_SYMBOL(parser, ")"));
    if (from->select->values)
        from->kind = AST_FROM_VALUES;
    TRY(parse_from_alias(parser, from));
    *ret_from = from;
    return STATUS_OK;
}

static Status parse_from_item(Parser *parser, const AstFrom **ret_from)
{
    bool lateral = TAKE_WORD(parser, "lateral");
    if (AT_SYMBOL(parser, "("))
        return parse_from_parenthesis(parser, ret_from);
    AstFrom *from = new_from(parser, AST_FROM_TABLE);
    from->lateral = lateral;
    if (parser->token->kind == TOKEN_WORD && at_symbol_of(parser->token + 1, STR("("))) {
        from->kind = AST_FROM_FUNCTION;
        TRY(parse_expr(parser, &from->function));
    } else {
        TRY(parse_table_name(parser, &from->table));
    }
    TRY(parse_from_alias(parser, from));
    *ret_from = from;
    return STATUS_OK;
}

static bool take_join(Parser *parser, AstJoinKind *ret_kind)
{
    static const struct {
        Str word;
        AstJoinKind kind;
        bool outer;
    } JOINS[] = {
        {STR_INIT("inner"), AST_JOIN_INNER, false},
        {STR_INIT("left"), AST_JOIN_LEFT, true},
        {STR_INIT("right"), AST_JOIN_RIGHT, true},
        {STR_INIT("full"), AST_JOIN_FULL, true},
        {STR_INIT("cross"), AST_JOIN_CROSS, false},
    };
    *ret_kind = AST_JOIN_INNER;
    for (size_t i = 0; i < sizeof(JOINS) / sizeof(*JOINS); i++) {
        if (!parser_take_word(parser, JOINS[i].word))
            continue;
        *ret_kind = JOINS[i].kind;
        if (JOINS[i].outer)
            (void)TAKE_WORD(parser, "outer");
        return true;
    }
    return AT_WORD(parser, "join");
}

static Status parse_join_condition(Parser *parser, AstFrom *join)
{
    if (join->join == AST_JOIN_CROSS || join->natural)
        return STATUS_OK;
    if (TAKE_WORD(parser, "using"))
        return parse_name_list(parser, &join->using_columns);
    TRY(EXPECT_WORD(parser, "on"));
    return parse_expr(parser, &join->on);
}

static Status too_many_tables(Parser *parser)
{
    return fail_at(parser->ctx,
                   STATUS_LIMIT_EXCEEDED,
                   parser->token->offset,
                   "more than %d tables in FROM",
                   SQL_FROM_ITEMS_MAX);
}

static Status parse_joins(Parser *parser, const AstFrom **ret_from)
{
    const AstFrom *left;
    TRY(parser_enter(parser));
    TRY(parse_from_item(parser, &left));
    for (int count = 0;; count++) {
        bool natural = TAKE_WORD(parser, "natural");
        AstJoinKind kind;
        if (!take_join(parser, &kind))
            break;
        if (count == SQL_FROM_ITEMS_MAX)
            return too_many_tables(parser);
        TRY(EXPECT_WORD(parser, "join"));
        AstFrom *join = new_from(parser, AST_FROM_JOIN);
        join->offset = left->offset;
        join->join = kind;
        join->natural = natural;
        join->left = left;
        TRY(parse_from_item(parser, &join->right));
        TRY(parse_join_condition(parser, join));
        left = join;
    }
    parser_leave(parser);
    *ret_from = left;
    return STATUS_OK;
}

/* A list of tables is a cross join. */
static Status parse_from(Parser *parser, const AstFrom **ret_from)
{
    const AstFrom *left;
    TRY(parse_joins(parser, &left));
    for (int count = 0; TAKE_SYMBOL(parser, ","); count++) {
        if (count == SQL_FROM_ITEMS_MAX)
            return too_many_tables(parser);
        AstFrom *join = new_from(parser, AST_FROM_JOIN);
        join->offset = left->offset;
        join->join = AST_JOIN_CROSS;
        join->left = left;
        TRY(parse_joins(parser, &join->right));
        left = join;
    }
    *ret_from = left;
    return STATUS_OK;
}

/* ---- one query block ---- */

static Status parse_distinct(Parser *parser, AstSelect *select)
{
    select->distinct = TAKE_WORD(parser, "distinct");
    if (!select->distinct) {
        (void)TAKE_WORD(parser, "all");
        return STATUS_OK;
    }
    if (!TAKE_WORD(parser, "on"))
        return STATUS_OK;
    ExprList on = {0};
    TRY(EXPECT_SYMBOL(parser, "("));
    TRY(parse_expr_list(parser, &on));
    select->distinct_on = on.items;
    select->distinct_on_count = on.count;
    return EXPECT_SYMBOL(parser, ")");
}

static Status parse_block(Parser *parser, AstSelect *select)
{
    TRY(EXPECT_WORD(parser, "select"));
    TRY(parse_distinct(parser, select));
    TRY(parse_items(parser, &select->items, &select->item_count));
    if (TAKE_WORD(parser, "from"))
        TRY(parse_from(parser, &select->from));
    if (TAKE_WORD(parser, "where"))
        TRY(parse_expr(parser, &select->where));
    if (TAKE_WORD(parser, "group")) {
        ExprList keys = {0};
        TRY(EXPECT_WORD(parser, "by"));
        TRY(parse_expr_list(parser, &keys));
        select->group_by = keys.items;
        select->group_by_count = keys.count;
    }
    if (TAKE_WORD(parser, "having"))
        TRY(parse_expr(parser, &select->having));
    return STATUS_OK;
}

/* ---- VALUES ---- */

/* DEFAULT is a NULL expression; only INSERT knows what to do with it. */
static Status parse_values_row(Parser *parser, ExprList *row)
{
    TRY(EXPECT_SYMBOL(parser, "("));
    do {
        const AstExpr *expr = NULL;
        if (!TAKE_WORD(parser, "default"))
            TRY(parse_expr(parser, &expr));
        expr_list_add(parser, row, expr);
    } while (TAKE_SYMBOL(parser, ","));
    return EXPECT_SYMBOL(parser, ")");
}

static Status parse_values(Parser *parser, AstSelect *select)
{
    AstValues *values = ARENA_NEW(parser->arena, AstValues);
    const AstExpr *const **rows = NULL;
    size_t capacity = 0;
    TRY(EXPECT_WORD(parser, "values"));
    do {
        ExprList row = {0};
        uint32_t offset = parser->token->offset;
        TRY(parse_values_row(parser, &row));
        if (values->row_count > 0 && row.count != values->width)
            return fail_at(parser->ctx,
                           STATUS_SYNTAX_ERROR,
                           offset,
                           "this row of VALUES has %zu values, the first one has %zu",
                           row.count,
                           values->width);
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
    if (TAKE_SYMBOL(parser, "(")) {
        TRY(parse_select(parser, ret_select));
        return EXPECT_SYMBOL(parser, ")");
    }
    AstSelect *select = new_select(parser);
    TRY(AT_WORD(parser, "values") ? parse_values(parser, select) : parse_block(parser, select));
    *ret_select = select;
    return STATUS_OK;
}

static AstSetOp take_set_op(Parser *parser, bool intersect)
{
    if (intersect)
        return TAKE_WORD(parser, "intersect") ? AST_SET_INTERSECT : AST_SET_NONE;
    return TAKE_WORD(parser, "union")    ? AST_SET_UNION
           : TAKE_WORD(parser, "except") ? AST_SET_EXCEPT
                                         : AST_SET_NONE;
}

/* INTERSECT binds tighter than UNION and EXCEPT. */
static Status parse_set_chain(Parser *parser, bool intersect, const AstSelect **ret_select)
{
    const AstSelect *left;
    TRY(intersect ? parse_term(parser, &left) : parse_set_chain(parser, true, &left));
    for (int count = 0;; count++) {
        AstSetOp op = take_set_op(parser, intersect);
        if (op == AST_SET_NONE)
            break;
        if (count == SQL_SET_OPERATIONS_MAX)
            return fail_at(parser->ctx,
                           STATUS_LIMIT_EXCEEDED,
                           parser->token->offset,
                           "more than %d set operations in one chain",
                           SQL_SET_OPERATIONS_MAX);
        AstSelect *select = new_select(parser);
        select->offset = left->offset;
        select->set_op = op;
        select->set_all = TAKE_WORD(parser, "all");
        if (!select->set_all)
            (void)TAKE_WORD(parser, "distinct");
        select->left = left;
        TRY(intersect ? parse_term(parser, &select->right)
                      : parse_set_chain(parser, true, &select->right));
        left = select;
    }
    *ret_select = left;
    return STATUS_OK;
}

/* ---- ORDER BY, LIMIT, and the whole ---- */

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
    if (ret_order->nulls_first)
        return STATUS_OK;
    return EXPECT_WORD(parser, "last");
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

/* FETCH FIRST n ROWS ONLY */
static Status parse_fetch(Parser *parser, AstSelect *select)
{
    if (!TAKE_WORD(parser, "first"))
        TRY(EXPECT_WORD(parser, "next"));
    TRY(parse_expr(parser, &select->limit));
    if (!TAKE_WORD(parser, "rows"))
        TRY(EXPECT_WORD(parser, "row"));
    return EXPECT_WORD(parser, "only");
}

static Status parse_limits(Parser *parser, AstSelect *select)
{
    for (;;) {
        if (!select->limit && TAKE_WORD(parser, "limit")) {
            if (!TAKE_WORD(parser, "all"))
                TRY(parse_expr(parser, &select->limit));
        } else if (!select->limit_offset && TAKE_WORD(parser, "offset")) {
            TRY(parse_expr(parser, &select->limit_offset));
            if (!TAKE_WORD(parser, "rows"))
                (void)TAKE_WORD(parser, "row");
        } else if (!select->limit && TAKE_WORD(parser, "fetch")) {
            TRY(parse_fetch(parser, select));
        } else if (!select->as_of_seq && AT_WORDS(parser, "as", "of")) {
            parser->token += 2;
            TRY(EXPECT_WORD(parser, "seq"));
            TRY(parse_expr(parser, &select->as_of_seq));
        } else {
            return STATUS_OK;
        }
    }
}

static Status parse_ctes(Parser *parser, AstCte **ret_ctes, size_t *ret_count)
{
    AstCte *ctes = NULL;
    size_t count = 0;
    size_t capacity = 0;
    do {
        ctes = arena_grow(parser->arena, ctes, count, &capacity, sizeof(*ctes));
        AstCte *cte = &ctes[count++];
        *cte = (AstCte){0};
        TRY(parse_name(parser, "a name", &cte->name));
        if (AT_SYMBOL(parser, "("))
            TRY(parse_name_list(parser, &cte->columns));
        TRY(EXPECT_WORD(parser, "as"));
        TRY(EXPECT_SYMBOL(parser, "("));
        TRY(parse_select(parser, &cte->select));
        TRY(EXPECT_SYMBOL(parser, ")"));
    } while (TAKE_SYMBOL(parser, ","));
    *ret_ctes = ctes;
    *ret_count = count;
    return STATUS_OK;
}

/* Has the query clauses of its own already, because it stood in parentheses? */
static bool is_complete(const AstSelect *select)
{
    return select->order_by.count || select->limit || select->limit_offset || select->cte_count;
}

static AstSelect *wrap(Parser *parser, const AstSelect *inner)
{
    AstSelect *outer = new_select(parser);
    AstFrom *from = new_from(parser, AST_FROM_SELECT);
    AstItem *item = ARENA_NEW(parser->arena, AstItem);
    from->select = inner;
    item->expr = new_expr(parser, AST_STAR, inner->offset);
    outer->offset = inner->offset;
    outer->from = from;
    outer->items = item;
    outer->item_count = 1;
    return outer;
}

static Status parse_whole(Parser *parser, const AstSelect **ret_select)
{
    AstCte *ctes = NULL;
    size_t cte_count = 0;
    const AstSelect *body;
    bool with = TAKE_WORD(parser, "with");
    bool recursive = with && TAKE_WORD(parser, "recursive");
    if (with)
        TRY(parse_ctes(parser, &ctes, &cte_count));
    TRY(parse_set_chain(parser, false, &body));

    AstSelect tail = {0};
    if (TAKE_WORD(parser, "order")) {
        TRY(EXPECT_WORD(parser, "by"));
        TRY(parse_order_list(parser, &tail.order_by));
    }
    TRY(parse_limits(parser, &tail));
    if (!with && !is_complete(&tail) && !tail.as_of_seq) {
        *ret_select = body;
        return STATUS_OK;
    }
    AstSelect *select = wrap(parser, body);
    if (!is_complete(body))
        *select = *body;
    select->ctes = ctes;
    select->cte_count = cte_count;
    select->recursive = recursive;
    select->order_by = tail.order_by;
    select->limit = tail.limit;
    select->limit_offset = tail.limit_offset;
    select->as_of_seq = tail.as_of_seq;
    *ret_select = select;
    return STATUS_OK;
}

Status parse_select(Parser *parser, const AstSelect **ret_select)
{
    TRY(parser_enter(parser));
    Status status = parse_whole(parser, ret_select);
    parser_leave(parser);
    return status;
}
