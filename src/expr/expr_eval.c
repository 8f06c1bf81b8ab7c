/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation: one switch over the kinds of node.
 *
 * Conditions go through truth(), which knows three answers and makes no Value
 * of them; everything else through eval().  A column or a constant is looked at
 * where it lies.  Both recurse as deep as the tree, which the binder bounds.
 */
#include "expr/arithmetic.h"
#include "expr/functions.h"
#include "expr/like.h"
#include "expr/value_set.h"
#include "value/decimal.h"

enum { CALL_ARGS_ON_STACK = 4 };

typedef enum Truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN } Truth;

static Status eval(Context *ctx, const Expr *expr, const Value *row, Value *ret_value);
static Status truth(Context *ctx, const Expr *expr, const Value *row, Truth *ret_truth);

CompareBy compare_by_types(TypeKind a, TypeKind b)
{
    bool both_us =
        (a == TYPE_TIMESTAMP || a == TYPE_DATETIME) && (b == TYPE_TIMESTAMP || b == TYPE_DATETIME);
    if ((type_is_integer(a) && type_is_integer(b)) || (a == b && type_is_temporal(a)) || both_us)
        return COMPARE_INTEGER;
    if (a == b && (a == TYPE_TEXT || a == TYPE_JSON || a == TYPE_BYTES))
        return COMPARE_TEXT;
    return COMPARE_VALUE;
}

/* Points at the node when whoever failed below could not. */
static Status located(Context *ctx, const Expr *expr, Status status)
{
    if (status != STATUS_OK && ctx->position == 0)
        ctx->position = (int)expr->offset + 1;
    return status;
}

/* The value of an argument, where it lies or in `scratch`. */
static inline Status
operand(Context *ctx, const Expr *expr, const Value *row, Value *scratch, const Value **ret_value)
{
    if (expr->kind == EXPR_COLUMN) {
        *ret_value = &row[expr->column];
    } else if (expr->kind == EXPR_CONSTANT) {
        *ret_value = &expr->constant;
    } else {
        TRY(eval(ctx, expr, row, scratch));
        *ret_value = scratch;
    }
    return STATUS_OK;
}

/* The two values of a binary node. */
typedef struct Pair {
    const Value *a, *b;
    Value a_scratch, b_scratch;
} Pair;

static inline Status operands(Context *ctx, const Expr *expr, const Value *row, Pair *ret_pair)
{
    TRY(operand(ctx, expr->args[0], row, &ret_pair->a_scratch, &ret_pair->a));
    return operand(ctx, expr->args[1], row, &ret_pair->b_scratch, &ret_pair->b);
}

static bool pair_has_null(const Pair *pair)
{
    return value_is_null(pair->a) || value_is_null(pair->b);
}

static Truth truth_of(bool condition)
{
    return condition ? TRUTH_TRUE : TRUTH_FALSE;
}

static Truth truth_not(Truth truth)
{
    return truth == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : truth_of(truth == TRUTH_FALSE);
}

/* ---- conditions ---- */

/* AND ends with the first FALSE, OR with the first TRUE. */
static Status
truth_logic(Context *ctx, const Expr *expr, const Value *row, Truth deciding, Truth *ret_truth)
{
    Truth result = truth_not(deciding);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        Truth term;
        TRY(truth(ctx, expr->args[i], row, &term));
        if (term == deciding) {
            *ret_truth = deciding;
            return STATUS_OK;
        }
        if (term == TRUTH_UNKNOWN)
            result = TRUTH_UNKNOWN;
    }
    *ret_truth = result;
    return STATUS_OK;
}

static Status truth_compare(Context *ctx, const Expr *expr, const Value *row, Truth *ret_truth)
{
    Pair pair;
    TRY(operands(ctx, expr, row, &pair));
    if (pair_has_null(&pair))
        *ret_truth = TRUTH_UNKNOWN;
    else if (expr->op == AST_OP_EQ || expr->op == AST_OP_NE)
        *ret_truth =
            truth_of(values_equal(expr->compare_by, pair.a, pair.b) == (expr->op == AST_OP_EQ));
    else
        *ret_truth =
            truth_of(order_satisfies(expr->op, values_order(expr->compare_by, pair.a, pair.b)));
    return STATUS_OK;
}

/* One side of BETWEEN. */
static Truth truth_bound(const Expr *expr, AstOp op, const Value *value, const Value *bound)
{
    if (value_is_null(value) || value_is_null(bound))
        return TRUTH_UNKNOWN;
    return truth_of(order_satisfies(op, values_order(expr->compare_by, value, bound)));
}

