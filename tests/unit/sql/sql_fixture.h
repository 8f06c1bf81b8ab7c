/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL in, shapes (sql_shape.h) or refusals out; tables of both.
 */
#pragma once

#include "base/context.h"
#include "sql/parser.h"
#include "sql/printer.h"
#include "sql_shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Fail the test with the parser's message when the text does not parse. */
const AstStatement *must_parse(Context *ctx, const char *text);
const AstStatement *must_parse_kind(Context *ctx, const char *text, AstKind kind);
const AstExpr *must_parse_expr(Context *ctx, const char *text);
const AstSelect *must_parse_select(Context *ctx, const char *text);

void assert_str(Str actual, const char *expected);
/* offset: where the name must start. */
void assert_name(const AstName *actual, const char *expected, uint32_t offset);
void assert_table_name(const AstTableName *actual, const char *expected);
void assert_options(const AstOptionList *actual, const char *expected);
void assert_expr(const AstExpr *actual, const char *expected);
void assert_select(const AstSelect *actual, const char *expected);

typedef struct ShapeCase {
    const char *text;
    const char *shape;
} ShapeCase;

/* Report each case that differs, then fail if there was one. */
void check_expr_shapes(const ShapeCase *cases, size_t count);
void check_select_shapes(const ShapeCase *cases, size_t count);

#define CHECK_EXPR_SHAPES(cases)   check_expr_shapes((cases), sizeof(cases) / sizeof(*(cases)))
#define CHECK_SELECT_SHAPES(cases) check_select_shapes((cases), sizeof(cases) / sizeof(*(cases)))

typedef struct RefusalCase {
    const char *text;
    Status status;
    int offset;          /* -1 = none */
    const char *message; /* whole */
    const char *hint;    /* NULL = none */
} RefusalCase;

void check_refusals(const RefusalCase *cases, size_t count);
#define CHECK_REFUSALS(cases) check_refusals((cases), sizeof(cases) / sizeof(*(cases)))

/* `text`, `count` times, between `before` and `after`; to be freed. */
char *repeat(const char *before, const char *text, size_t count, const char *after);
