/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/result.h"

#include "cli/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char EVERY_TYPE[] =
    "{\"schema\":["
    "{\"name\":\"b\",\"data_type\":\"Boolean\"},{\"name\":\"n\",\"data_type\":\"BigInt\"},"
    "{\"name\":\"d\",\"data_type\":{\"Decimal\":{\"precision\":5,\"scale\":2}}},"
    "{\"name\":\"ts\",\"data_type\":\"Timestamp\"},{\"name\":\"day\",\"data_type\":\"Date\"},"
    "{\"name\":\"t\",\"data_type\":\"Time\"},{\"name\":\"x\",\"data_type\":\"Bytes\"},"
    "{\"name\":\"e\",\"data_type\":{\"Embedding\":2}},{\"name\":\"j\",\"data_type\":\"Json\"}],"
    "\"rows\":[[true,\"9007199254740993\",\"-0.50\",1770000000000001,20000,3723000000,[0,255],"
    "[1.5,2],\"{\\\"a\\\":1}\"],[null,null,null,null,null,null,null,null,null]]}";

static void assert_table(const char *json, const char *expected)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf out = {0};
    const Json *result;
    assert_int_equal(json_parse(&ctx, str_from_c(json), &result), STATUS_OK);
    result_write_table(&ctx, result, true, &(Style){0}, &out);
    buf_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
}

static void assert_csv(const char *json, const char *expected)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf out = {0};
    const Json *result;
    assert_int_equal(json_parse(&ctx, str_from_c(json), &result), STATUS_OK);
    result_write_csv(result, &out);
    buf_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
}

static void every_type_is_shown_as_people_write_it(void **state)
{
    (void)state;
    assert_table(EVERY_TYPE,
                 "─── row 1 ───\n"
                 "   b │ true\n"
                 "   n │ 9007199254740993\n"
                 "   d │ -0.50\n"
                 "  ts │ 2026-02-02 02:40:00.000001\n"
                 " day │ 2024-10-04\n"
                 "   t │ 01:02:03\n"
                 "   x │ \\x00ff\n"
                 "   e │ [1.5,2]\n"
                 "   j │ {\"a\":1}\n"
                 "─── row 2 ───\n"
                 "   b │ NULL\n"
                 "   n │ NULL\n"
                 "   d │ NULL\n"
                 "  ts │ NULL\n"
                 " day │ NULL\n"
                 "   t │ NULL\n"
                 "   x │ NULL\n"
                 "   e │ NULL\n"
                 "   j │ NULL\n");
}

static void csv_quotes_what_needs_it_and_tells_null_from_empty(void **state)
{
    (void)state;
    assert_csv("{\"schema\":[{\"name\":\"a\",\"data_type\":\"Text\"},"
               "{\"name\":\"b,c\",\"data_type\":\"Text\"}],"
               "\"rows\":[[\"plain\",null],[\"\",\"say \\\"hi\\\"\"],[\"two\\nlines\",\" x\"],"
               "[\"größe\",\"1,2\"]]}",
               "a,\"b,c\"\n"
               "plain,\n"
               "\"\",\"say \"\"hi\"\"\"\n"
               "\"two\nlines\",\" x\"\n"
               "größe,\"1,2\"\n");
    assert_csv(EVERY_TYPE,
               "b,n,d,ts,day,t,x,e,j\n"
               "true,9007199254740993,-0.50,2026-02-02 02:40:00.000001,2024-10-04,01:02:03,"
               "\\x00ff,\"[1.5,2]\",\"{\"\"a\"\":1}\"\n"
               ",,,,,,,,\n");
}

static void rows_shorter_than_the_schema_are_filled_up(void **state)
{
    (void)state;
    static const char SHORT[] =
        "{\"schema\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"rows\":[[1],[],{},[1,2,3]]}";
    assert_csv(SHORT, "a,b\n1,\n,\n,\n1,2\n");
    assert_table(SHORT,
                 "─── row 1 ───\n a │ 1\n b │ NULL\n"
                 "─── row 2 ───\n a │ NULL\n b │ NULL\n"
                 "─── row 3 ───\n a │ NULL\n b │ NULL\n"
                 "─── row 4 ───\n a │ 1\n b │ 2\n");
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
        cmocka_unit_test(every_type_is_shown_as_people_write_it),
        cmocka_unit_test(csv_quotes_what_needs_it_and_tells_null_from_empty),
        cmocka_unit_test(rows_shorter_than_the_schema_are_filled_up),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cli/result", tests, set_locale, NULL);
}
