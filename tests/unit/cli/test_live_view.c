/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_view.h"

#include "cli/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char ACK[] =
    "{\"type\":\"subscription_ack\",\"schema\":[{\"name\":\"id\",\"data_type\":\"BigInt\"},"
    "{\"name\":\"body\",\"data_type\":\"Text\"},{\"name\":\"at\",\"data_type\":\"Timestamp\"}]}";

static const char UPDATE[] =
    "{\"type\":\"change\",\"change_type\":\"update\","
    "\"rows\":[{\"_seq\":\"9\",\"id\":\"1\",\"body\":\"new\"}],"
    "\"old_values\":[{\"_seq\":\"8\",\"id\":\"1\",\"body\":\"old\",\"at\":1000000}]}";

/* What the view says to message, behind the time that begins each line. */
static void assert_line(LiveView *view, const char *json, const char *expected)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf out = {0};
    const Json *message;
    assert_int_equal(json_parse(&ctx, str_from_c(json), &message), STATUS_OK);
    assert_int_equal(live_view_write(&ctx, view, message, 1234567, &out), STATUS_OK);
    buf_byte(&out, '\0');
    const char *text = out.ptr;
    if (view->format == FORMAT_TABLE && *text) {
        assert_memory_equal(text + strlen("hh:mm:ss"), ".234 ", 5);
        text += strlen("hh:mm:ss.234 ");
    }
    assert_string_equal(text, expected);
}

static void each_kind_of_change_is_one_line(void **state)
{
    (void)state;
    CLEANUP(live_view_done) LiveView view;
    live_view_init(&view, FORMAT_TABLE, &(Style){0});
    assert_line(&view, ACK, "");
    assert_line(&view,
                "{\"type\":\"change\",\"change_type\":\"insert\",\"rows\":[{\"id\":\"1\","
                "\"body\":\"it\\n漢\",\"at\":null,\"_seq\":\"8\",\"_deleted\":false}]}",
                "+ id=1 body='it\\n漢' at=NULL\n");
    assert_line(&view,
                "{\"type\":\"change\",\"change_type\":\"delete\",\"old_values\":[{\"id\":\"1\","
                "\"at\":1000000,\"_seq\":\"9\",\"_deleted\":true}]}",
                "- id=1 at=1970-01-01 00:00:01\n");
    assert_line(&view,
                "{\"type\":\"initial_data_batch\",\"rows\":[{\"id\":\"3\"}],"
                "\"batch_control\":{\"has_more\":true}}",
                "= id=3\n");
    assert_line(&view,
                "{\"type\":\"initial_data_batch\",\"rows\":[],"
                "\"batch_control\":{\"has_more\":false}}",
                "# 1 row; live from here on\n");
}

static void an_update_tells_old_and_new_of_what_changed(void **state)
{
    (void)state;
    CLEANUP(live_view_done) LiveView view;
    live_view_init(&view, FORMAT_TABLE, &(Style){0});
    assert_line(&view, ACK, "");
    assert_line(&view, UPDATE, "~ id=1 body='old' -> 'new' at=1970-01-01 00:00:01 -> NULL\n");
}

static void csv_has_one_column_for_the_kind(void **state)
{
    (void)state;
    CLEANUP(live_view_done) LiveView view;
    live_view_init(&view, FORMAT_CSV, &(Style){0});
    assert_true(str_equal(live_view_options(&view), STR("{\"full\":true}")));
    assert_line(&view, ACK, "change,id,body,at\n");
    assert_line(&view, UPDATE, "update,1,new,\n");
}

static const char ALTERED[] =
    "{\"type\":\"subscription_ack\",\"schema\":[{\"name\":\"id\",\"data_type\":\"BigInt\"},"
    "{\"name\":\"at\",\"data_type\":\"Text\"}]}";

static void d17_other_columns_are_told_once(void **state)
{
    (void)state;
    CLEANUP(live_view_done) LiveView table;
    CLEANUP(live_view_done) LiveView csv;
    live_view_init(&table, FORMAT_TABLE, &(Style){0});
    live_view_init(&csv, FORMAT_CSV, &(Style){0});
    assert_line(&table, ACK, "");
    assert_line(&table, ACK, "");
    assert_line(&table, ALTERED, "# the table was altered; the columns are id at\n");
    assert_line(&table, ALTERED, "");
    assert_line(&table, UPDATE, "~ id=1 body='old' -> 'new' at=1000000 -> NULL\n");
    assert_line(&csv, ACK, "change,id,body,at\n");
    assert_line(&csv, ACK, "");
    assert_line(&csv, ALTERED, "change,id,at\n");
    assert_line(&csv, UPDATE, "update,1,\n");
}

static void json_passes_messages_on(void **state)
{
    (void)state;
    CLEANUP(live_view_done) LiveView view;
    live_view_init(&view, FORMAT_JSON, &(Style){0});
    assert_line(&view, "{\"type\": \"progress\"}", "{\"type\":\"progress\"}\n");
}

static void long_values_are_cut_on_a_terminal(void **state)
{
    (void)state;
    CLEANUP(live_view_done) LiveView view;
    live_view_init(&view, FORMAT_TABLE, &(Style){.width = 40});
    assert_line(&view,
                "{\"type\":\"change\",\"change_type\":\"insert\",\"rows\":[{"
                "\"body\":\"0123456789012345678漢字\",\"n\":1}]}",
                "+ body='0123456789012345678…' n=1\n");
}

static void messages_that_make_no_sense_are_passed_over(void **state)
{
    (void)state;
    CLEANUP(live_view_done) LiveView view;
    live_view_init(&view, FORMAT_TABLE, &(Style){0});
    assert_line(&view, "{\"type\":\"change\"}", "");
    assert_line(&view, "{\"type\":\"change\",\"change_type\":\"update\",\"rows\":7}", "");
    assert_line(&view, "{\"type\":\"subscription_ack\",\"schema\":{}}", "");
    assert_line(&view, "[]", "");
}

static int set_locale(void **state)
{
    (void)state;
    terminal_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_change_is_one_line),
        cmocka_unit_test(an_update_tells_old_and_new_of_what_changed),
        cmocka_unit_test(csv_has_one_column_for_the_kind),
        cmocka_unit_test(d17_other_columns_are_told_once),
        cmocka_unit_test(json_passes_messages_on),
        cmocka_unit_test(long_values_are_cut_on_a_terminal),
        cmocka_unit_test(messages_that_make_no_sense_are_passed_over),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cli/live_view", tests, set_locale, NULL);
}
