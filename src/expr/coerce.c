/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How types meet.
 *
 * A literal or parameter has no type of its own: it takes the one of what it is
 * compared, combined or assigned with, and an error in its text is reported
 * where it stands.  Everything else meets by the rules of PostgreSQL: numbers
 * with numbers, moments with moments, JSON with TEXT by its text.
 */
#include "expr/bind.h"

#include "expr/arithmetic.h"

/* A DECIMAL of whatever digits its text has: value_cast() keeps them for precision 0. */
#define DECIMAL_AS_WRITTEN ((Type){.kind = TYPE_DECIMAL})

Str type_name(Binder *binder, Type type)
{
    return type.kind == TYPE_NULL ? STR("NULL") : type_to_sql(&binder->ctx->arena, type);
}

static bool is_real(TypeKind kind)
{
    return kind == TYPE_FLOAT || kind == TYPE_DOUBLE;
}

static bool is_moment(TypeKind kind)
{
    return type_is_temporal(kind) && kind != TYPE_TIME;
}

static bool is_number_literal(const Expr *expr)
{
    return expr->literal == LITERAL_NUMBER || expr->literal == LITERAL_NUMBER_PARAMETER;
}

/* ---- literals ---- */

/* The literal's value as that type; the error points at the literal. */
static Status convert_literal(Binder *binder, const Expr **expr, const Value *from, Type type)
{
    const Expr *literal = *expr;
    Value value;
    Status status = value_cast(binder->ctx, from, type, &value);
    if (status != STATUS_OK) {
        binder->ctx->position = (int)literal->offset + 1;
        return status;
    }
    Expr *node = ARENA_NEW(binder->arena, Expr);
    *node = (Expr){.kind = EXPR_CONSTANT, .offset = literal->offset, .depth = 1};
    node->constant = value_copy(binder->arena, &value);
    node->type = type;
    if (type.kind == TYPE_DECIMAL && type.precision == 0)
        node->type = (Type){.kind = TYPE_DECIMAL,
                            .precision = DECIMAL_PRECISION_MAX,
                            .scale = node->constant.scale};
    *expr = node;
    return STATUS_OK;
}

/* As convert_literal(), but a number that the type cannot hold stays what it is. */
static Status try_convert(Binder *binder, const Expr **expr, const Value *from, Type type)
{
    Value value;
    if (value_cast(binder->ctx, from, type, &value) == STATUS_OK)
        return convert_literal(binder, expr, &value, type);
    context_clear_error(binder->ctx);
    return STATUS_OK;
}

static Status coerce_number(Binder *binder, const Expr **expr, Type type)
{
    const Expr *literal = *expr;
    TypeKind from = literal->type.kind;
    if (type.kind == TYPE_DECIMAL && is_real(from)) {
        Value text = value_text(literal->literal_text);
        return try_convert(binder, expr, &text, DECIMAL_AS_WRITTEN);
    }
    if (type.kind == TYPE_FLOAT && is_real(from))
        return try_convert(binder, expr, &literal->constant, type);
    bool adapts = (type_is_temporal(type.kind) && type_is_integer(from)) ||
                  (type.kind == TYPE_TEXT && literal->literal == LITERAL_NUMBER_PARAMETER);
    return adapts ? convert_literal(binder, expr, &literal->constant, type) : STATUS_OK;
}

/* The type that the text of a literal is read as beside a `type`: wide enough to lose nothing. */
static Type reading_type(Type type)
{
    if (type_is_integer(type.kind))
        return TYPE(BIGINT);
    return type.kind == TYPE_DECIMAL ? DECIMAL_AS_WRITTEN : type;
}

Status coerce_literal(Binder *binder, const Expr **expr, Type type)
{
    const Expr *literal = *expr;
    if (type.kind == TYPE_NULL || type.kind == literal->type.kind)
        return STATUS_OK;
    if (literal->literal == LITERAL_TEXT)
        return convert_literal(binder, expr, &literal->constant, reading_type(type));
    return is_number_literal(literal) ? coerce_number(binder, expr, type) : STATUS_OK;
}

/* ---- casts ---- */

static Status cast_node(Binder *binder, const Expr **expr, Type type)
{
    const Expr *from = *expr;
    Expr *node = ARENA_NEW(binder->arena, Expr);
    ExprArgs args = expr_args_new(binder->arena, 1);
    *node = (Expr){.kind = EXPR_CAST, .type = type, .offset = from->offset, .depth = 1};
    args.items[0] = from;
    return build_finish(binder, node, args, expr);
}

