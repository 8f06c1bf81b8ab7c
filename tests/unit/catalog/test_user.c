/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog_test.h"

static void role_words_and_their_synonyms_are_read_in_any_case(void **state)
{
    (void)state;
    static const struct {
        Str word;
        Role role;
    } CASES[] = {
        {STR_INIT("user"), ROLE_USER},
        {STR_INIT("VIEWER"), ROLE_USER},
        {STR_INIT("readonly"), ROLE_USER},
        {STR_INIT("Service"), ROLE_SERVICE},
        {STR_INIT("developer"), ROLE_SERVICE},
        {STR_INIT("analyst"), ROLE_SERVICE},
        {STR_INIT("DBA"), ROLE_DBA},
        {STR_INIT("admin"), ROLE_DBA},
        {STR_INIT("system"), ROLE_SYSTEM},
    };
    Role role = ROLE_ANONYMOUS;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_true(role_parse(CASES[i].word, &role));
        assert_int_equal(role, CASES[i].role);
    }
    assert_false(role_parse(STR("anonymous"), &role));
    assert_false(role_parse(STR("superuser"), &role));
    assert_false(role_parse(STR(""), &role));
}

static void roles_are_ordered_by_power(void **state)
{
    (void)state;
    assert_true(ROLE_ANONYMOUS < ROLE_USER && ROLE_USER < ROLE_SERVICE && ROLE_SERVICE < ROLE_DBA &&
                ROLE_DBA < ROLE_SYSTEM);
    assert_false(role_is_admin(ROLE_SERVICE));
    assert_true(role_is_admin(ROLE_DBA));
    assert_string_equal(role_word(ROLE_DBA), "dba");
    assert_string_equal(auth_type_word(AUTH_OAUTH), "OAuth");
}

static void a_copy_of_a_user_stands_alone(void **state)
{
    (void)state;
    char id[] = "alice";
    User original = {
        .id = str_from(id, 5),
        .role = ROLE_DBA,
        .password_hash = STR("hash"),
        .auth_data = STR(""),
        .credentials_version = 4,
        .deleted_at_us = 9,
    };
    CLEANUP(user_unref) User *copy = user_copy(&original);
    memset(id, 'x', 5);
    copy->email = arena_str(&copy->arena, STR("a@example.com"));
    assert_str(copy->id, "alice");
    assert_str(copy->password_hash, "hash");
    assert_non_null(copy->auth_data.ptr); /* empty is not the same as none */
    assert_int_equal(copy->credentials_version, 4);
    assert_int_equal(copy->deleted_at_us, 9);
    CLEANUP(user_unref) User *second = user_copy(copy);
    assert_str(second->email, "a@example.com");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(role_words_and_their_synonyms_are_read_in_any_case),
        cmocka_unit_test(roles_are_ordered_by_power),
        cmocka_unit_test(a_copy_of_a_user_stands_alone),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("user", tests, NULL, NULL);
}
