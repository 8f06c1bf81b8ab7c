/* SPDX-License-Identifier: Apache-2.0 */
#include "random_sql.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define PICK(array)  ((array)[below(COUNT(array))])

static uint64_t seed;

/* splitmix64 */
static size_t below(size_t bound)
{
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (size_t)((z ^ (z >> 31)) % bound);
}

static bool toss(void)
{
    return below(2) == 0;
}

int random_sql_seed(void **state)
{
    (void)state;
    const char *given = getenv("TEST_SEED");
    seed = given ? strtoull(given, NULL, 10) : random_u64() >> 32;
    printf("# TEST_SEED=%llu\n", (unsigned long long)seed);
    return 0;
}

/* ---- leaves ---- */

static AstName random_name(void)
{
    static const Str NAMES[] = {
        STR_INIT("a"),         STR_INIT("b1"),        STR_INIT("_c"),
        STR_INIT("Upper"),     STR_INIT("two words"), STR_INIT("qu\"ote"),
        STR_INIT("sel'ect"),   STR_INIT("select"),    STR_INIT("from"),
        STR_INIT("date"),      STR_INIT("interval"),  STR_INIT("user"),
        STR_INIT("current"),   STR_INIT("unbounded"), STR_INIT("lateral"),
        STR_INIT("recursive"), STR_INIT("window"),    STR_INIT("fetch"),
        STR_INIT("options"),   STR_INIT("filter"),    STR_INIT("over"),
        STR_INIT("escape"),    STR_INIT("nulls"),     STR_INIT("rows"),
        STR_INIT("of"),        STR_INIT("seq"),       STR_INIT("position"),
        STR_INIT("cast"),      STR_INIT("e"),         STR_INIT("x"),
        STR_INIT("1st"),       STR_INIT("\xc3\xa4"),  STR_INIT("default"),
        STR_INIT("as"),        STR_INIT("distinct"),  STR_INIT("all"),
        STR_INIT("values"),    STR_INIT("partition"), STR_INIT("precision"),
        STR_INIT("$1"),        STR_INIT("--"),        STR_INIT("current_user"),
    };
    return (AstName){.text = PICK(NAMES)};
}

static Str random_text(void)
{
    static const Str TEXTS[] = {
        STR_INIT(""),
        STR_INIT("text"),
        STR_INIT("it's"),
        STR_INIT("''"),
        STR_INIT("\\"),
        STR_INIT("a\nb\t"),
        STR_INIT("--"),
        STR_INIT("\"\xe2\x82\xac\""),
    };
    return PICK(TEXTS);
}

static AstType random_type(Arena *arena)
{
    static const Str NAMES[] = {
        STR_INIT("int"),
        STR_INIT("decimal"),
        STR_INIT("double precision"),
        STR_INIT("character varying"),
        STR_INIT("timestamp with time zone"),
        STR_INIT("time without time zone"),
        STR_INIT("bigint unsigned"),
    };
    int64_t *args = ARENA_ARRAY(arena, int64_t, 2);
    args[0] = (int64_t)below(40);
    args[1] = INT64_MAX;
    return (AstType){.name = PICK(NAMES), .args = args, .arg_count = below(3)};
}

static AstExpr *new_expr(Arena *arena, AstExprKind kind)
{
    AstExpr *expr = ARENA_NEW(arena, AstExpr);
    expr->kind = kind;
    return expr;
}

static void random_literal(Arena *arena, AstExpr *expr)
{
    static const AstExprKind KINDS[] = {
        AST_NULL, AST_BOOLEAN, AST_NUMBER, AST_STRING, AST_BYTES, AST_TYPED, AST_PARAMETER};
    static const Str NUMBERS[] = {STR_INIT("0"),
                                  STR_INIT("42"),
                                  STR_INIT("1.50"),
                                  STR_INIT(".5"),
                                  STR_INIT("1."),
                                  STR_INIT("1e10"),
                                  STR_INIT("2E-3")};
    static const Str TYPES[] = {
        STR_INIT("date"), STR_INIT("timestamp"), STR_INIT("interval"), STR_INIT("uuid")};
    expr->kind = PICK(KINDS);
    if (expr->kind == AST_BOOLEAN)
        expr->boolean = toss();
    if (expr->kind == AST_NUMBER)
        expr->text = PICK(NUMBERS);
    if (expr->kind == AST_STRING || expr->kind == AST_BYTES || expr->kind == AST_TYPED)
        expr->text = random_text();
    if (expr->kind == AST_TYPED)
        expr->type = (AstType){.name = PICK(TYPES)};
    if (expr->kind == AST_PARAMETER)
        expr->index = (uint32_t)below(65535) + 1;
    (void)arena;
}

