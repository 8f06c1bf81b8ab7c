/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions.  expr/ binds them and asks here about every node first; what only
 * the statement knows becomes a slot with a text: columns, subqueries,
 * aggregates, windows and the functions of DuckDB's.
 */
#include "query/duck_functions.h"
#include "query/duck_plan_private.h"
#include "sql/printer.h"

/* ---- writing ---- */

typedef struct Writing {
    Planner *planner;
    Buf *out;
} Writing;

static void write_slot(void *data, uint32_t index)
{
    Writing *writing = data;
    buf_str_append(writing->out, writing->planner->slots[index].text);
}

static void write_constant(void *data, Type type, const Value *value)
{
    Writing *writing = data;
    Planner *planner = writing->planner;
    if (value_is_null(value)) {
        BUF_LIT(writing->out, "NULL");
        return;
    }
    planner->parameters = arena_grow(planner->arena,
                                     planner->parameters,
                                     planner->parameter_count,
                                     &planner->parameter_capacity,
                                     sizeof(*planner->parameters));
    planner->parameters[planner->parameter_count++] = *value;
    buf_printf(writing->out,
               "CAST($%zu AS %.*s)",
               planner->parameter_count,
               STR_ARG(duck_type_sql(planner->arena, type)));
}

size_t plan_add_function(Planner *planner, const DuckFunction *function)
{
    planner->functions = arena_grow(planner->arena,
                                    planner->functions,
                                    planner->function_count,
                                    &planner->function_capacity,
                                    sizeof(*planner->functions));
    planner->functions[planner->function_count] = *function;
    return planner->function_count++;
}

static Status eval_expr(const void *data, Context *ctx, const Value *arguments, Value *ret_value)
{
    return expr_eval(ctx, data, arguments, ret_value);
}

static void write_call_of(Writing *writing, const DuckFunction *function, const Expr *expr)
{
    Planner *planner = writing->planner;
    const uint32_t *slots;
    size_t slot_count = expr_slots(planner->arena, expr, &slots);
    size_t number = plan_add_function(planner, function);
    ExprPlaces places = {.slots = slots, .count = slot_count};
    planner->functions[number].data = expr_renumber(planner->arena, expr, &places);
    buf_str_append(writing->out, duck_function_name(planner->arena, function));
    buf_printf(writing->out, "(%zu", number);
    for (size_t i = 0; i < slot_count; i++) {
        BUF_LIT(writing->out, ", ");
        write_slot(writing, slots[i]);
    }
    buf_byte(writing->out, ')');
}

/* Of a DECIMAL 38 digits come back; where fewer are meant, fewer are said. */
static void write_call(void *data, const Expr *expr)
{
    Writing *writing = data;
    Type type = expr_type(expr);
    DuckFunction function = {
        .result = type, .is_volatile = expr_is_volatile(expr), .eval = eval_expr};
    bool narrow = type.kind == TYPE_DECIMAL && type.precision < DECIMAL_PRECISION_MAX;
    if (narrow)
        BUF_LIT(writing->out, "CAST(");
    write_call_of(writing, &function, expr);
    if (narrow)
        buf_printf(
            writing->out, " AS %.*s)", STR_ARG(duck_type_sql(writing->planner->arena, type)));
}

void plan_write(Planner *planner, Buf *out, const Expr *expr)
{
    Writing writing = {planner, out};
    ExprWriter writer = {.out = out,
                         .data = &writing,
                         .slot = write_slot,
                         .constant = write_constant,
                         .call = write_call};
    expr_translate(&writer, expr);
}

Str plan_text(Planner *planner, const Expr *expr)
{
    CLEANUP(buf_done) Buf text = {0};
    plan_write(planner, &text, expr);
    return arena_str(planner->arena, buf_str(&text));
}

/*
 * DuckDB tests conditions in an order of its own.  So those that may fail are
 * written as one, together with all that stand before the last of them and keep
 * it from being asked; the others also stand alone, where they can become joins.
 */
