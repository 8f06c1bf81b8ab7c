/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both maps are compared with the simplest thing that could be one: an array
 * with a place for each possible key.  TEST_SEED repeats a run.
 */
#include "base/map.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { KEYS = 300, OPERATIONS = 50000 };

typedef struct Entry {
    char text[16];
    Str key;
    uint64_t id;
} Entry;

/* Two values for each key, so that a replacement shows. */
static Entry entries[2][KEYS];

static uint64_t random_state;

/* xorshift64* (Vigna 2014) */
static size_t random_below(size_t bound)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (size_t)((random_state * 0x2545f4914f6cdd1du) >> 33) % bound;
}

static int make_entries(void **state)
{
    (void)state;
    const char *seed = getenv("TEST_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : random_u64() | 1;
    printf("# TEST_SEED=%llu\n", (unsigned long long)random_state);
    for (size_t twin = 0; twin < 2; twin++) {
        for (size_t i = 0; i < KEYS; i++) {
            Entry *entry = &entries[twin][i];
            int len = snprintf(entry->text, sizeof(entry->text), "key-%zu", i);
            entry->key = i == 0 ? STR_NULL : str_from(entry->text, (size_t)len);
            entry->id = i % 2 ? i : UINT64_MAX - i; /* neighbours and far ones */
        }
    }
    return 0;
}

static void assert_map_is(const Map *map, void *const model[KEYS])
{
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(map_get(map, entries[0][i].key), model[i]);
        count += model[i] != NULL;
    }
    assert_int_equal(map->count, count);
    void *value;
    for (size_t at = 0; (value = map_next(map, &at));)
        count--;
    assert_int_equal(count, 0);
}

static void a_map_agrees_with_an_array(void **state)
{
    (void)state;
    CLEANUP(map_done) Map map = {0};
    void *model[KEYS] = {0};
    for (int operation = 0; operation < OPERATIONS; operation++) {
        size_t i = random_below(KEYS);
        Entry *entry = &entries[random_below(2)][i];
        /* Phases of growth and of decay. */
        if (random_below(100) < (operation / 5000 % 2 ? 25u : 75u)) {
            assert_ptr_equal(map_put(&map, entry->key, entry), model[i]);
            model[i] = entry;
        } else {
            assert_ptr_equal(map_remove(&map, entry->key), model[i]);
            model[i] = NULL;
        }
        if (operation % 500 == 0)
            assert_map_is(&map, model);
    }
    assert_map_is(&map, model);
}

static void assert_id_map_is(const IdMap *map, void *const model[KEYS])
{
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(id_map_get(map, entries[0][i].id), model[i]);
        count += model[i] != NULL;
    }
    assert_int_equal(map->count, count);
    void *value;
    for (size_t at = 0; (value = id_map_next(map, &at));)
        count--;
    assert_int_equal(count, 0);
}

static void an_id_map_agrees_with_an_array(void **state)
{
    (void)state;
    CLEANUP(id_map_done) IdMap map = {0};
    void *model[KEYS] = {0};
    for (int operation = 0; operation < OPERATIONS; operation++) {
        size_t i = random_below(KEYS);
        Entry *entry = &entries[random_below(2)][i];
        if (random_below(100) < (operation / 5000 % 2 ? 25u : 75u)) {
            assert_ptr_equal(id_map_put(&map, entry->id, entry), model[i]);
            model[i] = entry;
        } else {
            assert_ptr_equal(id_map_remove(&map, entry->id), model[i]);
            model[i] = NULL;
        }
        if (operation % 500 == 0)
            assert_id_map_is(&map, model);
    }
    assert_id_map_is(&map, model);
}

static void a_copy_is_independent(void **state)
{
    (void)state;
    CLEANUP(map_done) Map map = {0};
    CLEANUP(id_map_done) IdMap ids = {0};
    for (size_t i = 0; i < KEYS; i++) {
        map_put(&map, entries[0][i].key, &entries[0][i]);
        id_map_put(&ids, entries[0][i].id, &entries[0][i]);
    }
    CLEANUP(map_done) Map map_twin = map_copy(&map);
    CLEANUP(id_map_done) IdMap ids_twin = id_map_copy(&ids);
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(map_remove(&map, entries[0][i].key), &entries[0][i]);
        assert_ptr_equal(id_map_remove(&ids, entries[0][i].id), &entries[0][i]);
    }
    assert_int_equal(map.count + ids.count, 0);
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(map_get(&map_twin, entries[0][i].key), &entries[0][i]);
        assert_ptr_equal(id_map_get(&ids_twin, entries[0][i].id), &entries[0][i]);
    }
}

static void an_empty_map_has_nothing(void **state)
{
    (void)state;
    Map map = {0};
    IdMap ids = {0};
    size_t at = 0;
    assert_null(map_get(&map, STR("a")));
    assert_null(map_remove(&map, STR("a")));
    assert_null(map_next(&map, &at));
    assert_null(id_map_get(&ids, 0));
    assert_null(id_map_remove(&ids, 0));
    assert_null(id_map_next(&ids, &at));
    assert_null(map_copy(&map).slots);
    assert_null(id_map_copy(&ids).slots);
}

static void a_replaced_value_brings_its_own_key(void **state)
{
    (void)state;
    CLEANUP(map_done) Map map = {0};
    char *first = strdup("name");
    assert_non_null(first);
    map_put(&map, str_from(first, 4), &entries[0][0]);
    map_put(&map, STR("name"), &entries[1][0]);
    free(first);
    assert_ptr_equal(map_get(&map, STR("name")), &entries[1][0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_agrees_with_an_array),
        cmocka_unit_test(an_id_map_agrees_with_an_array),
        cmocka_unit_test(a_copy_is_independent),
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(a_replaced_value_brings_its_own_key),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("map", tests, make_entries, NULL);
}
