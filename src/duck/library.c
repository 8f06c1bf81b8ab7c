/* SPDX-License-Identifier: Apache-2.0 */
#include "duck/library.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#ifndef DUCK_BUILD_DIRECTORY
#    define DUCK_BUILD_DIRECTORY ""
#endif

static const char FILE_NAME[] = "libduckdb.so";

DuckFunctions duckdb;

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static bool loaded;

/* The directory that this program's file is in; empty when it is not known. */
static Str program_directory(char *space, size_t size)
{
    ssize_t len = readlink("/proc/self/exe", space, size);
    if (len <= 0 || (size_t)len >= size)
        return STR_NULL;
    while (len > 0 && space[len - 1] != '/')
        len--;
    return str_from(space, len > 0 ? (size_t)len - 1 : 0);
}

/* The first file that is there, in the arena; NULL = none. */
static const char *find_library(Context *ctx)
{
    char space[4096];
    Str directories[] = {
        program_directory(space, sizeof(space)),
        STR(DUCK_BUILD_DIRECTORY),
        STR("/usr/lib/kalamdb"),
        STR("/usr/local/lib/kalamdb"),
    };
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
        if (directories[i].len == 0)
            continue;
        Str path = arena_printf(&ctx->arena, "%.*s/%s", STR_ARG(directories[i]), FILE_NAME);
        if (access(path.ptr, R_OK) == 0)
            return path.ptr;
    }
    return NULL;
}

static Status not_found(Context *ctx)
{
    (void)fail(ctx,
               STATUS_IO_ERROR,
               "%s, which runs the larger queries and writes Parquet, is nowhere to be found",
               FILE_NAME);
    fail_hint(ctx, "put it beside the program, or set duckdb.library to its path");
    return STATUS_IO_ERROR;
}

static Status find_function(Context *ctx, void *library, const char *name, void *ret_function)
{
    void *function = dlsym(library, name);
    if (!function)
        return fail(ctx, STATUS_IO_ERROR, "this %s is another version: no %s", FILE_NAME, name);
    *(void **)ret_function = function;
    return STATUS_OK;
}

static Status find_functions(Context *ctx, void *library)
{
    DuckFunctions found;
#define DUCK_FUNCTION_FIND(name) TRY(find_function(ctx, library, "duckdb_" #name, &found.name));
    DUCK_FUNCTIONS(DUCK_FUNCTION_FIND)
#undef DUCK_FUNCTION_FIND
    duckdb = found;
    return STATUS_OK;
}

static Status load(Context *ctx, Str file)
{
    const char *path = file.len > 0 ? arena_str(&ctx->arena, file).ptr : find_library(ctx);
    if (!path)
        return not_found(ctx);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library)
        return fail(ctx, STATUS_IO_ERROR, "cannot load %s: %s", path, dlerror());
    return find_functions(ctx, library);
}

Status duck_library_load(Context *ctx, Str file)
{
    pthread_mutex_lock(&loading);
    Status status = loaded ? STATUS_OK : load(ctx, file);
    loaded = status == STATUS_OK;
    pthread_mutex_unlock(&loading);
    return status;
}

#ifdef __SANITIZE_ADDRESS__
/* What DuckDB does not free when a statement fails half way is not ours to mend. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
    return "leak:libduckdb.so";
}
#endif