void plan_write_conditions(Planner *planner, Buf *out, const Expr *const *terms, size_t count)
{
    size_t guarded = 0;
    for (size_t i = 0; i < count; i++)
        guarded = expr_may_fail(terms[i]) ? i + 1 : guarded;
    Str separator = STR("");
    for (size_t i = 0; i < count; i++) {
        if (expr_may_fail(terms[i]))
            continue;
        buf_str_append(out, separator);
        plan_write(planner, out, terms[i]);
        separator = STR(" AND ");
    }
    if (guarded > 0) {
        buf_str_append(out, separator);
        plan_write(planner, out, expr_conjunction(planner->ctx, terms, guarded));
    }
}

/* ---- binding ---- */

Status plan_bind(Scope *scope, const AstExpr *ast, const Expr **ret_expr)
{
    Planner *planner = scope->planner;
    ExprScope expr_scope = scope_expr(scope);
    return expr_bind(planner->ctx, planner->arena, ast, &expr_scope, ret_expr);
}

Status plan_bind_condition(Scope *scope, const AstExpr *ast, const Expr **ret_expr)
{
    Planner *planner = scope->planner;
    ExprScope expr_scope = scope_expr(scope);
    return expr_bind_condition(planner->ctx, planner->arena, ast, &expr_scope, ret_expr);
}

Status plan_bind_terms(Scope *scope, const AstExpr *ast, Terms *terms)
{
    bool joins = ast->kind == AST_BINARY && ast->op == AST_OP_AND;
    if (joins && !scope->resolver.is_whole(scope, ast)) {
        TRY(plan_bind_terms(scope, ast->args[0], terms));
        return plan_bind_terms(scope, ast->args[1], terms);
    }
    terms->items = arena_grow(
        scope->planner->arena, terms->items, terms->count, &terms->capacity, sizeof(void *));
    return plan_bind_condition(scope, ast, &terms->items[terms->count++]);
}

/* ---- subqueries ---- */

static Status fail_width(Planner *planner, const AstExpr *ast, size_t width)
{
    return fail_at(planner->ctx,
                   STATUS_INVALID_SQL,
                   ast->select->offset,
                   "a subquery used as a value must have one column, this one has %zu",
                   width);
}

/* A query used as a value. */
static Status plan_subquery(Scope *scope, const AstExpr *ast, Buf *out, Outputs *ret_outputs)
{
    Planner *planner = scope->planner;
    size_t outer = plan_begin_part(planner);
    TRY(plan_query(planner, scope, ast->select, out, ret_outputs));
    TRY(plan_add_fold(planner, ast->offset));
    plan_end_part(planner, outer);
    return STATUS_OK;
}

static Status resolve_subquery(Scope *scope, const AstExpr *ast, ExprSlot *ret_slot)
{
    Planner *planner = scope->planner;
    CLEANUP(buf_done) Buf text = {0};
    Outputs outputs;
    bool exists = ast->kind == AST_EXISTS;
    buf_str_append(&text, exists ? STR("EXISTS (") : STR("("));
    TRY(plan_subquery(scope, ast, &text, &outputs));
    buf_byte(&text, ')');
    if (!exists && outputs.count != 1)
        return fail_width(planner, ast, outputs.count);
    ret_slot->type = exists ? TYPE(BOOLEAN) : outputs.items[0].type;
    ret_slot->index = slot_new(planner, arena_str(planner->arena, buf_str(&text)), ret_slot->type);
    return STATUS_OK;
}

