/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/clock.h"
#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void file_done(FileHandle *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

Status file_fail(Context *ctx, const char *what, Str path)
{
    int error = errno;
    return fail(ctx, STATUS_IO_ERROR, "cannot %s %.*s: %s", what, STR_ARG(path), strerror(error));
}

/* ---- directories ---- */

static Status make_directory(Context *ctx, Str path)
{
    if (mkdir(path.ptr, DIRECTORY_MODE) == 0)
        return file_sync_directory(ctx, file_directory(&ctx->arena, path));
    return errno == EEXIST ? STATUS_OK : file_fail(ctx, "create directory", path);
}

Status file_make_directories(Context *ctx, Str path)
{
    struct stat info;
    for (size_t i = 1; i < path.len; i++) {
        if (path.ptr[i] == '/')
            TRY(make_directory(ctx, arena_str(&ctx->arena, str_from(path.ptr, i))));
    }
    path = arena_str(&ctx->arena, path);
    TRY(make_directory(ctx, path));
    if (stat(path.ptr, &info) == 0 && S_ISDIR(info.st_mode))
        return STATUS_OK;
    errno = ENOTDIR;
    return file_fail(ctx, "create directory", path);
}

Status file_sync_directory(Context *ctx, Str path)
{
    CLEANUP(file_done) FileHandle file = {open(path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (file.descriptor < 0)
        return file_fail(ctx, "open", path);
    return fsync(file.descriptor) == 0 ? STATUS_OK : file_fail(ctx, "sync", path);
}

Str file_directory(Arena *arena, Str path)
{
    size_t len = path.len;
    while (len > 0 && path.ptr[len - 1] != '/')
        len--;
    if (len == 0)
        return arena_str(arena, STR("."));
    return arena_str(arena, str_from(path.ptr, len > 1 ? len - 1 : 1));
}

/* ---- writing ---- */

Status file_sync(Context *ctx, Str path)
{
    CLEANUP(file_done) FileHandle file = {open(path.ptr, O_RDONLY | O_CLOEXEC)};
    if (file.descriptor < 0)
        return file_fail(ctx, "open", path);
    if (fsync(file.descriptor) != 0)
        return file_fail(ctx, "sync", path);
    return file_sync_directory(ctx, file_directory(&ctx->arena, path));
}

Status file_write_all(Context *ctx, int descriptor, Str path, Str bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        ssize_t written = write(descriptor, bytes.ptr + at, bytes.len - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return file_fail(ctx, "write", path);
        at += (size_t)written;
    }
    return STATUS_OK;
}

static Status write_draft(Context *ctx, const FileWrite *write, Str draft)
{
    mode_t mode = write->mode ? write->mode : FILE_MODE;
    CLEANUP(file_done)
    FileHandle file = {open(draft.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
    if (file.descriptor < 0)
        return file_fail(ctx, "create", draft);
    TRY(fault_point(ctx, "file.write"));
    TRY(file_write_all(ctx, file.descriptor, draft, write->bytes));
    /* The mode of open() is under the umask. */
    if (fchmod(file.descriptor, mode) != 0 || fsync(file.descriptor) != 0)
        return file_fail(ctx, "write", draft);
    return STATUS_OK;
}

/* Of two that keep, both find afterwards what the faster one wrote. */
static Status publish_draft(Context *ctx, const FileWrite *write, Str draft)
{
    TRY(fault_point(ctx, "file.rename"));
    if (write->keep) {
        if (link(draft.ptr, write->path.ptr) != 0 && errno != EEXIST)
            return file_fail(ctx, "create", write->path);
        unlink(draft.ptr);
        return STATUS_OK;
    }
    return rename(draft.ptr, write->path.ptr) == 0 ? STATUS_OK
                                                   : file_fail(ctx, "create", write->path);
}

Status file_write(Context *ctx, const FileWrite *write)
{
    Arena *arena = &ctx->arena;
    Str draft = arena_printf(
        arena, "%.*s.%016llx.tmp", STR_ARG(write->path), (unsigned long long)random_u64());
    Status status = write_draft(ctx, write, draft);
    if (status == STATUS_OK)
        status = publish_draft(ctx, write, draft);
    if (status != STATUS_OK) {
        unlink(draft.ptr);
        return status;
    }
    return file_sync_directory(ctx, file_directory(arena, write->path));
}

/* ---- reading ---- */

static Status read_all(Context *ctx, int descriptor, Str path, Str *ret_bytes)
{
    /* One byte more than is kept tells that the file goes on. */
    size_t size_max = ret_bytes->len;
    char *bytes = arena_alloc(&ctx->arena, size_max + 1);
    size_t len = 0;
    while (len <= size_max) {
        ssize_t got = read(descriptor, bytes + len, size_max + 1 - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_fail(ctx, "read", path);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *ret_bytes = str_from(bytes, len);
    return STATUS_OK;
}

Status file_read(Context *ctx, Str path, size_t size_max, Str *ret_bytes)
{
    CLEANUP(file_done) FileHandle file = {open(path.ptr, O_RDONLY | O_CLOEXEC)};
    if (file.descriptor < 0 && errno == ENOENT) {
        *ret_bytes = STR_NULL;
        return STATUS_OK;
    }
    if (file.descriptor < 0)
        return file_fail(ctx, "open", path);
    Str bytes = str_from(NULL, size_max);
    TRY(read_all(ctx, file.descriptor, path, &bytes));
    if (bytes.len > size_max)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "%.*s is longer than the %zu bytes it can have",
                    STR_ARG(path),
                    size_max);
    *ret_bytes = bytes;
    return STATUS_OK;
}
