/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storages: where the files of the cold tier go.  A Storage is immutable and
 * counted; a change is a new one with a higher revision.
 *
 * The storage `local` (filesystem, `<data>/storage`) exists in every catalog.  It
 * has an entry of its own only after somebody altered it.
 */
#pragma once

#include "base/context.h"
#include "base/refcount.h"

enum { STORAGE_ID_LENGTH_MAX = 64 };

#define LOCAL_STORAGE_ID STR("local")

typedef enum StorageType { STORAGE_FILESYSTEM, STORAGE_S3 } StorageType;

typedef struct Storage {
    RefCount refs;
    Str id;
    uint64_t revision; /* counts up with every ALTER */
    StorageType type;
    Str name;
    Str description;     /* ptr NULL = none */
    Str directory;       /* an absolute path, or s3://bucket[/prefix]; of `local`: empty */
    Str credentials;     /* encrypted JSON; ptr NULL = none */
    Str config_json;     /* ptr NULL = none */
    Str shared_template; /* empty = the configured default */
    Str user_template;
    int64_t created_at_us;
    int64_t updated_at_us;
} Storage;

/* What the configuration says of all storages, or of `local`.  Immutable, outlives its users. */
typedef struct StorageDefaults {
    Str local_directory;
    Str shared_template;
    Str user_template;
} StorageDefaults;

/* Everything but the count; the text is borrowed. */
void storage_assign(Storage *to, const Storage *from);

/* An independent copy, counted 1. */
Storage *storage_copy(const Storage *storage);
Storage *storage_ref(Storage *storage);
void storage_unref(Storage *storage);
DEFINE_CLEANUP(Storage, storage_unref)

const char *storage_type_word(StorageType type); /* "filesystem", "s3" */

/* Letters, digits, _ and -, 1 to STORAGE_ID_LENGTH_MAX bytes. */
MUST_CHECK Status storage_id_check(Context *ctx, Str id);