/* x IN (SELECT ..): both sides get one type. */
static Status resolve_in(Scope *scope, const AstExpr *ast, ExprSlot *ret_slot)
{
    Planner *planner = scope->planner;
    CLEANUP(buf_done) Buf query = {0}, text = {0};
    Outputs outputs;
    const Expr *sides[2];
    Type type;
    TRY(plan_bind(scope, ast->args[0], &sides[0]));
    TRY(plan_subquery(scope, ast, &query, &outputs));
    if (outputs.count != 1)
        return fail_width(planner, ast, outputs.count);
    Str name = plan_new_name(planner, "q");
    ExprSlot slot = {plan_column_slot(planner, name, 0, outputs.items[0].type),
                     outputs.items[0].type};
    sides[1] = expr_slot(planner->ctx, slot, ast->select->offset);
    TRY(expr_comparable(planner->ctx, ast, &sides[0], &sides[1]));
    TRY(expr_common_type(planner->ctx, ast, sides, 2, &type));

    buf_byte(&text, '(');
    plan_write(planner, &text, sides[0]);
    buf_str_append(&text, ast->negated ? STR(" NOT IN (SELECT ") : STR(" IN (SELECT "));
    plan_write(planner, &text, sides[1]);
    buf_printf(&text, " FROM (%.*s) %.*s))", STR_ARG(buf_str(&query)), STR_ARG(name));
    ret_slot->type = TYPE(BOOLEAN);
    ret_slot->index = slot_new(planner, arena_str(planner->arena, buf_str(&text)), ret_slot->type);
    return STATUS_OK;
}

/* ---- windows ---- */

Status plan_write_order(Scope *scope, Buf *out, const AstOrderList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const AstOrder *order = &list->items[i];
        bool nulls_first = order->nulls_given ? order->nulls_first : order->descending;
        const Expr *expr;
        TRY(plan_bind(scope, order->expr, &expr));
        buf_str_append(out, i > 0 ? STR(", ") : STR(" ORDER BY "));
        plan_write(scope->planner, out, expr);
        buf_str_append(out, order->descending ? STR(" DESC") : STR(" ASC"));
        buf_str_append(out, nulls_first ? STR(" NULLS FIRST") : STR(" NULLS LAST"));
    }
    return STATUS_OK;
}

static Status write_partition(Scope *scope, Buf *out, const AstWindow *window)
{
    for (size_t i = 0; i < window->partition_count; i++) {
        const Expr *expr;
        TRY(plan_bind(scope, window->partition[i], &expr));
        buf_str_append(out, i > 0 ? STR(", ") : STR("PARTITION BY "));
        plan_write(scope->planner, out, expr);
    }
    return STATUS_OK;
}

/* Of RANGE the offset is measured in what is ordered by, which must be a number. */
static Status
write_range_offset(Scope *scope, Buf *out, const AstWindow *window, const AstExpr *offset)
{
    const Expr *key = NULL, *expr;
    if (window->order.count == 1)
        TRY(plan_bind(scope, window->order.items[0].expr, &key));
    TRY(plan_bind(scope, offset, &expr));
    if (!key || !type_is_number(expr_type(key).kind) || !expr_is_constant(expr))
        return fail_at(scope->planner->ctx,
                       STATUS_UNSUPPORTED,
                       offset->offset,
                       "RANGE with an offset wants a constant, and ORDER BY one number");
    TRY(expr_cast(scope->planner->ctx, &expr, expr_type(key)));
    plan_write(scope->planner, out, expr);
    return STATUS_OK;
}

static Status
write_bound(Scope *scope, Buf *out, const AstWindow *window, const AstFrameBound *bound)
{
    static const Str WORDS[] = {
        [AST_FRAME_UNBOUNDED_PRECEDING] = STR_INIT("UNBOUNDED PRECEDING"),
        [AST_FRAME_PRECEDING] = STR_INIT(" PRECEDING"),
        [AST_FRAME_CURRENT_ROW] = STR_INIT("CURRENT ROW"),
        [AST_FRAME_FOLLOWING] = STR_INIT(" FOLLOWING"),
        [AST_FRAME_UNBOUNDED_FOLLOWING] = STR_INIT("UNBOUNDED FOLLOWING"),
    };
    int64_t count;
    if (bound->offset && window->frame == AST_FRAME_RANGE) {
        TRY(write_range_offset(scope, out, window, bound->offset));
    } else if (bound->offset) {
        TRY(plan_count(scope->planner, bound->offset, "the offset of a frame", &count));
        buf_int64(out, count < 0 ? 0 : count);
    }
    buf_str_append(out, WORDS[bound->kind]);
    return STATUS_OK;
}

