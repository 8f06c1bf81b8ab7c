/* SPDX-License-Identifier: Apache-2.0 */
#include "store/layout.h"

#include "base/hash.h"
#include "value/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const Str OWNERS[] = {
    STR_INIT(""),
    STR_INIT("a"),
    STR_INIT("alice"),
    STR_INIT("alice\0"),
    STR_INIT("\0\xff\0"),
    STR_INIT("\xff\xff"),
};
enum { OWNER_COUNT = sizeof(OWNERS) / sizeof(OWNERS[0]) };

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return random_state >> 33;
}

static void a_row_key_gives_back_what_went_in(void **state)
{
    (void)state;
    for (int i = 0; i < OWNER_COUNT; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf key = {0};
        uint32_t table_id = 0x01020304u + (uint32_t)i;
        Owner owner = owner_of(OWNERS[i]);
        row_key_append(&key, table_id, owner, STR("\0pk"));

        uint32_t read_table;
        Owner read_owner;
        Str pk;
        assert_int_equal(row_key_read(&ctx, buf_str(&key), &read_table, &read_owner, &pk),
                         STATUS_OK);
        assert_int_equal(read_table, table_id);
        assert_true(str_equal(read_owner.user_id, owner.user_id));
        assert_true(str_equal(pk, STR("\0pk")));
        assert_true(str_equal(row_key_pk(buf_str(&key), owner), STR("\0pk")));
    }
}

static void a_stream_key_gives_back_what_went_in(void **state)
{
    (void)state;
    for (int i = 0; i < OWNER_COUNT; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf key = {0};
        stream_key_append(&key, 7, 1234567890123u, owner_of(OWNERS[i]), 42);

        uint32_t table_id;
        uint64_t bucket;
        Owner owner;
        SeqNo seq;
        assert_int_equal(stream_key_read(&ctx, buf_str(&key), &table_id, &bucket, &owner, &seq),
                         STATUS_OK);
        assert_int_equal(table_id, 7);
        assert_int_equal(bucket, 1234567890123u);
        assert_true(str_equal(owner.user_id, OWNERS[i]));
        assert_int_equal(seq, 42);
    }
}

static void a_manifest_key_gives_back_what_went_in(void **state)
{
    (void)state;
    for (int i = 0; i < OWNER_COUNT; i++) {
        for (ManifestPart part = MANIFEST_HEAD; part <= MANIFEST_KILLS; part++) {
            CLEANUP(context_done) Context ctx = {0};
            CLEANUP(buf_done) Buf key = {0};
            CLEANUP(buf_done) Buf prefix = {0};
            ManifestKey written = {part, 7, owner_of(OWNERS[i]), part == MANIFEST_HEAD ? 0 : 99};
            ManifestKey read;
            manifest_key_append(&key, &written);
            manifest_prefix_append(&prefix, part, 7, owner_of(OWNERS[i]));
            assert_true(str_starts_with(buf_str(&key), buf_str(&prefix)));
            assert_int_equal(manifest_key_read(&ctx, buf_str(&key), &read), STATUS_OK);
            assert_int_equal(read.part, part);
            assert_int_equal(read.table_id, 7);
            assert_int_equal(read.segment, written.segment);
            assert_true(str_equal(read.owner.user_id, OWNERS[i]));
            key.len--;
            assert_int_equal(manifest_key_read(&ctx, buf_str(&key), &read), STATUS_CORRUPT);
        }
    }
}

static void log_keys_order_by_sequence_number(void **state)
{
    (void)state;
    const SeqNo seqs[] = {0, 1, 255, 256, 1u << 31, UINT64_C(1) << 62, UINT64_MAX - 1};
    CLEANUP(buf_done) Buf before = {0};
    CLEANUP(buf_done) Buf key = {0};
    CLEANUP(buf_done) Buf owned_before = {0};
    CLEANUP(buf_done) Buf owned = {0};
    for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
        buf_clear(&key);
        buf_clear(&owned);
        log_key_append(&key, seqs[i]);
        log_by_owner_key_append(&owned, 3, owner_of(STR("bob")), seqs[i]);
        assert_int_equal(log_key_seq(buf_str(&key)), seqs[i]);
        assert_int_equal(log_by_owner_key_seq(buf_str(&owned)), seqs[i]);
        if (i > 0) {
            assert_int_equal(str_compare(buf_str(&before), buf_str(&key)), -1);
            assert_int_equal(str_compare(buf_str(&owned_before), buf_str(&owned)), -1);
        }
        buf_clear(&before);
        buf_clear(&owned_before);
        buf_str_append(&before, buf_str(&key));
        buf_str_append(&owned_before, buf_str(&owned));
    }
}

/* Owners that are prefixes of each other, or hold the terminator's bytes, never mix. */
static void the_keys_of_two_owners_never_share_a_range(void **state)
{
    (void)state;
    for (int i = 0; i < OWNER_COUNT; i++) {
        CLEANUP(buf_done) Buf lower = {0};
        CLEANUP(buf_done) Buf upper = {0};
        row_key_append(&lower, 5, owner_of(OWNERS[i]), STR_NULL);
        key_successor_append(&upper, buf_str(&lower));
        for (int j = 0; j < OWNER_COUNT; j++) {
            CLEANUP(buf_done) Buf key = {0};
            row_key_append(&key, 5, owner_of(OWNERS[j]), STR("\xff\xff\xff"));
            bool inside = str_compare(buf_str(&lower), buf_str(&key)) <= 0 &&
                          str_compare(buf_str(&key), buf_str(&upper)) < 0;
            assert_int_equal(inside, i == j);
        }
    }
}

