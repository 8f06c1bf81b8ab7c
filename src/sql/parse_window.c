/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OVER and WINDOW.  OVER name stands before WINDOW name AS (..), so calls that
 * name a window wait in the WindowScope of their query until its block, and for
 * those in ORDER BY until the query, has been read.
 */
#include "sql/parser_internal.h"

/* A window that has a name is printed with every call that uses it. */
enum { WINDOW_USES_MAX = 100 };

static Status parse_direction(Parser *parser, bool *ret_following)
{
    *ret_following = AT_WORD(parser, "following");
    if (!*ret_following && !AT_WORD(parser, "preceding"))
        return parser_fail(parser, "PRECEDING or FOLLOWING");
    parser_advance(parser);
    return STATUS_OK;
}

static Status parse_bound(Parser *parser, AstFrameBound *ret_bound)
{
    bool following;
    if (TAKE_WORDS(parser, "current", "row")) {
        ret_bound->kind = AST_FRAME_CURRENT_ROW;
        return STATUS_OK;
    }
    if (TAKE_WORD(parser, "unbounded")) {
        TRY(parse_direction(parser, &following));
        ret_bound->kind = following ? AST_FRAME_UNBOUNDED_FOLLOWING : AST_FRAME_UNBOUNDED_PRECEDING;
        return STATUS_OK;
    }
    TRY(parse_expr_of_rank(parser, RANK_OTHER, &ret_bound->offset));
    TRY(parse_direction(parser, &following));
    ret_bound->kind = following ? AST_FRAME_FOLLOWING : AST_FRAME_PRECEDING;
    return STATUS_OK;
}

/* ROWS x means ROWS BETWEEN x AND CURRENT ROW */
static Status parse_frame(Parser *parser, AstWindow *window)
{
    if (TAKE_WORD(parser, "rows"))
        window->frame = AST_FRAME_ROWS;
    else if (TAKE_WORD(parser, "range"))
        window->frame = AST_FRAME_RANGE;
    else if (TAKE_WORD(parser, "groups"))
        window->frame = AST_FRAME_GROUPS;
    else
        return STATUS_OK;
    window->end.kind = AST_FRAME_CURRENT_ROW;
    if (!TAKE_WORD(parser, "between"))
        return parse_bound(parser, &window->start);
    TRY(parse_bound(parser, &window->start));
    TRY(EXPECT_WORD(parser, "and"));
    return parse_bound(parser, &window->end);
}

static Status parse_window(Parser *parser, const AstWindow **ret_window)
{
    AstWindow *window = ARENA_NEW(parser->arena, AstWindow);
    const Token *open = parser->token;
    TRY(EXPECT_SYMBOL(parser, "("));
    if (TAKE_WORDS(parser, "partition", "by")) {
        ExprList partition = {0};
        TRY(parse_expr_list(parser, &partition));
        window->partition = partition.items;
        window->partition_count = partition.count;
    }
    if (TAKE_WORD(parser, "order")) {
        TRY(EXPECT_WORD(parser, "by"));
        TRY(parse_order_list(parser, &window->order));
    }
    TRY(parse_frame(parser, window));
    TRY(parser_expect_close(parser, open));
    *ret_window = window;
    return STATUS_OK;
}

static Status no_such_window(Parser *parser, const AstName *name)
{
    return fail_at(parser->ctx,
                   STATUS_SYNTAX_ERROR,
                   name->offset,
                   "window \"%.*s\" does not exist",
                   STR_ARG(name->text));
}

Status parse_over(Parser *parser, AstExpr *call)
{
    if (AT_SYMBOL(parser, "("))
        return parse_window(parser, &call->window);
    AstName name;
    WindowScope *scope = parser->windows;
    TRY(parse_name(parser, "\"(\" or the name of a window", &name));
    if (!scope)
        return no_such_window(parser, &name);
    if (scope->use_count == WINDOW_USES_MAX)
        return fail_at(parser->ctx,
                       STATUS_INVALID_SQL,
                       name.offset,
                       "more than %d calls use windows by name",
                       WINDOW_USES_MAX);
    scope->uses = arena_grow(
        parser->arena, scope->uses, scope->use_count, &scope->use_capacity, sizeof(WindowUse));
    scope->uses[scope->use_count++] = (WindowUse){call, name};
    return STATUS_OK;
}

/* Calls inside the definition cannot use windows by name: it could be their own. */
static Status parse_named_window(Parser *parser, WindowScope *scope)
{
    NamedWindow named = {0};
    TRY(parse_name(parser, "the name of a window", &named.name));
    TRY(EXPECT_WORD(parser, "as"));
    parser->windows = NULL;
    TRY(parse_window(parser, &named.window));
    parser->windows = scope;
    scope->windows = arena_grow(
        parser->arena, scope->windows, scope->count, &scope->capacity, sizeof(NamedWindow));
    scope->windows[scope->count++] = named;
    return STATUS_OK;
}

/* WINDOW w AS (..), .. */
Status parse_window_clause(Parser *parser)
{
    WindowScope *scope = parser->windows;
    do
        TRY(parse_named_window(parser, scope));
    while (TAKE_SYMBOL(parser, ","));
    return STATUS_OK;
}

static const AstWindow *find_window(const WindowScope *scope, Str name)
{
    for (size_t i = 0; i < scope->count; i++)
        if (str_equal(scope->windows[i].name.text, name))
            return scope->windows[i].window;
    return NULL;
}

Status resolve_windows(Parser *parser)
{
    WindowScope *scope = parser->windows;
    for (size_t i = 0; i < scope->use_count; i++) {
        WindowUse *use = &scope->uses[i];
        use->call->window = find_window(scope, use->name.text);
        if (!use->call->window)
            return no_such_window(parser, &use->name);
    }
    scope->use_count = 0;
    return STATUS_OK;
}
