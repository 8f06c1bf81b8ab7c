/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's data directory.
 *
 *     LOCK      held with flock() while a server uses the directory; says whose it is
 *     FORMAT    one line "kalamdb <n>": the format everything below is written in
 *     rocksdb/  the hot tier          storage/  Parquet files of storage `local`
 *     cache/    local copies of files of remote storages; means nothing to the next start
 *
 * Opening creates what is missing.  A directory in use, or one written in a
 * newer format, is refused; one of an older format is taken over.
 */
#pragma once

#include "base/context.h"

/* Counts up when an older server could not read what a newer one writes. */
enum { DATA_FORMAT = 2 };

typedef struct DataDir {
    Str path;
    Str rocksdb_path;
    Str storage_path;
    Str cache_path;
    int lock_fd;
    Arena arena; /* holds the paths, each with a NUL behind it */
} DataDir;

/* STATUS_INVALID_OPERATION: in use, or of a newer format.  STATUS_IO_ERROR, STATUS_CORRUPT. */
MUST_CHECK Status data_dir_open(Context *ctx, Str path, DataDir **ret_dir);
/* Lets go of the lock; the files stay. */
void data_dir_close(DataDir *dir);
DEFINE_CLEANUP(DataDir, data_dir_close)
