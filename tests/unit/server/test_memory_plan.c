/* SPDX-License-Identifier: Apache-2.0 */
#include "server/memory_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MIB INT64_C(1048576)

/* The defaults: 256 + 16 * 64 + 256 + 512 = 2,048 MiB fixed. */
static Config config_with(int64_t limit)
{
    return (Config){
        .storage = {.block_cache_bytes = 256 * MIB, .write_buffer_bytes = 64 * MIB},
        .websocket = {.output_total_bytes = 256 * MIB},
        .duckdb = {.memory_bytes = 512 * MIB},
        .memory = {.limit_bytes = limit},
    };
}

static void without_a_limit_it_is_seventy_percent_of_the_machine(void **state)
{
    (void)state;
    Config config = config_with(0);
    size_t left = memory_plan_apply(&config, (uint64_t)(10000 * MIB));
    assert_int_equal(config.memory.limit_bytes, 7000 * MIB);
    assert_int_equal(left, (7000 - 2048 - 32) * MIB);
    assert_int_equal(config.storage.block_cache_bytes, 256 * MIB);
}

static void on_a_small_machine_caches_and_buffers_give_way(void **state)
{
    (void)state;
    Config config = config_with(1024 * MIB);
    size_t left = memory_plan_apply(&config, (uint64_t)(10000 * MIB));
    assert_in_range(config.storage.block_cache_bytes, 95 * MIB, 96 * MIB);
    assert_in_range(config.storage.write_buffer_bytes, 23 * MIB, 24 * MIB);
    assert_in_range(config.websocket.output_total_bytes, 95 * MIB, 96 * MIB);
    assert_in_range(left, (256 - 32) * MIB, (256 - 32 + 1) * MIB);
}

static void requests_always_get_something(void **state)
{
    (void)state;
    Config config = config_with(1);
    assert_int_equal(memory_plan_apply(&config, (uint64_t)(10000 * MIB)), 16 * MIB);
    assert_int_equal(config.storage.write_buffer_bytes, MIB);
}

static void the_machine_has_some_memory(void **state)
{
    (void)state;
    assert_true(memory_plan_machine_bytes() > (uint64_t)MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit_it_is_seventy_percent_of_the_machine),
        cmocka_unit_test(on_a_small_machine_caches_and_buffers_give_way),
        cmocka_unit_test(requests_always_get_something),
        cmocka_unit_test(the_machine_has_some_memory),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("memory_plan", tests, NULL, NULL);
}
