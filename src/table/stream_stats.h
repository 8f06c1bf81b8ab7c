/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many events of a stream can be read.
 */
#pragma once

#include "table/scan.h"

typedef struct StreamCountOptions {
    Snapshot *snapshot;
    const Table *table;
    bool everybody; /* all owners together; else `owner` */
    Owner owner;
} StreamCountOptions;

/* As readers would count them: neither expired ones nor those above MAX_BUFFER.  Workers only. */
MUST_CHECK Status stream_count_events(Context *ctx,
                                      const StreamCountOptions *options,
                                      uint64_t *ret_count);
