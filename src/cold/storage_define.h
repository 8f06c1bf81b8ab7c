/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From CREATE STORAGE and ALTER STORAGE to a Storage: everything that can be
 * judged without the catalog.  Nothing is opened, so that it may run anywhere.
 */
#pragma once

#include "cold/object_store.h"
#include "sql/ast.h"

/*
 * `before` is what ALTER changes; NULL = CREATE.  The result's text is in ctx's
 * arena or borrowed from the statement; revision and times are the catalog's to
 * set.  STATUS_INVALID_SQL, STATUS_UNSUPPORTED.
 */
MUST_CHECK Status storage_define(Context *ctx,
                                 const ObjectStores *stores,
                                 const AstStorage *ast,
                                 const Storage *before,
                                 Storage *ret_storage);
