/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog: namespaces, storages, tables, users.
 *
 * A Catalog is an immutable, counted snapshot.  DDL makes a changed copy
 * (catalog_edit .. ) on the executing thread, adds the same change as entries
 * of the commit record, and the copy is published with the commit.  Readers hold
 * a reference; everything reached through it stays valid as long.
 *
 * Entries in the store's catalog family (keys are text, values are encoded,
 * format in catalog_codec.c):
 *
 *     n/<namespace>          t/<table id>/<version>      u/<user id>
 *     s/<storage id>
 *     x/<table id>           a dropped table whose rows still have to be purged
 *     f/<table id>           the table has rows in the cold tier, or is about to
 *     i/table                the highest table id given so far
 */
#pragma once

#include "base/map.h"
#include "base/refcount.h"
#include "catalog/storage.h"
#include "catalog/table.h"
#include "catalog/user.h"
#include "store/store.h"

typedef struct Namespace {
    RefCount refs;
    Str name;
    Str options_json; /* empty = none */
    int64_t created_at_us;
} Namespace;

typedef struct Catalog {
    RefCount refs;
    uint64_t version;   /* counts up with every change */
    Map namespaces;     /* name -> Namespace */
    Map storages;       /* id -> Storage; `local` is always there */
    Map tables;         /* "ns.name" -> Table, newest version; system tables included */
    IdMap tables_by_id; /* id -> Table, newest version */
    IdMap histories;    /* id -> TableHistory: every version of the table, oldest first */
    Map users;          /* id -> User, soft-deleted ones included */
    IdMap cold_tables;  /* id -> anything: is there when the table is cold */
    uint32_t last_table_id;
} Catalog;

typedef struct TableHistory {
    RefCount refs;
    size_t count;
    Table *versions[];
} TableHistory;

Catalog *catalog_ref(Catalog *catalog);
void catalog_unref(Catalog *catalog);
DEFINE_CLEANUP(Catalog, catalog_unref)

/* What the store holds; an empty store gives the namespaces default, system and dba and the system
 * tables. */
MUST_CHECK Status catalog_load(Context *ctx, Store *store, Catalog **ret_catalog);

/* ---- look-ups: NULL when not there; borrowed ---- */
const Namespace *catalog_namespace(const Catalog *catalog, Str name);
const Storage *catalog_storage(const Catalog *catalog, Str id);
const Table *catalog_table(const Catalog *catalog, Str namespace_name, Str name);
const Table *catalog_table_by_id(const Catalog *catalog, uint32_t table_id);
/* NULL also for a soft-deleted user. */
const User *catalog_user(const Catalog *catalog, Str user_id);
/* Soft-deleted or not. */
const User *catalog_account(const Catalog *catalog, Str user_id);
const TableHistory *catalog_table_history(const Catalog *catalog, uint32_t table_id);
/* May rows of the table be in the cold tier?  While not, it need not be asked. */
bool catalog_table_is_cold(const Catalog *catalog, uint32_t table_id);

/* All tables of the catalog sorted by namespace and name; in the arena. */
typedef struct TableList {
    const Table **items;
    size_t count;
} TableList;
TableList catalog_tables(Arena *arena, const Catalog *catalog);

/* All storages sorted by id; in the arena. */
typedef struct StorageList {
    const Storage **items;
    size_t count;
} StorageList;
StorageList catalog_storages(Arena *arena, const Catalog *catalog);

/* ---- editing: on the executing thread ---- */

/*
 * One DDL statement's change: a private copy of the catalog plus the entries
 * that persist it.  The functions below keep both in step; all checks on names
 * and existence are theirs (STATUS_ALREADY_EXISTS, STATUS_NOT_FOUND, ..).
 */
typedef struct CatalogEdit CatalogEdit;
typedef struct CatalogEntry { /* value.ptr NULL = deleted */
    Str key;
    Str value;
} CatalogEntry;

/* Everything the edit makes lives in ctx's arena but the catalog. */
CatalogEdit *catalog_edit_begin(Context *ctx, const Catalog *from, int64_t now_us);
/* The entries to add to the commit. */
size_t catalog_edit_entries(const CatalogEdit *edit, const CatalogEntry **ret_entries);
/* As changed so far; borrowed until the edit ends. */
const Catalog *catalog_edit_catalog(const CatalogEdit *edit);
/* The finished catalog (the caller's reference) and the end of the edit. */
Catalog *catalog_edit_finish(CatalogEdit *edit);
/* Forgets it. */
void catalog_edit_abort(CatalogEdit *edit);
DEFINE_CLEANUP(CatalogEdit, catalog_edit_abort)

/* Gives the built-in namespaces of an empty store their entries and their time of creation. */
void catalog_persist_builtin_namespaces(CatalogEdit *edit);
MUST_CHECK Status catalog_create_namespace(CatalogEdit *edit, Str name);
MUST_CHECK Status catalog_drop_namespace(CatalogEdit *edit, Str name); /* drops its tables too */
/* Both copy, and set revision and times.  Replacing keeps the type and the directory. */
MUST_CHECK Status catalog_create_storage(CatalogEdit *edit, const Storage *storage);
MUST_CHECK Status catalog_replace_storage(CatalogEdit *edit, const Storage *storage);
/* STATUS_INVALID_OPERATION for `local`, and while tables use it. */
MUST_CHECK Status catalog_drop_storage(CatalogEdit *edit, Str id);
/* Gives id, version and column ids; the definition's other fields are complete and valid. */
MUST_CHECK Status catalog_create_table(CatalogEdit *edit,
                                       const Table *definition,
                                       const Table **ret_table);
/* A new version of an existing table (same id, version + 1). Columns with id 0 are new; the others
 * keep the ids they have. Name, namespace, kind and creation stay as they were. */
MUST_CHECK Status catalog_replace_table(CatalogEdit *edit,
                                        const Table *definition,
                                        const Table **ret_table);
MUST_CHECK Status catalog_drop_table(CatalogEdit *edit, uint32_t table_id);
/* From this commit on rows of the table may be in the cold tier; lasts as long as the table. */
MUST_CHECK Status catalog_mark_cold(CatalogEdit *edit, uint32_t table_id);
/* The rows of a dropped table are gone. */
MUST_CHECK Status catalog_purged_table(CatalogEdit *edit, uint32_t table_id);
/* Inserts or replaces; copies. Sets updated_at_us, created_at_us where it is 0, and
 * credentials_version. */
MUST_CHECK Status catalog_put_user(CatalogEdit *edit, const User *user);

/* Dropped tables that still wait for catalog_purged_table(); read from the store. */
MUST_CHECK Status catalog_dropped_tables(Context *ctx,
                                         Store *store,
                                         uint32_t **ret_ids,
                                         size_t *ret_count);
