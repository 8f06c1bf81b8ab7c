/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/cold_cache.h"

#include "base/memory.h"
#include "cold_test.h"

static int alive;

static void free_item(CacheItem *item)
{
    alive--;
    free(item);
}

static CacheItem *new_item(size_t size)
{
    CacheItem *item = NEW(CacheItem);
    cache_item_init(item, size, free_item);
    alive++;
    return item;
}

static void put(ColdCache *cache, Str key, size_t size)
{
    CacheItem *item = new_item(size);
    cold_cache_put(cache, key, item);
    cache_item_unref(item);
}

static bool has(ColdCache *cache, Str key)
{
    CacheItem *item = cold_cache_get(cache, key);
    cache_item_unref(item);
    return item;
}

static void the_least_recently_used_item_leaves_first(void **state)
{
    (void)state;
    ColdCache *cache = cold_cache_new(3500);
    put(cache, STR("a"), 1000);
    put(cache, STR("b"), 1000);
    put(cache, STR("c"), 1000);
    assert_true(has(cache, STR("a")));
    put(cache, STR("d"), 1000);
    assert_true(has(cache, STR("a")));
    assert_false(has(cache, STR("b")));
    assert_true(has(cache, STR("c")));
    assert_true(has(cache, STR("d")));
    assert_true(cold_cache_bytes(cache) <= 3500);
    assert_int_equal(alive, 3);
    cold_cache_free(cache);
    assert_int_equal(alive, 0);
}

static void an_item_that_somebody_holds_outlives_its_place(void **state)
{
    (void)state;
    ColdCache *cache = cold_cache_new(2000);
    put(cache, STR("a"), 1000);
    CacheItem *held = cold_cache_get(cache, STR("a"));
    put(cache, STR("b"), 1500);
    assert_false(has(cache, STR("a")));
    assert_int_equal(alive, 2);
    cache_item_unref(held);
    assert_int_equal(alive, 1);
    cold_cache_free(cache);
}

static void an_item_above_the_bound_is_kept_alone(void **state)
{
    (void)state;
    ColdCache *cache = cold_cache_new(1000);
    put(cache, STR("a"), 10);
    put(cache, STR("b"), 5000);
    assert_true(has(cache, STR("b")));
    assert_false(has(cache, STR("a")));
    put(cache, STR("c"), 10);
    assert_false(has(cache, STR("b")));
    cold_cache_free(cache);
    assert_int_equal(alive, 0);
}

static void the_first_item_of_a_key_stays(void **state)
{
    (void)state;
    ColdCache *cache = cold_cache_new(10000);
    put(cache, STR("a"), 1);
    CacheItem *first = cold_cache_get(cache, STR("a"));
    put(cache, STR("a"), 2);
    CacheItem *second = cold_cache_get(cache, STR("a"));
    assert_ptr_equal(first, second);
    cache_item_unref(first);
    cache_item_unref(second);
    cold_cache_free(cache);
    assert_int_equal(alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_recently_used_item_leaves_first),
        cmocka_unit_test(an_item_that_somebody_holds_outlives_its_place),
        cmocka_unit_test(an_item_above_the_bound_is_kept_alone),
        cmocka_unit_test(the_first_item_of_a_key_stays),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cold_cache", tests, NULL, NULL);
}
