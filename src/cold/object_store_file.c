/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory as a store.  A draft lies beside the object it becomes, so that
 * putting is a rename inside one file system; file, then directory are synced
 * (directories that are made are synced by file_make_directories()).
 *
 * There is one writer of a name (the data directory is locked and an owner's
 * files have one maintainer), so that looking before renaming is enough to keep
 * an object from being replaced.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "cold/object_store_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DEPTH_MAX = 32, DRAFT_TRIES = 8 };

typedef struct FileStore {
    ObjectStore base;
    Str directory; /* with a NUL, behind the struct */
} FileStore;

static FileStore *file_store(ObjectStore *store)
{
    return CONTAINER_OF(store, FileStore, base);
}

static Str path_of(Arena *arena, ObjectStore *store, Str name)
{
    if (name.len == 0)
        return file_store(store)->directory;
    return arena_printf(arena, "%.*s/%.*s", STR_ARG(file_store(store)->directory), STR_ARG(name));
}

static Status fail_errno(Context *ctx, const ObjectStore *store, const char *what, Str name)
{
    return object_store_fail(ctx, store, what, name, strerror(errno));
}

static Status fail_missing(Context *ctx, const ObjectStore *store, const char *what, Str name)
{
    if (errno != ENOENT && errno != ENOTDIR)
        return fail_errno(ctx, store, what, name);
    return fail(ctx,
                STATUS_NOT_FOUND,
                "Storage '%.*s' has no file %.*s",
                STR_ARG(store->storage->id),
                STR_ARG(name));
}

/* ---- writing ---- */

/* Whoever removes the last file of the directory at this moment takes the directory along. */
static Status draft_file(Context *ctx, ObjectStore *store, Str name, Str *ret_path)
{
    Str path = arena_printf(&ctx->arena,
                            "%.*s.%016llx.tmp",
                            STR_ARG(path_of(&ctx->arena, store, name)),
                            (unsigned long long)random_u64());
    Str directory = file_directory(&ctx->arena, path);
    for (int i = 0; i < DRAFT_TRIES; i++) {
        TRY(file_make_directories(ctx, directory));
        CLEANUP(file_done)
        FileHandle file = {open(path.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE)};
        if (file.descriptor < 0 && errno == ENOENT)
            continue;
        if (file.descriptor < 0)
            break;
        *ret_path = path;
        return STATUS_OK;
    }
    return fail_errno(ctx, store, "write", name);
}

static Status sync_file(Context *ctx, ObjectStore *store, const ObjectPut *put)
{
    CLEANUP(file_done) FileHandle file = {open(put->draft.ptr, O_RDONLY | O_CLOEXEC)};
    TRY(fault_point(ctx, "object.sync"));
    if (file.descriptor < 0 || fsync(file.descriptor) != 0)
        return fail_errno(ctx, store, "write", put->name);
    return STATUS_OK;
}

static Status put_file(Context *ctx, ObjectStore *store, const ObjectPut *put)
{
    Str path = path_of(&ctx->arena, store, put->name);
    if (!put->replace && access(path.ptr, F_OK) == 0)
        return fail(ctx,
                    STATUS_ALREADY_EXISTS,
                    "Storage '%.*s' has a file %.*s",
                    STR_ARG(store->storage->id),
                    STR_ARG(put->name));
    TRY(sync_file(ctx, store, put));
    TRY(fault_point(ctx, "object.rename"));
    if (rename(put->draft.ptr, path.ptr) != 0)
        return fail_errno(ctx, store, "write", put->name);
    TRY(fault_point(ctx, "object.sync_directory"));
    return file_sync_directory(ctx, file_directory(&ctx->arena, path));
}

/* As far up as they are empty, the store's own excepted. */
static void remove_empty_directories(Arena *arena, const FileStore *store, Str path)
{
    for (;;) {
        path = file_directory(arena, path);
        if (path.len <= store->directory.len || rmdir(path.ptr) != 0)
            return;
    }
}

static Status remove_file(Context *ctx, ObjectStore *store, Str name)
{
    Str path = path_of(&ctx->arena, store, name);
    TRY(fault_point(ctx, "object.remove"));
    if (unlink(path.ptr) != 0 && errno != ENOENT && errno != ENOTDIR)
        return fail_errno(ctx, store, "delete", name);
    remove_empty_directories(&ctx->arena, file_store(store), path);
    return STATUS_OK;
}

/* ---- reading ---- */

static ObjectInfo info_of(Str name, const struct stat *found)
{
    return (ObjectInfo){
        .name = name,
        .size = (uint64_t)found->st_size,
        .modified_ms =
            (int64_t)found->st_mtim.tv_sec * 1000 + (int64_t)found->st_mtim.tv_nsec / 1000000,
    };
}

