/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/base64url.h"
#include "auth_test.h"

static void the_vectors_of_rfc_4648_go_both_ways(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *text;
    } CASES[] = {
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe", "__4"},
        {"\xfb", "-w"},
        {"\xff\xff\xff", "____"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        CLEANUP(buf_done) Buf text = {0};
        CLEANUP(buf_done) Buf bytes = {0};
        base64url_append(&text, str_from_c(CASES[i].bytes));
        assert_str(buf_str(&text), CASES[i].text);
        assert_true(base64url_decode(&bytes, buf_str(&text)));
        assert_str(buf_str(&bytes), CASES[i].bytes);
    }
}

static void only_one_text_stands_for_some_bytes(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "Z",
        "Zg==",
        "Zg=",
        "Zh",
        "Zm9",
        "Zm9vY",
        "Zm+v",
        "Zm/v",
        "Zm 9",
        "Zg\n",
        ".",
        "Zm8.",
        "\xc3",
        "Zm9v=",
        "AAAAA",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        CLEANUP(buf_done) Buf bytes = {0};
        if (base64url_decode(&bytes, str_from_c(BAD[i])))
            fail_msg("\"%s\" is accepted", BAD[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_go_both_ways),
        cmocka_unit_test(only_one_text_stands_for_some_bytes),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("base64url", tests, NULL, NULL);
}
