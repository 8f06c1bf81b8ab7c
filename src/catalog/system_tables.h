/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that every catalog has: their columns.  Their rows are made
 * elsewhere, from memory, by table id.
 */
#pragma once

#include "catalog/catalog.h"

/* For ever the same: append only. */
typedef enum SystemTableId {
    SYSTEM_USERS = 1,
    SYSTEM_SCHEMAS,
    SYSTEM_TABLES,
    SYSTEM_NAMESPACES,
    SYSTEM_LIVE,
    SYSTEM_STATS,
    SYSTEM_COLUMNS,
    SYSTEM_STORAGES,
    SYSTEM_LIVE_QUERIES,      /* SYSTEM_LIVE in the words of the first specification */
    SYSTEM_TABLE_SCHEMAS,     /* SYSTEM_SCHEMAS, table_type in upper case */
    SYSTEM_STORAGE_LOCATIONS, /* SYSTEM_STORAGES */
    INFORMATION_TABLES,
    INFORMATION_COLUMNS,
    INFORMATION_SCHEMATA,
    SYSTEM_JOBS,
    SYSTEM_JOB_NODES,
    SYSTEM_MANIFEST,
    SYSTEM_TABLE_ID_END
} SystemTableId;

/* Puts them all into a new catalog. */
void system_tables_add(Catalog *catalog);

/* A namespace whose tables are all of these: nobody creates or drops any there. */
bool namespace_is_system(Str name);
