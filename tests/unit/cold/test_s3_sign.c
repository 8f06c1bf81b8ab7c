/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The examples of "Signature Calculations for the Authorization Header" in the
 * reference of Amazon S3.
 */
#include "cold/s3_sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define EMPTY_SHA256 STR_INIT("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

static const S3Credentials EXAMPLE = {
    STR_INIT("AKIAIOSFODNN7EXAMPLE"),
    STR_INIT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    STR_INIT(""),
};

static void assert_signature(S3Signing signing, const char *expected)
{
    CLEANUP(arena_done) Arena arena = {0};
    signing.region = STR("us-east-1");
    signing.timestamp = STR("20130524T000000Z");
    Str header = s3_authorization(&arena, &EXAMPLE, &signing);
    Str signature = arena_printf(&arena, ",Signature=%s", expected);
    assert_true(str_ends_with(header, signature));
    assert_true(str_starts_with(header,
                                STR("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/"
                                    "us-east-1/s3/aws4_request,SignedHeaders=")));
}

static void a_get_of_a_range_is_signed_as_amazon_says(void **state)
{
    (void)state;
    const S3Header headers[] = {
        {STR_INIT("host"), STR_INIT("examplebucket.s3.amazonaws.com")},
        {STR_INIT("range"), STR_INIT("bytes=0-9")},
        {STR_INIT("x-amz-content-sha256"), EMPTY_SHA256},
        {STR_INIT("x-amz-date"), STR_INIT("20130524T000000Z")},
    };
    assert_signature((S3Signing){.method = STR("GET"),
                                 .path = STR("/test.txt"),
                                 .headers = headers,
                                 .header_count = 4,
                                 .payload_sha256 = EMPTY_SHA256},
                     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void a_put_is_signed_as_amazon_says(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(buf_done) Buf path = {0};
    Str sha256 = s3_sha256(&arena, STR("Welcome to Amazon S3."));
    const S3Header headers[] = {
        {STR_INIT("date"), STR_INIT("Fri, 24 May 2013 00:00:00 GMT")},
        {STR_INIT("host"), STR_INIT("examplebucket.s3.amazonaws.com")},
        {STR_INIT("x-amz-content-sha256"), sha256},
        {STR_INIT("x-amz-date"), STR_INIT("20130524T000000Z")},
        {STR_INIT("x-amz-storage-class"), STR_INIT("REDUCED_REDUNDANCY")},
    };
    s3_encode(&path, STR("/test$file.text"), true);
    assert_signature((S3Signing){.method = STR("PUT"),
                                 .path = buf_str(&path),
                                 .headers = headers,
                                 .header_count = 5,
                                 .payload_sha256 = sha256},
                     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

static const S3Header PLAIN[] = {
    {STR_INIT("host"), STR_INIT("examplebucket.s3.amazonaws.com")},
    {STR_INIT("x-amz-content-sha256"), EMPTY_SHA256},
    {STR_INIT("x-amz-date"), STR_INIT("20130524T000000Z")},
};

static void queries_are_signed_as_amazon_says(void **state)
{
    (void)state;
    S3Signing signing = {.method = STR("GET"),
                         .path = STR("/"),
                         .headers = PLAIN,
                         .header_count = 3,
                         .payload_sha256 = EMPTY_SHA256};
    signing.query = STR("lifecycle=");
    assert_signature(signing, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    signing.query = STR("max-keys=2&prefix=J");
    assert_signature(signing, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_of_a_range_is_signed_as_amazon_says),
        cmocka_unit_test(a_put_is_signed_as_amazon_says),
        cmocka_unit_test(queries_are_signed_as_amazon_says),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("s3_sign", tests, NULL, NULL);
}
