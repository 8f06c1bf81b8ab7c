/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregate calls: each becomes a slot of the grouped row, equal ones share it.
 */
#include "expr/bind.h"

#include "sql/printer.h"

bool aggregate_find(Str name, AggregateKind *ret_kind)
{
    static const Str NAMES[] = {
        [AGGREGATE_COUNT_ALL] = STR_INIT(""),
        [AGGREGATE_COUNT] = STR_INIT("count"),
        [AGGREGATE_SUM] = STR_INIT("sum"),
        [AGGREGATE_AVG] = STR_INIT("avg"),
        [AGGREGATE_MIN] = STR_INIT("min"),
        [AGGREGATE_MAX] = STR_INIT("max"),
    };
    for (size_t i = AGGREGATE_COUNT; i <= AGGREGATE_MAX; i++) {
        if (str_equal(NAMES[i], name)) {
            *ret_kind = (AggregateKind)i;
            return true;
        }
    }
    return false;
}

static Status fail_call(Binder *binder, const AstExpr *ast, const char *message)
{
    return fail_at(binder->ctx,
                   STATUS_INVALID_SQL,
                   ast->offset,
                   "aggregate %.*s(): %s",
                   STR_ARG(ast->text),
                   message);
}

static Status check_place(Binder *binder, const AstExpr *ast)
{
    TRY(bind_refuse_live(binder, ast, "aggregates"));
    if (binder->in_aggregate)
        return fail_call(binder, ast, "calls of aggregates cannot be nested");
    if (!binder->grouping) {
        Status status = fail_call(binder, ast, "not allowed in this place");
        fail_hint(binder->ctx, "conditions on groups stand in HAVING");
        return status;
    }
    return STATUS_OK;
}

static bool is_count_all(const AstExpr *ast, AggregateKind kind)
{
    return kind == AGGREGATE_COUNT && ast->arg_count == 1 && ast->args[0]->kind == AST_STAR;
}

static bool is_summable(TypeKind kind)
{
    return type_is_number(kind) || kind == TYPE_NULL;
}

static Status result_type(Binder *binder, const AstExpr *ast, AggregateCall *call)
{
    Type type = call->argument->type;
    bool sums = call->kind == AGGREGATE_SUM || call->kind == AGGREGATE_AVG;
    if (sums && !is_summable(type.kind))
        return fail_at(binder->ctx,
                       STATUS_TYPE_MISMATCH,
                       ast->offset,
                       "%.*s() wants a number, not %.*s",
                       STR_ARG(ast->text),
                       STR_ARG(type_name(binder, type)));
    if (call->kind == AGGREGATE_COUNT)
        call->type = TYPE(BIGINT);
    else if (call->kind == AGGREGATE_AVG)
        call->type = TYPE(DOUBLE);
    else if (call->kind != AGGREGATE_SUM)
        call->type = type;
    else if (type.kind == TYPE_DECIMAL)
        call->type = (Type){TYPE_DECIMAL, DECIMAL_PRECISION_MAX, type.scale};
    else
        call->type =
            type_is_integer(type.kind) || type.kind == TYPE_NULL ? TYPE(BIGINT) : TYPE(DOUBLE);
    return STATUS_OK;
}

/* The argument and the filter read the table's row, not the grouped one. */
static Status bind_inside(Binder *binder, const AstExpr *ast, AggregateCall *call)
{
    Binder inner = *binder;
    inner.grouping = NULL;
    inner.in_aggregate = true;
    if (ast->filter)
        TRY(bind_boolean(&inner, ast->filter, "FILTER", &call->filter));
    if (call->kind == AGGREGATE_COUNT_ALL) {
        call->type = TYPE(BIGINT);
        return STATUS_OK;
    }
    TRY(bind_expr(&inner, ast->args[0], &call->argument));
    return result_type(binder, ast, call);
}

/* The index of an equal call, or -1. */
static int find_call(const ExprGrouping *grouping, const AstExpr *ast)
{
    for (size_t i = 0; i < grouping->call_count; i++) {
        if (ast_expr_equal(grouping->calls[i].ast, ast))
            return (int)i;
    }
    return -1;
}

static size_t add_call(Binder *binder, const AggregateCall *call)
{
    ExprGrouping *grouping = binder->grouping;
    grouping->calls = arena_grow(binder->arena,
                                 grouping->calls,
                                 grouping->call_count,
                                 &grouping->call_capacity,
                                 sizeof(*grouping->calls));
    grouping->calls[grouping->call_count] = *call;
    return grouping->call_count++;
}

Status bind_aggregate(Binder *binder, const AstExpr *ast, AggregateKind kind, const Expr **ret_expr)
{
    TRY(check_place(binder, ast));
    if (ast->arg_count != 1)
        return fail_call(binder, ast, "takes one argument");
    AggregateCall call = {
        .kind = is_count_all(ast, kind) ? AGGREGATE_COUNT_ALL : kind,
        .distinct = ast->distinct,
        .ast = ast,
    };
    if (call.kind == AGGREGATE_COUNT_ALL && call.distinct)
        return fail_call(binder, ast, "DISTINCT does not go with *");

    int known = find_call(binder->grouping, ast);
    size_t index = (size_t)known;
    if (known < 0) {
        TRY(bind_inside(binder, ast, &call));
        index = add_call(binder, &call);
    }
    Expr *node = build_node(binder, EXPR_COLUMN, binder->grouping->calls[index].type, ast);
    node->column = (uint32_t)(binder->grouping->key_count + index);
    *ret_expr = node;
    return STATUS_OK;
}
