/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/s3_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_page_tells_names_sizes_times_and_the_next_page(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    S3Page page;
    Str xml = STR("<?xml version='1.0'?><ListBucketResult xmlns=\"http://s3/\"><Name>b</Name>"
                  "<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</"
                  "NextContinuationToken>"
                  "<Contents><Key>t/a&amp;&lt;</Key><LastModified>1970-01-02T00:00:00.500Z"
                  "</LastModified><Size>12</Size></Contents>"
                  "<Contents><Key>t/b</Key><Size>0</Size></Contents></ListBucketResult>");
    assert_int_equal(s3_list_read(&ctx, xml, &page), STATUS_OK);
    assert_int_equal(page.count, 2);
    assert_true(str_equal(page.items[0].name, STR("t/a&<")));
    assert_int_equal(page.items[0].size, 12);
    assert_int_equal(page.items[0].modified_ms, 86400000);
    assert_true(str_equal(page.items[1].name, STR("t/b")));
    assert_true(str_equal(page.next, STR("a&b")));
}

static void what_is_no_list_is_an_error(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    S3Page page;
    const Str texts[] = {
        STR_INIT(""),
        STR_INIT("<html>hello</html>"),
        STR_INIT("<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>"),
        STR_INIT("<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents>"
                 "</ListBucketResult>"),
        STR_INIT("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(s3_list_read(&ctx, texts[i], &page), STATUS_IO_ERROR);
}

static void every_beginning_of_a_list_is_read_without_fault(void **state)
{
    (void)state;
    Str xml = STR("<ListBucketResult><Contents><Key>t&amp;</Key><Size>1</Size></Contents>"
                  "<IsTruncated>false</IsTruncated></ListBucketResult>");
    for (size_t len = 0; len <= xml.len; len++) {
        CLEANUP(context_done) Context ctx = {0};
        S3Page page;
        Str part = arena_str(&ctx.arena, str_from(xml.ptr, len));
        (void)!s3_list_read(&ctx, part, &page);
    }
}

static void an_error_has_a_code_of_letters_only(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Str xml = STR("<Error><Code>NoSuchBucket</Code><Message>AKIA</Message></Error>");
    assert_true(str_equal(s3_error_code(&arena, xml), STR("NoSuchBucket")));
    assert_int_equal(s3_error_code(&arena, STR("<Error><Code>a b</Code></Error>")).len, 0);
    assert_int_equal(s3_error_code(&arena, STR("<p>404</p>")).len, 0);
    assert_int_equal(s3_error_code(&arena, STR_NULL).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_tells_names_sizes_times_and_the_next_page),
        cmocka_unit_test(what_is_no_list_is_an_error),
        cmocka_unit_test(every_beginning_of_a_list_is_read_without_fault),
        cmocka_unit_test(an_error_has_a_code_of_letters_only),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("s3_list", tests, NULL, NULL);
}