static Status stat_file(Context *ctx, ObjectStore *store, Str name, ObjectInfo *ret_info)
{
    struct stat found;
    if (lstat(path_of(&ctx->arena, store, name).ptr, &found) != 0)
        return fail_missing(ctx, store, "read", name);
    if (!S_ISREG(found.st_mode))
        return object_store_fail(ctx, store, "read", name, "it is no regular file");
    *ret_info = info_of(name, &found);
    return STATUS_OK;
}

static Status
fetch_file(Context *ctx, ObjectStore *store, Str name, uint64_t size, ObjectFile **ret_file)
{
    ObjectInfo info = {0};
    TRY(fault_point(ctx, "object.fetch"));
    TRY(stat_file(ctx, store, name, &info));
    if (info.size != size)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "Storage '%.*s': file %.*s has %llu bytes instead of %llu",
                    STR_ARG(store->storage->id),
                    STR_ARG(name),
                    (unsigned long long)info.size,
                    (unsigned long long)size);
    *ret_file = object_file_new(path_of(&ctx->arena, store, name), NULL);
    return STATUS_OK;
}

/* ---- listing ---- */

static void directory_close(DIR *directory)
{
    if (directory)
        closedir(directory);
}
DEFINE_CLEANUP(DIR, directory_close)

typedef struct Listing {
    Context *ctx;
    ObjectStore *store;
    ObjectList list;
    size_t capacity;
} Listing;

static Status list_directory(Listing *listing, Str name, int depth);

/* Links and files that we would not make are not ours. */
static Status list_entry(Listing *listing, Str name, int depth)
{
    struct stat found;
    if (!object_name_is_valid(name))
        return STATUS_OK;
    Str path = path_of(&listing->ctx->arena, listing->store, name);
    if (lstat(path.ptr, &found) != 0)
        return errno == ENOENT ? STATUS_OK : fail_errno(listing->ctx, listing->store, "list", name);
    if (S_ISDIR(found.st_mode))
        return list_directory(listing, name, depth + 1);
    if (!S_ISREG(found.st_mode))
        return STATUS_OK;
    ObjectInfo info = info_of(name, &found);
    return object_list_add(listing->ctx, &listing->list, &listing->capacity, &info);
}

static Status list_directory(Listing *listing, Str name, int depth)
{
    Context *ctx = listing->ctx;
    ObjectStore *store = listing->store;
    CLEANUP(directory_close) DIR *directory = opendir(path_of(&ctx->arena, store, name).ptr);
    TRY(context_check(ctx));
    if (!directory && errno == ENOENT)
        return STATUS_OK;
    if (!directory)
        return fail_errno(ctx, store, "list", name);
    for (const struct dirent *entry; depth < DEPTH_MAX && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        Str below = arena_printf(
            &ctx->arena, "%.*s%s%s", STR_ARG(name), name.len ? "/" : "", entry->d_name);
        TRY(list_entry(listing, below, depth));
    }
    return STATUS_OK;
}

static Status list_files(Context *ctx, ObjectStore *store, Str directory, ObjectList *ret_list)
{
    Listing listing = {.ctx = ctx, .store = store};
    TRY(fault_point(ctx, "object.list"));
    TRY(list_directory(&listing, directory, 0));
    *ret_list = listing.list;
    return STATUS_OK;
}

/* ---- the rest ---- */

static Status
file_capacity(Context *ctx, ObjectStore *store, uint64_t *ret_total, uint64_t *ret_used)
{
    struct statvfs info;
    if (statvfs(file_store(store)->directory.ptr, &info) != 0)
        return fail_errno(ctx, store, "ask the size of", file_store(store)->directory);
    *ret_total = (uint64_t)info.f_blocks * info.f_frsize;
    *ret_used = (uint64_t)(info.f_blocks - info.f_bfree) * info.f_frsize;
    return STATUS_OK;
}

static void close_file_store(ObjectStore *store)
{
    storage_unref(store->storage);
    free(file_store(store));
}

ObjectStore *file_store_new(Storage *storage, Str directory)
{
    static const ObjectBackend BACKEND = {
        .draft = draft_file,
        .put = put_file,
        .remove = remove_file,
        .fetch = fetch_file,
        .stat = stat_file,
        .list = list_files,
        .capacity = file_capacity,
        .close = close_file_store,
    };
    FileStore *store = mem_alloc(sizeof(*store) + directory.len + 1);
    char *text = (char *)(store + 1);
    memcpy(text, directory.ptr, directory.len);
    text[directory.len] = '\0';
    *store = (FileStore){
        .base = {.backend = &BACKEND, .storage = storage},
        .directory = str_from(text, directory.len),
    };
    refcount_init(&store->base.refs);
    return &store->base;
}
