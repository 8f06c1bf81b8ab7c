/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system.users: the accounts of the catalog, and of each what its logins did
 * since the server began (auth/login_guard.h).
 */
#pragma once

#include "auth/login_guard.h"
#include "table/system_table.h"

/* The guard must outlive the tables; NULL = nobody logs in. */
void system_users_register(SystemTables *tables, LoginGuard *guard);