static Status write_frame(Scope *scope, Buf *out, const AstWindow *window)
{
    static const Str WORDS[] = {[AST_FRAME_NONE] = STR_INIT(""),
                                [AST_FRAME_ROWS] = STR_INIT(" ROWS BETWEEN "),
                                [AST_FRAME_RANGE] = STR_INIT(" RANGE BETWEEN "),
                                [AST_FRAME_GROUPS] = STR_INIT(" GROUPS BETWEEN ")};
    if (window->frame == AST_FRAME_NONE)
        return STATUS_OK;
    buf_str_append(out, WORDS[window->frame]);
    TRY(write_bound(scope, out, window, &window->start));
    BUF_LIT(out, " AND ");
    return write_bound(scope, out, window, &window->end);
}

static Status write_over(Scope *scope, Buf *out, const AstWindow *window)
{
    BUF_LIT(out, " OVER (");
    TRY(write_partition(scope, out, window));
    TRY(plan_write_order(scope, out, &window->order));
    TRY(write_frame(scope, out, window));
    buf_byte(out, ')');
    return STATUS_OK;
}

/* ---- calls with DISTINCT, FILTER and OVER ---- */

/* name([DISTINCT] arguments) [FILTER ..] [OVER ..]; the name comes first. */
typedef struct CallText {
    Buf arguments;
    Buf rest;
} CallText;

static void call_text_done(CallText *text)
{
    buf_done(&text->arguments);
    buf_done(&text->rest);
}
DEFINE_CLEANUP_IN_PLACE(CallText, call_text_done)

static void write_named(Buf *out, Str name, const CallText *text)
{
    buf_printf(out,
               "%.*s(%.*s)%.*s",
               STR_ARG(name),
               STR_ARG(buf_str(&text->arguments)),
               STR_ARG(buf_str(&text->rest)));
}

static Status write_rest(Scope *scope, const AstExpr *ast, CallText *text)
{
    if (ast->filter) {
        const Expr *filter;
        TRY(plan_bind_condition(scope, ast->filter, &filter));
        BUF_LIT(&text->rest, " FILTER (WHERE ");
        plan_write(scope->planner, &text->rest, filter);
        buf_byte(&text->rest, ')');
    }
    return ast->window ? write_over(scope, &text->rest, ast->window) : STATUS_OK;
}

static Status
write_arguments(Scope *scope, const AstExpr *ast, const Expr *const *arguments, CallText *text)
{
    if (ast->distinct)
        BUF_LIT(&text->arguments, "DISTINCT ");
    for (size_t i = 0; i < ast->arg_count; i++) {
        if (i > 0)
            BUF_LIT(&text->arguments, ", ");
        plan_write(scope->planner, &text->arguments, arguments[i]);
    }
    return ast->order_by ? plan_write_order(scope, &text->arguments, ast->order_by) : STATUS_OK;
}

/* ---- sum and avg: by our rules ---- */

static Status sum_as_bigint(const void *data, Context *ctx, const Value *arguments, Value *ret)
{
    const AstExpr *ast = data;
    const Value *sum = &arguments[0];
    *ret = VALUE_NULL;
    if (value_is_null(sum))
        return STATUS_OK;
    if (sum->decimal > INT64_MAX || sum->decimal < INT64_MIN)
        return fail_at(ctx, STATUS_OUT_OF_RANGE, ast->offset, "the sum does not fit into BIGINT");
    *ret = value_bigint((int64_t)sum->decimal);
    return STATUS_OK;
}

static Status average(const void *data, Context *ctx, const Value *arguments, Value *ret)
{
    const Value *sum = &arguments[0];
    Value real;
    (void)data;
    *ret = VALUE_NULL;
    if (value_is_null(sum) || arguments[1].integer == 0)
        return STATUS_OK;
    TRY(value_cast(ctx, sum, TYPE(DOUBLE), &real));
    *ret = value_double(real.real / (double)arguments[1].integer);
    return STATUS_OK;
}

static void write_our_call(Planner *planner, Buf *out, const DuckFunction *function)
{
    buf_printf(out,
               "%.*s(%zu, ",
               STR_ARG(duck_function_name(planner->arena, function)),
               plan_add_function(planner, function));
}

