/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators.
 *
 * a + b + c + .. parses into a tree as deep as it is long, leaning left: its
 * spine is walked by a loop.  AND and OR take all their terms as arguments of
 * one node.  So only what really nests counts as depth.
 */
#include "expr/bind.h"

#include "expr/arithmetic.h"
#include "value/decimal.h"

static bool is_logic(AstOp op)
{
    return op == AST_OP_AND || op == AST_OP_OR;
}

static const char *op_words(AstOp op)
{
    static const char *const WORDS[] = {
        [AST_OP_NOT] = "NOT",
        [AST_OP_NEGATE] = "-",
        [AST_OP_PLUS] = "+",
        [AST_OP_OR] = "OR",
        [AST_OP_AND] = "AND",
        [AST_OP_ADD] = "+",
        [AST_OP_SUBTRACT] = "-",
        [AST_OP_MULTIPLY] = "*",
        [AST_OP_DIVIDE] = "/",
        [AST_OP_MODULO] = "%",
        [AST_OP_CONCAT] = "||",
        [AST_OP_JSON_GET] = "->",
        [AST_OP_JSON_TEXT] = "->>",
        [AST_OP_JSON_EXISTS] = "?",
    };
    return WORDS[op];
}

/* ---- AND, OR, NOT ---- */

typedef struct Terms {
    const AstExpr **items;
    size_t count, capacity;
} Terms;

static void terms_push(Binder *binder, Terms *terms, const AstExpr *ast)
{
    terms->items = arena_grow(
        &binder->ctx->arena, terms->items, terms->count, &terms->capacity, sizeof(void *));
    terms->items[terms->count++] = ast;
}

/* The terms that one operator joins, in order; the parser bounds how deep they lie. */
static void collect_terms(Binder *binder, Terms *terms, AstOp op, const AstExpr *ast)
{
    bool joins = ast->kind == AST_BINARY && ast->op == op && !bind_is_whole(binder, ast);
    if (!joins) {
        terms_push(binder, terms, ast);
        return;
    }
    collect_terms(binder, terms, op, ast->args[0]);
    collect_terms(binder, terms, op, ast->args[1]);
}

/* Adds a term unless it changes nothing; true when it alone decides. */
static bool add_term(ExprArgs *args, const Expr *term, bool deciding)
{
    bool known = term->kind == EXPR_CONSTANT && !value_is_null(&term->constant);
    if (known && term->constant.boolean == deciding) {
        args->items[0] = term;
        args->count = 1;
        return true;
    }
    if (!known)
        args->items[args->count++] = term;
    return false;
}

/* TRUE AND x is x, FALSE AND x is FALSE; OR the other way round. */
static Status bind_logic(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    Terms terms = {0};
    collect_terms(binder, &terms, ast->op, ast);
    ExprArgs args = {ARENA_ARRAY(binder->arena, const Expr *, terms.count), 0};
    bool deciding = ast->op == AST_OP_OR;
    bool decided = false;
    for (size_t i = 0; i < terms.count; i++) {
        const Expr *term;
        TRY(bind_boolean(binder, terms.items[i], op_words(ast->op), &term));
        decided = decided || add_term(&args, term, deciding);
    }
    if (args.count == 1 && args.items[0]->type.kind == TYPE_BOOLEAN) {
        *ret_expr = args.items[0];
        return STATUS_OK;
    }
    if (args.count == 0) {
        Value neutral = value_boolean(!deciding);
        *ret_expr = build_constant(binder, TYPE(BOOLEAN), &neutral, ast);
        return STATUS_OK;
    }
    ExprKind kind = ast->op == AST_OP_AND ? EXPR_AND : EXPR_OR;
    return build_finish(binder, build_node(binder, kind, TYPE(BOOLEAN), ast), args, ret_expr);
}

static Status bind_not(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    ExprArgs args = expr_args_new(binder->arena, 1);
    TRY(bind_boolean(binder, ast->args[0], "NOT", &args.items[0]));
    return build_finish(binder, build_node(binder, EXPR_NOT, TYPE(BOOLEAN), ast), args, ret_expr);
}

/* ---- + - * / % ---- */

