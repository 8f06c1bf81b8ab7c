/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog_test.h"

#define LETTERS_64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"

typedef struct NameCase {
    const char *text;
    bool is_good;
} NameCase;

static void
check(const NameCase *cases, size_t count, Status (*check_name)(Context *ctx, AstName name))
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(context_done) Context ctx = {0};
        AstName name = {.text = str_from_c(cases[i].text), .offset = 7};
        Status status = check_name(&ctx, name);
        if ((status == STATUS_OK) != cases[i].is_good)
            fail_msg("\"%s\" is judged wrongly", cases[i].text);
        if (status != STATUS_OK) {
            assert_int_equal(status, STATUS_INVALID_SQL);
            assert_int_equal(ctx.position, 8);
            assert_message(&ctx, "name");
        }
    }
}

static void r2_table_names_are_lower_case_and_start_with_a_letter(void **state)
{
    (void)state;
    static const NameCase CASES[] = {
        {"foo_1", true},
        {"a", true},
        {LETTERS_64, true},
        {LETTERS_64 "m", false},
        {"Foo", false},
        {"1foo", false},
        {"_foo", false},
        {"foo-bar", false},
        {"foo bar", false},
        {"", false},
        {"fOO", false},
        {"t\xc3\xa9", false},
        {"select", true},
        {"a.b", false},
    };
    check(CASES, COUNT_OF(CASES), name_check_table);
    check(CASES, COUNT_OF(CASES), name_check_namespace);
}

static void column_names_exclude_system_columns_and_keywords(void **state)
{
    (void)state;
    static const NameCase CASES[] = {
        {"id", true},    {"createdAt", true}, {"Name", true},      {"user", true},
        {"key", true},   {"timestamp", true}, {LETTERS_64, true},  {LETTERS_64 "m", false},
        {"_seq", false}, {"_SEQ", false},     {"_deleted", false}, {"_updated", false},
        {"_id", false},  {"_row_id", false},  {"_other", false},   {"1st", false},
        {"a b", false},  {"", false},         {"select", false},   {"Where", false},
        {"null", false}, {"a\n", false},      {"a\x7f", false},
    };
    check(CASES, COUNT_OF(CASES), name_check_column);
}

static void user_ids_are_letters_digits_and_a_few_signs(void **state)
{
    (void)state;
    static const NameCase CASES[] = {
        {"alice", true},
        {"Alice.Smith-2@example.com", true},
        {"svc:worker_1", true},
        {"", false},
        {"a b", false},
        {"a/b", false},
        {"a'b", false},
        {"\xc3\xa9", false},
        {LETTERS_64 LETTERS_64, true},
        {LETTERS_64 LETTERS_64 "x", false},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        CLEANUP(context_done) Context ctx = {0};
        bool is_good = user_id_check(&ctx, str_from_c(CASES[i].text)) == STATUS_OK;
        assert_int_equal(is_good, CASES[i].is_good);
    }
}

static void a_nul_byte_is_in_no_name(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    assert_int_equal(name_check_table(&ctx, (AstName){.text = {"a\0b", 3}}), STATUS_INVALID_SQL);
    assert_int_equal(name_check_column(&ctx, (AstName){.text = {"a\0b", 3}}), STATUS_INVALID_SQL);
    assert_int_equal(user_id_check(&ctx, (Str){"a\0b", 3}), STATUS_INVALID_SQL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r2_table_names_are_lower_case_and_start_with_a_letter),
        cmocka_unit_test(column_names_exclude_system_columns_and_keywords),
        cmocka_unit_test(user_ids_are_letters_digits_and_a_few_signs),
        cmocka_unit_test(a_nul_byte_is_in_no_name),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
