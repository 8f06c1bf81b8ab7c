/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/seq_set.h"

#include "cold_test.h"

enum { UNIVERSE = 500, ROUNDS = 500 };

static uint64_t seed;

/* A random set beside its model: one flag a number. */
static void fill(SeqSet *set, bool model[UNIVERSE])
{
    size_t count = next_random(&seed) % UNIVERSE;
    memset(model, 0, UNIVERSE * sizeof(bool));
    for (size_t i = 0; i < count; i++) {
        size_t number = next_random(&seed) % UNIVERSE;
        seq_set_append(set, number);
        model[number] = true;
    }
    seq_set_sort(set);
}

static void assert_is_model(const SeqSet *set, const bool model[UNIVERSE])
{
    size_t count = 0;
    for (size_t i = 0; i < UNIVERSE; i++) {
        assert_int_equal(seq_set_has(set, i), model[i]);
        count += model[i];
    }
    assert_int_equal(set->count, count);
}

static void a_set_holds_what_was_put_in_and_nothing_else(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(seq_set_done) SeqSet set = {0};
        bool model[UNIVERSE];
        fill(&set, model);
        assert_is_model(&set, model);
    }
}

static void sets_are_united_and_subtracted(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(seq_set_done) SeqSet a = {0};
        CLEANUP(seq_set_done) SeqSet b = {0};
        CLEANUP(seq_set_done) SeqSet c = {0};
        bool in_a[UNIVERSE];
        bool in_b[UNIVERSE];
        bool in_c[UNIVERSE];
        fill(&a, in_a);
        fill(&b, in_b);
        fill(&c, in_c);
        seq_set_append_all(&a, &b);
        seq_set_sort(&a);
        seq_set_subtract(&a, &c);
        for (size_t i = 0; i < UNIVERSE; i++)
            in_a[i] = (in_a[i] || in_b[i]) && !in_c[i];
        assert_is_model(&a, in_a);
    }
}

static void a_set_survives_its_encoding(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(seq_set_done) SeqSet set = {0};
        CLEANUP(seq_set_done) SeqSet read = {0};
        CLEANUP(buf_done) Buf bytes = {0};
        bool model[UNIVERSE];
        fill(&set, model);
        seq_set_encode(&bytes, &set);
        assert_int_equal(seq_set_decode(&ctx, buf_str(&bytes), &read), STATUS_OK);
        assert_is_model(&read, model);
    }
}

static void the_greatest_number_survives(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(seq_set_done) SeqSet set = {0};
    CLEANUP(seq_set_done) SeqSet read = {0};
    CLEANUP(buf_done) Buf bytes = {0};
    seq_set_append(&set, UINT64_MAX);
    seq_set_append(&set, 0);
    seq_set_sort(&set);
    seq_set_encode(&bytes, &set);
    assert_int_equal(seq_set_decode(&ctx, buf_str(&bytes), &read), STATUS_OK);
    assert_int_equal(read.count, 2);
    assert_true(seq_set_has(&read, UINT64_MAX));
}

static void numbers_of_one_flush_take_few_bytes(void **state)
{
    (void)state;
    CLEANUP(seq_set_done) SeqSet set = {0};
    CLEANUP(buf_done) Buf bytes = {0};
    enum { COUNT = 10000, BYTES_EACH_MAX = 3 };
    SeqNo seq = (SeqNo)1 << 58;
    for (int i = 0; i < COUNT; i++)
        seq_set_append(&set, seq += 1 + next_random(&seed) % 10000);
    seq_set_encode(&bytes, &set);
    assert_in_range(bytes.len, COUNT, BYTES_EACH_MAX * COUNT);
}

static void damaged_sets_are_refused(void **state)
{
    (void)state;
    static const Str BROKEN[] = {
        STR_INIT(""),                                             /* nothing */
        STR_INIT("\2\0"),                                         /* another format */
        STR_INIT("\1\2\5"),                                       /* one of two */
        STR_INIT("\1\2\5\0"),                                     /* the same twice */
        STR_INIT("\1\1\5\5"),                                     /* something behind it */
        STR_INIT("\1\xff\xff\x03\5"),                             /* more than there can be */
        STR_INIT("\1\2\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1"), /* past the end of numbers */
    };
    for (size_t i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++) {
        CLEANUP(context_done) Context ctx = {0};
        SeqSet set = {0};
        assert_int_equal(seq_set_decode(&ctx, BROKEN[i], &set), STATUS_CORRUPT);
        assert_null(set.items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_holds_what_was_put_in_and_nothing_else),
        cmocka_unit_test(sets_are_united_and_subtracted),
        cmocka_unit_test(a_set_survives_its_encoding),
        cmocka_unit_test(the_greatest_number_survives),
        cmocka_unit_test(numbers_of_one_flush_take_few_bytes),
        cmocka_unit_test(damaged_sets_are_refused),
    };
    seed = test_seed();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("seq_set", tests, NULL, NULL);
}
