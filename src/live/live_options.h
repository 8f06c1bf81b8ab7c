/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `options` of a subscribe message (protocol.md 2.4, decisions 11-14).
 */
#pragma once

#include "base/context.h"
#include "store/layout.h"
#include "value/json.h"

enum { LIVE_BATCH_SIZE_DEFAULT = 1000, LIVE_BATCH_SIZE_MAX = 10000 };

typedef enum SMALL_ENUM LiveOnLag {
    LIVE_LAG_CATCH_UP, /* every change, late */
    LIVE_LAG_LATEST,   /* the newest version of each row */
    LIVE_LAG_CLOSE,    /* SLOW_CONSUMER */
} LiveOnLag;

typedef struct LiveOptions {
    bool initial; /* options were given: there is initial data */
    uint32_t batch_size;
    bool has_last_rows;
    uint32_t last_rows;
    bool resume; /* from or since */
    bool from_time;
    SeqNo from;
    LiveOnLag on_lag;
    bool full;
    bool progress;
    bool include_flush;
} LiveOptions;

/* json NULL or null: no initial data.  STATUS_UNSUPPORTED names the option and what is wrong. */
MUST_CHECK Status live_options_parse(Context *ctx, const Json *json, LiveOptions *ret_options);