static Status truth_between(Context *ctx, const Expr *expr, const Value *row, Truth *ret_truth)
{
    Pair pair;
    Value scratch;
    const Value *upper;
    TRY(operands(ctx, expr, row, &pair));
    TRY(operand(ctx, expr->args[2], row, &scratch, &upper));
    Truth above = truth_bound(expr, AST_OP_GE, pair.a, pair.b);
    Truth below = truth_bound(expr, AST_OP_LE, pair.a, upper);
    Truth result = TRUTH_TRUE;
    if (above == TRUTH_FALSE || below == TRUTH_FALSE)
        result = TRUTH_FALSE;
    else if (above == TRUTH_UNKNOWN || below == TRUTH_UNKNOWN)
        result = TRUTH_UNKNOWN;
    *ret_truth = expr->negated ? truth_not(result) : result;
    return STATUS_OK;
}

/* The items that are no constants, in turn. */
static Status truth_in_items(
    Context *ctx, const Expr *expr, const Value *row, const Value *needle, Truth *ret_truth)
{
    Truth result = expr->has_null ? TRUTH_UNKNOWN : TRUTH_FALSE;
    for (uint32_t i = 1; i < expr->arg_count && result != TRUTH_TRUE; i++) {
        Value scratch;
        const Value *item;
        TRY(operand(ctx, expr->args[i], row, &scratch, &item));
        if (value_is_null(item))
            result = TRUTH_UNKNOWN;
        else if (value_compare(needle, item) == 0)
            result = TRUTH_TRUE;
    }
    *ret_truth = result;
    return STATUS_OK;
}

static Status truth_in(Context *ctx, const Expr *expr, const Value *row, Truth *ret_truth)
{
    Value scratch;
    const Value *needle;
    Truth result = TRUTH_UNKNOWN;
    TRY(operand(ctx, expr->args[0], row, &scratch, &needle));
    if (!value_is_null(needle)) {
        if (value_set_has(expr->set, needle))
            result = TRUTH_TRUE;
        else
            TRY(truth_in_items(ctx, expr, row, needle, &result));
    }
    *ret_truth = expr->negated ? truth_not(result) : result;
    return STATUS_OK;
}

static Status like_pattern(
    Context *ctx, const Expr *expr, const Value *pattern, const Value *escape, LikePattern *ret)
{
    LikePattern like = {.pattern = pattern->text,
                        .escape = escape ? escape->text : STR("\\"),
                        .nocase = expr->nocase};
    if (!like_is_valid(&like))
        return located(ctx,
                       expr,
                       fail(ctx,
                            STATUS_INVALID_VALUE,
                            "the LIKE pattern must not end with the escape character"));
    *ret = like;
    return STATUS_OK;
}

static Status truth_like(Context *ctx, const Expr *expr, const Value *row, Truth *ret_truth)
{
    Pair pair;
    LikePattern like;
    const Value *escape = expr->arg_count == 3 ? &expr->args[2]->constant : NULL;
    TRY(operands(ctx, expr, row, &pair));
    if (pair_has_null(&pair) || (escape && value_is_null(escape))) {
        *ret_truth = TRUTH_UNKNOWN;
        return STATUS_OK;
    }
    TRY(like_pattern(ctx, expr, pair.b, escape, &like));
    *ret_truth = truth_of(like_match(&like, pair.a->text) != expr->negated);
    return STATUS_OK;
}

static Status truth_is(Context *ctx, const Expr *expr, const Value *row, Truth *ret_truth)
{
    Value scratch;
    const Value *value;
    TRY(operand(ctx, expr->args[0], row, &scratch, &value));
    bool is_null = value_is_null(value);
    bool is = expr->is_what == AST_IS_TRUE    ? !is_null && value->boolean
              : expr->is_what == AST_IS_FALSE ? !is_null && !value->boolean
                                              : is_null;
    *ret_truth = truth_of(is != expr->negated);
    return STATUS_OK;
}

static Status truth_distinct(Context *ctx, const Expr *expr, const Value *row, Truth *ret_truth)
{
    Pair pair;
    TRY(operands(ctx, expr, row, &pair));
    bool same = pair_has_null(&pair) ? value_is_null(pair.a) && value_is_null(pair.b)
                                     : values_equal(expr->compare_by, pair.a, pair.b);
    *ret_truth = truth_of(same == expr->negated);
    return STATUS_OK;
}

