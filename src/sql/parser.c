/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/parser.h"

#include "sql/parser_internal.h"

Status parse_statement(Parser *parser, AstStatement *statement)
{
    if (parser_at_select(parser)) {
        statement->kind = AST_SELECT;
        return parse_select(parser, &statement->select);
    }
    if (AT_WORD(parser, "insert"))
        return parse_insert(parser, statement);
    if (AT_WORD(parser, "update"))
        return parse_update(parser, statement);
    if (AT_WORD(parser, "delete"))
        return parse_delete(parser, statement);
    if (TAKE_WORD(parser, "create"))
        return parse_create(parser, statement);
    if (TAKE_WORD(parser, "alter"))
        return parse_alter(parser, statement);
    if (TAKE_WORD(parser, "drop"))
        return parse_drop(parser, statement);
    return parse_utility(parser, statement);
}

static Status parse_whole_statement(Parser *parser, const AstStatement **ret_statement)
{
    AstStatement *statement = ARENA_NEW(parser->arena, AstStatement);
    parser->base = parser->token->offset;
    parser->parameter_count = 0;
    parser->depth = 0;
    TRY(parse_statement(parser, statement));
    if (parser->token->kind != TOKEN_END && !AT_SYMBOL(parser, ";"))
        return parser_fail(parser, NULL);
    statement->offset = parser->base;
    statement->text =
        str_from(parser->text.ptr + parser->base, parser->token[-1].end - parser->base);
    statement->parameter_count = parser->parameter_count;
    *ret_statement = statement;
    return STATUS_OK;
}

static Status open(Context *ctx, Str text, Parser *ret_parser)
{
    TokenList tokens;
    if (text.len > SQL_TEXT_MAX)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "the SQL text has %zu bytes, at most %d are allowed",
                    text.len,
                    SQL_TEXT_MAX);
    if (!str_is_utf8(text))
        return fail(ctx, STATUS_SYNTAX_ERROR, "the SQL text is not valid UTF-8");
    TRY(sql_lex(ctx, text, &tokens));
    *ret_parser = (Parser){.ctx = ctx, .arena = &ctx->arena, .text = text, .token = tokens.items};
    return STATUS_OK;
}

Status sql_parse(Context *ctx, Str text, AstScript *ret_script)
{
    Parser parser;
    const AstStatement **statements = NULL;
    size_t count = 0;
    size_t capacity = 0;
    TRY(open(ctx, text, &parser));
    for (;;) {
        while (TAKE_SYMBOL(&parser, ";"))
            ;
        if (parser.token->kind == TOKEN_END)
            break;
        if (count == SQL_STATEMENTS_MAX)
            return fail_at(ctx,
                           STATUS_LIMIT_EXCEEDED,
                           parser.token->offset,
                           "more than %d statements",
                           SQL_STATEMENTS_MAX);
        statements = arena_grow(&ctx->arena, statements, count, &capacity, sizeof(*statements));
        TRY(parse_whole_statement(&parser, &statements[count]));
        count++;
    }
    *ret_script = (AstScript){statements, count};
    return STATUS_OK;
}

Status sql_parse_one(Context *ctx, Str text, const AstStatement **ret_statement)
{
    AstScript script;
    TRY(sql_parse(ctx, text, &script));
    if (script.count != 1)
        return fail(
            ctx, STATUS_INVALID_SQL, "expected exactly one statement, got %zu", script.count);
    *ret_statement = script.statements[0];
    return STATUS_OK;
}

Status sql_parse_expr(Context *ctx, Str text, const AstExpr **ret_expr)
{
    Parser parser;
    TRY(open(ctx, text, &parser));
    TRY(parse_expr(&parser, ret_expr));
    return parser.token->kind == TOKEN_END ? STATUS_OK : parser_fail(&parser, "end of input");
}

const char *ast_kind_name(AstKind kind)
{
    static const char *const NAMES[] = {
        [AST_SELECT] = "SELECT",
        [AST_INSERT] = "INSERT",
        [AST_UPDATE] = "UPDATE",
        [AST_DELETE] = "DELETE",
        [AST_CREATE_NAMESPACE] = "CREATE NAMESPACE",
        [AST_ALTER_NAMESPACE] = "ALTER NAMESPACE",
        [AST_DROP_NAMESPACE] = "DROP NAMESPACE",
        [AST_CREATE_TABLE] = "CREATE TABLE",
        [AST_ALTER_TABLE] = "ALTER TABLE",
        [AST_DROP_TABLE] = "DROP TABLE",
        [AST_CREATE_VIEW] = "CREATE VIEW",
        [AST_DROP_VIEW] = "DROP VIEW",
        [AST_CREATE_USER] = "CREATE USER",
        [AST_ALTER_USER] = "ALTER USER",
        [AST_DROP_USER] = "DROP USER",
        [AST_CREATE_STORAGE] = "CREATE STORAGE",
        [AST_ALTER_STORAGE] = "ALTER STORAGE",
        [AST_DROP_STORAGE] = "DROP STORAGE",
        [AST_STORAGE_CHECK] = "STORAGE CHECK",
        [AST_STORAGE_FLUSH] = "STORAGE FLUSH",
        [AST_STORAGE_COMPACT] = "STORAGE COMPACT",
        [AST_USE] = "USE",
        [AST_SHOW] = "SHOW",
        [AST_DESCRIBE] = "DESCRIBE",
        [AST_EXPLAIN] = "EXPLAIN",
        [AST_SUBSCRIBE] = "SUBSCRIBE",
        [AST_EXECUTE_AS] = "EXECUTE AS USER",
        [AST_KILL] = "KILL",
        [AST_BEGIN] = "BEGIN",
        [AST_COMMIT] = "COMMIT",
        [AST_ROLLBACK] = "ROLLBACK",
    };
    return NAMES[kind];
}
