/* SPDX-License-Identifier: Apache-2.0 */
#include "store/data_dir.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FORMAT_BYTES_MAX = 64 };

static Str path_in(DataDir *dir, const char *name)
{
    return arena_printf(&dir->arena, "%.*s/%s", STR_ARG(dir->path), name);
}

static Status take_lock(Context *ctx, DataDir *dir)
{
    Str path = path_in(dir, "LOCK");
    dir->lock_fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (dir->lock_fd < 0)
        return file_fail(ctx, "open", path);
    if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return STATUS_OK;
    if (errno != EWOULDBLOCK)
        return file_fail(ctx, "lock", path);

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

static bool parse_format(Str line, uint64_t *ret_format)
{
    Str word;
    line = str_trim(line);
    return str_split(&line, ' ', &word) && str_equal(word, STR("kalamdb")) &&
           str_to_uint64(line, ret_format);
}

static Status write_format(Context *ctx, Str path)
{
    Str line = arena_printf(&ctx->arena, "kalamdb %d\n", DATA_FORMAT);
    return file_write(ctx, &(FileWrite){.path = path, .bytes = line});
}

/* What an older server wrote we read; from now on it cannot read what we write. */
static Status check_format(Context *ctx, DataDir *dir)
{
    Str path = path_in(dir, "FORMAT");
    Str line;
    TRY(file_read(ctx, path, FORMAT_BYTES_MAX, &line));
    if (!line.ptr)
        return write_format(ctx, path);
    uint64_t format;
    if (!parse_format(line, &format))
        return fail(ctx, STATUS_CORRUPT, "%.*s does not say \"kalamdb <number>\"", STR_ARG(path));
    if (format > DATA_FORMAT)
        return fail(ctx,
                    STATUS_INVALID_OPERATION,
                    "data directory %.*s has format %llu, this server reads up to %d",
                    STR_ARG(dir->path),
                    (unsigned long long)format,
                    DATA_FORMAT);
    return format < DATA_FORMAT ? write_format(ctx, path) : STATUS_OK;
}

Status data_dir_open(Context *ctx, Str path, DataDir **ret_dir)
{
    CLEANUP(data_dir_close) DataDir *dir = NEW(DataDir);
    dir->lock_fd = -1;
    dir->path = arena_str(&dir->arena, path);
    dir->rocksdb_path = path_in(dir, "rocksdb");
    dir->storage_path = path_in(dir, "storage");
    dir->cache_path = path_in(dir, "cache");

    if (!path.len)
        return fail(ctx, STATUS_INVALID_INPUT, "the data directory has no name");
    TRY(file_make_directories(ctx, path));
    TRY(take_lock(ctx, dir));
    say_who_holds_it(dir);
    TRY(check_format(ctx, dir));
    TRY(file_make_directories(ctx, dir->rocksdb_path));
    TRY(file_make_directories(ctx, dir->storage_path));
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
