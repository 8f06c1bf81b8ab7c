/* SPDX-License-Identifier: Apache-2.0 */
#include "store/data_dir.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Rows of all users lie below: nobody but the server's own account and group looks in. */
enum { DIRECTORY_MODE = 0750, FILE_MODE = 0640, FORMAT_BYTES_MAX = 64 };

static void file_close_at(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define CLEANUP_FD __attribute__((cleanup(file_close_at)))

static Status fail_errno(Context *ctx, const char *what, const char *path)
{
    return fail(ctx, STATUS_IO_ERROR, "cannot %s %s: %s", what, path, strerror(errno));
}

static Status make_directory(Context *ctx, const char *path)
{
    if (mkdir(path, DIRECTORY_MODE) != 0 && errno != EEXIST)
        return fail_errno(ctx, "create directory", path);
    return STATUS_OK;
}

/* mkdir -p */
static Status make_directories(Context *ctx, Str path)
{
    for (size_t i = 1; i < path.len; i++) {
        if (path.ptr[i] == '/')
            TRY(make_directory(ctx, arena_str(&ctx->arena, str_from(path.ptr, i)).ptr));
    }
    return make_directory(ctx, arena_str(&ctx->arena, path).ptr);
}

static Str path_in(DataDir *dir, const char *name)
{
    return arena_printf(&dir->arena, "%.*s/%s", STR_ARG(dir->path), name);
}

static Status take_lock(Context *ctx, DataDir *dir)
{
    const char *path = path_in(dir, "LOCK").ptr;
    dir->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (dir->lock_fd < 0)
        return fail_errno(ctx, "open", path);
    if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return STATUS_OK;
    if (errno != EWOULDBLOCK)
        return fail_errno(ctx, "lock", path);

    char owner[32] = "";
    ssize_t size = read(dir->lock_fd, owner, sizeof(owner) - 1);
    Str pid = str_trim(str_from(owner, size > 0 ? (size_t)size : 0));
    return fail(ctx,
                STATUS_INVALID_OPERATION,
                "data directory %.*s is in use by process %.*s",
                STR_ARG(dir->path),
                STR_ARG(pid));
}

/* For people only: the lock itself is what counts. */
static void say_who_holds_it(const DataDir *dir)
{
    char text[32];
    int size = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(dir->lock_fd, 0) == 0)
        (void)!pwrite(dir->lock_fd, text, (size_t)size, 0);
}

static Status sync_directory(Context *ctx, Str path)
{
    CLEANUP_FD int fd = open(path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(ctx, "open", path.ptr);
    return fsync(fd) == 0 ? STATUS_OK : fail_errno(ctx, "sync", path.ptr);
}

/* Written aside and renamed: a FORMAT file is whole or missing. */
static Status write_format(Context *ctx, DataDir *dir, const char *path)
{
    const char *temporary = path_in(dir, "FORMAT.tmp").ptr;
    CLEANUP_FD int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return fail_errno(ctx, "create", temporary);
    Str line = arena_printf(&ctx->arena, "kalamdb %d\n", DATA_FORMAT);
    if (write(fd, line.ptr, line.len) != (ssize_t)line.len || fsync(fd) != 0)
        return fail_errno(ctx, "write", temporary);
    if (rename(temporary, path) != 0)
        return fail_errno(ctx, "rename to", path);
    return sync_directory(ctx, dir->path);
}

static bool parse_format(Str line, uint64_t *ret_format)
{
    Str word;
    line = str_trim(line);
    return str_split(&line, ' ', &word) && str_equal(word, STR("kalamdb")) &&
           str_to_uint64(line, ret_format);
}

static Status check_format(Context *ctx, DataDir *dir)
{
    const char *path = path_in(dir, "FORMAT").ptr;
    CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return write_format(ctx, dir, path);
    if (fd < 0)
        return fail_errno(ctx, "open", path);

    char text[FORMAT_BYTES_MAX];
    ssize_t size = read(fd, text, sizeof(text));
    if (size < 0)
        return fail_errno(ctx, "read", path);
    uint64_t format;
    if (!parse_format(str_from(text, (size_t)size), &format))
        return fail(ctx, STATUS_CORRUPT, "%s does not say \"kalamdb <number>\"", path);
    if (format > DATA_FORMAT)
        return fail(ctx,
                    STATUS_INVALID_OPERATION,
                    "data directory %.*s has format %llu, this server reads up to %d",
                    STR_ARG(dir->path),
                    (unsigned long long)format,
                    DATA_FORMAT);
    return STATUS_OK;
}

Status data_dir_open(Context *ctx, Str path, DataDir **ret_dir)
{
    CLEANUP(data_dir_close) DataDir *dir = NEW(DataDir);
    dir->lock_fd = -1;
    dir->path = arena_str(&dir->arena, path);
    dir->rocksdb_path = path_in(dir, "rocksdb");
    dir->storage_path = path_in(dir, "storage");

    if (!path.len)
        return fail(ctx, STATUS_INVALID_INPUT, "the data directory has no name");
    TRY(make_directories(ctx, path));
    TRY(take_lock(ctx, dir));
    say_who_holds_it(dir);
    TRY(check_format(ctx, dir));
    TRY(make_directory(ctx, dir->rocksdb_path.ptr));
    TRY(make_directory(ctx, dir->storage_path.ptr));
    *ret_dir = TAKE(dir);
    return STATUS_OK;
}

void data_dir_close(DataDir *dir)
{
    if (!dir)
        return;
    if (dir->lock_fd >= 0)
        close(dir->lock_fd);
    arena_done(&dir->arena);
    free(dir);
}
