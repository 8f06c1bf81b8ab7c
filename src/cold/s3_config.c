/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/s3_config.h"

#include "cold/object_store_parts.h"
#include "value/json.h"

enum { BUCKET_LENGTH_MIN = 3, BUCKET_LENGTH_MAX = 63, PREFIX_LENGTH_MAX = 200 };

/* ---- the place ---- */

static bool is_bucket(Str text)
{
    bool valid = text.len >= BUCKET_LENGTH_MIN && text.len <= BUCKET_LENGTH_MAX;
    for (size_t i = 0; i < text.len && valid; i++) {
        char c = text.ptr[i];
        bool inside = i > 0 && i + 1 < text.len;
        valid =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (inside && (c == '-' || c == '.'));
    }
    return valid;
}

Status s3_config_read_place(Context *ctx, Str place, Str *ret_bucket, Str *ret_prefix)
{
    Str rest = place;
    Str bucket = STR_NULL;
    if (str_starts_with(rest, STR("s3://")))
        rest = str_from(rest.ptr + 5, rest.len - 5);
    (void)str_split(&rest, '/', &bucket);
    while (str_ends_with(rest, STR("/")))
        rest.len--;
    if (!is_bucket(bucket))
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "'%.*s' names no bucket: 3 to 63 small letters, digits, '-' or '.', as in "
                    "s3://bucket/prefix",
                    STR_ARG(place));
    if (rest.len > PREFIX_LENGTH_MAX || (rest.len && !object_name_is_valid(rest)))
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "'%.*s': the prefix must have letters, digits, '.', '_' and '-' between single "
                    "slashes, at most %d bytes",
                    STR_ARG(place),
                    PREFIX_LENGTH_MAX);
    *ret_bucket = bucket;
    *ret_prefix = rest;
    return STATUS_OK;
}

/* ---- CONFIG ---- */

static Status bad_config(Context *ctx, const Json *member, const char *expected)
{
    return fail(ctx,
                STATUS_INVALID_SQL,
                "CONFIG key '%.*s' of an S3 storage must be %s",
                STR_ARG(member->key),
                expected);
}

static bool is_endpoint(Str text)
{
    if (str_starts_with(text, STR("https://")))
        text = str_from(text.ptr + 8, text.len - 8);
    else if (str_starts_with(text, STR("http://")))
        text = str_from(text.ptr + 7, text.len - 7);
    else
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = ascii_lower(text.ptr[i]);
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                     c == ':' || c == '[' || c == ']';
        if (!plain)
            return false;
    }
    return text.len > 0;
}

static Status read_endpoint(Context *ctx, const Json *member, S3Options *options)
{
    Str text = member->text;
    if (member->kind == JSON_STRING && str_ends_with(text, STR("/")))
        text.len--;
    if (member->kind != JSON_STRING || !is_endpoint(text))
        return bad_config(ctx, member, "an address such as \"https://host:port\"");
    options->endpoint = text;
    return STATUS_OK;
}

static Status read_region(Context *ctx, const Json *member, S3Options *options)
{
    bool valid = member->kind == JSON_STRING && object_name_is_valid(member->text) &&
                 str_find_byte(member->text, '/') == member->text.len;
    if (!valid)
        return bad_config(ctx, member, "a word such as \"us-east-1\"");
    options->region = member->text;
    return STATUS_OK;
}

typedef struct ConfigState {
    S3Options *options;
    bool style_given;
} ConfigState;

static Status read_style(Context *ctx, const Json *member, ConfigState *state)
{
    if (member->kind != JSON_TRUE && member->kind != JSON_FALSE)
        return bad_config(ctx, member, "true or false");
    bool yes = member->kind == JSON_TRUE;
    state->options->path_style = str_equal(member->key, STR("path_style")) ? yes : !yes;
    state->style_given = true;
    return STATUS_OK;
}

static Status read_member(Context *ctx, const Json *member, ConfigState *state)
{
    Str key = member->key;
    if (str_equal(key, STR("endpoint")))
        return read_endpoint(ctx, member, state->options);
    if (str_equal(key, STR("region")))
        return read_region(ctx, member, state->options);
    if (str_equal(key, STR("path_style")) || str_equal(key, STR("virtual_hosted_style")))
        return read_style(ctx, member, state);
    if (str_equal(key, STR("allow_http"))) /* of other servers; the endpoint says it */
        return STATUS_OK;
    return fail(ctx,
                STATUS_INVALID_SQL,
                "CONFIG of an S3 storage has no key '%.*s': there are endpoint, region and "
                "path_style (keys belong in CREDENTIALS)",
                STR_ARG(key));
}

/* A certificate for *.s3.amazonaws.com does not cover a bucket with dots. */
static void set_defaults(Context *ctx, ConfigState *state)
{
    S3Options *options = state->options;
    bool has_dots = str_find_byte(options->bucket, '.') < options->bucket.len;
    if (!state->style_given)
        options->path_style = options->endpoint.len > 0 || has_dots;
    if (options->region.len == 0)
        options->region = S3_DEFAULT_REGION;
    if (options->endpoint.len == 0)
        options->endpoint =
            arena_printf(&ctx->arena, "https://s3.%.*s.amazonaws.com", STR_ARG(options->region));
}

Status s3_config_read(Context *ctx, Str json, S3Options *options)
{
    const Json *config = NULL;
    ConfigState state = {.options = options};
    if (json.len && (json_parse(ctx, json, &config) != STATUS_OK || config->kind != JSON_OBJECT))
        return fail(ctx, STATUS_INVALID_SQL, "CONFIG must be a JSON object in quotes");
    for (const Json *member = config ? config->first : NULL; member; member = member->next)
        TRY(read_member(ctx, member, &state));
    set_defaults(ctx, &state);
    return STATUS_OK;
}

/* ---- CREDENTIALS ---- */

static Status take_credential(Context *ctx, const Json *member, S3Credentials *credentials)
{
    Str key = member->key;
    Str *place = NULL;
    if (str_equal(key, STR("access_key_id")) || str_equal(key, STR("access_key")))
        place = &credentials->access_key;
    else if (str_equal(key, STR("secret_access_key")) || str_equal(key, STR("secret_key")))
        place = &credentials->secret_key;
    else if (str_equal(key, STR("session_token")))
        place = &credentials->session_token;
    if (!place)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "CREDENTIALS of an S3 storage have a key that is none of access_key_id, "
                    "secret_access_key and session_token");
    bool valid = member->kind == JSON_STRING;
    for (size_t i = 0; i < member->text.len && valid; i++)
        valid = member->text.ptr[i] > ' ' && member->text.ptr[i] <= '~'; /* it goes into headers */
    if (!valid)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "CREDENTIALS: '%.*s' must be a string of visible ASCII characters",
                    STR_ARG(key));
    *place = member->text;
    return STATUS_OK;
}

Status s3_config_read_credentials(Context *ctx, Str json, S3Credentials *ret_credentials)
{
    const Json *given;
    S3Credentials credentials = {0};
    if (json_parse(ctx, json, &given) != STATUS_OK || given->kind != JSON_OBJECT)
        return fail(ctx, STATUS_INVALID_SQL, "CREDENTIALS must be a JSON object in quotes");
    for (const Json *member = given->first; member; member = member->next)
        TRY(take_credential(ctx, member, &credentials));
    if (!credentials.access_key.len || !credentials.secret_key.len)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "CREDENTIALS of an S3 storage need access_key_id and secret_access_key");
    *ret_credentials = credentials;
    return STATUS_OK;
}
