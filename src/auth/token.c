/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token is base64url(header) "." base64url(claims) "." base64url(signature),
 * the signature being HMAC-SHA-256 of everything before the last dot.
 */
#include "auth/token.h"

#include "auth/base64url.h"
#include "auth/token_cache.h"
#include "value/json.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SIGNATURE_SIZE = 32 };

static const Str ISSUER = STR_INIT("kalamdb");

/* ---- making ---- */

static void sign(Str secret, Str text, unsigned char signature[SIGNATURE_SIZE])
{
    unsigned size = 0;
    HMAC(EVP_sha256(),
         secret.ptr,
         (int)secret.len,
         (const unsigned char *)text.ptr,
         text.len,
         signature,
         &size);
}

static const char *type_word(TokenType type)
{
    return type == TOKEN_ACCESS ? "access" : "refresh";
}

static void write_claims(Buf *out, const Claims *claims)
{
    BUF_LIT(out, "{\"sub\":");
    json_write_string(out, claims->user_id);
    BUF_LIT(out, ",\"iss\":");
    json_write_string(out, ISSUER);
    buf_printf(out,
               ",\"exp\":%lld,\"iat\":%lld,\"email\":",
               (long long)claims->expires_at,
               (long long)claims->issued_at);
    if (claims->email.ptr)
        json_write_string(out, claims->email);
    else
        BUF_LIT(out, "null");
    buf_printf(out,
               ",\"role\":\"%s\",\"token_type\":\"%s\"",
               role_word(claims->role),
               type_word(claims->type));
    if (claims->credentials_version)
        buf_printf(out, ",\"cv\":%u", claims->credentials_version);
    BUF_LIT(out, "}");
}

