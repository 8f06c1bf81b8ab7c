/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory_gauge.h"

#include "base/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MIB = 1 << 20 };

static void large_blocks_of_arenas_count_until_they_are_given_back(void **state)
{
    (void)state;
    size_t before = memory_gauge_bytes();
    CLEANUP(arena_done) Arena arena = {0};
    arena_alloc(&arena, 100);
    assert_int_equal(memory_gauge_bytes(), before);
    ArenaMark mark = arena_mark(&arena);
    arena_alloc(&arena, MIB);
    assert_int_equal(memory_gauge_bytes(), before + MIB);
    arena_rewind(&arena, mark);
    assert_int_equal(memory_gauge_bytes(), before);
    arena_alloc(&arena, MIB);
    arena_done(&arena);
    assert_int_equal(memory_gauge_bytes(), before);
}

static void a_share_follows_its_holder_in_steps(void **state)
{
    (void)state;
    size_t before = memory_gauge_bytes();
    MemoryShare share = {0};
    memory_share_set(&share, MEMORY_SMALL - 1);
    assert_int_equal(memory_gauge_bytes(), before);
    memory_share_set(&share, MIB);
    memory_share_set(&share, MIB + 1);
    assert_int_equal(memory_gauge_bytes(), before + MIB);
    memory_share_set(&share, 10);
    assert_int_equal(memory_gauge_bytes(), before + 10);
    memory_share_done(&share);
    assert_int_equal(memory_gauge_bytes(), before);
}

static void past_the_limit_the_large_are_refused_and_the_small_go_on(void **state)
{
    (void)state;
    CLEANUP(context_done) Context large = {0};
    CLEANUP(context_done) Context small = {0};
    arena_alloc(&large.arena, 2 * MIB);
    assert_int_equal(context_check(&large), STATUS_OK);
    memory_gauge_set_limit(MIB);
    assert_true(memory_gauge_is_full());
    assert_int_equal(context_check(&small), STATUS_OK);
    assert_int_equal(context_check(&large), STATUS_MEMORY_LIMIT);
    assert_non_null(strstr(large.message.ptr, "memory.limit"));
    memory_gauge_set_limit(0);
    assert_int_equal(context_check(&large), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_blocks_of_arenas_count_until_they_are_given_back),
        cmocka_unit_test(a_share_follows_its_holder_in_steps),
        cmocka_unit_test(past_the_limit_the_large_are_refused_and_the_small_go_on),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("memory_gauge", tests, NULL, NULL);
}
