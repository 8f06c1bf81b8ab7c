/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/like.h"

#include "expr_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void patterns_match_by_characters(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"author LIKE 'A%'", "true"},
        {"author LIKE 'a%'", "false"},
        {"author ILIKE 'a%'", "true"},
        {"author NOT LIKE '_nn'", "false"},
        {"author LIKE '%'", "true"},
        {"'' LIKE '%%'", "true"},
        {"'' LIKE '_'", "false"},
        {"'äöü' LIKE '_ö_'", "true"},
        {"'ÄÖÜ' ILIKE 'äö_'", "true"},
        {"'50%' LIKE '50\\%'", "true"},
        {"'50x' LIKE '50\\%'", "false"},
        {"'50%' LIKE '50!%' ESCAPE '!'", "true"},
        {"'a\\b' LIKE 'a\\b' ESCAPE ''", "true"},
        {"'aä%b' LIKE 'aää%_' ESCAPE 'ä'", "true"},
        {"'aä%b' LIKE 'aääää%_'  ESCAPE 'ä'", "false"},
        {"'aä%b' LIKE 'aäää%_' ESCAPE 'ä'", "true"},
        {"author LIKE 'x\\'", "!INVALID_VALUE"},
        {"missing LIKE 'x'", "NULL"},
        {"author LIKE NULL", "NULL"},
        {"author LIKE 'x' ESCAPE NULL", "NULL"},
        {"id LIKE '7'", "!TYPE_MISMATCH"},
        {"author LIKE author", "true"},
        {"'mississippi' LIKE '%iss%pi'", "true"},
        {"'mississippi' LIKE '%iss_pi'", "false"},
    };
    FIXTURE_CHECK(CASES);
}

/* The definition, word by word. */
static bool model(const char *pattern, const char *text)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '%')
        return model(pattern + 1, text) || (*text != '\0' && model(pattern, text + 1));
    if (*text == '\0')
        return false;
    if (*pattern == '_')
        return model(pattern + 1, text + 1);
    if (*pattern == '\\')
        pattern++;
    return *pattern == *text && model(pattern + 1, text + 1);
}

static void random_text(char *out, size_t size_max, const char *alphabet)
{
    size_t size = random_below(size_max);
    for (size_t i = 0; i < size; i++)
        *out++ = alphabet[random_below(strlen(alphabet))];
    *out = '\0';
}

static void the_matcher_agrees_with_the_model(void **state)
{
    (void)state;
    int matches = 0;
    for (int round = 0; round < 100000; round++) {
        char pattern[12], text[12];
        random_text(pattern, sizeof(pattern), "ab%_\\");
        random_text(text, sizeof(text), "ab%");
        LikePattern like = {.pattern = str_from_c(pattern), .escape = STR("\\")};
        if (!like_is_valid(&like))
            continue;
        bool expected = model(pattern, text);
        matches += expected;
        if (like_match(&like, str_from_c(text)) != expected)
            fail_msg("'%s' LIKE '%s'", text, pattern);
    }
    assert_true(matches > 1000);
}

static int setup(void **state)
{
    random_start();
    return fixture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_by_characters),
        cmocka_unit_test(the_matcher_agrees_with_the_model),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("like", tests, setup, NULL);
}
