/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How memory.limit is shared out: the caches and buffers of the store, DuckDB
 * and the output budget of WebSockets have fixed sizes, the rest is what requests
 * may hold (base/memory_gauge.h).
 *
 * Without memory.limit it is 70 % of the machine, or of the control group when
 * that allows less.  Fixed parts that would take more than three quarters of
 * the limit are made smaller, all by the same factor.
 */
#pragma once

#include "server/config.h"

/* Lowers sizes in config where they do not fit.  Returns what is left for requests, in bytes. */
size_t memory_plan_apply(Config *config, uint64_t machine_bytes);

/* Memory of the machine, or what its control group allows. */
uint64_t memory_plan_machine_bytes(void);
