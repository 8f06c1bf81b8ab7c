/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system tables that need nothing but the catalog: namespaces, storages,
 * tables, schemas, columns, their aliases of decision 34, and
 * information_schema.
 */
#pragma once

#include "table/system_table.h"

void system_catalog_register(SystemTables *tables);
