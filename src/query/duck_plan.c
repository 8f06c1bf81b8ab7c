/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole queries: WITH, UNION and its like, VALUES, ORDER BY, LIMIT.
 */
#include "query/cold_relation.h"
#include "query/duck_plan_private.h"

#include "query/duck_functions.h"
#include "query/select_plan.h"

static Status plan_body(Planner *planner,
                        Scope *outer,
                        const AstSelect *ast,
                        Buf *out,
                        Outputs *ret_outputs,
                        BlockOrders *ret_orders);

Str plan_new_name(Planner *planner, const char *prefix)
{
    return arena_printf(planner->arena, "%s%zu", prefix, planner->name_count++);
}

uint32_t plan_column_slot(Planner *planner, Str relation, size_t column, Type type)
{
    Str text = arena_printf(planner->arena, "%.*s.c%zu", STR_ARG(relation), column);
    return slot_new(planner, text, type);
}

/* ---- what folds rows ---- */

Status plan_add_fold(Planner *planner, size_t offset)
{
    if (planner->fold_count++ >= DUCK_FOLDS_MAX)
        return fail_at(planner->ctx,
                       STATUS_LIMIT_EXCEEDED,
                       offset,
                       "the statement has more than %d groupings and subqueries",
                       DUCK_FOLDS_MAX);
    if (planner->fold_height++ >= DUCK_FOLD_HEIGHT_MAX)
        return fail_at(planner->ctx,
                       STATUS_LIMIT_EXCEEDED,
                       offset,
                       "groupings and subqueries nest deeper than %d levels",
                       DUCK_FOLD_HEIGHT_MAX);
    return STATUS_OK;
}

size_t plan_begin_part(Planner *planner)
{
    size_t outer = planner->fold_height;
    planner->fold_height = 0;
    return outer;
}

void plan_end_part(Planner *planner, size_t outer)
{
    if (planner->fold_height < outer)
        planner->fold_height = outer;
}

Status plan_unsupported(Planner *planner, size_t offset, const char *feature)
{
    return fail_at(planner->ctx, STATUS_UNSUPPORTED, offset, "%s is not supported", feature);
}

Status plan_count(Planner *planner, const AstExpr *ast, const char *clause, int64_t *ret_count)
{
    return select_plan_count(planner->run, ast, clause, ret_count);
}

/* ---- VALUES ---- */

static Status bind_values(
    Planner *planner, Scope *outer, const AstValues *values, const Expr **exprs, Type *types)
{
    Scope scope;
    scope_init(&scope, planner, outer);
    scope.place = PLACE_CONDITION;
    size_t width = values->width;
    const Expr **column = ARENA_ARRAY(planner->arena, const Expr *, values->row_count);
    for (size_t i = 0; i < values->row_count * width; i++)
        TRY(plan_bind(&scope, values->rows[i / width][i % width], &exprs[i]));
    for (size_t i = 0; i < width; i++) {
        for (size_t row = 0; row < values->row_count; row++)
            column[row] = exprs[row * width + i];
        TRY(expr_common_type(
            planner->ctx, values->rows[0][i], column, values->row_count, &types[i]));
        if (types[i].kind == TYPE_NULL)
            types[i] = TYPE(TEXT);
        for (size_t row = 0; row < values->row_count; row++)
            exprs[row * width + i] = column[row];
    }
    return STATUS_OK;
}

static bool all_constant(const Expr *const *exprs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!expr_is_constant(exprs[i]))
            return false;
    }
    return true;
}

static size_t add_values(
    Planner *planner, const Type *types, const Expr *const *exprs, size_t width, size_t row_count)
{
    Value *rows = ARENA_ARRAY(planner->arena, Value, row_count * width);
    for (size_t i = 0; i < row_count * width; i++)
        rows[i] = *expr_constant(exprs[i]);
    planner->sources = arena_grow(planner->arena,
                                  planner->sources,
                                  planner->source_count,
                                  &planner->source_capacity,
                                  sizeof(void *));
    planner->sources[planner->source_count] =
        values_source_new(planner->ctx, types, width, rows, row_count);
    return planner->source_count++;
}

