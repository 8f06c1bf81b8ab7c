/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_holds(buf, text) assert_true(str_equal(buf_str(&(buf)), STR(text)))

static void appends_follow_each_other(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    BUF_LIT(&buf, "a=");
    buf_int64(&buf, INT64_MIN);
    buf_byte(&buf, ' ');
    buf_uint64(&buf, UINT64_MAX);
    buf_printf(&buf, " %s%c", "end", '.');
    buf_str_append(&buf, STR_NULL);
    assert_holds(buf, "a=-9223372036854775808 18446744073709551615 end.");
}

static void an_append_past_the_limit_sticks(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {.limit = 5};
    BUF_LIT(&buf, "abcd");
    BUF_LIT(&buf, "ef");
    assert_true(buf.overflowed);
    assert_holds(buf, "abcd");

    buf_byte(&buf, 'e'); /* would fit, but comes after what is missing */
    buf_printf(&buf, "%d", 1);
    assert_null(buf_reserve(&buf, 1));
    assert_holds(buf, "abcd");

    buf_clear(&buf);
    BUF_LIT(&buf, "again");
    assert_false(buf.overflowed);
    assert_holds(buf, "again");
}

static void single_bytes_stop_at_the_limit_too(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {.limit = 3};
    for (int i = 0; i < 10; i++)
        buf_byte(&buf, 'x');
    assert_true(buf.overflowed);
    assert_holds(buf, "xxx");
}

static void formatted_text_may_fill_the_limit_exactly(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {.limit = 5};
    buf_printf(&buf, "%05d", 7);
    assert_false(buf.overflowed);
    assert_holds(buf, "00007");
}

static void an_absurd_size_overflows_instead_of_wrapping(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    BUF_LIT(&buf, "abc");
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.overflowed);
}

static void taken_bytes_belong_to_the_caller(void **state)
{
    (void)state;
    Buf buf = {.limit = 100};
    BUF_LIT(&buf, "mine");
    size_t len;
    CLEANUP(free) char *bytes = buf_take(&buf, &len);
    assert_true(str_equal(str_from(bytes, len), STR("mine")));
    assert_null(buf.ptr);
    assert_int_equal(buf.limit, 100);

    CLEANUP(free) char *nothing = buf_take(&buf, &len);
    assert_non_null(nothing);
    assert_int_equal(len, 0);
}

static void consuming_drops_from_the_front(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    BUF_LIT(&buf, "abcdef");
    buf_consume(&buf, 2);
    assert_holds(buf, "cdef");
    buf_consume(&buf, 100);
    assert_int_equal(buf.len, 0);
}

static void integers_read_back_as_written(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    buf_byte(&buf, (char)0xfe);
    buf_u16be(&buf, 0x0102);
    buf_u32be(&buf, 0x03040506);
    buf_u64be(&buf, 0x0708090a0b0c0d0e);
    buf_bytes(&buf, STR("text"));
    assert_memory_equal(buf.ptr, "\xfe\x01\x02\x03\x04\x05\x06\x07", 8);

    Reader reader = reader_from(buf_str(&buf));
    assert_int_equal(reader_u8(&reader), 0xfe);
    assert_int_equal(reader_u16be(&reader), 0x0102);
    assert_int_equal(reader_u32be(&reader), 0x03040506);
    assert_int_equal(reader_u64be(&reader), 0x0708090a0b0c0d0e);
    assert_true(str_equal(reader_bytes(&reader), STR("text")));
    assert_int_equal(reader_left(&reader), 0);
    assert_false(reader.failed);
}

static void varints_of_every_length_read_back(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 64; bits++) {
        uint64_t edge = (uint64_t)1 << bits;
        const uint64_t values[] = {edge - 1, edge, edge + 1, ~edge};
        for (size_t i = 0; i < 4; i++) {
            CLEANUP(buf_done) Buf buf = {0};
            buf_varint(&buf, values[i]);
            Reader reader = reader_from(buf_str(&buf));
            assert_true(reader_varint(&reader) == values[i]);
            assert_false(reader.failed);
            assert_int_equal(reader_left(&reader), 0);
        }
    }
}

static void a_reader_fails_for_good_at_the_end_of_its_bytes(void **state)
{
    (void)state;
    Reader reader = reader_from(STR("\x01\x02\x03"));
    assert_int_equal(reader_u32be(&reader), 0);
    assert_true(reader.failed);
    assert_int_equal(reader_u8(&reader), 0);
    assert_int_equal(reader_take(&reader, 0).len, 0);
}

static void malformed_varints_and_lengths_are_refused(void **state)
{
    (void)state;
    static const Str bad[] = {
        STR_INIT(""),
        STR_INIT("\x80"),
        STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),     /* 65 bits */
        STR_INIT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), /* eleven bytes */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        Reader reader = reader_from(bad[i]);
        assert_true(reader_varint(&reader) == 0);
        assert_true(reader.failed);
    }
    Reader longer_than_itself = reader_from(STR("\x05"
                                                "abcd"));
    assert_null(reader_bytes(&longer_than_itself).ptr);
    assert_true(longer_than_itself.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_follow_each_other),
        cmocka_unit_test(an_append_past_the_limit_sticks),
        cmocka_unit_test(single_bytes_stop_at_the_limit_too),
        cmocka_unit_test(formatted_text_may_fill_the_limit_exactly),
        cmocka_unit_test(an_absurd_size_overflows_instead_of_wrapping),
        cmocka_unit_test(taken_bytes_belong_to_the_caller),
        cmocka_unit_test(consuming_drops_from_the_front),
        cmocka_unit_test(integers_read_back_as_written),
        cmocka_unit_test(varints_of_every_length_read_back),
        cmocka_unit_test(a_reader_fails_for_good_at_the_end_of_its_bytes),
        cmocka_unit_test(malformed_varints_and_lengths_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
