/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random syntax trees, such as the parser can make, with names and texts that
 * are hard to print.
 */
#pragma once

#include "base/arena.h"
#include "sql/ast.h"

/* A group setup: the seed is printed and can be given as TEST_SEED. */
int random_sql_seed(void **state);

/* In the arena; depth bounds the height. */
const AstExpr *random_expr(Arena *arena, int depth);
const AstSelect *random_select(Arena *arena, int depth);
