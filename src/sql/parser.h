/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL text to syntax tree: one lexer, one grammar, by recursive descent with
 * precedence climbing for expressions.
 *
 * Text must be UTF-8 and at most SQL_TEXT_MAX bytes; expressions nest at most
 * SQL_DEPTH_MAX deep.  Errors are STATUS_SYNTAX_ERROR (or STATUS_INVALID_SQL for
 * "Unsupported statement type: ..") with the position of the offending token.
 */
#pragma once

#include "base/context.h"
#include "sql/ast.h"

enum { SQL_TEXT_MAX = 1 << 20, SQL_DEPTH_MAX = 256, SQL_STATEMENTS_MAX = 10000 };

typedef struct AstScript {
    const AstStatement *const *statements;
    size_t count;
} AstScript;

/* All statements, separated by ';'.  Empty ones are left out; count may be 0. */
MUST_CHECK Status sql_parse(Context *ctx, Str text, AstScript *ret_script);

/* Exactly one statement. */
MUST_CHECK Status sql_parse_one(Context *ctx, Str text, const AstStatement **ret_statement);

/* One expression, to the end of the text (stored defaults). */
MUST_CHECK Status sql_parse_expr(Context *ctx, Str text, const AstExpr **ret_expr);

/* "SELECT", "CREATE TABLE" .. for messages. */
const char *ast_kind_name(AstKind kind);

/* Where the name of what the statement is about stands, else where the statement begins. */
uint32_t ast_subject_offset(const AstStatement *statement);