Status coerce_cast(Binder *binder, const Expr **expr, Type type)
{
    const Expr *from = *expr;
    if (type_equal(from->type, type) && from->literal == LITERAL_NONE)
        return STATUS_OK;
    if (!value_can_cast(from->type.kind, type.kind))
        return fail_at(binder->ctx,
                       STATUS_TYPE_MISMATCH,
                       from->offset,
                       "a value of type %.*s cannot become %.*s",
                       STR_ARG(type_name(binder, from->type)),
                       STR_ARG(type_name(binder, type)));
    if (from->literal == LITERAL_NONE)
        return cast_node(binder, expr, type);
    bool by_text = is_real(from->type.kind) && type.kind == TYPE_DECIMAL;
    Value written = by_text ? value_text(from->literal_text) : from->constant;
    return convert_literal(binder, expr, &written, type);
}

/* ---- comparisons ---- */

static bool is_comparable(TypeKind a, TypeKind b)
{
    return a == TYPE_NULL || b == TYPE_NULL || a == b || (type_is_number(a) && type_is_number(b)) ||
           (is_moment(a) && is_moment(b));
}

static bool is_text_and_json(TypeKind a, TypeKind b)
{
    return (a == TYPE_TEXT && b == TYPE_JSON) || (a == TYPE_JSON && b == TYPE_TEXT);
}

static Status fail_incomparable(Binder *binder, const AstExpr *at, const Expr *a, const Expr *b)
{
    Status status = fail_at(binder->ctx,
                            STATUS_TYPE_MISMATCH,
                            at->offset,
                            "%.*s and %.*s cannot be compared",
                            STR_ARG(type_name(binder, a->type)),
                            STR_ARG(type_name(binder, b->type)));
    fail_hint(binder->ctx, "make both the same type with CAST(.. AS ..)");
    return status;
}

Status coerce_comparable(Binder *binder, const AstExpr *at, const Expr **a, const Expr **b)
{
    bool a_is_open = (*a)->literal != LITERAL_NONE, b_is_open = (*b)->literal != LITERAL_NONE;
    if (a_is_open && (!b_is_open || (*a)->literal == LITERAL_TEXT))
        TRY(coerce_literal(binder, a, (*b)->type));
    if (b_is_open && (!a_is_open || (*b)->literal == LITERAL_TEXT))
        TRY(coerce_literal(binder, b, (*a)->type));
    if (is_text_and_json((*a)->type.kind, (*b)->type.kind)) {
        TRY(coerce_cast(binder, a, TYPE(TEXT)));
        TRY(coerce_cast(binder, b, TYPE(TEXT)));
    }
    if (!is_comparable((*a)->type.kind, (*b)->type.kind))
        return fail_incomparable(binder, at, *a, *b);
    return STATUS_OK;
}

/* ---- one type for all ---- */

static bool merge_types(Type a, Type b, Type *ret_type)
{
    if (a.kind == TYPE_NULL || b.kind == TYPE_NULL)
        *ret_type = a.kind == TYPE_NULL ? b : a;
    else if (type_equal(a, b))
        *ret_type = a;
    else if (type_is_number(a.kind) && type_is_number(b.kind))
        *ret_type = arithmetic_type(AST_OP_ADD, a, b);
    else if (is_moment(a.kind) && is_moment(b.kind))
        *ret_type =
            a.kind == TYPE_DATETIME || b.kind == TYPE_DATETIME ? TYPE(DATETIME) : TYPE(TIMESTAMP);
    else if (is_text_and_json(a.kind, b.kind))
        *ret_type = TYPE(TEXT);
    else
        return false;
    return true;
}

/* An integer literal takes no more room than what it stands beside, when it fits. */
static Type literal_type(const Expr *literal, Type beside)
{
    if (literal->literal == LITERAL_TEXT && beside.kind != TYPE_NULL)
        return beside;
    bool fits = type_is_integer(beside.kind) && type_is_integer(literal->type.kind) &&
                integer_fits(beside.kind, literal->constant.integer);
    return fits ? beside : literal->type;
}

/* First what has a type, then numbers, texts last: each pass adapts to the ones before. */
static int merging_pass(const Expr *expr)
{
    return expr->literal == LITERAL_NONE ? 0 : expr->literal == LITERAL_TEXT ? 2 : 1;
}