static void write_values_row(Planner *planner, Buf *out, const Expr *const *row, size_t width)
{
    BUF_LIT(out, "SELECT ");
    for (size_t i = 0; i < width; i++) {
        if (i > 0)
            BUF_LIT(out, ", ");
        plan_write(planner, out, row[i]);
        buf_printf(out, " AS c%zu", i);
    }
}

static void describe_values(Planner *planner, const Type *types, size_t width, Outputs *ret_outputs)
{
    ret_outputs->count = width;
    ret_outputs->items = ARENA_ARRAY(planner->arena, OutputColumn, width + 1);
    for (size_t i = 0; i < width; i++) {
        ret_outputs->items[i].name = arena_printf(planner->arena, "column%zu", i + 1);
        ret_outputs->items[i].type = types[i];
    }
}

/* Constants come from a source, however many there are; other rows are written out. */
static Status
plan_values(Planner *planner, Scope *outer, const AstSelect *ast, Buf *out, Outputs *ret_outputs)
{
    const AstValues *values = ast->values;
    size_t width = values->width, count = values->row_count * width;
    const Expr **exprs = ARENA_ARRAY(planner->arena, const Expr *, count);
    Type *types = ARENA_ARRAY(planner->arena, Type, width);
    TRY(bind_values(planner, outer, values, exprs, types));
    describe_values(planner, types, width, ret_outputs);
    if (all_constant(exprs, count)) {
        size_t source = add_values(planner, types, exprs, width, values->row_count);
        buf_printf(out, "SELECT * FROM kalam_source(%zu)", source);
        return STATUS_OK;
    }
    if (values->row_count > DUCK_SET_OPS_MAX)
        return fail_at(planner->ctx,
                       STATUS_LIMIT_EXCEEDED,
                       ast->offset,
                       "VALUES with more than %d rows may hold constants only",
                       DUCK_SET_OPS_MAX);
    for (size_t row = 0; row < values->row_count; row++) {
        if (row > 0)
            BUF_LIT(out, " UNION ALL ");
        write_values_row(planner, out, exprs + row * width, width);
    }
    return STATUS_OK;
}

/* ---- UNION, INTERSECT, EXCEPT ---- */

typedef struct Operand {
    Buf text;
    Outputs outputs;
    Str name;
} Operand;

static void operand_done(Operand *operand)
{
    buf_done(&operand->text);
}
DEFINE_CLEANUP_IN_PLACE(Operand, operand_done)

static const Expr *operand_column(Planner *planner, const Operand *operand, size_t column)
{
    Type type = operand->outputs.items[column].type;
    ExprSlot slot = {plan_column_slot(planner, operand->name, column, type), type};
    return expr_slot(planner->ctx, slot, 0);
}

/* Casts where the types differ from those agreed on. */
static Status write_operand(Planner *planner, Buf *out, const Operand *operand, const Type *types)
{
    bool same = true;
    for (size_t i = 0; i < operand->outputs.count; i++)
        same = same && type_equal(operand->outputs.items[i].type, types[i]);
    if (same) {
        buf_printf(out, "(%.*s)", STR_ARG(buf_str(&operand->text)));
        return STATUS_OK;
    }
    BUF_LIT(out, "(SELECT ");
    for (size_t i = 0; i < operand->outputs.count; i++) {
        const Expr *column = operand_column(planner, operand, i);
        TRY(expr_cast(planner->ctx, &column, types[i]));
        if (i > 0)
            BUF_LIT(out, ", ");
        plan_write(planner, out, column);
        buf_printf(out, " AS c%zu", i);
    }
    buf_printf(out, " FROM (%.*s) %.*s)", STR_ARG(buf_str(&operand->text)), STR_ARG(operand->name));
    return STATUS_OK;
}

