/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table, one row, and expressions about them as text.
 */
#pragma once

#include "expr/expr.h"

enum {
    COLUMN_ID,
    COLUMN_ROOM,
    COLUMN_SMALL,
    COLUMN_AUTHOR,
    COLUMN_DONE,
    COLUMN_PRICE,
    COLUMN_RATIO,
    COLUMN_WEIGHT,
    COLUMN_DOC,
    COLUMN_CREATED,
    COLUMN_BORN,
    COLUMN_UID,
    COLUMN_RAW,
    COLUMN_CLOCK,
    COLUMN_SEEN,
    COLUMN_MISSING, /* TEXT, NULL in fixture_row */
    COLUMN_COUNT,
    ROW_WIDTH = COLUMN_COUNT + SYSTEM_COLUMN_COUNT
};

extern const Table fixture_table;
extern const Table fixture_stream;
extern Value fixture_row[ROW_WIDTH];
extern const ExprEnvironment fixture_environment;

/* Fills fixture_row; a cmocka group setup. */
int fixture_setup(void **state);

/* Over fixture_table, with the environment and no parameters. */
ExprScope fixture_scope(void);

/* Parses and binds; asserts that the text parses. */
Status fixture_bind(Context *ctx, const ExprScope *scope, const char *text, const Expr **ret_expr);

/* What the expression gives for fixture_row: text, "NULL", or "!STATUS". In ctx's arena. */
Str fixture_run(Context *ctx, const ExprScope *scope, const char *text);

typedef struct FixtureCase {
    const char *text;
    const char *expected;
} FixtureCase;

/* Reports each case that differs, then fails if there was one. */
void fixture_check(const FixtureCase *cases, size_t count);

#define FIXTURE_CHECK(cases) fixture_check((cases), sizeof(cases) / sizeof((cases)[0]))

/* TEST_SEED or a new one, printed; never 0. */
void random_start(void);
size_t random_below(size_t bound);