static Status fail_operands(Binder *binder, const AstExpr *ast, AstOp op, ExprArgs args)
{
    Type a = args.items[0]->type, b = args.items[1]->type;
    if (op != AST_OP_CONCAT && (type_is_temporal(a.kind) || type_is_temporal(b.kind))) {
        Status status = fail_at(binder->ctx,
                                STATUS_UNSUPPORTED,
                                ast->offset,
                                "arithmetic with dates and times is not supported");
        fail_hint(binder->ctx, "compute in microseconds: CAST(.. AS BIGINT), and back");
        return status;
    }
    return fail_at(binder->ctx,
                   STATUS_TYPE_MISMATCH,
                   ast->offset,
                   "%.*s %s %.*s is not defined",
                   STR_ARG(type_name(binder, a)),
                   op_words(op),
                   STR_ARG(type_name(binder, b)));
}

/* A small integer literal beside SMALLINT or INT is an INT, as in PostgreSQL. */
static Type operand_type(const Expr *expr, const Expr *other)
{
    bool small = expr->literal != LITERAL_NONE && expr->type.kind == TYPE_BIGINT &&
                 (other->type.kind == TYPE_SMALLINT || other->type.kind == TYPE_INT) &&
                 integer_fits(TYPE_INT, expr->constant.integer);
    return small ? TYPE(INT) : expr->type;
}

/* Literals take the type of a number on the other side. */
static Status adapt_operands(Binder *binder, ExprArgs args)
{
    for (size_t i = 0; i < 2; i++) {
        Type other = args.items[1 - i]->type;
        if (args.items[i]->literal != LITERAL_NONE && type_is_number(other.kind))
            TRY(coerce_literal(binder, &args.items[i], other));
    }
    return STATUS_OK;
}

static bool exact_value(const Expr *literal, Value *ret_value)
{
    bool is_number =
        literal->literal == LITERAL_NUMBER || literal->literal == LITERAL_NUMBER_PARAMETER;
    return is_number && decimal_parse(literal->literal_text, ret_value);
}

/* False also when digits would be lost. */
static bool compute_exactly(AstOp op, const Value *a, const Value *b, Value *ret_value)
{
    if (op == AST_OP_ADD)
        return decimal_add(a, b, ret_value);
    if (op == AST_OP_SUBTRACT)
        return decimal_subtract(a, b, ret_value);
    return op == AST_OP_MULTIPLY && a->scale + b->scale <= DECIMAL_PRECISION_MAX &&
           decimal_multiply(a, b, ret_value);
}

/*
 * What + - * make of numeric literals is a literal again: a DOUBLE, with the text of all its
 * digits for the case that a DECIMAL is wanted.
 */
static void keep_digits(Binder *binder, AstOp op, ExprArgs args, Expr *node)
{
    Value a, b, exact;
    if (node->kind != EXPR_CONSTANT || node->type.kind != TYPE_DOUBLE)
        return;
    if (!exact_value(args.items[0], &a) || !exact_value(args.items[1], &b) ||
        !compute_exactly(op, &a, &b, &exact))
        return;
    node->literal = LITERAL_NUMBER;
    node->literal_text = value_to_text(binder->arena, &exact);
}

Status
bind_arithmetic(Binder *binder, const AstExpr *ast, AstOp op, ExprArgs args, const Expr **ret_expr)
{
    TRY(adapt_operands(binder, args));
    Type a = operand_type(args.items[0], args.items[1]);
    Type b = operand_type(args.items[1], args.items[0]);
    if (a.kind == TYPE_NULL)
        a = b.kind == TYPE_NULL ? TYPE(BIGINT) : b;
    if (b.kind == TYPE_NULL)
        b = a;
    if (!type_is_number(a.kind) || !type_is_number(b.kind))
        return fail_operands(binder, ast, op, args);
    Expr *node = build_node(binder, EXPR_ARITHMETIC, arithmetic_type(op, a, b), ast);
    node->op = op;
    TRY(build_finish(binder, node, args, ret_expr));
    keep_digits(binder, op, args, node);
    return STATUS_OK;
}