static AstExpr *random_leaf(Arena *arena)
{
    AstExpr *expr = new_expr(arena, AST_COLUMN);
    if (toss()) {
        random_literal(arena, expr);
        return expr;
    }
    expr->name = random_name();
    if (toss())
        expr->qualifier = random_name();
    return expr;
}

/* ---- expressions ---- */

static void give_args(Arena *arena, AstExpr *expr, size_t count, int depth)
{
    const AstExpr **args = ARENA_ARRAY(arena, const AstExpr *, count + 1);
    for (size_t i = 0; i < count; i++)
        args[i] = random_expr(arena, depth - 1);
    expr->args = args;
    expr->arg_count = count;
}

static AstOrderList random_order(Arena *arena, size_t count, int depth)
{
    AstOrder *items = ARENA_ARRAY(arena, AstOrder, count + 1);
    for (size_t i = 0; i < count; i++) {
        items[i] = (AstOrder){
            .expr = random_expr(arena, depth - 1), .descending = toss(), .nulls_given = toss()};
        items[i].nulls_first = items[i].nulls_given && toss();
    }
    return (AstOrderList){items, count};
}

static AstFrameBound random_bound(Arena *arena, int depth)
{
    AstFrameBound bound = {0};
    switch (below(5)) {
    case 0:
        bound.kind = AST_FRAME_UNBOUNDED_PRECEDING;
        break;
    case 1:
        bound.kind = AST_FRAME_CURRENT_ROW;
        break;
    case 2:
        bound.kind = AST_FRAME_UNBOUNDED_FOLLOWING;
        break;
    default:
        bound.kind = toss() ? AST_FRAME_PRECEDING : AST_FRAME_FOLLOWING;
        bound.offset = random_expr(arena, depth - 1);
    }
    return bound;
}

static const AstWindow *random_window(Arena *arena, int depth)
{
    AstWindow *window = ARENA_NEW(arena, AstWindow);
    AstExpr holder = {0};
    give_args(arena, &holder, below(3), depth);
    window->partition = holder.args;
    window->partition_count = holder.arg_count;
    window->order = random_order(arena, below(3), depth);
    window->frame = toss()   ? AST_FRAME_NONE
                    : toss() ? AST_FRAME_ROWS
                    : toss() ? AST_FRAME_RANGE
                             : AST_FRAME_GROUPS;
    if (window->frame != AST_FRAME_NONE) {
        window->start = random_bound(arena, depth);
        window->end = random_bound(arena, depth);
    }
    return window;
}

static void random_function(Arena *arena, AstExpr *expr, int depth)
{
    static const Str NAMES[] = {
        STR_INIT("f"),
        STR_INIT("count"),
        STR_INIT("coalesce"),
        STR_INIT("left"),
        STR_INIT("right"),
        STR_INIT("strpos"),
        STR_INIT("date_part"),
        STR_INIT("btrim"),
        STR_INIT("substring"),
        STR_INIT("replace"),
        STR_INIT("date"),
    };
    expr->text = PICK(NAMES);
    give_args(arena, expr, 1 + below(3), depth);
    expr->distinct = !str_equal(expr->text, STR("substring")) && below(4) == 0;
    if (str_equal(expr->text, STR("substring")))
        return;
    if (below(4) == 0) {
        AstOrderList *order = ARENA_NEW(arena, AstOrderList);
        *order = random_order(arena, 1 + below(2), depth);
        expr->order_by = order;
    }
    if (below(4) == 0)
        expr->filter = random_expr(arena, depth - 1);
    if (below(4) == 0)
        expr->window = random_window(arena, depth);
}

static void random_case(Arena *arena, AstExpr *expr, int depth)
{
    AstWhen *whens = ARENA_ARRAY(arena, AstWhen, 3);
    expr->when_count = 1 + below(3);
    for (size_t i = 0; i < expr->when_count; i++)
        whens[i] = (AstWhen){random_expr(arena, depth - 1), random_expr(arena, depth - 1)};
    expr->whens = whens;
    if (toss())
        expr->operand = random_expr(arena, depth - 1);
    if (toss())
        expr->otherwise = random_expr(arena, depth - 1);
}