static Status check_widths(Planner *planner, const AstSelect *ast, size_t left, size_t right)
{
    if (left == right)
        return STATUS_OK;
    return fail_at(planner->ctx,
                   STATUS_INVALID_SQL,
                   ast->right->offset,
                   "both sides of UNION, INTERSECT and EXCEPT must have as many columns: "
                   "%zu and %zu",
                   left,
                   right);
}

static Status common_types(
    Planner *planner, const AstSelect *ast, const Operand *left, const Operand *right, Type *types)
{
    AstExpr at = {.offset = ast->right->offset};
    TRY(check_widths(planner, ast, left->outputs.count, right->outputs.count));
    for (size_t i = 0; i < left->outputs.count; i++) {
        const Expr *sides[] = {operand_column(planner, left, i), operand_column(planner, right, i)};
        TRY(expr_common_type(planner->ctx, &at, sides, 2, &types[i]));
    }
    return STATUS_OK;
}

static Status plan_operand(Planner *planner, Scope *outer, const AstSelect *ast, Operand *operand)
{
    operand->name = plan_new_name(planner, "q");
    return plan_query(planner, outer, ast, &operand->text, &operand->outputs);
}

static Str set_words(const AstSelect *ast)
{
    static const Str WORDS[][2] = {
        [AST_SET_UNION] = {STR_INIT(" UNION "), STR_INIT(" UNION ALL ")},
        [AST_SET_INTERSECT] = {STR_INIT(" INTERSECT "), STR_INIT(" INTERSECT ALL ")},
        [AST_SET_EXCEPT] = {STR_INIT(" EXCEPT "), STR_INIT(" EXCEPT ALL ")},
    };
    return WORDS[ast->set_op][ast->set_all];
}

static Status count_set_op(Planner *planner, const AstSelect *ast)
{
    if (planner->set_op_count++ < DUCK_SET_OPS_MAX)
        return STATUS_OK;
    return fail_at(planner->ctx,
                   STATUS_LIMIT_EXCEEDED,
                   ast->offset,
                   "the statement has more than %d of UNION, INTERSECT and EXCEPT",
                   DUCK_SET_OPS_MAX);
}

/* The columns are called as those of the left side. */
static Status
plan_set_op(Planner *planner, Scope *outer, const AstSelect *ast, Buf *out, Outputs *ret_outputs)
{
    CLEANUP(operand_done) Operand left = {0};
    CLEANUP(operand_done) Operand right = {0};
    TRY(count_set_op(planner, ast));
    TRY(plan_operand(planner, outer, ast->left, &left));
    TRY(plan_operand(planner, outer, ast->right, &right));
    Type *types = ARENA_ARRAY(planner->arena, Type, left.outputs.count + 1);
    TRY(common_types(planner, ast, &left, &right, types));
    TRY(write_operand(planner, out, &left, types));
    buf_str_append(out, set_words(ast));
    TRY(write_operand(planner, out, &right, types));
    for (size_t i = 0; i < left.outputs.count; i++)
        left.outputs.items[i].type = types[i];
    *ret_outputs = left.outputs;
    return STATUS_OK;
}

/* ---- WITH ---- */

static Status name_columns(Planner *planner, const AstCte *ast, Outputs *outputs)
{
    if (ast->columns.count > outputs->count)
        return fail_at(planner->ctx,
                       STATUS_INVALID_SQL,
                       ast->columns.items[0].offset,
                       "WITH %.*s names %zu columns, its query has %zu",
                       STR_ARG(ast->name.text),
                       ast->columns.count,
                       outputs->count);
    for (size_t i = 0; i < ast->columns.count; i++)
        outputs->items[i].name = ast->columns.items[i].text;
    return STATUS_OK;
}

static void write_cte_head(Buf *out, const Cte *cte)
{
    buf_printf(out, "%.*s(", STR_ARG(cte->text));
    for (size_t i = 0; i < cte->outputs.count; i++)
        buf_printf(out, "%sc%zu", i > 0 ? ", " : "", i);
    BUF_LIT(out, ") AS (");
}

/* Counts the rows of a recursion, which would otherwise only end with the memory or the patience.
 */
