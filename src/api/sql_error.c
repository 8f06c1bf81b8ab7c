/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sql_error.h"

#include "value/json.h"

SqlError sql_error_from_context(Context *ctx)
{
    const StatusInfo *info = status_info(ctx->error);
    return (SqlError){
        .http_status = info->http_status,
        .code = info->wire_code,
        .message = context_error_text(&ctx->arena, ctx, AUDIENCE_ALL),
    };
}

/* The characters of `sql` before a byte offset, plus one. */
static size_t character_position(Str sql, int byte_position)
{
    if (byte_position <= 0 || (size_t)byte_position > sql.len + 1)
        return 0;
    size_t count = 1;
    for (size_t i = 0; i + 1 < (size_t)byte_position; i++)
        count += ((uint8_t)sql.ptr[i] & 0xc0) != 0x80;
    return count;
}

static Str full_message(Arena *arena, const QueryRun *run)
{
    CLEANUP(buf_done) Buf text = {0};
    query_write_error(run, &text);
    return arena_str(arena, buf_str(&text));
}

/* A batch that does not parse has a code of its own, and so words of its own. */
static const char *public_words(const QueryRun *run, const char *code, Audience audience)
{
    const char *words = status_public_words(query_status(run), audience);
    bool is_batch = words && str_equal(str_from_c(code), STR("BATCH_PARSE_ERROR"));
    return is_batch ? "Failed to parse SQL batch" : words;
}

SqlError sql_error_from_run(Arena *arena, const QueryRun *run, Role role, Str sql)
{
    const Context *ctx = query_context(run);
    SqlError error = {
        .http_status = status_info(query_status(run))->http_status,
        .code = query_error_code(run),
        .position = character_position(sql, ctx->position),
    };
    const char *words = public_words(run, error.code, role_audience(role));
    if (words) {
        error.message = str_from_c(words);
        return error;
    }
    error.message = full_message(arena, run);
    error.hint = arena_str(arena, ctx->hint);
    if (role_is_admin(role))
        error.details =
            arena_str(arena, ctx->detail.len ? ctx->detail : query_failed_statement(run));
    return error;
}

static void write_text_member(Buf *out, Str name, Str text)
{
    if (text.len == 0)
        return;
    BUF_LIT(out, ",");
    json_write_key(out, name);
    json_write_string(out, text);
}

void sql_error_write(Buf *out, const SqlError *error)
{
    BUF_LIT(out, "{\"code\":");
    json_write_string(out, str_from_c(error->code));
    BUF_LIT(out, ",\"message\":");
    json_write_string(out, error->message);
    write_text_member(out, STR("details"), error->details);
    if (error->position > 0) {
        BUF_LIT(out, ",\"position\":");
        buf_uint64(out, error->position);
    }
    write_text_member(out, STR("hint"), error->hint);
    BUF_LIT(out, "}");
}
