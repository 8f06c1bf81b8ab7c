/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_fixture.h"

/* ---- parsing ---- */

static void check_parsed(const Context *ctx, Status status, const char *text)
{
    if (status == STATUS_OK)
        return;
    print_error("# %.200s\n# at %d: %.*s\n", text, ctx->position - 1, STR_ARG(ctx->message));
    fail();
}

const AstStatement *must_parse(Context *ctx, const char *text)
{
    const AstStatement *statement = NULL;
    check_parsed(ctx, sql_parse_one(ctx, str_from_c(text), &statement), text);
    return statement;
}

const AstStatement *must_parse_kind(Context *ctx, const char *text, AstKind kind)
{
    const AstStatement *statement = must_parse(ctx, text);
    assert_string_equal(ast_kind_name(statement->kind), ast_kind_name(kind));
    return statement;
}

const AstExpr *must_parse_expr(Context *ctx, const char *text)
{
    const AstExpr *expr = NULL;
    check_parsed(ctx, sql_parse_expr(ctx, str_from_c(text), &expr), text);
    return expr;
}

const AstSelect *must_parse_select(Context *ctx, const char *text)
{
    return must_parse_kind(ctx, text, AST_SELECT)->select;
}

/* ---- comparing ---- */

void assert_str(Str actual, const char *expected)
{
    CLEANUP(buf_done) Buf text = {0};
    buf_str_append(&text, actual);
    buf_byte(&text, '\0');
    assert_string_equal(text.ptr, expected);
}

void assert_name(const AstName *actual, const char *expected, uint32_t offset)
{
    CLEANUP(buf_done) Buf text = {0};
    shape_name(&text, actual);
    assert_str(buf_str(&text), expected);
    assert_int_equal(actual->offset, offset);
}

void assert_table_name(const AstTableName *actual, const char *expected)
{
    CLEANUP(buf_done) Buf text = {0};
    shape_table_name(&text, actual);
    assert_str(buf_str(&text), expected);
}

void assert_options(const AstOptionList *actual, const char *expected)
{
    CLEANUP(buf_done) Buf text = {0};
    shape_options(&text, actual);
    assert_str(buf_str(&text), expected);
}

void assert_expr(const AstExpr *actual, const char *expected)
{
    CLEANUP(buf_done) Buf text = {0};
    assert_non_null(actual);
    shape_expr(&text, actual);
    assert_str(buf_str(&text), expected);
}

void assert_select(const AstSelect *actual, const char *expected)
{
    CLEANUP(buf_done) Buf text = {0};
    assert_non_null(actual);
    shape_select(&text, actual);
    assert_str(buf_str(&text), expected);
}

/* ---- tables of cases ---- */

static bool
has_shape(const Context *ctx, Status status, const Buf *shape, const ShapeCase *expected)
{
    if (status == STATUS_OK && str_equal(buf_str(shape), str_from_c(expected->shape)))
        return true;
    print_error("# %s\n#   expected %s\n#   got      %.*s\n",
                expected->text,
                expected->shape,
                STR_ARG(status == STATUS_OK ? buf_str(shape) : ctx->message));
    return false;
}

void check_expr_shapes(const ShapeCase *cases, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf shape = {0};
        const AstExpr *expr;
        Status status = sql_parse_expr(&ctx, str_from_c(cases[i].text), &expr);
        if (status == STATUS_OK)
            shape_expr(&shape, expr);
        wrong += !has_shape(&ctx, status, &shape, &cases[i]);
    }
    assert_int_equal(wrong, 0);
}

void check_select_shapes(const ShapeCase *cases, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf shape = {0};
        const AstStatement *statement;
        Status status = sql_parse_one(&ctx, str_from_c(cases[i].text), &statement);
        if (status == STATUS_OK && statement->kind == AST_SELECT)
            shape_select(&shape, statement->select);
        wrong += !has_shape(&ctx, status, &shape, &cases[i]);
    }
    assert_int_equal(wrong, 0);
}

static bool is_refused(const Context *ctx, Status status, const RefusalCase *expected)
{
    Str hint = str_from_c(expected->hint);
    if (status == expected->status && ctx->position == expected->offset + 1 &&
        str_equal(ctx->message, str_from_c(expected->message)) && str_equal(ctx->hint, hint))
        return true;
    print_error("# %s\n#   expected %s at %d: %s (%s)\n#   got      %s at %d: %.*s (%.*s)\n",
                expected->text,
                status_info(expected->status)->name,
                expected->offset,
                expected->message,
                expected->hint ? expected->hint : "",
                status_info(status)->name,
                ctx->position - 1,
                STR_ARG(ctx->message),
                STR_ARG(ctx->hint));
    return false;
}

void check_refusals(const RefusalCase *cases, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        CLEANUP(context_done) Context ctx = {0};
        AstScript script;
        Status status = sql_parse(&ctx, str_from_c(cases[i].text), &script);
        wrong += !is_refused(&ctx, status, &cases[i]);
    }
    assert_int_equal(wrong, 0);
}

char *repeat(const char *before, const char *text, size_t count, const char *after)
{
    Buf buf = {0};
    buf_str_append(&buf, str_from_c(before));
    for (size_t i = 0; i < count; i++)
        buf_str_append(&buf, str_from_c(text));
    buf_str_append(&buf, str_from_c(after));
    buf_byte(&buf, '\0');
    size_t len;
    return buf_take(&buf, &len);
}