static void
write_sum(Planner *planner, Buf *out, const AstExpr *ast, Type type, const CallText *text)
{
    DuckFunction function = {.result = TYPE(BIGINT), .data = ast, .eval = sum_as_bigint};
    bool is_integer = type_is_integer(type.kind);
    if (is_integer)
        write_our_call(planner, out, &function);
    write_named(out, STR("sum"), text);
    if (is_integer)
        buf_byte(out, ')');
}

static void write_average(Planner *planner, Buf *out, const CallText *text)
{
    DuckFunction function = {.result = TYPE(DOUBLE), .eval = average};
    write_our_call(planner, out, &function);
    write_named(out, STR("sum"), text);
    BUF_LIT(out, ", ");
    write_named(out, STR("count"), text);
    buf_byte(out, ')');
}

typedef struct OwnAggregate {
    Str name;
    bool sums;
} OwnAggregate;

static const OwnAggregate OWN_AGGREGATES[] = {{STR_INIT("count"), false},
                                              {STR_INIT("sum"), true},
                                              {STR_INIT("avg"), true},
                                              {STR_INIT("min"), false},
                                              {STR_INIT("max"), false}};

static const OwnAggregate *find_own(Str name)
{
    for (size_t i = 0; i < sizeof(OWN_AGGREGATES) / sizeof(*OWN_AGGREGATES); i++) {
        if (str_equal(OWN_AGGREGATES[i].name, name))
            return &OWN_AGGREGATES[i];
    }
    return NULL;
}

static Status fail_aggregate(Planner *planner, const AstExpr *ast, const char *message)
{
    return fail_at(planner->ctx,
                   STATUS_INVALID_SQL,
                   ast->offset,
                   "aggregate %.*s(): %s",
                   STR_ARG(ast->text),
                   message);
}

static Type sum_type(Type type)
{
    if (type.kind == TYPE_DECIMAL)
        return (Type){TYPE_DECIMAL, DECIMAL_PRECISION_MAX, type.scale};
    return type_is_integer(type.kind) ? TYPE(BIGINT) : TYPE(DOUBLE);
}

/* What is summed: integers, decimals and doubles stay, the rest becomes one of these. */
static Status bind_summed(Scope *scope, const AstExpr *ast, const Expr **argument)
{
    Planner *planner = scope->planner;
    Type type = expr_type(*argument);
    if (type.kind == TYPE_NULL)
        return expr_cast(planner->ctx, argument, TYPE(BIGINT));
    if (type.kind == TYPE_FLOAT)
        return expr_cast(planner->ctx, argument, TYPE(DOUBLE));
    if (type_is_number(type.kind))
        return STATUS_OK;
    return fail_at(planner->ctx,
                   STATUS_TYPE_MISMATCH,
                   ast->offset,
                   "%.*s() wants a number, not %.*s",
                   STR_ARG(ast->text),
                   STR_ARG(type_to_sql(planner->arena, type)));
}

static Status write_own_aggregate(
    Scope *scope, const AstExpr *ast, const OwnAggregate *own, Buf *out, Type *ret_type)
{
    Planner *planner = scope->planner;
    CLEANUP(call_text_done) CallText text = {0};
    const Expr *argument = NULL;
    if (ast->arg_count != 1)
        return fail_aggregate(planner, ast, "takes one argument");
    bool counts = str_equal(own->name, STR("count"));
    if (counts && ast->args[0]->kind == AST_STAR) {
        if (ast->distinct)
            return fail_aggregate(planner, ast, "DISTINCT does not go with *");
        buf_byte(&text.arguments, '*');
    } else {
        TRY(plan_bind(scope, ast->args[0], &argument));
        if (own->sums)
            TRY(bind_summed(scope, ast, &argument));
        TRY(write_arguments(scope, ast, &argument, &text));
    }
    TRY(write_rest(scope, ast, &text));

    Type type = argument ? expr_type(argument) : TYPE(BIGINT);
    bool averages = str_equal(own->name, STR("avg"));
    *ret_type = counts ? TYPE(BIGINT) : averages ? TYPE(DOUBLE) : own->sums ? sum_type(type) : type;
    if (averages)
        write_average(planner, out, &text);
    else if (own->sums)
        write_sum(planner, out, ast, type, &text);
    else
        write_named(out, own->name, &text);
    return STATUS_OK;
}

