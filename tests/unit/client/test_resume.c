/* SPDX-License-Identifier: Apache-2.0 */
#include "client/resume.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void observe(Context *ctx, Resume *resume, const char *text)
{
    const Json *message;
    assert_int_equal(json_parse(ctx, str_from_c(text), &message), STATUS_OK);
    resume_observe(resume, message);
}

static void assert_options(const Resume *resume, const char *options, const char *expected)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf out = {0};
    const Json *json = NULL;
    if (options)
        assert_int_equal(json_parse(&ctx, str_from_c(options), &json), STATUS_OK);
    resume_write_options(resume, json, &out);
    buf_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
}

static void the_first_subscription_asks_for_what_the_caller_wants(void **state)
{
    (void)state;
    Resume resume = {0};
    assert_options(&resume, NULL, "{}");
    assert_options(&resume, "{\"last_rows\":5,\"full\":true}", "{\"last_rows\":5,\"full\":true}");
    assert_options(&resume, "{\"from\":\"12\"}", "{\"from\":\"12\"}");
}

static void a_later_one_goes_on_behind_the_highest_number_delivered(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Resume resume = {0};
    observe(&ctx,
            &resume,
            "{\"type\":\"initial_data_batch\",\"rows\":[{\"_seq\":\"7\"},{\"_seq\":\"9\"}]}");
    assert_options(&resume, NULL, "{\"from\":\"9\"}");
    observe(&ctx, &resume, "{\"type\":\"change\",\"rows\":[{\"_seq\":\"18446744073709551615\"}]}");
    assert_options(&resume,
                   "{\"last_rows\":5,\"batch_size\":2,\"since\":1,\"from_seq_id\":3}",
                   "{\"batch_size\":2,\"from\":\"18446744073709551615\"}");
}

static void deletes_batches_and_progress_count_but_no_acknowledgement(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Resume resume = {0};
    observe(
        &ctx, &resume, "{\"type\":\"subscription_ack\",\"batch_control\":{\"last_seq_id\":99}}");
    assert_false(resume.has_seq);
    observe(&ctx, &resume, "{\"type\":\"change\",\"old_values\":[{\"_seq\":\"10\"}]}");
    assert_int_equal(resume.seq, 10);
    observe(&ctx,
            &resume,
            "{\"type\":\"initial_data_batch\",\"rows\":[],\"batch_control\":"
            "{\"last_seq_id\":19,\"last_seq\":\"20\"}}");
    assert_int_equal(resume.seq, 20);
    observe(&ctx, &resume, "{\"type\":\"progress\",\"seq\":\"30\"}");
    observe(&ctx, &resume, "{\"type\":\"change\",\"rows\":[{\"_seq\":\"25\"},{\"id\":1}]}");
    assert_int_equal(resume.seq, 30);
}

static void a_resync_forgets_what_was_seen(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Resume resume = {.seq = 5, .has_seq = true};
    observe(&ctx, &resume, "{\"type\":\"subscription_ack\",\"resync\":true}");
    assert_options(&resume, "{\"last_rows\":1}", "{\"last_rows\":1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_subscription_asks_for_what_the_caller_wants),
        cmocka_unit_test(a_later_one_goes_on_behind_the_highest_number_delivered),
        cmocka_unit_test(deletes_batches_and_progress_count_but_no_acknowledgement),
        cmocka_unit_test(a_resync_forgets_what_was_seen),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("client/resume", tests, NULL, NULL);
}
