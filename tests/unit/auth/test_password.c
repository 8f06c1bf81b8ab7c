/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_test.h"

#include <pthread.h>

static Str hash_of(Context *ctx, Str password)
{
    Str hash;
    assert_int_equal(password_hash(ctx, &CHEAP, password, &hash), STATUS_OK);
    return hash;
}

static bool matches(Str password, Str hash)
{
    CLEANUP(context_done) Context ctx = {0};
    bool result = false;
    assert_int_equal(password_verify(&ctx, &CHEAP, password, hash, &result), STATUS_OK);
    return result;
}

static void a_password_matches_its_own_hash_only(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Str hash = hash_of(&ctx, STR("correct horse"));
    assert_true(str_starts_with(hash, STR("$argon2id$v=19$m=8,t=1,p=1$")));
    assert_true(matches(STR("correct horse"), hash));
    assert_false(matches(STR("correct hors"), hash));
    assert_false(matches(STR("correct horse "), hash));
    assert_false(matches(STR(""), hash));
}

static void bytes_of_any_kind_count(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Str with_nul = {"pass\0word", 9};
    Str hash = hash_of(&ctx, with_nul);
    assert_true(matches(with_nul, hash));
    assert_false(matches(STR("pass"), hash));
    Str other = hash_of(&ctx, STR("p\xc3\xa4ssw\xc3\xb6rd"));
    assert_true(matches(STR("p\xc3\xa4ssw\xc3\xb6rd"), other));
}

static void two_hashes_of_a_password_differ(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    assert_false(str_equal(hash_of(&ctx, STR("same words")), hash_of(&ctx, STR("same words"))));
}

static void nothing_matches_a_hash_that_is_none(void **state)
{
    (void)state;
    static const char *const HASHES[] = {
        "",
        "plain text",
        "$argon2id$v=19$m=8,t=1,p=1$",
        "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$mWRb0bJGkXG9qb2fUyA5oKW0",
        "$2b$12$abcdefghijklmnopqrstuv",
    };
    for (size_t i = 0; i < COUNT_OF(HASHES); i++) {
        assert_false(matches(STR(""), str_from_c(HASHES[i])));
        assert_false(matches(STR("plain text"), str_from_c(HASHES[i])));
    }
}

static void overlong_passwords_are_never_hashed(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    char text[PASSWORD_LENGTH_MAX + 1];
    memset(text, 'x', sizeof(text));
    Str hash;
    assert_int_equal(password_hash(&ctx, &CHEAP, str_from(text, sizeof(text)), &hash),
                     STATUS_INVALID_INPUT);
    hash = hash_of(&ctx, str_from(text, PASSWORD_LENGTH_MAX));
    assert_true(matches(str_from(text, PASSWORD_LENGTH_MAX), hash));
    assert_false(matches(str_from(text, sizeof(text)), hash));
}

typedef struct PolicyCase {
    const char *password;
    bool is_good;
} PolicyCase;

static void assert_checks(const PasswordPolicy *policy, const PolicyCase *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(context_done) Context ctx = {0};
        Status status = password_check(&ctx, policy, str_from_c(cases[i].password));
        if ((status == STATUS_OK) != cases[i].is_good)
            fail_msg("\"%s\" is judged wrongly", cases[i].password);
        if (status != STATUS_OK) {
            assert_int_equal(status, STATUS_INVALID_INPUT);
            assert_true(str_starts_with(ctx.message, STR("Weak password: ")));
        }
    }
}

static void short_and_common_passwords_are_weak(void **state)
{
    (void)state;
    static const PolicyCase CASES[] = {
        {"kalamdb123", true},
        {"12345677", true},
        {"", false},
        {"short77", false},
        {"password", false},
        {"PassWord", false},
        {"12345678", false},
        {"qwerty123", false},
    };
    assert_checks(NULL, CASES, COUNT_OF(CASES));
    static const PolicyCase ALLOWED[] = {{"password", true}, {"short77", false}};
    PasswordPolicy lenient = {.allow_common = true};
    assert_checks(&lenient, ALLOWED, COUNT_OF(ALLOWED));
}

