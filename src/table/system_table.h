/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System tables: relations whose rows are generated when somebody reads them.
 *
 * The catalog knows their columns (TABLE_SYSTEM); a provider, registered under
 * "namespace.table" before requests are served, makes the rows from a snapshot.
 * Layers that own live state (subscriptions, statistics) register their own.
 * The registry is read-only once the server runs; providers are called from any
 * reactor or worker and must not block: one that reads the store does so by the
 * request's tier, and its STATUS_WOULD_BLOCK moves the request to a worker.
 */
#pragma once

#include "commit/published.h"
#include "value/value.h"

typedef struct SystemTables SystemTables;
typedef struct SystemRows SystemRows;

typedef struct SystemRequest {
    Snapshot *snapshot;
    const Table *table;
    Str user_id; /* who asks */
    Role role;
    StoreTier tier; /* how providers that read the store may do so */
} SystemRequest;

typedef Status (*SystemProvider)(Context *ctx,
                                 const SystemRequest *request,
                                 SystemRows *rows,
                                 void *data);

/*
 * Holds the providers that need nothing but the catalog.  What system.storages
 * says where a definition is silent must stay valid.
 */
SystemTables *system_tables_new(const StorageDefaults *storages);
void system_tables_free(SystemTables *tables);
DEFINE_CLEANUP(SystemTables, system_tables_free)

/* full_name ("system.live") must stay valid; replaces an earlier provider of the name. */
void system_tables_register(SystemTables *tables,
                            Str full_name,
                            SystemProvider provider,
                            void *data);

/* Rows in ctx's arena.  A table without provider has none. */
typedef struct SystemResult {
    const Value *const *rows; /* table_row_width() values each */
    size_t count;
} SystemResult;
MUST_CHECK Status system_tables_read(Context *ctx,
                                     const SystemTables *tables,
                                     const SystemRequest *request,
                                     SystemResult *ret_result);

/* ---- for providers ---- */

const StorageDefaults *system_rows_storage_defaults(const SystemRows *rows);

/* Starts a row whose values are all NULL. */
void system_row_begin(SystemRows *rows);
/* Set a column of the current row by name, with the column's type; a name that the table does not
 * have is ignored. */
void system_row_text(SystemRows *rows,
                     const char *column,
                     Str text); /* ptr NULL = NULL; borrowed */
void system_row_integer(SystemRows *rows, const char *column, int64_t integer);
void system_row_boolean(SystemRows *rows, const char *column, bool boolean);
void system_row_double(SystemRows *rows, const char *column, double real);
