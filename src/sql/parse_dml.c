/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/parser_internal.h"

/* a = x, b = y */
static Status parse_assignments(Parser *parser, const AstAssignment **ret_items, size_t *ret_count)
{
    AstAssignment *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    do {
        items = arena_grow(parser->arena, items, count, &capacity, sizeof(*items));
        AstAssignment *assignment = &items[count++];
        TRY(parse_name(parser, "a column name", &assignment->column));
        TRY(EXPECT_SYMBOL(parser, "="));
        if (AT_WORD(parser, "default"))
            return parser_fail_dialect(parser, "SET column = DEFAULT", "write the value");
        TRY(parse_expr(parser, &assignment->value));
    } while (TAKE_SYMBOL(parser, ","));
    *ret_items = items;
    *ret_count = count;
    return STATUS_OK;
}

static Status parse_returning(Parser *parser, const AstItem **ret_items, size_t *ret_count)
{
    if (!TAKE_WORD(parser, "returning"))
        return STATUS_OK;
    return parse_items(parser, ret_items, ret_count);
}

/* ON CONFLICT [(columns)] DO NOTHING | DO UPDATE SET .. [WHERE ..] */
static Status parse_on_conflict(Parser *parser, AstInsert *insert)
{
    if (!TAKE_WORDS(parser, "on", "conflict"))
        return STATUS_OK;
    insert->on_conflict = true;
    if (AT_WORD(parser, "on"))
        return parser_fail_dialect(parser, "ON CONSTRAINT", "name the column: ON CONFLICT (id)");
    if (AT_SYMBOL(parser, "("))
        TRY(parse_name_list(parser, &insert->conflict_columns));
    TRY(EXPECT_WORD(parser, "do"));
    if (TAKE_WORD(parser, "nothing"))
        return STATUS_OK;
    insert->conflict_update = true;
    TRY(EXPECT_WORD(parser, "update"));
    TRY(EXPECT_WORD(parser, "set"));
    TRY(parse_assignments(parser, &insert->assignments, &insert->assignment_count));
    if (TAKE_WORD(parser, "where"))
        return parse_expr(parser, &insert->conflict_where);
    return STATUS_OK;
}

Status parse_insert(Parser *parser, AstStatement *statement)
{
    AstInsert *insert = &statement->insert;
    statement->kind = AST_INSERT;
    TRY(EXPECT_WORD(parser, "insert"));
    TRY(EXPECT_WORD(parser, "into"));
    TRY(parse_table_name(parser, &insert->table));
    if (AT_SYMBOL(parser, "(") && !parser_at_select(parser))
        TRY(parse_name_list(parser, &insert->columns));
    insert->default_values = TAKE_WORDS(parser, "default", "values");
    if (!insert->default_values) {
        if (!parser_at_select(parser))
            return parser_fail(parser, "VALUES or SELECT");
        TRY(parse_insert_source(parser, &insert->source));
    }
    TRY(parse_on_conflict(parser, insert));
    return parse_returning(parser, &insert->returning, &insert->returning_count);
}

Status parse_update(Parser *parser, AstStatement *statement)
{
    AstUpdate *update = &statement->update;
    statement->kind = AST_UPDATE;
    TRY(EXPECT_WORD(parser, "update"));
    TRY(parse_table_name(parser, &update->table));
    TRY(EXPECT_WORD(parser, "set"));
    TRY(parse_assignments(parser, &update->assignments, &update->assignment_count));
    if (TAKE_WORD(parser, "where"))
        TRY(parse_expr(parser, &update->where));
    return parse_returning(parser, &update->returning, &update->returning_count);
}

Status parse_delete(Parser *parser, AstStatement *statement)
{
    AstDelete *delete_from = &statement->delete_from;
    statement->kind = AST_DELETE;
    TRY(EXPECT_WORD(parser, "delete"));
    TRY(EXPECT_WORD(parser, "from"));
    TRY(parse_table_name(parser, &delete_from->table));
    if (TAKE_WORD(parser, "where"))
        TRY(parse_expr(parser, &delete_from->where));
    return parse_returning(parser, &delete_from->returning, &delete_from->returning_count);
}
