/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the auth endpoints (protocol.md 1.5) have in common: bodies, cookies,
 * the errors {"error":"code","message":".."}.
 */
#pragma once

#include "api/reply.h"
#include "value/json.h"

/* {"id":..,"role":..,"email":..,"created_at":..,"updated_at":..} */
void auth_write_user(Buf *out, const User *user);

/* Answers a login or a refresh: the tokens, as body and as cookies. arena is scratch. */
void auth_reply_tokens(Connection *conn, Arena *arena, const User *user, const TokenPair *tokens);

/* Answers a logout: both cookies are over. */
void auth_reply_logout(Connection *conn, Arena *arena);

/* 401 {"error":"unauthorized"} */
void auth_reply_unauthorized(Connection *conn, Str message);

/* The value of a cookie of the request, or empty. */
Str auth_cookie(const HttpRequest *http, Str name);

/* The token behind "Authorization: Bearer ", or empty. */
Str auth_bearer(const HttpRequest *http);

#define COOKIE_ACCESS  STR("kalamdb_auth")
#define COOKIE_REFRESH STR("kalamdb_refresh")

/*
 * Reads an object of strings with the named members and no others; `email`-like optional ones
 * may be null or missing (their Str stays empty).  False: malformed, *ret_why says how.
 */
typedef struct AuthField {
    Str name;
    Str alias; /* empty = none */
    Str *value;
    size_t bytes_max;
    bool optional;
} AuthField;
bool auth_read_fields(Context *ctx, Str body, const AuthField *fields, size_t count, Str *ret_why);
