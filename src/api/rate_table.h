/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RateTable: one RateGate for each user, address or other key, shared by all
 * reactors.  Keys whose gate is fully earned back are forgotten when the table
 * has grown, so its size follows the keys of the last second.
 *
 * The lock guards the map.  Any thread.
 */
#pragma once

#include "base/cleanup.h"
#include "base/str.h"

typedef struct RateTable RateTable;

/* per_second 0 = no limit. */
RateTable *rate_table_new(uint32_t per_second);
void rate_table_free(RateTable *table);
DEFINE_CLEANUP(RateTable, rate_table_free)

/* Counts one in for the key, or says no. */
bool rate_table_pass(RateTable *table, Str key, int64_t now_us);

/* How many keys are remembered. */
size_t rate_table_count(RateTable *table);
