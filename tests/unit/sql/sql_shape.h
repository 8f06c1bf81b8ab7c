/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syntax trees as nested lists, independent of the printer: 1 + 2 * 3 is
 * (+ 1 (* 2 3)).  Every member of the tree that means something is shown, so
 * two trees of one shape say the same; a chain of AND or OR is shown flat,
 * however it is balanced.
 */
#pragma once

#include "base/buf.h"
#include "sql/ast.h"

void shape_expr(Buf *out, const AstExpr *expr);
void shape_select(Buf *out, const AstSelect *select);
void shape_items(Buf *out, const AstItem *items, size_t count);
void shape_name(Buf *out, const AstName *name);
void shape_table_name(Buf *out, const AstTableName *name);
void shape_names(Buf *out, const AstNameList *list);
void shape_type(Buf *out, const AstType *type);
/* key=value key=value */
void shape_options(Buf *out, const AstOptionList *options);
