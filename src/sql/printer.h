/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syntax tree to SQL text that parses back to an equal tree: every identifier
 * is quoted when it must be, every operator parenthesised when it must be.
 */
#pragma once

#include "base/buf.h"
#include "sql/ast.h"

void sql_print_expr(Buf *out, const AstExpr *expr);
void sql_print_select(Buf *out, const AstSelect *select);
/* "Name" when it needs quotes, else name. */
void sql_print_name(Buf *out, Str name);
/* 'it''s' */
void sql_print_string(Buf *out, Str text);

/* True when both trees say the same, places aside. */
bool ast_expr_equal(const AstExpr *a, const AstExpr *b);
