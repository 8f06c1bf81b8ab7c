/* SPDX-License-Identifier: Apache-2.0 */
#include "value/ids.h"

#include "base/clock.h"
#include "value/hex.h"

#include <stdatomic.h>

enum { SNOWFLAKE_WORKER = 0 };

static _Atomic uint64_t snowflake_last;

/*
 * More than 4096 ids in a millisecond borrow from the next one, and a clock that
 * steps back is waited out by counting on.
 */
static uint64_t snowflake_after(uint64_t last)
{
    uint64_t now = snowflake_from_ms(clock_wall_us() / 1000);
    uint64_t next = last + 1;
    if ((last & SNOWFLAKE_COUNTER_MAX) == SNOWFLAKE_COUNTER_MAX)
        next = ((last >> SNOWFLAKE_TIME_SHIFT) + 1) << SNOWFLAKE_TIME_SHIFT;
    if (next < now)
        next = now;
    return next | (uint64_t)SNOWFLAKE_WORKER << SNOWFLAKE_WORKER_SHIFT;
}

int64_t snowflake_next(void)
{
    uint64_t last = atomic_load_explicit(&snowflake_last, memory_order_relaxed);
    uint64_t next;
    do
        next = snowflake_after(last);
    while (!atomic_compare_exchange_weak_explicit(
        &snowflake_last, &last, next, memory_order_relaxed, memory_order_relaxed));
    return (int64_t)next;
}

/* The 48-bit big-endian Unix milliseconds that UUID version 7 and ULID begin with. */
static void put_milliseconds(uint8_t *bytes, int64_t ms)
{
    for (int i = 0; i < 6; i++)
        bytes[i] = (uint8_t)((uint64_t)ms >> (40 - 8 * i));
}

static void set_version(uint8_t uuid[16], unsigned version)
{
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | version << 4);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

void uuid_v4_next(uint8_t ret_uuid[16])
{
    random_bytes(ret_uuid, 16);
    set_version(ret_uuid, 4);
}

/* RFC 9562, 6.2, method 3: the 12 bits after the version continue the clock's fraction. */
void uuid_v7_next(uint8_t ret_uuid[16])
{
    int64_t now_us = clock_wall_us();
    unsigned fraction = (unsigned)(now_us % 1000 * 4096 / 1000);
    put_milliseconds(ret_uuid, now_us / 1000);
    ret_uuid[6] = (uint8_t)(fraction >> 8);
    ret_uuid[7] = (uint8_t)fraction;
    random_bytes(ret_uuid + 8, 8);
    set_version(ret_uuid, 7);
}

/* Crockford's base 32 of 128 bits, the first character carrying three of them. */
void ulid_next(char ret_text[26])
{
    static const char ALPHABET[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t bytes[16];
    put_milliseconds(bytes, clock_wall_us() / 1000);
    random_bytes(bytes + 6, 10);
    unsigned bits = 0;
    int bit_count = 2; /* two zero bits in front make 130 */
    int next = 0;
    for (int at = 0; at < 26; at++) {
        if (bit_count < 5) {
            bits = (bits & 0x1f) << 8 | bytes[next++];
            bit_count += 8;
        }
        bit_count -= 5;
        ret_text[at] = ALPHABET[bits >> bit_count & 0x1f];
    }
}

void uuid_format(const uint8_t uuid[16], char ret_text[36])
{
    static const char HEX[] = "0123456789abcdef";
    char *to = ret_text;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = HEX[uuid[i] >> 4];
        *to++ = HEX[uuid[i] & 15];
    }
}

bool uuid_parse(Str text, uint8_t ret_uuid[16])
{
    uint8_t uuid[16];
    bool hyphens = text.len == 36;
    if (!hyphens && text.len != 32)
        return false;
    const char *at = text.ptr;
    for (int i = 0; i < 16; i++, at += 2) {
        if (hyphens && (i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-')
            return false;
        int high = hex_digit(at[0]), low = hex_digit(at[1]);
        if (high < 0 || low < 0)
            return false;
        uuid[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(ret_uuid, uuid, sizeof(uuid));
    return true;
}
