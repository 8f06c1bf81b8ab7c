/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/key_filter.h"

#include "cold_test.h"
#include "value/key.h"

enum { STRANGERS = 200000 };

static uint64_t seed;

static Str encode(Buf *out, uint64_t number)
{
    Value value = value_bigint((int64_t)number);
    buf_clear(out);
    key_append(out, &value);
    return buf_str(out);
}

/* The filter of the even numbers below 2 * count. */
static void make_filter(Buf *out, size_t count)
{
    CLEANUP(key_filter_builder_done) KeyFilterBuilder builder = {0};
    CLEANUP(buf_done) Buf key = {0};
    for (size_t i = 0; i < count; i++)
        key_filter_add(&builder, encode(&key, 2 * i));
    key_filter_encode(out, &builder);
}

static double share_of_false_positives(const KeyFilter *filter)
{
    CLEANUP(buf_done) Buf key = {0};
    size_t passed = 0;
    for (size_t i = 0; i < STRANGERS; i++)
        passed += key_filter_may_have(filter, encode(&key, 2 * next_random(&seed) + 1));
    return (double)passed / STRANGERS;
}

static void every_key_that_is_there_is_found(void **state)
{
    (void)state;
    static const size_t COUNTS[] = {1, 2, 10, 1000, 50000};
    for (size_t i = 0; i < sizeof(COUNTS) / sizeof(COUNTS[0]); i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf bytes = {0};
        CLEANUP(buf_done) Buf key = {0};
        KeyFilter filter;
        make_filter(&bytes, COUNTS[i]);
        assert_int_equal(key_filter_read(&ctx, buf_str(&bytes), &filter), STATUS_OK);
        assert_int_equal(filter.key_count, COUNTS[i]);
        for (size_t k = 0; k < COUNTS[i]; k++)
            assert_true(key_filter_may_have(&filter, encode(&key, 2 * k)));
    }
}

static void r56_one_key_in_a_hundred_passes_in_vain(void **state)
{
    (void)state;
    static const size_t COUNTS[] = {1000, 20000, 300000};
    for (size_t i = 0; i < sizeof(COUNTS) / sizeof(COUNTS[0]); i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf bytes = {0};
        KeyFilter filter;
        make_filter(&bytes, COUNTS[i]);
        assert_int_equal(key_filter_read(&ctx, buf_str(&bytes), &filter), STATUS_OK);
        double share = share_of_false_positives(&filter);
        printf("# %zu keys: %.2f %% false positives, %.2f bits a key\n",
               COUNTS[i],
               100 * share,
               8 * (double)bytes.len / (double)COUNTS[i]);
        /* A filter of 1,000 keys has some luck in it, good or bad. */
        assert_true(share < (COUNTS[i] < 10000 ? 0.015 : 0.010));
    }
}

static void damaged_filters_are_refused(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf bytes = {0};
    make_filter(&bytes, 1);
    for (size_t len = 0; len < bytes.len; len++) {
        CLEANUP(context_done) Context ctx = {0};
        KeyFilter filter;
        Status status = key_filter_read(&ctx, str_from(bytes.ptr, len), &filter);
        assert_int_equal(status, STATUS_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_that_is_there_is_found),
        cmocka_unit_test(r56_one_key_in_a_hundred_passes_in_vain),
        cmocka_unit_test(damaged_filters_are_refused),
    };
    seed = test_seed();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("key_filter", tests, NULL, NULL);
}