typedef struct RecursionGuard {
    atomic_uint_fast64_t count;
    uint32_t offset;
} RecursionGuard;

static Status count_recursion(const void *data, Context *ctx, const Value *arguments, Value *ret)
{
    RecursionGuard *guard = *(RecursionGuard *const *)data;
    (void)arguments;
    if (atomic_fetch_add_explicit(&guard->count, 1, memory_order_relaxed) >=
        DUCK_RECURSION_ROWS_MAX)
        return fail_at(ctx,
                       STATUS_LIMIT_EXCEEDED,
                       guard->offset,
                       "WITH RECURSIVE made more than %d rows",
                       DUCK_RECURSION_ROWS_MAX);
    *ret = value_boolean(true);
    return STATUS_OK;
}

static size_t add_guard(Planner *planner, uint32_t offset)
{
    RecursionGuard *guard = ARENA_NEW(planner->arena, RecursionGuard);
    RecursionGuard **place = ARENA_NEW(planner->arena, RecursionGuard *);
    guard->offset = offset;
    *place = guard;
    DuckFunction function = {
        .result = TYPE(BOOLEAN), .is_volatile = true, .data = place, .eval = count_recursion};
    return plan_add_function(planner, &function);
}

/* The rows of the recursive side, counted and in the types of the first side. */
static Status write_recursive_side(
    Planner *planner, Buf *out, const Operand *right, const Type *types, uint32_t offset)
{
    BUF_LIT(out, "(SELECT * FROM ");
    TRY(write_operand(planner, out, right, types));
    buf_printf(out,
               " %.*s WHERE kalam_call_boolean_volatile(%zu, %.*s.c0))",
               STR_ARG(right->name),
               add_guard(planner, offset),
               STR_ARG(right->name));
    return STATUS_OK;
}

static Status check_recursive(Planner *planner, const AstCte *ast)
{
    const AstSelect *select = ast->select;
    bool fits = select->set_op == AST_SET_UNION && !select->order_by.count && !select->limit &&
                !select->limit_offset && !select->cte_count;
    if (fits)
        return STATUS_OK;
    return fail_at(planner->ctx,
                   STATUS_INVALID_SQL,
                   select->offset,
                   "a query that names itself has the form: start UNION [ALL] recursive step");
}

static Status
plan_recursive_cte(Planner *planner, Scope *outer, const AstCte *ast, Cte *cte, Buf *out)
{
    CLEANUP(operand_done) Operand left = {0};
    CLEANUP(operand_done) Operand right = {0};
    TRY(check_recursive(planner, ast));
    TRY(count_set_op(planner, ast->select));
    TRY(plan_operand(planner, outer, ast->select->left, &left));
    TRY(name_columns(planner, ast, &left.outputs));
    Type *types = ARENA_ARRAY(planner->arena, Type, left.outputs.count + 1);
    for (size_t i = 0; i < left.outputs.count; i++) {
        OutputColumn *column = &left.outputs.items[i];
        if (column->type.kind == TYPE_NULL)
            column->type = TYPE(TEXT);
        types[i] = column->type;
    }
    cte->outputs = left.outputs;
    cte->fold_height = planner->fold_height;
    planner->ctes = cte;
    TRY(plan_operand(planner, outer, ast->select->right, &right));
    TRY(check_widths(planner, ast->select, left.outputs.count, right.outputs.count));
    write_cte_head(out, cte);
    TRY(write_operand(planner, out, &left, types));
    buf_str_append(out, set_words(ast->select));
    TRY(write_recursive_side(planner, out, &right, types, ast->select->offset));
    buf_byte(out, ')');
    return STATUS_OK;
}

static Status plan_plain_cte(Planner *planner, Scope *outer, const AstCte *ast, Cte *cte, Buf *out)
{
    CLEANUP(buf_done) Buf text = {0};
    size_t height = plan_begin_part(planner);
    TRY(plan_query(planner, outer, ast->select, &text, &cte->outputs));
    cte->fold_height = planner->fold_height;
    planner->fold_height = height; /* who names it adds its height */
    TRY(name_columns(planner, ast, &cte->outputs));
    write_cte_head(out, cte);
    buf_str_append(out, buf_str(&text));
    buf_byte(out, ')');
    planner->ctes = cte;
    return STATUS_OK;
}