/* ---- the functions of the list ---- */

static Status check_count(Planner *planner, const AstExpr *ast, const DuckFunctionEntry *entry)
{
    if (ast->arg_count >= entry->argument_min && ast->arg_count <= entry->argument_max)
        return STATUS_OK;
    return fail_at(planner->ctx,
                   STATUS_INVALID_SQL,
                   ast->offset,
                   "%.*s() takes %d to %d arguments, not %zu",
                   STR_ARG(ast->text),
                   entry->argument_min,
                   entry->argument_max,
                   ast->arg_count);
}

static Status bind_argument(Scope *scope,
                            const AstExpr *ast,
                            const DuckFunctionEntry *entry,
                            size_t index,
                            const Expr **arguments)
{
    Planner *planner = scope->planner;
    DuckSort sort = (DuckSort)entry->arguments[index];
    TRY(plan_bind(scope, ast->args[index], &arguments[index]));
    if (sort == SORT_ANY)
        return STATUS_OK;
    Type type = sort == SORT_SAME ? expr_type(arguments[0]) : duck_sort_type(sort);
    TRY(expr_argument(planner->ctx, ast->text, type, &arguments[index]));
    bool constant = sort == SORT_CONSTANT_BIGINT || sort == SORT_CONSTANT_TEXT;
    if (constant && !expr_is_constant(arguments[index]))
        return fail_at(planner->ctx,
                       STATUS_UNSUPPORTED,
                       ast->args[index]->offset,
                       "argument %zu of %.*s() must be a constant",
                       index + 1,
                       STR_ARG(ast->text));
    return STATUS_OK;
}

static Status write_listed(
    Scope *scope, const AstExpr *ast, const DuckFunctionEntry *entry, Buf *out, Type *ret_type)
{
    Planner *planner = scope->planner;
    CLEANUP(call_text_done) CallText text = {0};
    const Expr *arguments[DUCK_ARGUMENTS_MAX];
    TRY(check_count(planner, ast, entry));
    for (size_t i = 0; i < ast->arg_count; i++)
        TRY(bind_argument(scope, ast, entry, i, arguments));
    TRY(write_arguments(scope, ast, arguments, &text));
    TRY(write_rest(scope, ast, &text));
    Str name = entry->theirs.len ? entry->theirs : entry->name;
    bool same = entry->result == SORT_SAME;
    *ret_type = same ? expr_type(arguments[0]) : duck_sort_type(entry->result);
    if (!same)
        BUF_LIT(out, "CAST(");
    if (entry->around.len > 0)
        buf_printf(out, "%.*s(", STR_ARG(entry->around));
    write_named(out, name, &text);
    if (entry->around.len > 0)
        buf_byte(out, ')');
    if (!same)
        buf_printf(out, " AS %.*s)", STR_ARG(duck_type_sql(planner->arena, *ret_type)));
    return STATUS_OK;
}

static Status write_call_text(Scope *scope, const AstExpr *ast, Buf *out, Type *ret_type)
{
    const OwnAggregate *own = find_own(ast->text);
    return own ? write_own_aggregate(scope, ast, own, out, ret_type)
               : write_listed(scope, ast, duck_function_find(ast->text), out, ret_type);
}

/* ---- aggregates and windows ---- */

static bool is_grouping_call(const AstExpr *call)
{
    return str_equal(call->text, STR("grouping"));
}

bool plan_is_aggregate(const AstExpr *call)
{
    const DuckFunctionEntry *entry = duck_function_find(call->text);
    if (is_grouping_call(call))
        return true;
    return !call->window && (find_own(call->text) || (entry && entry->kind == DUCK_AGGREGATE));
}

static Status text_slot(Scope *scope, const AstExpr *ast, Place place, ExprSlot *ret_slot, Str *ret)
{
    CLEANUP(buf_done) Buf text = {0};
    Place outer = scope->place;
    bool reads_deleted = scope->reads_deleted;
    scope->place = place;
    scope->reads_deleted = false;
    TRY(write_call_text(scope, ast, &text, &ret_slot->type));
    scope->place = outer;
    scope->reads_deleted = reads_deleted;
    *ret = arena_str(scope->planner->arena, buf_str(&text));
    return STATUS_OK;
}

