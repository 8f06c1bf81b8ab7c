/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_fixture.h"

#include "base/clock.h"
#include "sql/parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const Column COLUMNS[COLUMN_COUNT] = {
    [COLUMN_ID] = {.name = STR_INIT("id"), .type = {.kind = TYPE_BIGINT}},
    [COLUMN_ROOM] = {.name = STR_INIT("room"), .type = {.kind = TYPE_INT}},
    [COLUMN_SMALL] = {.name = STR_INIT("small"), .type = {.kind = TYPE_SMALLINT}},
    [COLUMN_AUTHOR] = {.name = STR_INIT("author"), .type = {.kind = TYPE_TEXT}},
    [COLUMN_DONE] = {.name = STR_INIT("done"), .type = {.kind = TYPE_BOOLEAN}},
    [COLUMN_PRICE] = {.name = STR_INIT("price"),
                      .type = {.kind = TYPE_DECIMAL, .precision = 10, .scale = 2}},
    [COLUMN_RATIO] = {.name = STR_INIT("ratio"), .type = {.kind = TYPE_DOUBLE}},
    [COLUMN_WEIGHT] = {.name = STR_INIT("weight"), .type = {.kind = TYPE_FLOAT}},
    [COLUMN_DOC] = {.name = STR_INIT("doc"), .type = {.kind = TYPE_JSON}},
    [COLUMN_CREATED] = {.name = STR_INIT("created"), .type = {.kind = TYPE_TIMESTAMP}},
    [COLUMN_BORN] = {.name = STR_INIT("born"), .type = {.kind = TYPE_DATE}},
    [COLUMN_UID] = {.name = STR_INIT("uid"), .type = {.kind = TYPE_UUID}},
    [COLUMN_RAW] = {.name = STR_INIT("raw"), .type = {.kind = TYPE_BYTES}},
    [COLUMN_CLOCK] = {.name = STR_INIT("clock"), .type = {.kind = TYPE_TIME}},
    [COLUMN_SEEN] = {.name = STR_INIT("seen"), .type = {.kind = TYPE_DATETIME}},
    [COLUMN_MISSING] = {.name = STR_INIT("missing"), .type = {.kind = TYPE_TEXT}},
};

const Table fixture_table = {
    .kind = TABLE_SHARED,
    .name = STR_INIT("items"),
    .column_count = COLUMN_COUNT,
    .columns = COLUMNS,
};

const Table fixture_stream = {
    .kind = TABLE_STREAM,
    .name = STR_INIT("events"),
    .column_count = COLUMN_COUNT,
    .columns = COLUMNS,
};

const ExprEnvironment fixture_environment = {
    .now_us = INT64_C(1767323045000006), /* 2026-01-02 03:04:05.000006 */
    .user_id = STR_INIT("ann"),
    .role = ROLE_SERVICE,
};

Value fixture_row[ROW_WIDTH];

static const char DOC_TEXT[] =
    "{\"a\":{\"b\":\"x\",\"n\":5,\"f\":1.5,\"t\":true,\"z\":null,\"q\":\"\\\"\"},"
    "\"list\":[1,\"two\",3]}";

static const char *const ROW_TEXTS[COLUMN_COUNT] = {
    [COLUMN_ID] = "7",
    [COLUMN_ROOM] = "3",
    [COLUMN_SMALL] = "2",
    [COLUMN_AUTHOR] = "Ann",
    [COLUMN_DONE] = "true",
    [COLUMN_PRICE] = "12.50",
    [COLUMN_RATIO] = "0.5",
    [COLUMN_WEIGHT] = "0.1",
    [COLUMN_DOC] = DOC_TEXT,
    [COLUMN_CREATED] = "2026-03-04 05:06:07.089",
    [COLUMN_BORN] = "2000-02-29",
    [COLUMN_UID] = "00112233-4455-6677-8899-aabbccddeeff",
    [COLUMN_RAW] = "\\x00ff",
    [COLUMN_CLOCK] = "10:20:30",
    [COLUMN_SEEN] = "2026-03-04 05:06:07",
    [COLUMN_MISSING] = NULL,
};

static Arena row_arena;

int fixture_setup(void **state)
{
    (void)state;
    Context ctx = {0};
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        fixture_row[i] = VALUE_NULL;
        if (!ROW_TEXTS[i])
            continue;
        Value text = value_text(str_from_c(ROW_TEXTS[i])), value;
        if (value_cast(&ctx, &text, COLUMNS[i].type, &value) != STATUS_OK)
            return -1;
        fixture_row[i] = value_copy(&row_arena, &value);
    }
    fixture_row[COLUMN_COUNT + SYSTEM_COLUMN_SEQ] = value_bigint(100);
    fixture_row[COLUMN_COUNT + SYSTEM_COLUMN_UPDATED] = value_integer(TYPE_TIMESTAMP, 0);
    fixture_row[COLUMN_COUNT + SYSTEM_COLUMN_DELETED] = value_boolean(false);
    context_done(&ctx);
    return 0;
}

ExprScope fixture_scope(void)
{
    return (ExprScope){
        .table = &fixture_table, .alias = STR("i"), .environment = &fixture_environment};
}

Status fixture_bind(Context *ctx, const ExprScope *scope, const char *text, const Expr **ret_expr)
{
    const AstExpr *ast;
    if (sql_parse_expr(ctx, str_from_c(text), &ast) != STATUS_OK)
        fail_msg("\"%s\" does not parse: %.*s", text, STR_ARG(ctx->message));
    return expr_bind(ctx, &ctx->arena, ast, scope, ret_expr);
}

/* What is evaluated is a copy, as live queries keep one: in memory of just its size. */
static const Expr *exact_copy(Context *ctx, const Expr *expr)
{
    size_t size = expr_copy_size(expr);
    Arena arena = arena_over(arena_alloc(&ctx->arena, size), size);
    const Expr *copy = expr_copy(&arena, expr);
    assert_null(arena.block);
    assert_ptr_equal(arena.next, arena.end);
    assert_int_equal(expr_hash(copy), expr_hash(expr));
    return copy;
}

Str fixture_run(Context *ctx, const ExprScope *scope, const char *text)
{
    const Expr *expr;
    Value value;
    Status status = fixture_bind(ctx, scope, text, &expr);
    if (status == STATUS_OK)
        status = expr_eval(ctx, exact_copy(ctx, expr), fixture_row, &value);
    if (status != STATUS_OK)
        return arena_printf(&ctx->arena, "!%s", status_info(status)->name);
    return value_is_null(&value) ? STR("NULL") : value_to_text(&ctx->arena, &value);
}

void fixture_check(const FixtureCase *cases, size_t count)
{
    int wrong = 0;
    ExprScope scope = fixture_scope();
    for (size_t i = 0; i < count; i++) {
        Context ctx = {0};
        Str result = fixture_run(&ctx, &scope, cases[i].text);
        if (!str_equal(result, str_from_c(cases[i].expected))) {
            wrong++;
            printf("# %s is %.*s, not %s", cases[i].text, STR_ARG(result), cases[i].expected);
            printf(ctx.message.ptr ? " (%.*s)\n" : "\n", STR_ARG(ctx.message));
        }
        context_done(&ctx);
    }
    assert_int_equal(wrong, 0);
}

static uint64_t random_state;

void random_start(void)
{
    const char *seed = getenv("TEST_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : random_u64() | 1;
    printf("# TEST_SEED=%llu\n", (unsigned long long)random_state);
}

/* xorshift64* (Vigna 2014) */
size_t random_below(size_t bound)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (size_t)((random_state * 0x2545f4914f6cdd1du) >> 33) % bound;
}
