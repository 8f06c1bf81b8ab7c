/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as an expression: parse, bind, analyse, print, evaluate.  The row
 * has values and NULLs in turn, so that one input sees both.
 */
#include "expr/predicate.h"
#include "sql/parser.h"

enum { COLUMNS = 6, WIDTH = COLUMNS + SYSTEM_COLUMN_COUNT, MEMORY_LIMIT = 64 << 20 };

static const Column columns[COLUMNS] = {
    {.name = STR_INIT("a"), .type = {.kind = TYPE_BIGINT}},
    {.name = STR_INIT("b"), .type = {.kind = TYPE_TEXT}},
    {.name = STR_INIT("c"), .type = {.kind = TYPE_BOOLEAN}},
    {.name = STR_INIT("d"), .type = {.kind = TYPE_DECIMAL, .precision = 10, .scale = 2}},
    {.name = STR_INIT("e"), .type = {.kind = TYPE_JSON}},
    {.name = STR_INIT("f"), .type = {.kind = TYPE_TIMESTAMP}},
};

static const Table table = {
    .kind = TABLE_SHARED, .name = STR_INIT("t"), .column_count = COLUMNS, .columns = columns};

static const ExprEnvironment environment = {.now_us = 1, .user_id = STR_INIT("u")};

static void evaluate(Context *ctx, const Expr *expr)
{
    Value row[WIDTH] = {
        value_bigint(-3),
        value_text(STR("text")),
        value_boolean(true),
        value_decimal(1250, 2),
        {.kind = TYPE_JSON, .text = STR("{\"k\":[1,{\"l\":null}]}")},
        value_integer(TYPE_TIMESTAMP, 1234567890),
        value_bigint(9),
        value_integer(TYPE_TIMESTAMP, 0),
        value_boolean(false),
    };
    Value value;
    if (expr_eval(ctx, expr, row, &value) == STATUS_OK)
        (void)value_to_text(&ctx->arena, &value);
    for (size_t i = 0; i < WIDTH; i += 2)
        row[i] = VALUE_NULL;
    if (expr_eval(ctx, expr, row, &value) == STATUS_OK)
        (void)value_hash(&value);
}

static void bind(Context *ctx, const AstExpr *ast, bool live)
{
    CLEANUP(buf_done) Buf text = {.limit = 1 << 20};
    Value one = value_bigint(1);
    ExprParameters parameters = {&one, 1};
    ExprScope scope = {
        .table = &table, .environment = &environment, .parameters = &parameters, .live = live};
    const Expr *expr;
    if (expr_bind(ctx, &ctx->arena, ast, &scope, &expr) != STATUS_OK)
        return;
    (void)expr_hash(expr);
    expr_print(&text, expr, &table);
    evaluate(ctx, expr);
    if (expr_bind_condition(ctx, &ctx->arena, ast, &scope, &expr) == STATUS_OK)
        (void)predicate_analyse(&ctx->arena, expr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(context_done) Context ctx = {.memory_limit = MEMORY_LIMIT};
    const AstExpr *ast;
    if (sql_parse_expr(&ctx, str_from((const char *)data, size), &ast) != STATUS_OK)
        return 0;
    bind(&ctx, ast, false);
    bind(&ctx, ast, true);
    return 0;
}