static Status check_place(Scope *scope, const AstExpr *ast)
{
    if (scope->place == PLACE_ARGUMENT)
        return fail_aggregate(scope->planner, ast, "calls of aggregates cannot be nested");
    if (scope->place == PLACE_CONDITION || !scope->grouped) {
        Status status = fail_aggregate(scope->planner, ast, "not allowed in this place");
        fail_hint(scope->planner->ctx, "conditions on groups stand in HAVING");
        return status;
    }
    return STATUS_OK;
}

static void add_call(Scope *scope, const GroupCall *call)
{
    scope->calls = arena_grow(scope->planner->arena,
                              scope->calls,
                              scope->call_count,
                              &scope->call_capacity,
                              sizeof(*scope->calls));
    scope->calls[scope->call_count++] = *call;
}

static const GroupKey *find_key(const Scope *scope, const AstExpr *ast)
{
    if (!scope->grouped || scope->place == PLACE_ARGUMENT)
        return NULL;
    for (size_t i = 0; i < scope->key_count; i++) {
        if (ast_expr_equal(scope->keys[i].ast, ast))
            return &scope->keys[i];
    }
    return NULL;
}

/* grouping(a, b): a bit for each key that the row is not grouped by. */
static Status write_grouping_call(Scope *scope, const AstExpr *ast, Buf *out)
{
    BUF_LIT(out, "CAST(grouping(");
    for (size_t i = 0; i < ast->arg_count; i++) {
        const GroupKey *key = find_key(scope, ast->args[i]);
        if (!key)
            return fail_at(scope->planner->ctx,
                           STATUS_INVALID_SQL,
                           ast->args[i]->offset,
                           "grouping() takes what stands in GROUP BY");
        buf_printf(out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(key->text));
    }
    BUF_LIT(out, ") AS BIGINT)");
    return STATUS_OK;
}

static Status grouping_text(Scope *scope, const AstExpr *ast, ExprSlot *ret_slot, Str *ret_text)
{
    CLEANUP(buf_done) Buf text = {0};
    if (ast->arg_count == 0 || ast->window || ast->distinct || ast->filter || ast->order_by)
        return fail_aggregate(scope->planner, ast, "takes keys of GROUP BY and nothing else");
    TRY(write_grouping_call(scope, ast, &text));
    ret_slot->type = TYPE(BIGINT);
    *ret_text = arena_str(scope->planner->arena, buf_str(&text));
    return STATUS_OK;
}

static Status resolve_aggregate(Scope *scope, const AstExpr *ast, ExprSlot *ret_slot)
{
    Planner *planner = scope->planner;
    TRY(check_place(scope, ast));
    for (size_t i = 0; i < scope->call_count; i++) {
        if (ast_expr_equal(scope->calls[i].ast, ast)) {
            ret_slot->index = scope->calls[i].slot;
            ret_slot->type = planner->slots[ret_slot->index].type;
            return STATUS_OK;
        }
    }
    GroupCall call = {.ast = ast};
    TRY(is_grouping_call(ast) ? grouping_text(scope, ast, ret_slot, &call.text)
                              : text_slot(scope, ast, PLACE_ARGUMENT, ret_slot, &call.text));
    Str name = arena_printf(planner->arena, "%.*s.a%zu", STR_ARG(scope->group), scope->call_count);
    call.slot = ret_slot->index = slot_new(planner, name, ret_slot->type);
    add_call(scope, &call);
    return STATUS_OK;
}

static Status fail_window(Planner *planner, const AstExpr *ast, const char *message)
{
    return fail_at(
        planner->ctx, STATUS_INVALID_SQL, ast->offset, "%.*s(): %s", STR_ARG(ast->text), message);
}