static void random_is(Arena *arena, AstExpr *expr, int depth)
{
    expr->is_what = (AstIsWhat)below(AST_IS_DISTINCT_FROM + 1);
    expr->negated = toss();
    give_args(arena, expr, expr->is_what == AST_IS_DISTINCT_FROM ? 2 : 1, depth);
}

/* One query in parentheses alone would be a query, not a list of one value. */
static void random_in(Arena *arena, AstExpr *expr, int depth)
{
    bool from_query = below(3) == 0;
    expr->negated = toss();
    give_args(arena, expr, from_query ? 1 : 3 + below(3), depth);
    if (from_query)
        expr->select = random_select(arena, depth - 1);
}

static void random_test(Arena *arena, AstExpr *expr, int depth)
{
    expr->negated = toss();
    expr->nocase = expr->kind == AST_LIKE && toss();
    give_args(arena, expr, expr->kind == AST_LIKE ? 2 + below(2) : 3, depth);
}

const AstExpr *random_expr(Arena *arena, int depth)
{
    static const AstExprKind KINDS[] = {
        AST_UNARY,
        AST_BINARY,
        AST_BINARY,
        AST_BINARY,
        AST_IS,
        AST_IN,
        AST_BETWEEN,
        AST_LIKE,
        AST_CASE,
        AST_CAST,
        AST_FUNCTION,
        AST_EXISTS,
        AST_SUBQUERY,
        AST_ARRAY,
    };
    if (depth <= 0 || below(5) == 0)
        return random_leaf(arena);
    AstExpr *expr = new_expr(arena, PICK(KINDS));
    switch (expr->kind) {
    case AST_UNARY:
        expr->op = (AstOp)(AST_OP_NOT + below(AST_OP_PLUS - AST_OP_NOT + 1));
        give_args(arena, expr, 1, depth);
        break;
    case AST_BINARY:
        expr->op = (AstOp)(AST_OP_OR + below(AST_OP_JSON_EXISTS - AST_OP_OR + 1));
        give_args(arena, expr, 2, depth);
        break;
    case AST_IS:
        random_is(arena, expr, depth);
        break;
    case AST_IN:
        random_in(arena, expr, depth);
        break;
    case AST_CASE:
        random_case(arena, expr, depth);
        break;
    case AST_CAST:
        give_args(arena, expr, 1, depth);
        expr->type = random_type(arena);
        break;
    case AST_FUNCTION:
        random_function(arena, expr, depth);
        break;
    case AST_EXISTS:
    case AST_SUBQUERY:
        expr->select = random_select(arena, depth - 1);
        break;
    case AST_ARRAY:
        give_args(arena, expr, below(3), depth);
        break;
    default:
        random_test(arena, expr, depth);
    }
    return expr;
}

/* ---- queries ---- */

static AstNameList random_names(Arena *arena, size_t count)
{
    AstName *items = ARENA_ARRAY(arena, AstName, count + 1);
    for (size_t i = 0; i < count; i++)
        items[i] = random_name();
    return (AstNameList){items, count};
}

static const AstFrom *random_from(Arena *arena, int depth);

static void random_join(Arena *arena, AstFrom *from, int depth)
{
    from->kind = AST_FROM_JOIN;
    from->join = (AstJoinKind)below(AST_JOIN_CROSS + 1);
    from->left = random_from(arena, depth - 1);
    from->right = random_from(arena, depth - 1);
    if (from->join == AST_JOIN_CROSS)
        return;
    from->natural = below(4) == 0;
    if (from->natural)
        return;
    if (toss())
        from->on = random_expr(arena, depth - 1);
    else
        from->using_columns = random_names(arena, 1 + below(2));
}

static void random_table(Arena *arena, AstFrom *from, int depth)
{
    from->kind = AST_FROM_TABLE;
    from->table.name = random_name();
    if (toss())
        from->table.namespace_name = random_name();
    if (depth <= 0 || toss())
        return;
    from->table = (AstTableName){0};
    from->lateral = toss();
    if (toss()) {
        AstExpr *call = new_expr(arena, AST_FUNCTION);
        call->text = STR("generate_series");
        give_args(arena, call, below(3), depth);
        from->kind = AST_FROM_FUNCTION;
        from->function = call;
        return;
    }
    from->select = random_select(arena, depth - 1);
    from->kind = from->select->values ? AST_FROM_VALUES : AST_FROM_SELECT;
}