/* Does FROM anywhere in the query name it? */
static bool from_names(const AstFrom *from, Str name);

static bool select_names(const AstSelect *select, Str name)
{
    if (!select)
        return false;
    for (size_t i = 0; i < select->cte_count; i++)
        if (select_names(select->ctes[i].select, name))
            return true;
    return from_names(select->from, name) || select_names(select->left, name) ||
           select_names(select->right, name);
}

static bool from_names(const AstFrom *from, Str name)
{
    if (!from)
        return false;
    if (from->kind == AST_FROM_TABLE)
        return !from->table.namespace_name.text.ptr && str_equal(from->table.name.text, name);
    return select_names(from->select, name) || from_names(from->left, name) ||
           from_names(from->right, name);
}

static Status plan_ctes(Planner *planner, Scope *outer, const AstSelect *ast, Buf *out)
{
    for (size_t i = 0; i < ast->cte_count; i++) {
        const AstCte *with = &ast->ctes[i];
        Cte *cte = ARENA_NEW(planner->arena, Cte);
        *cte = (Cte){
            .outer = planner->ctes, .name = with->name.text, .text = plan_new_name(planner, "w")};
        if (i > 0)
            BUF_LIT(out, ", ");
        else
            buf_str_append(out, ast->recursive ? STR("WITH RECURSIVE ") : STR("WITH "));
        bool itself = ast->recursive && select_names(with->select, with->name.text);
        TRY(itself ? plan_recursive_cte(planner, outer, with, cte, out)
                   : plan_plain_cte(planner, outer, with, cte, out));
    }
    if (ast->cte_count > 0)
        buf_byte(out, ' ');
    return STATUS_OK;
}

/* ---- ORDER BY, LIMIT ---- */

/* Of a UNION: by the number or the name of a column. */
static Status
order_by_output(Planner *planner, const AstExpr *ast, const Outputs *outputs, Str *ret_column)
{
    int64_t ordinal = 0;
    bool is_number = ast->kind == AST_NUMBER && str_to_int64(ast->text, &ordinal);
    bool is_name = ast->kind == AST_COLUMN && !ast->qualifier.text.ptr;
    for (size_t i = 0; i < outputs->count; i++) {
        bool named = is_name && str_equal(outputs->items[i].name, ast->name.text);
        if (named || (is_number && ordinal == (int64_t)i + 1)) {
            *ret_column = arena_printf(planner->arena, "c%zu", i);
            return STATUS_OK;
        }
    }
    return fail_at(planner->ctx,
                   STATUS_INVALID_SQL,
                   ast->offset,
                   "ORDER BY of this query takes the name or number of a column of its result");
}

static Status order_outputs(Planner *planner,
                            const AstSelect *ast,
                            const Outputs *outputs,
                            BlockOrders *ret_orders)
{
    size_t count = ast->order_by.count;
    *ret_orders = (BlockOrders){.primary_key = -1, .count = count};
    ret_orders->columns = ARENA_ARRAY(planner->arena, Str, count + 1);
    for (size_t i = 0; i < count; i++)
        TRY(order_by_output(
            planner, ast->order_by.items[i].expr, outputs, &ret_orders->columns[i]));
    return STATUS_OK;
}