static void complexity_asks_for_four_kinds_of_characters(void **state)
{
    (void)state;
    static const PolicyCase CASES[] = {
        {"Abcdef1!", true},
        {"Abcdefg1", false},
        {"abcdef1!", false},
        {"ABCDEF1!", false},
        {"Abcdefg!", false},
        {"Abcdef1 ", true},
        {"Ab1\xc3\xa4xyz!", true},
    };
    PasswordPolicy strict = {.complexity = true};
    assert_checks(&strict, CASES, COUNT_OF(CASES));
}

static void lengths_are_configurable_within_bounds(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    char text[PASSWORD_LENGTH_MAX + 1];
    memset(text, 'x', sizeof(text));
    PasswordPolicy policy = {.length_min = 12, .length_max = 1000};
    assert_int_equal(password_check(&ctx, &policy, str_from(text, 11)), STATUS_INVALID_INPUT);
    assert_int_equal(password_check(&ctx, &policy, str_from(text, 12)), STATUS_OK);
    assert_int_equal(password_check(&ctx, &policy, str_from(text, PASSWORD_LENGTH_MAX)), STATUS_OK);
    assert_int_equal(password_check(&ctx, &policy, str_from(text, sizeof(text))),
                     STATUS_INVALID_INPUT);
}

static void passwords_of_users_are_checked_for_their_length_and_for_more_on_request(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    char text[PASSWORD_LENGTH_MAX + 1];
    memset(text, 'x', sizeof(text));
    PasswordPolicy strict = {.complexity = true};
    PasswordPolicy longer = {.length_min = 12};
    assert_int_equal(password_check_user(&ctx, NULL, STR("")), STATUS_INVALID_INPUT);
    assert_int_equal(password_check_user(&ctx, NULL, STR("7 chars")), STATUS_INVALID_INPUT);
    assert_has(ctx.message, "at least 8 characters");
    assert_int_equal(password_check_user(&ctx, NULL, STR("password")), STATUS_OK);
    assert_int_equal(password_check_user(&ctx, NULL, str_from(text, PASSWORD_LENGTH_MAX)),
                     STATUS_OK);
    assert_int_equal(password_check_user(&ctx, NULL, str_from(text, sizeof(text))),
                     STATUS_INVALID_INPUT);
    assert_int_equal(password_check_user(&ctx, &longer, str_from(text, 11)), STATUS_INVALID_INPUT);
    assert_int_equal(password_check_user(&ctx, &longer, str_from(text, 12)), STATUS_OK);
    assert_int_equal(password_check_user(&ctx, &strict, STR("pw")), STATUS_INVALID_INPUT);
    assert_int_equal(password_check_user(&ctx, &strict, STR("password")), STATUS_INVALID_INPUT);
    assert_int_equal(password_check_user(&ctx, &strict, STR("Abcdef1!")), STATUS_OK);
}

static void *hash_some(void *data)
{
    (void)data;
    for (int i = 0; i < 20; i++) {
        CLEANUP(context_done) Context ctx = {0};
        Str hash = hash_of(&ctx, STR("correct horse"));
        assert_true(matches(STR("correct horse"), hash));
    }
    return NULL;
}

static void many_threads_take_turns(void **state)
{
    (void)state;
    pthread_t threads[6];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_some, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_matches_its_own_hash_only),
        cmocka_unit_test(bytes_of_any_kind_count),
        cmocka_unit_test(two_hashes_of_a_password_differ),
        cmocka_unit_test(nothing_matches_a_hash_that_is_none),
        cmocka_unit_test(overlong_passwords_are_never_hashed),
        cmocka_unit_test(short_and_common_passwords_are_weak),
        cmocka_unit_test(complexity_asks_for_four_kinds_of_characters),
        cmocka_unit_test(lengths_are_configurable_within_bounds),
        cmocka_unit_test(passwords_of_users_are_checked_for_their_length_and_for_more_on_request),
        cmocka_unit_test(many_threads_take_turns),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
