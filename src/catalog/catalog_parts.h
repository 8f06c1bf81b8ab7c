/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What loading and editing a catalog share: making its parts and putting them
 * in and out.  A Catalog is changed only between catalog_new() or
 * catalog_copy() and the moment somebody else can see it.
 */
#pragma once

#include "catalog/catalog.h"

/* Ids below belong to system tables; 0 is the catalog itself in commit records. */
enum { TABLE_ID_FIRST = 1024 };

/* Holds the system tables and the storage `local`. */
Catalog *catalog_new(void);
/* The same parts, one version further. */
Catalog *catalog_copy(const Catalog *from);

/* Puts take over the caller's reference and replace what has the same name or id. */
void catalog_put_namespace(Catalog *catalog, Namespace *space);
void catalog_put_storage(Catalog *catalog, Storage *storage);
void catalog_put_history(Catalog *catalog, TableHistory *history);
void catalog_put_account(Catalog *catalog, User *user);
void catalog_put_cold(Catalog *catalog, uint32_t table_id);
void catalog_remove_namespace(Catalog *catalog, Str name);
void catalog_remove_storage(Catalog *catalog, Str id);
void catalog_remove_table(Catalog *catalog, uint32_t table_id);

Namespace *namespace_new(Str name, Str options_json, int64_t created_at_us);
void namespace_unref(Namespace *space);
DEFINE_CLEANUP(Namespace, namespace_unref)

/* The older history's versions (NULL = none) and one more, whose reference is taken over. */
TableHistory *table_history_new(const TableHistory *older, Table *newest);
void table_history_unref(TableHistory *history);

/* Not to be created: sql.md 3.1. */
bool namespace_is_reserved(Str name);
/* Those that every catalog has and that nobody can drop. */
enum { BUILTIN_NAMESPACE_COUNT = 3 };
extern const Str BUILTIN_NAMESPACES[BUILTIN_NAMESPACE_COUNT];
bool namespace_is_builtin(Str name);
/* Those of them that the catalog has not yet; created_at_us is 0 until they are persisted. */
void catalog_add_builtin_namespaces(Catalog *catalog);