static Status resolve_window(Scope *scope, const AstExpr *ast, ExprSlot *ret_slot)
{
    Planner *planner = scope->planner;
    const DuckFunctionEntry *entry = duck_function_find(ast->text);
    bool known = find_own(ast->text) || (entry && entry->kind != DUCK_SCALAR);
    if (!known)
        return fail_window(planner, ast, "is no aggregate and no window function");
    if (scope->place != PLACE_OUTPUT)
        return fail_window(planner, ast, "a window is not allowed in this place");
    Str text;
    TRY(text_slot(scope, ast, PLACE_WINDOW, ret_slot, &text));
    ret_slot->index = slot_new(planner, text, ret_slot->type);
    return STATUS_OK;
}

static Status resolve_listed(Scope *scope, const AstExpr *ast, ExprSlot *ret_slot)
{
    Planner *planner = scope->planner;
    if (ast->distinct || ast->filter || ast->order_by)
        return fail_window(
            planner, ast, "is no aggregate: DISTINCT, ORDER BY and FILTER do not go with it");
    CLEANUP(buf_done) Buf text = {0};
    TRY(write_call_text(scope, ast, &text, &ret_slot->type));
    ret_slot->index = slot_new(planner, arena_str(planner->arena, buf_str(&text)), ret_slot->type);
    return STATUS_OK;
}

static Status resolve_call(Scope *scope, const AstExpr *ast, ExprSlot *ret_slot)
{
    if (ast->window && !is_grouping_call(ast))
        return resolve_window(scope, ast, ret_slot);
    if (plan_is_aggregate(ast))
        return resolve_aggregate(scope, ast, ret_slot);
    const DuckFunctionEntry *entry = duck_function_find(ast->text);
    if (!entry)
        return STATUS_OK;
    if (entry->kind == DUCK_WINDOW)
        return fail_window(scope->planner, ast, "is a window function: write OVER (..) behind it");
    return resolve_listed(scope, ast, ret_slot);
}

/* ---- the resolver ---- */

static Status resolve_column(Scope *scope, const AstExpr *ast, ExprSlot *ret_slot)
{
    TRY(scope_resolve(scope, ast, &ret_slot->index));
    ret_slot->type = scope->planner->slots[ret_slot->index].type;
    return STATUS_OK;
}

static Status resolve(void *data, const AstExpr *ast, ExprSlot *ret_slot)
{
    Scope *scope = data;
    const GroupKey *key = find_key(scope, ast);
    if (key) {
        *ret_slot = (ExprSlot){key->slot, scope->planner->slots[key->slot].type};
        return STATUS_OK;
    }
    switch (ast->kind) {
    case AST_COLUMN:
        return resolve_column(scope, ast, ret_slot);
    case AST_EXISTS:
    case AST_SUBQUERY:
        return resolve_subquery(scope, ast, ret_slot);
    case AST_IN:
        return ast->select ? resolve_in(scope, ast, ret_slot) : STATUS_OK;
    case AST_FUNCTION:
        return resolve_call(scope, ast, ret_slot);
    default:
        return STATUS_OK;
    }
}

static bool is_whole(void *data, const AstExpr *ast)
{
    return find_key(data, ast) != NULL;
}

void plan_resolver_init(Scope *scope)
{
    scope->resolver = (ExprResolver){.data = scope, .resolve = resolve, .is_whole = is_whole};
}

/* The parser bounds the depth. */
bool plan_has_aggregate(const AstExpr *ast)
{
    if (!ast)
        return false;
    if (ast->kind == AST_FUNCTION && plan_is_aggregate(ast))
        return true;
    for (size_t i = 0; i < ast->arg_count; i++)
        if (plan_has_aggregate(ast->args[i]))
            return true;
    for (size_t i = 0; i < ast->when_count; i++)
        if (plan_has_aggregate(ast->whens[i].condition) || plan_has_aggregate(ast->whens[i].result))
            return true;
    const AstWindow *window = ast->window;
    for (size_t i = 0; window && i < window->partition_count; i++)
        if (plan_has_aggregate(window->partition[i]))
            return true;
    for (size_t i = 0; window && i < window->order.count; i++)
        if (plan_has_aggregate(window->order.items[i].expr))
            return true;
    return plan_has_aggregate(ast->operand) || plan_has_aggregate(ast->otherwise);
}
