/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/parser_internal.h"

/* ---- SHOW, DESCRIBE, USE ---- */

static Status parse_show_tables(Parser *parser, AstShow *show)
{
    show->show = AST_SHOW_TABLES;
    if (!TAKE_WORD(parser, "in") && !TAKE_WORD(parser, "from"))
        return STATUS_OK;
    (void)TAKE_WORD(parser, "namespace");
    return parse_namespace_name(parser, &show->namespace_name);
}

static Status parse_show_columns(Parser *parser, AstShow *show)
{
    show->show = AST_SHOW_COLUMNS;
    if (!TAKE_WORD(parser, "in"))
        TRY(EXPECT_WORD(parser, "from"));
    return parse_table_name(parser, &show->table);
}

static Status parse_show_stats(Parser *parser, AstShow *show)
{
    show->show = AST_SHOW_STATS;
    TRY(EXPECT_WORD(parser, "for"));
    TRY(EXPECT_WORD(parser, "table"));
    return parse_table_name(parser, &show->table);
}

static Status parse_show(Parser *parser, AstStatement *statement)
{
    AstShow *show = &statement->show;
    const Token *start = parser->token;
    statement->kind = AST_SHOW;
    parser_advance(parser);
    if (TAKE_WORD(parser, "tables"))
        return parse_show_tables(parser, show);
    if (TAKE_WORD(parser, "columns"))
        return parse_show_columns(parser, show);
    if (TAKE_WORD(parser, "stats"))
        return parse_show_stats(parser, show);
    if (TAKE_WORD(parser, "namespaces"))
        show->show = AST_SHOW_NAMESPACES;
    else if (TAKE_WORD(parser, "storages"))
        show->show = AST_SHOW_STORAGES;
    else if (TAKE_WORD(parser, "manifest"))
        show->show = AST_SHOW_MANIFEST;
    else if (TAKE_WORD(parser, "all"))
        show->show = AST_SHOW_ALL;
    else
        return parser_fail_unsupported(parser, start, "SHOW ");
    return STATUS_OK;
}

static Status parse_describe(Parser *parser, AstStatement *statement)
{
    statement->kind = AST_DESCRIBE;
    parser_advance(parser);
    (void)TAKE_WORD(parser, "table");
    TRY(parse_table_name(parser, &statement->describe.table));
    statement->describe.history = TAKE_WORD(parser, "history");
    return STATUS_OK;
}

/* USE n, USE NAMESPACE n, SET NAMESPACE n; USE namespace is a namespace of that name. */
static Status parse_use(Parser *parser, AstStatement *statement)
{
    statement->kind = AST_USE;
    const Token *start = parser->token;
    bool set = AT_WORD(parser, "set");
    parser_advance(parser);
    bool has_name = start[1].kind != TOKEN_END && start[2].kind != TOKEN_END &&
                    !at_symbol_of(start + 2, STR(";"));
    if (AT_WORD(parser, "namespace") && (set || has_name))
        parser_advance(parser);
    else if (set)
        return parser_fail_unsupported(parser, start, "SET ");
    return parse_namespace_name(parser, &statement->use);
}

/* ---- EXPLAIN, SUBSCRIBE, EXECUTE AS ---- */

/* SUBSCRIBE TO ns.t [WHERE ..] means SELECT * FROM ns.t [WHERE ..] */
static Status parse_subscribed_table(Parser *parser, const AstSelect **ret_select)
{
    AstSelect *select = ARENA_NEW(parser->arena, AstSelect);
    AstFrom *from = ARENA_NEW(parser->arena, AstFrom);
    AstItem *item = ARENA_NEW(parser->arena, AstItem);
    select->offset = from->offset = parser_offset(parser);
    item->expr = new_expr(parser, AST_STAR, select->offset);
    from->kind = AST_FROM_TABLE;
    select->items = item;
    select->item_count = 1;
    select->from = from;
    TRY(parse_table_name(parser, &from->table));
    if (TAKE_WORD(parser, "where"))
        TRY(parse_expr(parser, &select->where));
    *ret_select = select;
    return STATUS_OK;
}

static Status parse_subscribe(Parser *parser, AstStatement *statement)
{
    statement->kind = AST_SUBSCRIBE;
    parser_advance(parser);
    (void)TAKE_WORD(parser, "to");
    TRY(parser_at_select(parser) ? parse_select(parser, &statement->subscribe.select)
                                 : parse_subscribed_table(parser, &statement->subscribe.select));
    if (TAKE_WORD(parser, "options"))
        return parse_options(parser, &statement->subscribe.options);
    return STATUS_OK;
}

/* A statement inside another one; its parameters are the outer one's too. */
static Status parse_inner(Parser *parser, const AstStatement **ret_statement)
{
    AstStatement *inner = ARENA_NEW(parser->arena, AstStatement);
    uint32_t start = parser->token->offset;
    TRY(parser_enter(parser));
    TRY(parse_statement(parser, inner));
    parser_leave(parser);
    inner->text = str_from(parser->text.ptr + start, parser->token[-1].end - start);
    inner->offset = start;
    inner->parameter_count = parser->parameter_count;
    *ret_statement = inner;
    return STATUS_OK;
}