/* A BOOLEAN that is no condition in itself: a column, a CASE, a call. */
static Status truth_value(Context *ctx, const Expr *expr, const Value *row, Truth *ret_truth)
{
    Value scratch;
    const Value *value;
    TRY(operand(ctx, expr, row, &scratch, &value));
    *ret_truth = value_is_null(value) ? TRUTH_UNKNOWN : truth_of(value->boolean);
    return STATUS_OK;
}

static Status truth(Context *ctx, const Expr *expr, const Value *row, Truth *ret_truth)
{
    switch (expr->kind) {
    case EXPR_AND:
        return truth_logic(ctx, expr, row, TRUTH_FALSE, ret_truth);
    case EXPR_OR:
        return truth_logic(ctx, expr, row, TRUTH_TRUE, ret_truth);
    case EXPR_NOT: {
        Truth positive;
        TRY(truth(ctx, expr->args[0], row, &positive));
        *ret_truth = truth_not(positive);
        return STATUS_OK;
    }
    case EXPR_COMPARE:
        return truth_compare(ctx, expr, row, ret_truth);
    case EXPR_BETWEEN:
        return truth_between(ctx, expr, row, ret_truth);
    case EXPR_IN:
        return truth_in(ctx, expr, row, ret_truth);
    case EXPR_LIKE:
        return truth_like(ctx, expr, row, ret_truth);
    case EXPR_IS:
        return truth_is(ctx, expr, row, ret_truth);
    case EXPR_DISTINCT:
        return truth_distinct(ctx, expr, row, ret_truth);
    case EXPR_CONSTANT:
    case EXPR_COLUMN:
    case EXPR_NEGATE:
    case EXPR_ARITHMETIC:
    case EXPR_CONCAT:
    case EXPR_CAST:
    case EXPR_CASE:
    case EXPR_COALESCE:
    case EXPR_NULLIF:
    case EXPR_CALL:
        break;
    }
    return truth_value(ctx, expr, row, ret_truth);
}

/* ---- values ---- */

static Status eval_truth(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    Truth result;
    TRY(truth(ctx, expr, row, &result));
    *ret_value = result == TRUTH_UNKNOWN ? VALUE_NULL : value_boolean(result == TRUTH_TRUE);
    return STATUS_OK;
}

static Status eval_leaf(const Expr *expr, const Value *row, Value *ret_value)
{
    *ret_value = expr->kind == EXPR_COLUMN ? row[expr->column] : expr->constant;
    return STATUS_OK;
}

static Status eval_negate(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    Value scratch;
    const Value *value;
    TRY(operand(ctx, expr->args[0], row, &scratch, &value));
    if (value_is_null(value)) {
        *ret_value = VALUE_NULL;
        return STATUS_OK;
    }
    return located(ctx, expr, arithmetic_negate(ctx, value, ret_value));
}

static Status eval_arithmetic(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    Pair pair;
    TRY(operands(ctx, expr, row, &pair));
    if (pair_has_null(&pair)) {
        *ret_value = VALUE_NULL;
        return STATUS_OK;
    }
    return located(ctx, expr, arithmetic_eval(ctx, expr, pair.a, pair.b, ret_value));
}

static Status eval_concat(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    Pair pair;
    char *room;
    TRY(operands(ctx, expr, row, &pair));
    if (pair_has_null(&pair)) {
        *ret_value = VALUE_NULL;
        return STATUS_OK;
    }
    Str a = pair.a->text, b = pair.b->text;
    TRY(located(ctx, expr, function_text_room(ctx, a.len + b.len, &room)));
    if (a.len > 0)
        memcpy(room, a.ptr, a.len);
    if (b.len > 0)
        memcpy(room + a.len, b.ptr, b.len);
    *ret_value = value_text(str_from(room, a.len + b.len));
    return STATUS_OK;
}

static Status eval_cast(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    Value scratch;
    const Value *value;
    TRY(operand(ctx, expr->args[0], row, &scratch, &value));
    return located(ctx, expr, value_cast(ctx, value, expr->type, ret_value));
}

/* CASE WHEN c THEN ..: the index of the result. */
static Status find_true(Context *ctx, const Expr *expr, const Value *row, uint32_t *ret_at)
{
    uint32_t at = 0;
    for (; at + 1 < expr->arg_count; at += 2) {
        Truth applies;
        TRY(truth(ctx, expr->args[at], row, &applies));
        if (applies == TRUTH_TRUE) {
            at++;
            break;
        }
    }
    *ret_at = at;
    return STATUS_OK;
}

