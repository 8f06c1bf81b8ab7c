/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files and directories, made so that they survive a power cut.
 *
 * A file is whole or not there: written under another name, synced, renamed, and
 * the directory synced.  Paths are text with a NUL behind it (arena_str() and
 * arena_printf() give such).  Errors are STATUS_IO_ERROR naming what was tried,
 * the path and the system's reason.  Any thread; every function may block.
 */
#pragma once

#include "base/context.h"

/* Rows of all users lie below: nobody but the server's own account and group looks in. */
enum { DIRECTORY_MODE = 0750, FILE_MODE = 0640 };

/* An open descriptor that is closed on every way out: CLEANUP(file_done) FileHandle file = .. */
typedef struct FileHandle {
    int descriptor; /* -1 = none */
} FileHandle;

void file_done(FileHandle *file);
DEFINE_CLEANUP_IN_PLACE(FileHandle, file_done)

/* "cannot <what> <path>: <errno's text>" */
Status file_fail(Context *ctx, const char *what, Str path);

/* As mkdir -p; what is made is durable. */
MUST_CHECK Status file_make_directories(Context *ctx, Str path);
MUST_CHECK Status file_sync_directory(Context *ctx, Str path);
/* The file's bytes and its directory's entry for it reach the disk. */
MUST_CHECK Status file_sync(Context *ctx, Str path);

/* The directory that holds path ("." when there is no slash); in the arena. */
Str file_directory(Arena *arena, Str path);

/* Writes all of it, however often the system is interrupted. */
MUST_CHECK Status file_write_all(Context *ctx, int descriptor, Str path, Str bytes);

typedef struct FileWrite {
    Str path;
    Str bytes;
    unsigned mode; /* 0 = FILE_MODE */
    bool keep;     /* a file that is already there stays, and that is no error */
} FileWrite;
/* Atomic and durable. */
MUST_CHECK Status file_write(Context *ctx, const FileWrite *write);

/* In the arena; ptr NULL when there is no such file; STATUS_CORRUPT above size_max bytes. */
MUST_CHECK Status file_read(Context *ctx, Str path, size_t size_max, Str *ret_bytes);