static Status parse_explain(Parser *parser, AstStatement *statement)
{
    AstExplain *explain = &statement->explain;
    statement->kind = AST_EXPLAIN;
    parser_advance(parser);
    explain->analyze = TAKE_WORD(parser, "analyze");
    explain->subscribe = AT_WORD(parser, "subscribe");
    bool explainable = explain->subscribe || parser_at_select(parser) ||
                       AT_WORD(parser, "insert") || AT_WORD(parser, "update") ||
                       AT_WORD(parser, "delete");
    if (!explainable)
        return parser_fail(parser, "SELECT, INSERT, UPDATE, DELETE or SUBSCRIBE");
    return parse_inner(parser, &explain->statement);
}

/* EXECUTE AS USER 'u' ( statement ) */
static Status parse_execute_as(Parser *parser, AstStatement *statement)
{
    statement->kind = AST_EXECUTE_AS;
    parser_advance(parser);
    TRY(EXPECT_WORD(parser, "as"));
    TRY(EXPECT_WORD(parser, "user"));
    TRY(parse_name_or_string(parser, "a user name", &statement->execute_as.user));
    const Token *open = parser->token;
    TRY(EXPECT_SYMBOL(parser, "("));
    TRY(parse_inner(parser, &statement->execute_as.statement));
    return parser_expect_close(parser, open);
}

/* ---- STORAGE, KILL ---- */

static Status parse_maintenance(Parser *parser, AstMaintenance *maintenance)
{
    if (TAKE_WORD(parser, "table"))
        return parse_table_name(parser, &maintenance->table);
    TRY(EXPECT_WORD(parser, "all"));
    maintenance->all = true;
    if (!TAKE_WORD(parser, "in"))
        return STATUS_OK;
    (void)TAKE_WORD(parser, "namespace");
    return parse_namespace_name(parser, &maintenance->namespace_name);
}

static Status parse_storage_statement(Parser *parser, AstStatement *statement)
{
    parser_advance(parser);
    if (TAKE_WORD(parser, "check")) {
        statement->kind = AST_STORAGE_CHECK;
        TRY(parse_name_or_string(parser, "a storage id", &statement->storage.id));
        statement->storage.extended = TAKE_WORD(parser, "extended");
        return STATUS_OK;
    }
    statement->kind = AT_WORD(parser, "flush") ? AST_STORAGE_FLUSH : AST_STORAGE_COMPACT;
    if (!TAKE_WORD(parser, "flush") && !TAKE_WORD(parser, "compact"))
        return parser_fail(parser, "CHECK, FLUSH or COMPACT");
    return parse_maintenance(parser, &statement->maintenance);
}

static Status parse_kill(Parser *parser, AstStatement *statement)
{
    AstName id;
    statement->kind = AST_KILL;
    parser_advance(parser);
    if (TAKE_WORDS(parser, "live", "query"))
        statement->kill.live_query = true;
    else
        TRY(EXPECT_WORD(parser, "job"));
    TRY(parse_name_or_string(parser, "an id in quotes", &id));
    statement->kill.id = id.text;
    return STATUS_OK;
}

/* ---- transactions ---- */

static Status parse_transaction(Parser *parser, AstStatement *statement, AstKind kind)
{
    statement->kind = kind;
    parser_advance(parser);
    if (!TAKE_WORD(parser, "transaction"))
        (void)TAKE_WORD(parser, "work");
    return STATUS_OK;
}

Status parse_utility(Parser *parser, AstStatement *statement)
{
    if (AT_WORD(parser, "begin") || AT_WORDS(parser, "start", "transaction"))
        return parse_transaction(parser, statement, AST_BEGIN);
    if (AT_WORD(parser, "commit"))
        return parse_transaction(parser, statement, AST_COMMIT);
    if (AT_WORD(parser, "rollback"))
        return parse_transaction(parser, statement, AST_ROLLBACK);
    if (AT_WORD(parser, "show"))
        return parse_show(parser, statement);
    if (AT_WORD(parser, "describe") || AT_WORD(parser, "desc"))
        return parse_describe(parser, statement);
    if (AT_WORD(parser, "use") || AT_WORD(parser, "set"))
        return parse_use(parser, statement);
    if (AT_WORD(parser, "explain"))
        return parse_explain(parser, statement);
    if (AT_WORD(parser, "subscribe"))
        return parse_subscribe(parser, statement);
    if (AT_WORD(parser, "execute"))
        return parse_execute_as(parser, statement);
    if (AT_WORD(parser, "storage"))
        return parse_storage_statement(parser, statement);
    if (AT_WORD(parser, "kill"))
        return parse_kill(parser, statement);
    return parser_fail_unsupported(parser, parser->token, "");
}
