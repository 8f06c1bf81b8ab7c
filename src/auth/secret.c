/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file holds the secret and a newline.  Of two first starts at once both use
 * what the faster one wrote (FileWrite.keep).
 */
#include "auth/secret.h"

#include "base/clock.h"
#include "base/file.h"

enum { RANDOM_SIZE = 32, SECRET_LENGTH_MAX = 1024 };

static const char *const WEAK_SECRETS[] = {
    "CHANGE_ME_IN_PRODUCTION",
    "kalamdb-dev-secret-key-change-in-production",
    "your-secret-key-at-least-32-chars-change-me-in-production",
    "test",
    "secret",
    "password",
};

bool secret_is_weak(Str secret)
{
    for (size_t i = 0; i < sizeof(WEAK_SECRETS) / sizeof(WEAK_SECRETS[0]); i++)
        if (str_equal(secret, str_from_c(WEAK_SECRETS[i])))
            return true;
    return secret.len < SECRET_LENGTH_MIN;
}

/* ret_secret->ptr is NULL when there is no such file. */
static Status read_secret(Context *ctx, Str path, Str *ret_secret)
{
    Str text;
    *ret_secret = STR_NULL;
    TRY(file_read(ctx, path, SECRET_LENGTH_MAX + 1, &text));
    if (!text.ptr)
        return STATUS_OK;
    text = str_trim(text);
    if (text.len < SECRET_LENGTH_MIN || text.len > SECRET_LENGTH_MAX)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "%.*s holds no secret of %d to %d characters; remove it to get a new one",
                    STR_ARG(path),
                    SECRET_LENGTH_MIN,
                    SECRET_LENGTH_MAX);
    *ret_secret = text;
    return STATUS_OK;
}

static Str make_secret(Arena *arena)
{
    static const char DIGITS[16] = "0123456789abcdef";
    unsigned char bytes[RANDOM_SIZE];
    random_bytes(bytes, sizeof(bytes));
    char *text = arena_alloc(arena, sizeof(bytes) * 2);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        text[2 * i] = DIGITS[bytes[i] >> 4];
        text[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    return str_from(text, sizeof(bytes) * 2);
}

static Status keep_secret(Context *ctx, Str path)
{
    Arena *arena = &ctx->arena;
    FileWrite write = {
        .path = path,
        .bytes = arena_printf(arena, "%.*s\n", STR_ARG(make_secret(arena))),
        .mode = 0600,
        .keep = true,
    };
    return file_write(ctx, &write);
}

Status secret_keep(Context *ctx, Str data_directory, const char *name, Str *ret_secret)
{
    Str path = arena_printf(&ctx->arena, "%.*s/%s", STR_ARG(data_directory), name);
    Str secret;
    TRY(read_secret(ctx, path, &secret));
    if (!secret.ptr) {
        TRY(keep_secret(ctx, path));
        TRY(read_secret(ctx, path, &secret));
    }
    if (!secret.ptr)
        return fail(ctx, STATUS_IO_ERROR, "%.*s vanished", STR_ARG(path));
    *ret_secret = secret;
    return STATUS_OK;
}

Status secret_load(Context *ctx, Str configured, Str data_directory, Str *ret_secret)
{
    if (configured.len == 0)
        return secret_keep(ctx, data_directory, "jwt_secret", ret_secret);
    *ret_secret = arena_str(&ctx->arena, configured);
    return STATUS_OK;
}
