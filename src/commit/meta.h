/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers in the store's meta family, eight bytes big-endian each:
 *
 *     seq_lease       sequence numbers before this millisecond may have been used (seq_clock.h)
 *     log_low_water   log entries at or below this sequence number may be gone (change_log.h)
 *     log_table_marks the same for single tables; not a number (log_marks.h)
 */
#pragma once

#include "store/store.h"

#define META_SEQ_LEASE       STR("seq_lease")
#define META_LOG_LOW_WATER   STR("log_low_water")
#define META_LOG_TABLE_MARKS STR("log_table_marks")

/* 0 when there is none. */
MUST_CHECK Status meta_read(Context *ctx, Store *store, Str key, uint64_t *ret_value);
void meta_put(StoreBatch *batch, Str key, uint64_t value);
