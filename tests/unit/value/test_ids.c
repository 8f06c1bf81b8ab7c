/* SPDX-License-Identifier: Apache-2.0 */
#include "value/ids.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

enum { THREADS = 4, IDS_PER_THREAD = 50000 };

static int64_t fake_now_us;

static int64_t fake_time(void *data)
{
    (void)data;
    return fake_now_us;
}

static void fake_random(void *data, void *bytes, size_t size)
{
    (void)data;
    memset(bytes, 0xff, size);
}

static void use_fake_clock(int64_t now_us)
{
    fake_now_us = now_us;
    clock_replace(&(ClockSource){
        .wall_us = fake_time, .monotonic_us = fake_time, .random_bytes = fake_random});
}

static int restore_clock(void **state)
{
    (void)state;
    clock_replace(NULL);
    return 0;
}

static void *generate(void *data)
{
    int64_t *ids = data;
    for (int i = 0; i < IDS_PER_THREAD; i++)
        ids[i] = snowflake_next();
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static void snowflakes_of_all_threads_are_unique_and_ascend_in_each(void **state)
{
    (void)state;
    static int64_t ids[THREADS][IDS_PER_THREAD];
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, generate, ids[t]), 0);
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_join(threads[t], NULL), 0);
    for (int t = 0; t < THREADS; t++)
        for (int i = 1; i < IDS_PER_THREAD; i++)
            assert_true(ids[t][i] > ids[t][i - 1]);
    int64_t *all = ids[0];
    qsort(all, (size_t)THREADS * IDS_PER_THREAD, sizeof(*all), compare_ids);
    for (int i = 1; i < THREADS * IDS_PER_THREAD; i++)
        assert_true(all[i] > all[i - 1]);
}

static void a_snowflake_carries_its_millisecond(void **state)
{
    (void)state;
    int64_t ms = SNOWFLAKE_EPOCH_MS + INT64_C(400000000000);
    use_fake_clock(ms * 1000);
    int64_t id = snowflake_next();
    assert_int_equal(snowflake_to_ms((uint64_t)id), ms);
    assert_int_equal(id, snowflake_from_ms(ms));
    assert_int_equal(snowflake_from_ms(0), 0);
}

static void a_full_millisecond_borrows_from_the_next(void **state)
{
    (void)state;
    int64_t ms = SNOWFLAKE_EPOCH_MS + INT64_C(500000000000);
    use_fake_clock(ms * 1000);
    int64_t last = snowflake_next();
    for (int i = 0; i < SNOWFLAKE_COUNTER_MAX; i++) {
        int64_t id = snowflake_next();
        assert_true(id > last);
        last = id;
    }
    assert_int_equal(snowflake_to_ms((uint64_t)last), ms);
    assert_int_equal(snowflake_next(), snowflake_from_ms(ms + 1));
}

static void a_clock_that_steps_back_is_waited_out(void **state)
{
    (void)state;
    int64_t ms = SNOWFLAKE_EPOCH_MS + INT64_C(600000000000);
    use_fake_clock(ms * 1000);
    int64_t before = snowflake_next();
    fake_now_us -= INT64_C(3600000000);
    assert_int_equal(snowflake_next(), before + 1);
}

static void uuid_v7_carries_its_time_version_and_variant(void **state)
{
    (void)state;
    uint8_t uuid[16];
    char text[36];
    use_fake_clock(INT64_C(0x017f22e279b0) * 1000 + 500);
    uuid_v7_next(uuid);
    uuid_format(uuid, text);
    assert_memory_equal(text, "017f22e2-79b0-7800-bfff-ffffffffffff", sizeof(text));
}

static void uuid_v4_has_its_version_and_variant(void **state)
{
    (void)state;
    uint8_t uuid[16];
    char text[36];
    use_fake_clock(0);
    uuid_v4_next(uuid);
    uuid_format(uuid, text);
    assert_memory_equal(text, "ffffffff-ffff-4fff-bfff-ffffffffffff", sizeof(text));
}

/* The time is the example of the ULID specification. */
static void ulid_is_crockfords_base_32(void **state)
{
    (void)state;
    char text[26];
    use_fake_clock(INT64_C(1469918176385) * 1000);
    ulid_next(text);
    assert_memory_equal(text, "01ARYZ6S41ZZZZZZZZZZZZZZZZ", sizeof(text));
}

static void ids_by_time_order_by_time(void **state)
{
    (void)state;
    uint8_t last_uuid[16] = {0}, uuid[16];
    char last_ulid[26] = {0}, ulid[26];
    for (int i = 1; i < 1000; i++) {
        use_fake_clock(INT64_C(1700000000000000) + i * INT64_C(1000));
        uuid_v7_next(uuid);
        ulid_next(ulid);
        assert_true(memcmp(last_uuid, uuid, sizeof(uuid)) < 0);
        assert_true(memcmp(last_ulid, ulid, sizeof(ulid)) < 0);
        memcpy(last_uuid, uuid, sizeof(uuid));
        memcpy(last_ulid, ulid, sizeof(ulid));
    }
}

static void uuids_read_back_in_every_spelling(void **state)
{
    (void)state;
    uint8_t expected[16], uuid[16];
    char text[36];
    uuid_v4_next(expected);
    uuid_format(expected, text);
    assert_true(uuid_parse(str_from(text, 36), uuid));
    assert_memory_equal(uuid, expected, sizeof(uuid));
    assert_true(uuid_parse(STR("0190163D-8694-739B-AEA5-966C26F8AD91"), expected));
    assert_true(uuid_parse(STR("0190163d8694739baea5966c26f8ad91"), uuid));
    assert_memory_equal(uuid, expected, sizeof(uuid));
}

static void text_that_is_no_uuid_is_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "0190163d",
        "0190163d-8694-739b-aea5-966c26f8ad9",
        "0190163d-8694-739b-aea5-966c26f8ad91f",
        "0190163d-8694-739b-aea5-966c26f8ad9g",
        "0190163d8-694-739b-aea5-966c26f8ad91",
        "0190163d-8694-739b-aea5+966c26f8ad91",
        "{0190163d8694739baea5966c26f8ad91}",
    };
    uint8_t uuid[16];
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        assert_false(uuid_parse(str_from_c(TEXTS[i]), uuid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snowflakes_of_all_threads_are_unique_and_ascend_in_each),
        cmocka_unit_test_teardown(a_snowflake_carries_its_millisecond, restore_clock),
        cmocka_unit_test_teardown(a_full_millisecond_borrows_from_the_next, restore_clock),
        cmocka_unit_test_teardown(a_clock_that_steps_back_is_waited_out, restore_clock),
        cmocka_unit_test_teardown(uuid_v7_carries_its_time_version_and_variant, restore_clock),
        cmocka_unit_test_teardown(uuid_v4_has_its_version_and_variant, restore_clock),
        cmocka_unit_test_teardown(ulid_is_crockfords_base_32, restore_clock),
        cmocka_unit_test_teardown(ids_by_time_order_by_time, restore_clock),
        cmocka_unit_test(uuids_read_back_in_every_spelling),
        cmocka_unit_test(text_that_is_no_uuid_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