static void write_order(Buf *out, const AstSelect *ast, const BlockOrders *orders)
{
    for (size_t i = 0; i < orders->count; i++) {
        const AstOrder *order = &ast->order_by.items[i];
        bool nulls_first = order->nulls_given ? order->nulls_first : order->descending;
        buf_printf(out,
                   "%s%.*s%s%s",
                   i > 0 ? ", " : " ORDER BY ",
                   STR_ARG(orders->columns[i]),
                   order->descending ? " DESC" : " ASC",
                   nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
}

static void write_selected(Buf *out, const Outputs *outputs, const BlockOrders *orders)
{
    BUF_LIT(out, "SELECT ");
    for (size_t i = 0; i < orders->distinct_on_count; i++)
        buf_printf(out,
                   "%s%.*s%s",
                   i > 0 ? ", " : "DISTINCT ON (",
                   STR_ARG(orders->distinct_on[i]),
                   i + 1 == orders->distinct_on_count ? ") " : "");
    for (size_t i = 0; i < outputs->count; i++)
        buf_printf(out, "%sc%zu", i > 0 ? ", " : "", i);
}

typedef struct Limits {
    int64_t limit; /* -1 = none */
    int64_t offset;
    bool implicit_order;
} Limits;

/* Without LIMIT it depends on how many rows there may be. */
static void
write_implicit_order(Planner *planner, Buf *out, const BlockOrders *orders, const Limits *limits)
{
    size_t table = 0;
    while (planner->tables[table] != orders->first)
        table++;
    if (limits->limit >= 0)
        buf_printf(out, " ORDER BY c%d ASC", orders->primary_key);
    else
        buf_printf(out, "%c%zu,%d%c", PLAN_MARK, table, orders->primary_key, PLAN_MARK);
}

/* The body with what cuts and sorts it. */
static void write_query(Planner *planner,
                        Buf *out,
                        const AstSelect *ast,
                        const Operand *body,
                        const BlockOrders *orders,
                        const Limits *limits)
{
    bool plain = orders->count == 0 && orders->distinct_on_count == 0 && limits->limit < 0 &&
                 limits->offset <= 0 && !limits->implicit_order;
    if (plain) {
        buf_str_append(out, buf_str(&body->text));
        return;
    }
    write_selected(out, &body->outputs, orders);
    buf_printf(out, " FROM (%.*s) %.*s", STR_ARG(buf_str(&body->text)), STR_ARG(body->name));
    write_order(out, ast, orders);
    if (limits->implicit_order)
        write_implicit_order(planner, out, orders, limits);
    if (limits->limit >= 0)
        buf_printf(out, " LIMIT %lld", (long long)limits->limit);
    if (limits->offset > 0)
        buf_printf(out, " OFFSET %lld", (long long)limits->offset);
}

static Status plan_body(Planner *planner,
                        Scope *outer,
                        const AstSelect *ast,
                        Buf *out,
                        Outputs *ret_outputs,
                        BlockOrders *ret_orders)
{
    if (ast->as_of_seq)
        return plan_unsupported(planner, ast->as_of_seq->offset, "AS OF SEQ here");
    if (ast->set_op == AST_SET_NONE && !ast->values)
        return plan_block(planner, outer, ast, out, ret_outputs, ret_orders);
    TRY(ast->values ? plan_values(planner, outer, ast, out, ret_outputs)
                    : plan_set_op(planner, outer, ast, out, ret_outputs));
    return order_outputs(planner, ast, ret_outputs, ret_orders);
}

static Status check_text(Planner *planner, const AstSelect *ast, const Buf *out)
{
    TRY(context_check(planner->ctx));
    if (out->len <= DUCK_TEXT_MAX)
        return STATUS_OK;
    return fail_at(planner->ctx, STATUS_LIMIT_EXCEEDED, ast->offset, "the statement is too large");
}

static Status plan_limits(Planner *planner, const AstSelect *ast, Limits *ret_limits)
{
    *ret_limits = (Limits){.limit = -1};
    TRY(plan_count(planner, ast->limit, "LIMIT", &ret_limits->limit));
    return plan_count(planner, ast->limit_offset, "OFFSET", &ret_limits->offset);
}

Status
plan_query(Planner *planner, Scope *outer, const AstSelect *ast, Buf *out, Outputs *ret_outputs)
{
    CLEANUP(operand_done) Operand body = {.name = plan_new_name(planner, "q")};
    Cte *ctes = planner->ctes;
    size_t height = plan_begin_part(planner);
    BlockOrders orders = {.primary_key = -1};
    Limits limits;
    TRY(plan_ctes(planner, outer, ast, out));
    TRY(plan_body(planner, outer, ast, &body.text, &body.outputs, &orders));
    TRY(plan_limits(planner, ast, &limits));
    write_query(planner, out, ast, &body, &orders, &limits);
    planner->ctes = ctes;
    plan_end_part(planner, height);
    *ret_outputs = body.outputs;
    return check_text(planner, ast, out);
}

/* ---- the whole ---- */

/* As plan_query(), but with the server's limits and the order that nobody asked for. */
static Status
plan_top(Planner *planner, const AstSelect *ast, Buf *out, Outputs *ret_outputs, int64_t *ret_limit)
{
    CLEANUP(operand_done) Operand body = {.name = plan_new_name(planner, "q")};
    BlockOrders orders = {.primary_key = -1};
    Limits limits;
    bool by_server;
    TRY(plan_ctes(planner, NULL, ast, out));
    TRY(plan_body(planner, NULL, ast, &body.text, &body.outputs, &orders));
    TRY(plan_limits(planner, ast, &limits));
    limits.implicit_order =
        orders.primary_key >= 0 && orders.count == 0 && orders.distinct_on_count == 0;
    by_server = select_plan_limit(planner->run, &limits.limit);
    *ret_limit = by_server ? limits.limit : -1;
    limits.limit += by_server; /* one more, to see whether it cuts */
    write_query(planner, out, ast, &body, &orders, &limits);
    *ret_outputs = body.outputs;
    return check_text(planner, ast, out);
}

static const ResultColumn *result_columns(Planner *planner, const Outputs *outputs)
{
    ResultColumn *columns = ARENA_ARRAY(planner->arena, ResultColumn, outputs->count + 1);
    for (size_t i = 0; i < outputs->count; i++) {
        columns[i].name = outputs->items[i].name;
        columns[i].type = outputs->items[i].type;
        if (columns[i].type.kind == TYPE_NULL)
            columns[i].type = TYPE(TEXT);
    }
    return columns;
}

/* Decision 4: the snapshots are chosen here, before other threads read from them. */
static void choose_snapshots(const Planner *planner)
{
    for (size_t i = 0; i < planner->table_count; i++)
        if (planner->tables[i]->table->kind != TABLE_SYSTEM)
            (void)run_row_snapshot(planner->run, planner->tables[i]->table);
}

/* ---- where the rows of tables are ---- */

static Status write_relation(Planner *planner, TableSource *source, Buf *out)
{
    DuckSourceList sources = {
        .items = planner->sources,
        .count = planner->source_count,
        .capacity = planner->source_capacity,
    };
    TRY(cold_relation_open(planner->run, source));
    table_source_estimate(source);
    if (!source->view) {
        buf_printf(out, "kalam_source(%zu)", source->number);
        return STATUS_OK;
    }
    TRY(cold_relation_write(planner->run, source, &sources, out));
    planner->sources = sources.items;
    planner->source_count = sources.count;
    planner->source_capacity = sources.capacity;
    return STATUS_OK;
}

static Status estimate_rows(Planner *planner, const TableSource *source, uint64_t *ret_rows)
{
    ColdStats stats = {0};
    if (source->view)
        TRY(cold_view_stats(planner->ctx, source->view, &stats));
    *ret_rows = source->scanner->estimated_rows + stats.rows - stats.dead_rows;
    return STATUS_OK;
}

/* Sorting needs room for all rows, and nobody asked for it. */
static Status write_order_of_few(Planner *planner, const TableSource *source, Str column, Buf *out)
{
    uint64_t rows;
    TRY(estimate_rows(planner, source, &rows));
    if (rows <= DUCK_IMPLICIT_ORDER_ROWS_MAX)
        buf_printf(out, " ORDER BY c%.*s ASC", STR_ARG(column));
    return STATUS_OK;
}

static Status write_mark(Planner *planner, Str mark, Buf *out)
{
    Str number;
    uint64_t table = 0;
    (void)!str_split(&mark, ',', &number);
    if (!str_to_uint64(number, &table) || table >= planner->table_count)
        return fail(planner->ctx, STATUS_INTERNAL, "a plan has a mark that is none");
    TableSource *source = planner->tables[table];
    return mark.len > 0 ? write_order_of_few(planner, source, mark, out)
                        : write_relation(planner, source, out);
}

/* Writes what the marks stand for in their place. */
static Status write_marks(Planner *planner, Str text, Buf *out)
{
    Str part;
    bool is_mark = false;
    for (; str_split(&text, PLAN_MARK, &part); is_mark = !is_mark) {
        if (is_mark)
            TRY(write_mark(planner, part, out));
        else
            buf_str_append(out, part);
    }
    return STATUS_OK;
}

void duck_plan_done(DuckPlan *plan)
{
    for (size_t i = 0; i < plan->table_count; i++)
        cold_relation_close(plan->tables[i]);
}

Status duck_plan_make(QueryRun *run, const AstSelect *ast, DuckPlan *ret_plan)
{
    Planner planner = {.run = run, .ctx = &run->ctx, .arena = &run->ctx.arena};
    CLEANUP(buf_done) Buf query = {0};
    CLEANUP(buf_done) Buf text = {0};
    Outputs outputs;
    int64_t limit;
    TRY(plan_top(&planner, ast, &query, &outputs, &limit));
    choose_snapshots(&planner);
    /* From here on the tables have views to be closed. */
    *ret_plan = (DuckPlan){.tables = planner.tables, .table_count = planner.table_count};
    TRY(write_marks(&planner, buf_str(&query), &text));
    *ret_plan = (DuckPlan){
        .sql = arena_str(planner.arena, buf_str(&text)),
        .parameters = planner.parameters,
        .parameter_count = planner.parameter_count,
        .sources = planner.sources,
        .source_count = planner.source_count,
        .functions = planner.functions,
        .function_count = planner.function_count,
        .tables = planner.tables,
        .table_count = planner.table_count,
        .columns = result_columns(&planner, &outputs),
        .column_count = outputs.count,
        .limit = limit,
    };
    return STATUS_OK;
}

/* ---- is it needed? ---- */

static bool call_is_beyond(const AstExpr *call)
{
    return call->window || call->order_by || duck_function_find(call->text) ||
           str_equal(call->text, STR("grouping"));
}

/* The parser bounds the depth. */
static bool is_beyond(const AstExpr *ast)
{
    if (!ast)
        return false;
    if (ast->select || ast->kind == AST_GROUPING ||
        (ast->kind == AST_FUNCTION && call_is_beyond(ast)))
        return true;
    for (size_t i = 0; i < ast->arg_count; i++)
        if (is_beyond(ast->args[i]))
            return true;
    for (size_t i = 0; i < ast->when_count; i++)
        if (is_beyond(ast->whens[i].condition) || is_beyond(ast->whens[i].result))
            return true;
    return is_beyond(ast->operand) || is_beyond(ast->otherwise) || is_beyond(ast->filter);
}

static bool any_is_beyond(const AstExpr *const *exprs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_beyond(exprs[i]))
            return true;
    return false;
}

static bool from_is_beyond(const AstFrom *from)
{
    return from && (from->kind != AST_FROM_TABLE || from->column_aliases.count > 0);
}

bool duck_plan_is_needed(const AstSelect *ast)
{
    if (ast->cte_count || ast->set_op != AST_SET_NONE || ast->values || ast->distinct_on_count ||
        from_is_beyond(ast->from) || is_beyond(ast->where) || is_beyond(ast->having) ||
        any_is_beyond(ast->group_by, ast->group_by_count))
        return true;
    for (size_t i = 0; i < ast->item_count; i++)
        if (is_beyond(ast->items[i].expr))
            return true;
    for (size_t i = 0; i < ast->order_by.count; i++)
        if (is_beyond(ast->order_by.items[i].expr))
            return true;
    return false;
}
