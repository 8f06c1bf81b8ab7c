/* SPDX-License-Identifier: Apache-2.0 */
#include "net/gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#include <pthread.h>

static void check_round_trip(size_t size, bool compressible)
{
    Context ctx = {0};
    CLEANUP(buf_done) Buf plain = {0};
    CLEANUP(buf_done) Buf packed = {0};
    CLEANUP(buf_done) Buf unpacked = {0};
    if (size > 0) {
        random_bytes(buf_reserve(&plain, size), size);
        buf_advance(&plain, size);
    }
    for (size_t i = 0; compressible && i < size; i++)
        plain.ptr[i] = "abc"[i % 3];
    assert_int_equal(gzip_compress(&ctx, buf_str(&plain), &packed), STATUS_OK);
    assert_true(gzip_is(buf_str(&packed)));
    assert_int_equal(gzip_decompress(&ctx, buf_str(&packed), size, &unpacked), STATUS_OK);
    assert_true(str_equal(buf_str(&plain), buf_str(&unpacked)));
    context_done(&ctx);
}

static void what_was_compressed_comes_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 511, 512, 16384, 16385, 1000000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        check_round_trip(sizes[i], true);
        check_round_trip(sizes[i], false);
    }
}

static void a_bomb_stops_at_the_limit(void **state)
{
    (void)state;
    Context ctx = {0};
    CLEANUP(buf_done) Buf packed = {0};
    CLEANUP(buf_done) Buf unpacked = {0};
    char *zeroes = calloc(1, 10000000);
    assert_int_equal(gzip_compress(&ctx, str_from(zeroes, 10000000), &packed), STATUS_OK);
    assert_int_equal(gzip_decompress(&ctx, buf_str(&packed), 9999999, &unpacked),
                     STATUS_LIMIT_EXCEEDED);
    assert_true(unpacked.capacity < 20000000);
    free(zeroes);
    context_done(&ctx);
}

static void damaged_input_is_refused(void **state)
{
    (void)state;
    Context ctx = {0};
    CLEANUP(buf_done) Buf packed = {0};
    assert_int_equal(gzip_compress(&ctx, STR("some text to be packed"), &packed), STATUS_OK);
    for (size_t len = 0; len < packed.len; len++) {
        CLEANUP(buf_done) Buf out = {0};
        assert_int_equal(gzip_decompress(&ctx, str_from(packed.ptr, len), 1000, &out),
                         STATUS_INVALID_INPUT);
    }
    buf_byte(&packed, 'x');
    CLEANUP(buf_done) Buf out = {0};
    assert_int_equal(gzip_decompress(&ctx, buf_str(&packed), 1000, &out), STATUS_INVALID_INPUT);
    assert_int_equal(gzip_decompress(&ctx, STR("no gzip at all"), 1000, &out),
                     STATUS_INVALID_INPUT);
    assert_int_equal(gzip_decompress(&ctx, STR_NULL, 1000, &out), STATUS_INVALID_INPUT);
    context_done(&ctx);
}

static void a_full_output_is_an_error(void **state)
{
    (void)state;
    Context ctx = {0};
    CLEANUP(buf_done) Buf small = {.limit = 4};
    assert_int_equal(gzip_compress(&ctx, STR("text"), &small), STATUS_LIMIT_EXCEEDED);
    context_done(&ctx);
}

static void *round_trip_thread(void *data)
{
    check_round_trip(5000, true);
    return data;
}

static void a_thread_gives_its_streams_back(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, round_trip_thread, NULL), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_compressed_comes_back),
        cmocka_unit_test(a_bomb_stops_at_the_limit),
        cmocka_unit_test(damaged_input_is_refused),
        cmocka_unit_test(a_full_output_is_an_error),
        cmocka_unit_test(a_thread_gives_its_streams_back),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net/gzip", tests, NULL, NULL);
}
