/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void memory_is_aligned_and_separate(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    unsigned char *parts[200];
    for (size_t i = 0; i < 200; i++) {
        parts[i] = arena_alloc(&arena, i * 7 + 1);
        assert_int_equal((uintptr_t)parts[i] % 16, 0);
        memset(parts[i], (int)i, i * 7 + 1);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t at = 0; at < i * 7 + 1; at++)
            assert_int_equal(parts[i][at], i);
}

static void zero_bytes_are_a_valid_request_of_an_empty_arena(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    assert_non_null(arena_zalloc(&arena, 0));
    assert_non_null(ARENA_ARRAY(&arena, int, 0));
}

static void zalloc_zeroes_memory_used_before(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    ArenaMark mark = arena_mark(&arena);
    memset(arena_alloc(&arena, 1000), 0xff, 1000);
    arena_rewind(&arena, mark);
    const char *zeroed = arena_zalloc(&arena, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(zeroed[i], 0);
}

static void a_rewind_keeps_what_is_older_than_its_mark(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Str kept = arena_str(&arena, STR("kept"));
    ArenaMark mark = arena_mark(&arena);
    size_t bytes_before = arena.allocated_bytes;
    for (int i = 0; i < 100; i++)
        memset(arena_alloc(&arena, 10000), 'x', 10000);
    assert_true(arena.allocated_bytes >= 1000000);

    arena_rewind(&arena, mark);

    assert_int_equal(arena.allocated_bytes, bytes_before);
    assert_true(str_equal(kept, STR("kept")));
    assert_ptr_equal(arena_mark(&arena).next, mark.next);
}

static void a_rewind_to_the_beginning_gives_all_memory_back(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    ArenaMark mark = arena_mark(&arena);
    arena_alloc(&arena, 50000);
    arena_rewind(&arena, mark);
    assert_int_equal(arena.allocated_bytes, 0);
    assert_non_null(arena_alloc(&arena, 1));
}

static void clear_keeps_the_first_block_only(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    arena_clear(&arena);
    void *first = arena_alloc(&arena, 16);
    size_t one_block = arena.allocated_bytes;
    arena_alloc(&arena, 100000);
    arena_clear(&arena);
    assert_int_equal(arena.allocated_bytes, one_block);
    assert_ptr_equal(arena_alloc(&arena, 16), first);
}

static void a_request_larger_than_any_block_is_served(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    memset(arena_alloc(&arena, 5 << 20), 1, 5 << 20);
    assert_true(arena.allocated_bytes >= 5 << 20);
}

static void grow_moves_all_elements(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    int *items = NULL;
    size_t capacity = 0;
    for (size_t count = 0; count < 1000; count++) {
        items = arena_grow(&arena, items, count, &capacity, sizeof(*items));
        items[count] = (int)count;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
}

static void strings_are_copied_with_a_nul_behind(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Str copy = arena_str(&arena, str_from("abcdef", 3));
    assert_string_equal(copy.ptr, "abc");
    assert_int_equal(copy.len, 3);
    assert_string_equal(arena_str(&arena, STR_NULL).ptr, "");

    Str text = arena_printf(&arena, "%s has %d rows", "t", 42);
    assert_string_equal(text.ptr, "t has 42 rows");
    assert_int_equal(text.len, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_separate),
        cmocka_unit_test(zero_bytes_are_a_valid_request_of_an_empty_arena),
        cmocka_unit_test(zalloc_zeroes_memory_used_before),
        cmocka_unit_test(a_rewind_keeps_what_is_older_than_its_mark),
        cmocka_unit_test(a_rewind_to_the_beginning_gives_all_memory_back),
        cmocka_unit_test(clear_keeps_the_first_block_only),
        cmocka_unit_test(a_request_larger_than_any_block_is_served),
        cmocka_unit_test(grow_moves_all_elements),
        cmocka_unit_test(strings_are_copied_with_a_nul_behind),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
