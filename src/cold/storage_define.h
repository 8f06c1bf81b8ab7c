/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From CREATE STORAGE and ALTER STORAGE to a Storage: everything that can be
 * judged without the catalog.
 */
#pragma once

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
 * Makes the directory of a filesystem storage if it is missing; may block.
 * STATUS_INVALID_OPERATION when it is the server's own: the data directory, what
 * lies in it (but for directories below its storage/), or one that holds it.
 */
MUST_CHECK Status storage_make_directory(Context *ctx,
                                         const ObjectStores *stores,
                                         const Storage *storage);