Status bind_unary(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    const Expr *arg;
    if (ast->op == AST_OP_NOT)
        return bind_not(binder, ast, ret_expr);
    TRY(bind_expr(binder, ast->args[0], &arg));
    if (arg->literal == LITERAL_TEXT)
        TRY(coerce_literal(binder, &arg, TYPE(DOUBLE)));
    if (!type_is_number(arg->type.kind) && arg->type.kind != TYPE_NULL)
        return fail_at(binder->ctx,
                       STATUS_TYPE_MISMATCH,
                       ast->offset,
                       "%s %.*s is not defined",
                       op_words(ast->op),
                       STR_ARG(type_name(binder, arg->type)));
    if (ast->op == AST_OP_PLUS) {
        *ret_expr = arg;
        return STATUS_OK;
    }
    ExprArgs args = expr_args_new(binder->arena, 1);
    args.items[0] = arg;
    return build_finish(binder, build_node(binder, EXPR_NEGATE, arg->type, ast), args, ret_expr);
}

/* ---- the other binary operators ---- */

static Status
bind_comparison(Binder *binder, const AstExpr *ast, ExprArgs args, const Expr **ret_expr)
{
    TRY(coerce_comparable(binder, ast, &args.items[0], &args.items[1]));
    Expr *node = build_node(binder, EXPR_COMPARE, TYPE(BOOLEAN), ast);
    node->op = ast->op;
    node->compare_by = compare_by_types(args.items[0]->type.kind, args.items[1]->type.kind);
    return build_finish(binder, node, args, ret_expr);
}

/* One side at least must be a text; the other one is taken by its text. */
static Status bind_concat(Binder *binder, const AstExpr *ast, ExprArgs args, const Expr **ret_expr)
{
    bool has_text = false;
    for (size_t i = 0; i < 2; i++) {
        TypeKind kind = args.items[i]->type.kind;
        has_text = has_text || kind == TYPE_TEXT || kind == TYPE_JSON || kind == TYPE_NULL;
    }
    if (!has_text)
        return fail_operands(binder, ast, AST_OP_CONCAT, args);
    for (size_t i = 0; i < 2; i++)
        TRY(coerce_cast(binder, &args.items[i], TYPE(TEXT)));
    return build_finish(binder, build_node(binder, EXPR_CONCAT, TYPE(TEXT), ast), args, ret_expr);
}

static Status combine(Binder *binder, const AstExpr *ast, ExprArgs args, const Expr **ret_expr)
{
    switch (ast->op) {
    case AST_OP_EQ:
    case AST_OP_NE:
    case AST_OP_LT:
    case AST_OP_LE:
    case AST_OP_GT:
    case AST_OP_GE:
        return bind_comparison(binder, ast, args, ret_expr);
    case AST_OP_CONCAT:
        return bind_concat(binder, ast, args, ret_expr);
    case AST_OP_JSON_GET:
        return bind_call_of(binder, ast, STR("json_get"), args, ret_expr);
    case AST_OP_JSON_TEXT:
        return bind_call_of(binder, ast, STR("json_as_text"), args, ret_expr);
    case AST_OP_JSON_EXISTS:
        return bind_call_of(binder, ast, STR("json_contains"), args, ret_expr);
    default:
        return bind_arithmetic(binder, ast, ast->op, args, ret_expr);
    }
}

static bool continues_chain(Binder *binder, const AstExpr *ast)
{
    return ast->kind == AST_BINARY && !is_logic(ast->op) && !bind_is_whole(binder, ast);
}

Status bind_binary(Binder *binder, const AstExpr *ast, const Expr **ret_expr)
{
    if (is_logic(ast->op))
        return bind_logic(binder, ast, ret_expr);

    Terms chain = {0};
    const AstExpr *first = ast;
    do {
        terms_push(binder, &chain, first);
        first = first->args[0];
    } while (continues_chain(binder, first));

    const Expr *result;
    TRY(bind_expr(binder, first, &result));
    while (chain.count > 0) {
        const AstExpr *link = chain.items[--chain.count];
        ExprArgs args = expr_args_new(binder->arena, 2);
        args.items[0] = result;
        TRY(bind_expr(binder, link->args[1], &args.items[1]));
        TRY(combine(binder, link, args, &result));
    }
    *ret_expr = result;
    return STATUS_OK;
}
