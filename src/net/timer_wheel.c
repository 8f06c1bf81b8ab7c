/* SPDX-License-Identifier: Apache-2.0 */
#include "net/timer_wheel.h"

void wheel_init(TimerWheel *wheel, uint64_t now_ms)
{
    *wheel = (TimerWheel){.tick = now_ms / WHEEL_TICK_MS};
}

static void list_push(WheelTimer **list, WheelTimer *timer)
{
    timer->next = *list;
    timer->link = list;
    if (timer->next)
        timer->next->link = &timer->next;
    *list = timer;
}

static void list_unlink(WheelTimer *timer)
{
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->next = NULL;
    timer->link = NULL;
}

/* The first tick at whose begin the deadline has passed, and not one already swept. */
static uint64_t due_tick(const TimerWheel *wheel, uint64_t due_ms)
{
    uint64_t tick = due_ms / WHEEL_TICK_MS + (due_ms % WHEEL_TICK_MS != 0);
    return tick > wheel->tick ? tick : wheel->tick + 1;
}

void wheel_add(TimerWheel *wheel, WheelTimer *timer, uint64_t due_ms)
{
    wheel_remove(wheel, timer);
    timer->due_ms = due_ms;
    uint64_t index = due_tick(wheel, due_ms) % WHEEL_BUCKETS;
    list_push(&wheel->buckets[index], timer);
    wheel->occupied[index / 64] |= UINT64_C(1) << (index % 64);
}

void wheel_remove(TimerWheel *wheel, WheelTimer *timer)
{
    if (!timer->link)
        return;
    WheelTimer **list = timer->link;
    list_unlink(timer);
    bool is_bucket = list >= wheel->buckets && list < wheel->buckets + WHEEL_BUCKETS;
    if (is_bucket && !*list) {
        size_t index = (size_t)(list - wheel->buckets);
        wheel->occupied[index / 64] &= ~(UINT64_C(1) << (index % 64));
    }
}

/* A bucket also holds timers of later rounds; those stay. */
static void sweep_bucket(TimerWheel *wheel, size_t index, uint64_t now_ms)
{
    for (WheelTimer *timer = wheel->buckets[index], *next; timer; timer = next) {
        next = timer->next;
        if (timer->due_ms > now_ms)
            continue;
        list_unlink(timer);
        list_push(&wheel->expired, timer);
    }
    if (!wheel->buckets[index])
        wheel->occupied[index / 64] &= ~(UINT64_C(1) << (index % 64));
}

static void sweep(TimerWheel *wheel, uint64_t now_ms)
{
    uint64_t now_tick = now_ms / WHEEL_TICK_MS;
    if (now_tick <= wheel->tick)
        return;
    uint64_t steps = now_tick - wheel->tick;
    if (steps > WHEEL_BUCKETS)
        steps = WHEEL_BUCKETS;
    for (uint64_t step = 1; step <= steps; step++)
        sweep_bucket(wheel, (size_t)((wheel->tick + step) % WHEEL_BUCKETS), now_ms);
    wheel->tick = now_tick;
}

WheelTimer *wheel_expire(TimerWheel *wheel, uint64_t now_ms)
{
    if (!wheel->expired)
        sweep(wheel, now_ms);
    WheelTimer *timer = wheel->expired;
    if (timer)
        list_unlink(timer);
    return timer;
}

/* Distance in ticks from `start` to the next occupied bucket, itself included; WHEEL_BUCKETS =
 * none. */
static uint64_t distance_to_occupied(const TimerWheel *wheel, uint64_t start)
{
    for (uint64_t passed = 0; passed < WHEEL_BUCKETS;) {
        uint64_t index = (start + passed) % WHEEL_BUCKETS;
        uint64_t word = wheel->occupied[index / 64] >> (index % 64);
        if (word)
            return passed + (uint64_t)__builtin_ctzll(word);
        passed += 64 - index % 64;
    }
    return WHEEL_BUCKETS;
}

uint64_t wheel_next_ms(const TimerWheel *wheel)
{
    if (wheel->expired)
        return wheel->tick * WHEEL_TICK_MS;
    uint64_t distance = distance_to_occupied(wheel, wheel->tick + 1);
    if (distance >= WHEEL_BUCKETS)
        return WHEEL_NEVER;
    return (wheel->tick + 1 + distance) * WHEEL_TICK_MS;
}
