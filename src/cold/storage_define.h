/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From CREATE STORAGE and ALTER STORAGE to a Storage: everything that can be
 * judged without the catalog.
 */
#pragma once

#include "catalog/catalog.h"
#include "cold/object_store.h"
#include "sql/ast.h"

/*
 * Opens nothing, so that it may run anywhere.  `before` is what ALTER changes;
 * NULL = CREATE.  The result's text is in ctx's
 * arena or borrowed from the statement; revision and times are the catalog's to
 * set.  STATUS_INVALID_SQL, STATUS_UNSUPPORTED.
 */
MUST_CHECK Status storage_define(Context *ctx,
                                 const ObjectStores *stores,
                                 const AstStorage *ast,
                                 const Storage *before,
                                 Storage *ret_storage);

/*
 * Two storages in one place would take each other's files for their own.
 * STATUS_INVALID_OPERATION when the directory of a filesystem storage is, holds or
 * lies in that of another one of the catalog.  By their names: opens nothing.
 */
MUST_CHECK Status storage_check_overlap(Context *ctx,
                                        const Catalog *catalog,
                                        const Storage *storage);

/*
 * Makes the directory of a filesystem storage if it is missing; may block.
 * STATUS_INVALID_OPERATION when it is, holds or lies in the data directory, the
 * storage `local` or any other storage of the catalog, behind symbolic links, too.
 */
MUST_CHECK Status storage_make_directory(Context *ctx,
                                         const ObjectStores *stores,
                                         const Catalog *catalog,
                                         const Storage *storage);
