/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system.jobs and system.job_nodes: the jobs as the store has them, one row each.
 */
#pragma once

#include "table/system_table.h"

void system_jobs_register(SystemTables *tables);
