/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TimerWheel: deadlines of many thousand connections, O(1) each.
 *
 * A hashed timing wheel (Varghese and Lauck, scheme 6): 512 lists, one for each
 * tick of 32 ms, chosen by the deadline's tick modulo 512.  A timer fires never
 * early and at most one tick late.  Moving a deadline further away is best not
 * told to the wheel at all: let it fire, look, and file it again.
 *
 * Time is given by the caller, in milliseconds.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WHEEL_BUCKETS = 512, WHEEL_TICK_MS = 32 };

typedef struct WheelTimer WheelTimer;
struct WheelTimer {
    WheelTimer *next;
    WheelTimer **link; /* what points here; NULL = not filed */
    uint64_t due_ms;
};

typedef struct TimerWheel {
    WheelTimer *buckets[WHEEL_BUCKETS];
    uint64_t occupied[WHEEL_BUCKETS / 64];
    WheelTimer *expired;
    uint64_t tick; /* everything due up to this tick has expired */
} TimerWheel;

/* WHEEL_NEVER from wheel_next_ms(): there is nothing to wait for. */
#define WHEEL_NEVER UINT64_MAX

void wheel_init(TimerWheel *wheel, uint64_t now_ms);

/* Files the timer under due_ms; one that is filed already is moved. */
void wheel_add(TimerWheel *wheel, WheelTimer *timer, uint64_t due_ms);

/* A timer that is not filed is left alone. */
void wheel_remove(TimerWheel *wheel, WheelTimer *timer);

/*
 * Takes one timer that is due at now_ms out of the wheel, or returns NULL.  Call it until
 * NULL; timers may be added and removed in between.
 */
WheelTimer *wheel_expire(TimerWheel *wheel, uint64_t now_ms);

/* When to call wheel_expire() next: not after the earliest deadline by more than a tick. */
uint64_t wheel_next_ms(const TimerWheel *wheel);
