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
    uint32_t start = parser->token->offset;
    parser->parameter_count = 0;
    parser->height = 0;
    TRY(parse_statement(parser, statement));
    if (parser->token->kind != TOKEN_END && !AT_SYMBOL(parser, ";"))
        return parser_fail(parser, "end of statement");
    statement->offset = start;
    statement->text = str_from(parser->text.ptr + start, parser->token[-1].end - start);
    statement->parameter_count = parser->parameter_count;
    *ret_statement = statement;
    return STATUS_OK;
}

static size_t first_invalid_byte(Str text)
{
    size_t at = 0;
    while (at < text.len) {
        unsigned char lead = (unsigned char)text.ptr[at];
        size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (len > text.len - at || !str_is_utf8(str_from(text.ptr + at, len)))
            break;
        at += len;
    }
    return at;
}

/* The tree borrows from a copy of the text, so that it lives as long as its arena. */
static Status open_parser(Context *ctx, Str text, Parser *ret_parser)
{
    TokenList tokens;
    if (text.len > SQL_TEXT_MAX)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "the SQL text has %zu bytes, at most %d are allowed",
                    text.len,
                    SQL_TEXT_MAX);
    if (!str_is_utf8(text))
        return fail_at(
            ctx, STATUS_SYNTAX_ERROR, first_invalid_byte(text), "the SQL text is not valid UTF-8");
    text = arena_str(&ctx->arena, text);
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
    TRY(open_parser(ctx, text, &parser));
    for (;;) {
        while (TAKE_SYMBOL(&parser, ";"))
            ;
        if (parser.token->kind == TOKEN_END)
            break;
        TRY(context_check(ctx));
        if (count == SQL_STATEMENTS_MAX)
            return fail_at(ctx,
                           STATUS_INVALID_SQL,
                           parser.token->offset,
                           "more than %d statements",
                           SQL_STATEMENTS_MAX);
        statements =
            arena_grow(&ctx->arena, statements, count, &capacity, sizeof(const AstStatement *));
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
    if (script.count == 0)
        return fail(ctx, STATUS_INVALID_SQL, "expected a statement, got none");
    if (script.count > 1)
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       script.statements[1]->offset,
                       "expected one statement, got %zu",
                       script.count);
    *ret_statement = script.statements[0];
    return STATUS_OK;
}

Status sql_parse_expr(Context *ctx, Str text, const AstExpr **ret_expr)
{
    Parser parser;
    const AstExpr *expr;
    TRY(open_parser(ctx, text, &parser));
    TRY(parse_expr(&parser, &expr));
    if (parser.token->kind != TOKEN_END)
        return parser_fail(&parser, "end of input");
    *ret_expr = expr;
    return STATUS_OK;
}

uint32_t ast_subject_offset(const AstStatement *statement)
{
    switch (statement->kind) {
    case AST_CREATE_NAMESPACE:
    case AST_ALTER_NAMESPACE:
    case AST_DROP_NAMESPACE:
        return statement->space.name.offset;
    case AST_CREATE_TABLE:
        return statement->create_table.table.name.offset;
    case AST_DROP_TABLE:
        return statement->drop_table.table.name.offset;
    case AST_CREATE_USER:
    case AST_ALTER_USER:
    case AST_DROP_USER:
        return statement->user.user.offset;
    case AST_USE:
        return statement->use.offset;
    case AST_SHOW:
        return statement->show.namespace_name.text.ptr ? statement->show.namespace_name.offset
                                                       : statement->offset;
    default:
        return statement->offset;
    }
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
