/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file holds the secret and a newline.  It is written under another name,
 * synced and then linked to its own, so that it is whole or not there, and of two
 * first starts at once both use what the faster one wrote.
 */
#include "auth/secret.h"

#include "base/clock.h"
#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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

typedef struct FileHandle {
    int descriptor; /* -1 = none */
} FileHandle;

static void file_done(FileHandle *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}
DEFINE_CLEANUP_IN_PLACE(FileHandle, file_done)

static Status io_error(Context *ctx, const char *what, Str path)
{
    int error = errno;
    return fail(ctx, STATUS_IO_ERROR, "%s %.*s: %s", what, STR_ARG(path), strerror(error));
}

/* ---- reading ---- */

static Status read_all(Context *ctx, int descriptor, Str path, Str *ret_text)
{
    char *text = arena_alloc(&ctx->arena, SECRET_LENGTH_MAX + 1);
    size_t len = 0;
    while (len <= SECRET_LENGTH_MAX) {
        ssize_t got = read(descriptor, text + len, SECRET_LENGTH_MAX + 1 - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_error(ctx, "cannot read", path);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *ret_text = str_from(text, len);
    return STATUS_OK;
}

/* ret_secret->ptr is NULL when there is no such file. */
static Status read_secret(Context *ctx, Str path, Str *ret_secret)
{
    CLEANUP(file_done) FileHandle file = {open(path.ptr, O_RDONLY | O_CLOEXEC)};
    *ret_secret = STR_NULL;
    if (file.descriptor < 0 && errno == ENOENT)
        return STATUS_OK;
    if (file.descriptor < 0)
        return io_error(ctx, "cannot open", path);
    Str text = STR_NULL;
    TRY(read_all(ctx, file.descriptor, path, &text));
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

/* ---- writing ---- */

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

static Status write_file(Context *ctx, Str path, Str text)
{
    CLEANUP(file_done)
    FileHandle file = {open(path.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (file.descriptor < 0)
        return io_error(ctx, "cannot create", path);
    TRY(fault_point(ctx, "secret.write"));
    ssize_t written = write(file.descriptor, text.ptr, text.len);
    if (written != (ssize_t)text.len || fchmod(file.descriptor, 0600) != 0 ||
        fsync(file.descriptor) != 0)
        return io_error(ctx, "cannot write", path);
    return STATUS_OK;
}

static Status sync_directory(Context *ctx, Str directory)
{
    CLEANUP(file_done)
    FileHandle file = {open(directory.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (file.descriptor < 0 || fsync(file.descriptor) != 0)
        return io_error(ctx, "cannot sync", directory);
    return STATUS_OK;
}

static Status keep_secret(Context *ctx, Str path, Str directory)
{
    Arena *arena = &ctx->arena;
    Str draft = arena_printf(arena, "%.*s.%ld", STR_ARG(path), (long)getpid());
    Str line = arena_printf(arena, "%.*s\n", STR_ARG(make_secret(arena)));
    Status status = write_file(ctx, draft, line);
    if (status == STATUS_OK && link(draft.ptr, path.ptr) != 0 && errno != EEXIST)
        status = io_error(ctx, "cannot create", path);
    unlink(draft.ptr);
    TRY(status);
    return sync_directory(ctx, directory);
}

Status secret_load(Context *ctx, Str configured, Str data_directory, Str *ret_secret)
{
    if (configured.len > 0) {
        *ret_secret = arena_str(&ctx->arena, configured);
        return STATUS_OK;
    }
    Str directory = arena_str(&ctx->arena, data_directory);
    Str path = arena_printf(&ctx->arena, "%.*s/jwt_secret", STR_ARG(directory));
    Str secret;
    TRY(read_secret(ctx, path, &secret));
    if (!secret.ptr) {
        TRY(keep_secret(ctx, path, directory));
        TRY(read_secret(ctx, path, &secret));
    }
    if (!secret.ptr)
        return fail(ctx, STATUS_IO_ERROR, "%.*s vanished", STR_ARG(path));
    *ret_secret = secret;
    return STATUS_OK;
}
