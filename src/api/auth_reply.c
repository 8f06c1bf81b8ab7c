/* SPDX-License-Identifier: Apache-2.0 */
#include "api/auth_reply.h"

#include "base/clock.h"
#include "value/datetime.h"

#include <time.h>

/* ---- bodies ---- */

static void write_time_member(Buf *out, Str name, int64_t us)
{
    BUF_LIT(out, ",");
    json_write_key(out, name);
    BUF_LIT(out, "\"");
    rfc3339_write(out, us);
    BUF_LIT(out, "\"");
}

void auth_write_user(Buf *out, const User *user)
{
    BUF_LIT(out, "{\"id\":");
    json_write_string(out, user->id);
    BUF_LIT(out, ",\"role\":");
    json_write_string(out, str_from_c(role_word(user->role)));
    BUF_LIT(out, ",\"email\":");
    if (user->email.ptr)
        json_write_string(out, user->email);
    else
        BUF_LIT(out, "null");
    write_time_member(out, STR("created_at"), user->created_at_us);
    write_time_member(out, STR("updated_at"), user->updated_at_us);
    BUF_LIT(out, "}");
}

static void write_tokens(Buf *out, const User *user, const TokenPair *tokens)
{
    BUF_LIT(out, "{\"user\":");
    auth_write_user(out, user);
    buf_printf(out, ",\"admin_ui_access\":%s", role_is_admin(user->role) ? "true" : "false");
    write_time_member(out, STR("expires_at"), tokens->access_expires_at_us);
    BUF_LIT(out, ",\"access_token\":");
    json_write_string(out, tokens->access);
    BUF_LIT(out, ",\"refresh_token\":");
    json_write_string(out, tokens->refresh);
    write_time_member(out, STR("refresh_expires_at"), tokens->refresh_expires_at_us);
    BUF_LIT(out, "}");
}

/* ---- cookies ---- */

static Str http_date(Arena *arena, int64_t us)
{
    struct tm fields;
    char text[64];
    time_t seconds = (time_t)(us / US_PER_SECOND);
    gmtime_r(&seconds, &fields);
    size_t len = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &fields);
    return arena_str(arena, str_from(text, len));
}

/* TLS ends at a proxy in front of us. */
static bool came_by_https(const HttpRequest *http)
{
    return str_equal_nocase(http_request_header(http, STR("x-forwarded-proto")), STR("https"));
}

/* expires_at_us 0 = it is over. */
static void add_cookie(ReplyHeaders *headers,
                       Connection *conn,
                       Arena *arena,
                       Str name,
                       Str value,
                       int64_t expires_at_us)
{
    const ApiReactor *home = connection_handler_data(conn);
    const HttpRequest *http = http_current_request(conn);
    int64_t left_s = expires_at_us ? (expires_at_us - clock_wall_us()) / US_PER_SECOND : 0;
    bool secure = home->api->options.settings.cookie_secure && http && came_by_https(http);
    reply_header_add(headers,
                     STR("Set-Cookie"),
                     arena_printf(arena,
                                  "%.*s=%.*s; HttpOnly; SameSite=Strict; Path=/; Expires=%.*s; "
                                  "Max-Age=%lld%s",
                                  STR_ARG(name),
                                  STR_ARG(value),
                                  STR_ARG(http_date(arena, expires_at_us)),
                                  (long long)(left_s > 0 ? left_s : 0),
                                  secure ? "; Secure" : ""));
}

Str auth_cookie(const HttpRequest *http, Str name)
{
    Str rest = http_request_header(http, STR("cookie"));
    for (Str part; str_split(&rest, ';', &part);) {
        part = str_trim(part);
        if (part.len > name.len && str_starts_with(part, name) && part.ptr[name.len] == '=')
            return str_from(part.ptr + name.len + 1, part.len - name.len - 1);
    }
    return STR_NULL;
}

Str auth_bearer(const HttpRequest *http)
{
    static const Str SCHEME = STR_INIT("Bearer ");
    Str header = http_request_header(http, STR("authorization"));
    if (header.len < SCHEME.len || !str_equal_nocase(str_from(header.ptr, SCHEME.len), SCHEME))
        return STR_NULL;
    return str_trim(str_from(header.ptr + SCHEME.len, header.len - SCHEME.len));
}

/* ---- answers ---- */

void auth_reply_tokens(Connection *conn, Arena *arena, const User *user, const TokenPair *tokens)
{
    Buf body = {0};
    ReplyHeaders headers = reply_headers(conn);
    add_cookie(&headers, conn, arena, COOKIE_ACCESS, tokens->access, tokens->access_expires_at_us);
    add_cookie(
        &headers, conn, arena, COOKIE_REFRESH, tokens->refresh, tokens->refresh_expires_at_us);
    reply_header_add(&headers, STR("Cache-Control"), STR("no-store"));
    write_tokens(&body, user, tokens);
    reply_json(conn, 200, &body, &headers);
}

void auth_reply_logout(Connection *conn, Arena *arena)
{
    Buf body = {0};
    ReplyHeaders headers = reply_headers(conn);
    add_cookie(&headers, conn, arena, COOKIE_ACCESS, STR(""), 0);
    add_cookie(&headers, conn, arena, COOKIE_REFRESH, STR(""), 0);
    BUF_LIT(&body, "{\"message\":\"Logged out successfully\"}");
    reply_json(conn, 200, &body, &headers);
}

void auth_reply_unauthorized(Connection *conn, Str message)
{
    reply_error(conn, 401, "unauthorized", message);
}

/* ---- requests ---- */

static const AuthField *find_field(const AuthField *fields, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(fields[i].name, name) ||
            (fields[i].alias.len > 0 && str_equal(fields[i].alias, name)))
            return &fields[i];
    }
    return NULL;
}

static bool read_member(Context *ctx, const Json *member, const AuthField *field, Str *ret_why)
{
    if (!field) {
        *ret_why = arena_printf(&ctx->arena, "unknown field `%.*s`", STR_ARG(member->key));
        return false;
    }
    if (member->kind == JSON_NULL && field->optional)
        return true;
    if (member->kind != JSON_STRING) {
        *ret_why = arena_printf(&ctx->arena, "`%.*s` must be a string", STR_ARG(member->key));
        return false;
    }
    if (member->text.len > field->bytes_max) {
        *ret_why = arena_printf(
            &ctx->arena, "`%.*s` is longer than %zu bytes", STR_ARG(member->key), field->bytes_max);
        return false;
    }
    *field->value = member->text;
    return true;
}

static bool
read_object(Context *ctx, const Json *json, const AuthField *fields, size_t count, Str *ret_why)
{
    for (size_t i = 0; i < count; i++)
        *fields[i].value = STR_NULL;
    for (const Json *member = json->first; member; member = member->next) {
        if (!read_member(ctx, member, find_field(fields, count, member->key), ret_why))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].optional || fields[i].value->ptr)
            continue;
        *ret_why = arena_printf(&ctx->arena, "missing field `%.*s`", STR_ARG(fields[i].name));
        return false;
    }
    return true;
}

bool auth_read_fields(Context *ctx, Str body, const AuthField *fields, size_t count, Str *ret_why)
{
    const Json *json;
    if (json_parse(ctx, body, &json) != STATUS_OK) {
        *ret_why = arena_str(&ctx->arena, ctx->message);
        return false;
    }
    if (json->kind != JSON_OBJECT) {
        *ret_why = STR("expected an object");
        return false;
    }
    return read_object(ctx, json, fields, count, ret_why);
}