static void the_slot_of_an_owner_does_not_depend_on_the_table(void **state)
{
    (void)state;
    Owner alice = owner_of(STR("alice"));
    assert_int_equal(slot_of(1, alice), slot_of(2, alice));
    assert_int_equal(slot_of(1, alice), hash_stable(STR("alice")) & (SLOT_COUNT - 1));
    assert_int_not_equal(slot_of(1, OWNER_SHARED), slot_of(2, OWNER_SHARED));
    assert_int_equal(slot_of(1, OWNER_SHARED), hash_stable(STR("\0\0\0\1")) & (SLOT_COUNT - 1));
}

static void the_successor_is_the_smallest_key_above_the_prefix(void **state)
{
    (void)state;
    static const struct {
        Str prefix, successor;
    } cases[] = {
        {STR_INIT("a"), STR_INIT("b")},
        {STR_INIT("ab"), STR_INIT("ac")},
        {STR_INIT("a\xff"), STR_INIT("b")},
        {STR_INIT("a\xff\xff"), STR_INIT("b")},
        {STR_INIT("\xff"), STR_INIT("")},
        {STR_INIT(""), STR_INIT("")},
        {STR_INIT("\x7f"), STR_INIT("\x80")},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(buf_done) Buf out = {0};
        key_successor_append(&out, cases[i].prefix);
        assert_true(str_equal(buf_str(&out), cases[i].successor));
    }
}

static void a_stored_row_gives_back_what_went_in(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf value = {0};
        StoredRow row = {
            .seq = UINT64_C(1) << (i * 8),
            .cold_seq = i / 4 ? 1 + UINT64_MAX / 3 : 0,
            .schema_version = i % 2 ? UINT32_MAX : 1,
            .deleted = i % 2,
            .gone = i % 4 == 3,
            .row = i % 4 < 2 ? STR("values") : STR_NULL,
        };
        stored_row_append(&value, &row);
        StoredRow read;
        assert_int_equal(stored_row_read(&ctx, buf_str(&value), &read), STATUS_OK);
        assert_int_equal(read.seq, row.seq);
        assert_int_equal(read.schema_version, row.schema_version);
        assert_int_equal(read.cold_seq, row.cold_seq);
        assert_int_equal(read.deleted, row.deleted);
        assert_int_equal(read.gone, row.gone);
        assert_true(str_equal(read.row, row.row));
    }
}

static void flip_or_cut(Buf *bytes)
{
    if (next_random() % 2)
        bytes->ptr[next_random() % bytes->len] ^= (char)(1u << next_random() % 8);
    else
        bytes->len = next_random() % bytes->len;
}

static void damaged_bytes_are_refused_or_read_without_harm(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf row_key = {0};
        CLEANUP(buf_done) Buf stream_key = {0};
        CLEANUP(buf_done) Buf value = {0};
        Owner owner = owner_of(OWNERS[next_random() % OWNER_COUNT]);
        row_key_append(&row_key, 9, owner, STR("pk"));
        stream_key_append(&stream_key, 9, 77, owner, 5);
        CLEANUP(buf_done) Buf manifest_key = {0};
        stored_row_append(&value,
                          &(StoredRow){.seq = 1, .cold_seq = (SeqNo)i % 2, .schema_version = 300});
        manifest_key_append(&manifest_key, &(ManifestKey){MANIFEST_FILTER, 9, owner, 3});
        flip_or_cut(&manifest_key);
        flip_or_cut(&row_key);
        flip_or_cut(&stream_key);
        flip_or_cut(&value);

        uint32_t table_id;
        uint64_t bucket;
        Str pk;
        SeqNo seq;
        StoredRow row;
        Status status = row_key_read(&ctx, buf_str(&row_key), &table_id, &owner, &pk);
        assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
        status = stream_key_read(&ctx, buf_str(&stream_key), &table_id, &bucket, &owner, &seq);
        assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
        status = stored_row_read(&ctx, buf_str(&value), &row);
        assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
        ManifestKey manifest;
        status = manifest_key_read(&ctx, buf_str(&manifest_key), &manifest);
        assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_key_gives_back_what_went_in),
        cmocka_unit_test(a_stream_key_gives_back_what_went_in),
        cmocka_unit_test(a_manifest_key_gives_back_what_went_in),
        cmocka_unit_test(log_keys_order_by_sequence_number),
        cmocka_unit_test(the_keys_of_two_owners_never_share_a_range),
        cmocka_unit_test(the_slot_of_an_owner_does_not_depend_on_the_table),
        cmocka_unit_test(the_successor_is_the_smallest_key_above_the_prefix),
        cmocka_unit_test(a_stored_row_gives_back_what_went_in),
        cmocka_unit_test(damaged_bytes_are_refused_or_read_without_harm),
    };
    const char *seed = getenv("TEST_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : 20240101;
    printf("# TEST_SEED=%llu\n", (unsigned long long)random_state);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
