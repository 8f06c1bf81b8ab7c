/* SPDX-License-Identifier: Apache-2.0 */
#include "net/timer_wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMERS = 200 };

static uint64_t dice_state;

static uint64_t dice(uint64_t sides)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (dice_state >> 33) % sides;
}

/* The model: a plain array of deadlines, 0 = not filed. */
typedef struct Model {
    WheelTimer timers[TIMERS];
    uint64_t due_ms[TIMERS];
} Model;

static void change_one(TimerWheel *wheel, Model *model, uint64_t now)
{
    size_t i = dice(TIMERS);
    if (dice(4) == 0) {
        wheel_remove(wheel, &model->timers[i]);
        model->due_ms[i] = 0;
        return;
    }
    static const uint64_t spans[] = {10, 100, 5000, 80000};
    model->due_ms[i] = now + dice(spans[dice(4)]) + 1;
    wheel_add(wheel, &model->timers[i], model->due_ms[i]);
}

static void check_expiry(TimerWheel *wheel, Model *model, uint64_t now)
{
    WheelTimer *timer;
    while ((timer = wheel_expire(wheel, now))) {
        size_t i = (size_t)(timer - model->timers);
        assert_true(model->due_ms[i] != 0 && model->due_ms[i] <= now);
        assert_null(timer->link);
        model->due_ms[i] = 0;
    }
    uint64_t earliest = WHEEL_NEVER;
    for (size_t i = 0; i < TIMERS; i++) {
        if (model->due_ms[i] == 0)
            continue;
        assert_true(model->due_ms[i] + WHEEL_TICK_MS > now);
        earliest = model->due_ms[i] < earliest ? model->due_ms[i] : earliest;
    }
    uint64_t next = wheel_next_ms(wheel);
    assert_true(earliest == WHEEL_NEVER ? next == WHEEL_NEVER : next <= earliest + WHEEL_TICK_MS);
}

static void timers_fire_never_early_and_at_most_a_tick_late(void **state)
{
    (void)state;
    const char *seed = getenv("TEST_SEED");
    dice_state = seed ? strtoull(seed, NULL, 10) : random_u64();
    printf("# TEST_SEED=%llu\n", (unsigned long long)dice_state);
    TimerWheel wheel;
    Model model = {0};
    uint64_t now = dice(1000000);
    wheel_init(&wheel, now);
    for (int i = 0; i < 20000; i++) {
        for (uint64_t n = dice(4); n > 0; n--)
            change_one(&wheel, &model, now);
        now += dice(50) == 0 ? dice(100000) : dice(60);
        check_expiry(&wheel, &model, now);
    }
}

static void an_empty_wheel_waits_for_nothing(void **state)
{
    (void)state;
    TimerWheel wheel;
    WheelTimer timer = {0};
    wheel_init(&wheel, 1000);
    assert_true(wheel_next_ms(&wheel) == WHEEL_NEVER);
    wheel_add(&wheel, &timer, 5000);
    assert_true(wheel_next_ms(&wheel) >= 5000);
    wheel_remove(&wheel, &timer);
    wheel_remove(&wheel, &timer);
    assert_true(wheel_next_ms(&wheel) == WHEEL_NEVER);
    assert_null(wheel_expire(&wheel, 10000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_never_early_and_at_most_a_tick_late),
        cmocka_unit_test(an_empty_wheel_waits_for_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net/timer_wheel", tests, NULL, NULL);
}
