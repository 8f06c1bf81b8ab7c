/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system.manifest: the manifests of the cold tier, one row for each table and owner.
 */
#pragma once

#include "cold/cold_jobs.h"
#include "table/system_table.h"

/* jobs outlive the registry of system tables. */
void system_manifest_register(SystemTables *tables, const ColdJobs *jobs);
