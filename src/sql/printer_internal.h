/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the printers of expressions and of queries share.  Both put parentheses
 * where the tree would read back differently without them, and nowhere else:
 * what the parser could read from a text of some depth, it can read again.
 */
#pragma once

#include "sql/operators.h"
#include "sql/printer.h"

/* a, b; NULL prints as DEFAULT. */
void print_expr_list(Buf *out, const AstExpr *const *items, size_t count);
void print_order_list(Buf *out, const AstOrderList *order);
void print_name_list(Buf *out, const AstNameList *list);
void print_table_name(Buf *out, const AstTableName *name);
void print_query_in_parentheses(Buf *out, const AstSelect *select);
