/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one evaluation of a filter costs: `bench_expr [evaluations]`.
 */
#include "expr_fixture.h"

#include "base/clock.h"
#include "sql/parser.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const FILTERS[] = {
    "room = 7 AND author <> 'x'",
    "room = 3 AND author <> 'x'",
    "id = 7",
    "id IN (1,2,3,4,5,6,8,9,10,11,12,13,14,15,16,17,18,19,20)",
    "author LIKE '%nn'",
    "price > 10",
    "id + room > 9",
    "doc->'a'->>'b' = 'x'",
};

static int measure(Context *ctx, const char *filter, long count)
{
    ExprScope scope = fixture_scope();
    const AstExpr *ast;
    const Expr *expr;
    if (sql_parse_expr(ctx, str_from_c(filter), &ast) != STATUS_OK ||
        expr_bind_condition(ctx, &ctx->arena, ast, &scope, &expr) != STATUS_OK)
        return 1;
    long hits = 0;
    int64_t start = clock_monotonic_us();
    for (long i = 0; i < count; i++) {
        bool holds;
        if (expr_test(ctx, expr, fixture_row, &holds) != STATUS_OK)
            return 1;
        hits += holds;
    }
    double ns = (double)(clock_monotonic_us() - start) * 1000 / (double)count;
    printf(
        "{\"bench\":\"expr_test\",\"filter\":\"%s\",\"ns\":%.1f,\"true\":%ld}\n", filter, ns, hits);
    return 0;
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
    int failed = fixture_setup(NULL);
    for (size_t i = 0; i < sizeof(FILTERS) / sizeof(FILTERS[0]); i++) {
        Context ctx = {0};
        failed |= measure(&ctx, FILTERS[i], count);
        context_done(&ctx);
    }
    return failed;
}