Str token_create(Arena *arena, Str secret, const Claims *claims)
{
    CLEANUP(buf_done) Buf json = {0};
    CLEANUP(buf_done) Buf token = {0};
    unsigned char signature[SIGNATURE_SIZE];
    write_claims(&json, claims);
    base64url_append(&token, STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
    BUF_LIT(&token, ".");
    base64url_append(&token, buf_str(&json));
    sign(secret, buf_str(&token), signature);
    BUF_LIT(&token, ".");
    base64url_append(&token, str_from((const char *)signature, sizeof(signature)));
    return arena_str(arena, buf_str(&token));
}

/* ---- reading ---- */

static Status refuse(Context *ctx, Status status, const char *why)
{
    fail(ctx, status, "Invalid credentials");
    fail_detail(ctx, "%s", why);
    return status;
}

static Status invalid(Context *ctx, const char *why)
{
    return refuse(ctx, STATUS_INVALID_CREDENTIALS, why);
}

typedef struct TokenParts {
    Str header;
    Str claims;
    Str signature;
    Str is_signed; /* header and claims with the dot between */
} TokenParts;

static bool split_token(Str token, TokenParts *parts)
{
    Str rest = token;
    if (!str_split(&rest, '.', &parts->header) || !str_split(&rest, '.', &parts->claims))
        return false;
    parts->signature = rest;
    parts->is_signed = str_from(token.ptr, parts->header.len + 1 + parts->claims.len);
    return parts->header.len > 0 && parts->claims.len > 0 && rest.len > 0 &&
           str_find_byte(rest, '.') == rest.len;
}

/* NULL when the part is no JSON object. The tree borrows from ctx's arena. */
static const Json *decode_part(Context *ctx, Str part)
{
    CLEANUP(buf_done) Buf bytes = {.limit = TOKEN_LENGTH_MAX};
    const Json *json;
    if (!base64url_decode(&bytes, part))
        return NULL;
    if (json_parse(ctx, arena_str(&ctx->arena, buf_str(&bytes)), &json) != STATUS_OK)
        return NULL;
    return json->kind == JSON_OBJECT ? json : NULL;
}

static bool string_member(const Json *object, Str key, Str *ret_text)
{
    const Json *member = json_member(object, key);
    if (!member || member->kind != JSON_STRING)
        return false;
    *ret_text = member->text;
    return true;
}

/* "crit" names extensions that a reader must understand (RFC 7515, 4.1.11); we have none. */
static Status check_header(Context *ctx, Str part)
{
    Str algorithm;
    const Json *header = decode_part(ctx, part);
    if (!header || !string_member(header, STR("alg"), &algorithm))
        return invalid(ctx, "the token's header is malformed");
    if (!str_equal(algorithm, STR("HS256")))
        return invalid(ctx, "the token is not signed with HS256");
    if (json_member(header, STR("crit")))
        return invalid(ctx, "the token needs an extension");
    return STATUS_OK;
}

static Status check_signature(Context *ctx, Str secret, const TokenParts *parts)
{
    CLEANUP(buf_done) Buf given = {.limit = SIGNATURE_SIZE};
    unsigned char expected[SIGNATURE_SIZE];
    if (!base64url_decode(&given, parts->signature) || given.overflowed ||
        given.len != SIGNATURE_SIZE)
        return invalid(ctx, "the token's signature is malformed");
    sign(secret, parts->is_signed, expected);
    if (CRYPTO_memcmp(given.ptr, expected, SIGNATURE_SIZE) != 0)
        return invalid(ctx, "the token's signature is wrong");
    return STATUS_OK;
}

static bool read_type(const Json *json, TokenType *ret_type)
{
    Str word;
    if (!string_member(json, STR("token_type"), &word))
        return false;
    *ret_type = str_equal(word, STR("refresh")) ? TOKEN_REFRESH : TOKEN_ACCESS;
    return str_equal(word, str_from_c(type_word(*ret_type)));
}

/* Only the word that token_create() writes, no synonym. */
static bool read_role(const Json *json, Role *ret_role)
{
    Str word;
    return string_member(json, STR("role"), &word) && role_parse(word, ret_role) &&
           str_equal(word, str_from_c(role_word(*ret_role)));
}

static bool read_email(const Json *json, Str *ret_email)
{
    const Json *member = json_member(json, STR("email"));
    *ret_email = STR_NULL;
    return !member || member->kind == JSON_NULL || string_member(json, STR("email"), ret_email);
}

/* Versions count from 1. */
static bool read_version(const Json *json, uint32_t *ret_version)
{
    int64_t version;
    const Json *member = json_member(json, STR("cv"));
    *ret_version = 0;
    if (!member)
        return true;
    if (!json_to_int64(member, &version) || version < 1 || version > UINT32_MAX)
        return false;
    *ret_version = (uint32_t)version;
    return true;
}

static Status read_claims(Context *ctx, Str part, Claims *ret_claims)
{
    Claims claims = {0};
    Str issuer = STR_NULL;
    const Json *json = decode_part(ctx, part);
    bool is_complete = json && string_member(json, STR("sub"), &claims.user_id) &&
                       string_member(json, STR("iss"), &issuer) &&
                       json_to_int64(json_member(json, STR("exp")), &claims.expires_at) &&
                       json_to_int64(json_member(json, STR("iat")), &claims.issued_at) &&
                       read_role(json, &claims.role) && read_type(json, &claims.type) &&
                       read_email(json, &claims.email) &&
                       read_version(json, &claims.credentials_version);
    if (!is_complete || claims.user_id.len == 0 || claims.user_id.len > USER_ID_LENGTH_MAX)
        return invalid(ctx, "the token's claims are malformed");
    if (!str_equal(issuer, ISSUER))
        return invalid(ctx, "the token is from another issuer");
    *ret_claims = claims;
    return STATUS_OK;
}

/* Comparisons without sums of claims: those may be anything. */
static Status check_times(Context *ctx, const Claims *claims, int64_t now)
{
    if (claims->issued_at > now + TOKEN_LEEWAY_SECONDS)
        return invalid(ctx, "the token is from the future");
    if (claims->expires_at <= now - TOKEN_LEEWAY_SECONDS)
        return refuse(ctx, STATUS_TOKEN_EXPIRED, "the token has expired");
    return STATUS_OK;
}

static Status verify_signed(Context *ctx, Str secret, Str token, Claims *ret_claims)
{
    TokenParts parts;
    if (token.len > TOKEN_LENGTH_MAX || !split_token(token, &parts))
        return invalid(ctx, "the token is malformed");
    TRY(check_header(ctx, parts.header));
    TRY(check_signature(ctx, secret, &parts));
    TRY(read_claims(ctx, parts.claims, ret_claims));
    token_cache_keep(secret, token, ret_claims);
    return STATUS_OK;
}

Status token_verify(Context *ctx, Str secret, Str token, int64_t now_seconds, Claims *ret_claims)
{
    Claims claims;
    if (!token_cache_find(&ctx->arena, secret, token, &claims))
        TRY(verify_signed(ctx, secret, token, &claims));
    TRY(check_times(ctx, &claims, now_seconds));
    *ret_claims = claims;
    return STATUS_OK;
}