static const AstFrom *random_from(Arena *arena, int depth)
{
    AstFrom *from = ARENA_NEW(arena, AstFrom);
    if (depth > 0 && toss())
        random_join(arena, from, depth);
    else
        random_table(arena, from, depth);
    if (toss())
        from->alias = random_name();
    if (from->alias.text.ptr && toss())
        from->column_aliases = random_names(arena, 1 + below(2));
    return from;
}

static void random_values(Arena *arena, AstSelect *select, int depth)
{
    AstValues *values = ARENA_NEW(arena, AstValues);
    const AstExpr *const **rows = ARENA_ARRAY(arena, const AstExpr *const *, 3);
    values->row_count = 1 + below(3);
    values->width = 1 + below(3);
    for (size_t i = 0; i < values->row_count; i++) {
        AstExpr holder = {0};
        give_args(arena, &holder, values->width, depth);
        rows[i] = holder.args;
    }
    values->rows = rows;
    select->values = values;
}

static void random_items(Arena *arena, AstSelect *select, int depth)
{
    AstItem *items = ARENA_ARRAY(arena, AstItem, 3);
    select->item_count = 1 + below(3);
    for (size_t i = 0; i < select->item_count; i++) {
        if (below(4) == 0) {
            AstExpr *star = new_expr(arena, AST_STAR);
            if (toss())
                star->qualifier = random_name();
            items[i].expr = star;
            continue;
        }
        items[i].expr = random_expr(arena, depth - 1);
        if (toss())
            items[i].alias = random_name();
    }
    select->items = items;
}

/* ROLLUP (a, (b, c)) and its like. */
static const AstExpr *random_grouping(Arena *arena, int depth)
{
    AstExpr *grouping = new_expr(arena, AST_GROUPING);
    AstExpr *set = new_expr(arena, AST_GROUPING);
    const AstExpr **args = ARENA_ARRAY(arena, const AstExpr *, 2);
    grouping->grouping = (AstGrouping)(AST_GROUPING_ROLLUP + below(3));
    give_args(arena, set, toss() ? 2 : 0, depth); /* (a) is an expression */
    args[0] = set;
    args[1] = random_leaf(arena);
    grouping->args = args;
    grouping->arg_count = 1 + below(2);
    return grouping;
}

static void random_block(Arena *arena, AstSelect *select, int depth)
{
    AstExpr on = {0};
    AstExpr keys = {0};
    select->distinct = below(3) == 0;
    give_args(arena, &on, select->distinct ? below(2) : 0, depth);
    select->distinct_on = on.args;
    select->distinct_on_count = on.arg_count;
    random_items(arena, select, depth);
    if (toss())
        select->from = random_from(arena, depth - 1);
    if (toss())
        select->where = random_expr(arena, depth - 1);
    give_args(arena, &keys, below(3), depth);
    if (keys.arg_count > 0 && below(3) == 0)
        ((const AstExpr **)keys.args)[0] = random_grouping(arena, depth - 1);
    select->group_by = keys.args;
    select->group_by_count = keys.arg_count;
    if (below(3) == 0)
        select->having = random_expr(arena, depth - 1);
}

static void random_ctes(Arena *arena, AstSelect *select, int depth)
{
    AstCte *ctes = ARENA_ARRAY(arena, AstCte, 2);
    select->cte_count = 1 + below(2);
    select->recursive = toss();
    for (size_t i = 0; i < select->cte_count; i++)
        ctes[i] = (AstCte){.name = random_name(),
                           .columns = random_names(arena, below(3)),
                           .select = random_select(arena, depth - 1)};
    select->ctes = ctes;
}

const AstSelect *random_select(Arena *arena, int depth)
{
    AstSelect *select = ARENA_NEW(arena, AstSelect);
    if (depth > 0 && below(3) == 0) {
        select->set_op = (AstSetOp)(AST_SET_UNION + below(3));
        select->set_all = toss();
        select->left = random_select(arena, depth - 1);
        select->right = random_select(arena, depth - 1);
    } else if (below(4) == 0) {
        random_values(arena, select, depth);
    } else {
        random_block(arena, select, depth);
    }
    if (depth > 0 && below(5) == 0)
        random_ctes(arena, select, depth);
    if (below(3) == 0)
        select->order_by = random_order(arena, 1 + below(2), depth);
    if (below(3) == 0)
        select->limit = random_expr(arena, depth - 1);
    if (below(4) == 0)
        select->limit_offset = random_expr(arena, depth - 1);
    if (below(6) == 0)
        select->as_of_seq = random_expr(arena, depth - 1);
    return select;
}