/* CASE x WHEN a THEN ..: x is evaluated once. */
static Status find_equal(Context *ctx, const Expr *expr, const Value *row, uint32_t *ret_at)
{
    Pair pair;
    uint32_t at = 1;
    TRY(operand(ctx, expr->args[0], row, &pair.a_scratch, &pair.a));
    for (; at + 1 < expr->arg_count; at += 2) {
        TRY(operand(ctx, expr->args[at], row, &pair.b_scratch, &pair.b));
        if (!pair_has_null(&pair) && value_compare(pair.a, pair.b) == 0) {
            at++;
            break;
        }
    }
    *ret_at = at;
    return STATUS_OK;
}

static Status eval_case(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    uint32_t result;
    if (expr->has_operand)
        TRY(find_equal(ctx, expr, row, &result));
    else
        TRY(find_true(ctx, expr, row, &result));
    return eval(ctx, expr->args[result], row, ret_value);
}

static Status eval_coalesce(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    Value value = VALUE_NULL;
    for (uint32_t i = 0; i < expr->arg_count && value_is_null(&value); i++)
        TRY(eval(ctx, expr->args[i], row, &value));
    *ret_value = value;
    return STATUS_OK;
}

static Status eval_nullif(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    Pair pair;
    TRY(operands(ctx, expr, row, &pair));
    bool equal = !pair_has_null(&pair) && values_equal(expr->compare_by, pair.a, pair.b);
    *ret_value = equal ? VALUE_NULL : *pair.a;
    return STATUS_OK;
}

/* A DECIMAL comes in the scale of the call's type. */
static Status finish_call(Context *ctx, const Expr *expr, Value *value)
{
    if (value->kind != TYPE_DECIMAL)
        return STATUS_OK;
    if (!decimal_rescale(value->decimal, value->scale, expr->type.scale, &value->decimal))
        return fail(ctx,
                    STATUS_OUT_OF_RANGE,
                    "the result of %.*s() has too many digits",
                    STR_ARG(expr->function->name));
    value->scale = expr->type.scale;
    return STATUS_OK;
}

static Status eval_call(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    Value on_stack[CALL_ARGS_ON_STACK];
    Value *args = expr->arg_count <= CALL_ARGS_ON_STACK
                      ? on_stack
                      : ARENA_ARRAY(&ctx->arena, Value, expr->arg_count);
    bool has_null = false;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        TRY(eval(ctx, expr->args[i], row, &args[i]));
        has_null = has_null || value_is_null(&args[i]);
    }
    if (has_null && !expr->function->takes_null) {
        *ret_value = VALUE_NULL;
        return STATUS_OK;
    }
    Value value;
    TRY(located(ctx, expr, expr->function->eval(ctx, args, expr->arg_count, &value)));
    TRY(located(ctx, expr, finish_call(ctx, expr, &value)));
    *ret_value = value;
    return STATUS_OK;
}

static Status eval(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    switch (expr->kind) {
    case EXPR_CONSTANT:
    case EXPR_COLUMN:
        return eval_leaf(expr, row, ret_value);
    case EXPR_NEGATE:
        return eval_negate(ctx, expr, row, ret_value);
    case EXPR_ARITHMETIC:
        return eval_arithmetic(ctx, expr, row, ret_value);
    case EXPR_CONCAT:
        return eval_concat(ctx, expr, row, ret_value);
    case EXPR_CAST:
        return eval_cast(ctx, expr, row, ret_value);
    case EXPR_CASE:
        return eval_case(ctx, expr, row, ret_value);
    case EXPR_COALESCE:
        return eval_coalesce(ctx, expr, row, ret_value);
    case EXPR_NULLIF:
        return eval_nullif(ctx, expr, row, ret_value);
    case EXPR_CALL:
        return eval_call(ctx, expr, row, ret_value);
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_NOT:
    case EXPR_COMPARE:
    case EXPR_BETWEEN:
    case EXPR_IN:
    case EXPR_LIKE:
    case EXPR_IS:
    case EXPR_DISTINCT:
        break;
    }
    return eval_truth(ctx, expr, row, ret_value);
}

Status expr_eval(Context *ctx, const Expr *expr, const Value *row, Value *ret_value)
{
    return eval(ctx, expr, row, ret_value);
}

Status expr_test(Context *ctx, const Expr *expr, const Value *row, bool *ret_true)
{
    Truth result = TRUTH_TRUE;
    if (expr)
        TRY(truth(ctx, expr, row, &result));
    *ret_true = result == TRUTH_TRUE;
    return STATUS_OK;
}
