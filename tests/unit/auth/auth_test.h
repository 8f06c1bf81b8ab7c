/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of auth share: checks of text, cheap password hashes and a
 * clock that stands still.
 */
#pragma once

#include "auth/auth.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define SECRET STR("0123456789abcdef0123456789abcdef")

/* 1,770,000,000 s after 1970 */
#define START_US INT64_C(1770000000000000)

static const PasswordPolicy CHEAP = {.memory_kib = 8, .iterations = 1, .parallelism = 1};

static int64_t test_now_us = START_US;

static inline int64_t read_test_clock(void *data)
{
    (void)data;
    return test_now_us;
}

static inline void random_test_bytes(void *data, void *bytes, size_t size)
{
    static unsigned char next;
    (void)data;
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)bytes)[i] = next++;
}

static inline int stop_the_clock(void **state)
{
    (void)state;
    static const ClockSource SOURCE = {read_test_clock, read_test_clock, random_test_bytes, NULL};
    clock_replace(&SOURCE);
    return 0;
}

static inline void assert_str(Str actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.ptr ? actual.ptr : "", expected, actual.len);
}

static inline void assert_has(Str text, const char *part)
{
    CLEANUP(buf_done) Buf copy = {0};
    buf_str_append(&copy, text);
    buf_byte(&copy, '\0');
    if (!strstr(copy.ptr, part))
        fail_msg("\"%s\" lacks \"%s\"", copy.ptr, part);
}
