/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifier generators: SNOWFLAKE_ID, UUID_V7 (RFC 9562), ULID, and the
 * snowflake layout that sequence numbers share (sql.md 3.18):
 *
 *     63      62..22 milliseconds since 2024-01-01     21..12 worker     11..0 counter
 *
 * Callable from any thread.
 */
#pragma once

#include "base/str.h"

#define SNOWFLAKE_EPOCH_MS INT64_C(1704067200000)
enum { SNOWFLAKE_TIME_SHIFT = 22, SNOWFLAKE_WORKER_SHIFT = 12, SNOWFLAKE_COUNTER_MAX = 4095 };

static inline int64_t snowflake_to_ms(uint64_t id)
{
    return (int64_t)(id >> SNOWFLAKE_TIME_SHIFT) + SNOWFLAKE_EPOCH_MS;
}

/* The smallest id of that millisecond. */
static inline uint64_t snowflake_from_ms(int64_t unix_ms)
{
    return unix_ms <= SNOWFLAKE_EPOCH_MS
               ? 0
               : (uint64_t)(unix_ms - SNOWFLAKE_EPOCH_MS) << SNOWFLAKE_TIME_SHIFT;
}

/* Unique in this process and increasing per thread of generation. */
int64_t snowflake_next(void);
void uuid_v7_next(uint8_t ret_uuid[16]);
void uuid_v4_next(uint8_t ret_uuid[16]);
void ulid_next(char ret_text[26]);

void uuid_format(const uint8_t uuid[16], char ret_text[36]);
/* with or without hyphens, any case */
bool uuid_parse(Str text, uint8_t ret_uuid[16]);