static Status merge_one(Binder *binder, const AstExpr *at, const Expr **expr, Type *type)
{
    Type before = *type;
    TRY(coerce_literal(binder, expr, before));
    Type own = (*expr)->literal == LITERAL_NONE ? (*expr)->type : literal_type(*expr, before);
    if (merge_types(before, own, type))
        return STATUS_OK;
    return fail_at(binder->ctx,
                   STATUS_TYPE_MISMATCH,
                   at->offset,
                   "%.*s and %.*s have no common type",
                   STR_ARG(type_name(binder, before)),
                   STR_ARG(type_name(binder, own)));
}

Status coerce_common(Binder *binder, const AstExpr *at, ExprArgs exprs, Type *ret_type)
{
    Type type = TYPE(NULL);
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < exprs.count; i++) {
            if (merging_pass(exprs.items[i]) == pass)
                TRY(merge_one(binder, at, &exprs.items[i], &type));
        }
    }
    for (size_t i = 0; i < exprs.count; i++) {
        if (!type_equal(exprs.items[i]->type, type))
            TRY(coerce_cast(binder, &exprs.items[i], type));
    }
    *ret_type = type;
    return STATUS_OK;
}

/* ---- arguments of functions ---- */

static bool parameter_accepts(Parameter wanted, TypeKind kind)
{
    switch (wanted) {
    case PARAMETER_TEXT:
        return kind == TYPE_TEXT || kind == TYPE_JSON;
    case PARAMETER_INTEGER:
        return type_is_integer(kind);
    case PARAMETER_DOUBLE:
    case PARAMETER_NUMBER:
        return type_is_number(kind);
    case PARAMETER_MOMENT:
        return type_is_temporal(kind);
    case PARAMETER_JSON:
        return kind == TYPE_JSON || kind == TYPE_TEXT;
    case PARAMETER_PATH:
        return kind == TYPE_TEXT || type_is_integer(kind);
    default:
        return true;
    }
}

/* What a text literal is read as in that place. */
static Type parameter_reading(Parameter wanted)
{
    static const TypeKind READINGS[] = {
        [PARAMETER_TEXT] = TYPE_TEXT,
        [PARAMETER_INTEGER] = TYPE_BIGINT,
        [PARAMETER_DOUBLE] = TYPE_DOUBLE,
        [PARAMETER_NUMBER] = TYPE_DOUBLE,
        [PARAMETER_MOMENT] = TYPE_TIMESTAMP,
        [PARAMETER_JSON] = TYPE_JSON,
        [PARAMETER_COMMON] = TYPE_NULL,
    };
    return (Type){.kind = READINGS[wanted]};
}

static const char *parameter_words(Parameter wanted)
{
    static const char *const WORDS[] = {
        [PARAMETER_TEXT] = "a text",
        [PARAMETER_INTEGER] = "an integer",
        [PARAMETER_DOUBLE] = "a number",
        [PARAMETER_NUMBER] = "a number",
        [PARAMETER_MOMENT] = "a date or time",
        [PARAMETER_JSON] = "JSON",
        [PARAMETER_PATH] = "a key or an index",
        [PARAMETER_COMMON] = "",
    };
    return WORDS[wanted];
}

Status
coerce_parameter(Binder *binder, const Function *function, Parameter wanted, const Expr **expr)
{
    bool reads_literal = (*expr)->literal == LITERAL_TEXT ||
                         ((*expr)->literal == LITERAL_NUMBER_PARAMETER && wanted == PARAMETER_TEXT);
    if (reads_literal)
        TRY(coerce_literal(binder, expr, parameter_reading(wanted)));

    TypeKind kind = (*expr)->type.kind;
    if (kind == TYPE_NULL)
        return STATUS_OK;
    if (!parameter_accepts(wanted, kind)) {
        Status status = fail_at(binder->ctx,
                                STATUS_TYPE_MISMATCH,
                                (*expr)->offset,
                                "%.*s() wants %s, not %.*s",
                                STR_ARG(function->name),
                                parameter_words(wanted),
                                STR_ARG(type_name(binder, (*expr)->type)));
        fail_hint(binder->ctx, "convert it with CAST(.. AS ..)");
        return status;
    }
    if (wanted == PARAMETER_TEXT)
        return coerce_cast(binder, expr, TYPE(TEXT));
    if (wanted == PARAMETER_JSON)
        return coerce_cast(binder, expr, TYPE(JSON));
    if (wanted == PARAMETER_DOUBLE)
        return coerce_cast(binder, expr, TYPE(DOUBLE));
    return STATUS_OK;
}
