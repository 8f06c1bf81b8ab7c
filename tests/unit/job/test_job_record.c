/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_record.h"

#include "job_fixture.h"

static const JobRecord FULL = {
    .id = STR_INIT("FL-0123456789ab"),
    .kind = STR_INIT("flush"),
    .state = JOB_RETRYING,
    .parameters = STR_INIT("{\"table_id\":\"ns.t\"}"),
    .key = STR_INIT("flush:1024"),
    .message = STR_INIT("disk full"),
    .trace = STR_INIT("IO_ERROR: disk full"),
    .result = STR_INIT("{}"),
    .retry_count = 2,
    .retries_max = 3,
    .created_at_us = 1750000000000000,
    .updated_at_us = 1750000000000001,
    .started_at_us = 1750000000000002,
    .finished_at_us = 1750000000000003,
    .memory_bytes = 1 << 20,
    .cpu_us = 12345,
};

static void a_record_gives_back_what_went_in(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf bytes = {0};
    JobRecord read;
    job_record_encode(&bytes, &FULL);
    assert_int_equal(job_record_decode(&ctx, FULL.id, buf_str(&bytes), &read), STATUS_OK);
    assert_true(str_equal(read.id, FULL.id));
    assert_true(str_equal(read.kind, FULL.kind));
    assert_int_equal(read.state, FULL.state);
    assert_true(str_equal(read.parameters, FULL.parameters));
    assert_true(str_equal(read.key, FULL.key));
    assert_true(str_equal(read.message, FULL.message));
    assert_true(str_equal(read.trace, FULL.trace));
    assert_true(str_equal(read.result, FULL.result));
    assert_int_equal(read.retry_count, FULL.retry_count);
    assert_int_equal(read.retries_max, FULL.retries_max);
    assert_int_equal(read.created_at_us, FULL.created_at_us);
    assert_int_equal(read.updated_at_us, FULL.updated_at_us);
    assert_int_equal(read.started_at_us, FULL.started_at_us);
    assert_int_equal(read.finished_at_us, FULL.finished_at_us);
    assert_int_equal(read.memory_bytes, FULL.memory_bytes);
    assert_int_equal(read.cpu_us, FULL.cpu_us);
}

static void bytes_that_are_no_record_are_refused(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf bytes = {0};
    job_record_encode(&bytes, &FULL);
    for (size_t len = 0; len < bytes.len; len++) {
        CLEANUP(context_done) Context ctx = {0};
        JobRecord read;
        Str cut = str_from(bytes.ptr, len);
        assert_int_equal(job_record_decode(&ctx, FULL.id, cut, &read), STATUS_CORRUPT);
    }
    for (size_t at = 0; at < 2; at++) {
        CLEANUP(context_done) Context ctx = {0};
        JobRecord read;
        char before = bytes.ptr[at];
        bytes.ptr[at] = 99;
        assert_int_equal(job_record_decode(&ctx, FULL.id, buf_str(&bytes), &read), STATUS_CORRUPT);
        bytes.ptr[at] = before;
    }
    buf_byte(&bytes, 0);
    CLEANUP(context_done) Context ctx = {0};
    JobRecord read;
    assert_int_equal(job_record_decode(&ctx, FULL.id, buf_str(&bytes), &read), STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_gives_back_what_went_in),
        cmocka_unit_test(bytes_that_are_no_record_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("job_record", tests, NULL, NULL);
}
