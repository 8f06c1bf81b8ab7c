/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalog entries as the store keeps them: keys are text, values are encoded
 * (format in catalog_codec.c).  Pure functions; decoding checks everything and
 * fails with STATUS_CORRUPT.
 */
#pragma once

#include "catalog/catalog.h"

typedef enum CatalogKeyKind {
    CATALOG_KEY_NAMESPACE,
    CATALOG_KEY_STORAGE,
    CATALOG_KEY_TABLE,
    CATALOG_KEY_USER,
    CATALOG_KEY_DROPPED,
    CATALOG_KEY_COLD,
    CATALOG_KEY_LAST_TABLE_ID,
} CatalogKeyKind;

typedef struct CatalogKey {
    CatalogKeyKind kind;
    Str name; /* NAMESPACE, STORAGE, USER */
    uint32_t table_id;
    uint32_t version;
} CatalogKey;

/* The order of TABLE keys is that of ids and versions. */
Str catalog_key_write(Arena *arena, const CatalogKey *key);
/* The name is borrowed. */
MUST_CHECK Status catalog_key_read(Context *ctx, Str text, CatalogKey *ret_key);

void namespace_encode(Buf *out, const Namespace *space);
MUST_CHECK Status namespace_decode(Context *ctx, Str name, Str bytes, Namespace **ret_namespace);

void storage_encode(Buf *out, const Storage *storage);
MUST_CHECK Status storage_decode(Context *ctx, Str id, Str bytes, Storage **ret_storage);

void table_encode(Buf *out, const Table *table);
MUST_CHECK Status table_decode(Context *ctx, Str bytes, Table **ret_table);

void user_encode(Buf *out, const User *user);
MUST_CHECK Status user_decode(Context *ctx, Str id, Str bytes, User **ret_user);

void table_id_encode(Buf *out, uint32_t table_id);
MUST_CHECK Status table_id_decode(Context *ctx, Str bytes, uint32_t *ret_table_id);
