/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void text_functions_count_characters(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"lower('AbÄÖéΣЖ')", "abäöéσж"},
        {"upper('straße äž')", "STRAßE ÄŽ"},
        {"length('äö')", "2"},
        {"char_length('')", "0"},
        {"octet_length('äö')", "4"},
        {"octet_length(raw)", "2"},
        {"substring('alphabet', 3)", "phabet"},
        {"substring('alphabet', 3, 2)", "ph"},
        {"substr('äöü', 2, 1)", "ö"},
        {"substring('abc', 0, 2)", "a"},
        {"substring('abc', -5, 3)", ""},
        {"substring('abc', 2, 9223372036854775807)", "bc"},
        {"substring('abc', 1, -1)", "!OUT_OF_RANGE"},
        {"trim('  x ')", "x"},
        {"btrim('xxaxx', 'x')", "a"},
        {"ltrim('xyab', 'yx')", "ab"},
        {"rtrim('abää', 'ä')", "ab"},
        {"replace('aXbXc', 'X', '--')", "a--b--c"},
        {"replace('abc', '', 'x')", "abc"},
        {"replace('abab', 'ab', '')", ""},
        {"strpos('äbc', 'c')", "3"},
        {"strpos('abc', 'z')", "0"},
        {"strpos('abc', '')", "1"},
        {"position('b' IN 'abc')", "2"},
        {"concat('a', NULL, 1, true)", "a1true"},
        {"concat_ws('-', 'a', NULL, 'b')", "a-b"},
        {"concat_ws(NULL, 'a')", "NULL"},
        {"left('abcde', 2)", "ab"},
        {"left('abcde', -2)", "abc"},
        {"right('äöü', 2)", "öü"},
        {"right('abc', -1)", "bc"},
        {"left('abc', -9223372036854775808)", ""},
        {"repeat('ab', 3)", "ababab"},
        {"repeat('ab', -1)", ""},
        {"repeat('', 9223372036854775807)", ""},
        {"starts_with('alpha', 'al')", "true"},
        {"reverse('aöb')", "böa"},
        {"split_part('a,b,c', ',', 2)", "b"},
        {"split_part('a,b,c', ',', -1)", "c"},
        {"split_part('a,b,c', ',', 9)", ""},
        {"split_part('a,b', ',', 0)", "!OUT_OF_RANGE"},
        {"split_part('abc', '', 1)", "abc"},
        {"lpad('7', 3, '0')", "007"},
        {"lpad('abc', 2)", "ab"},
        {"rpad('a', 4, 'xy')", "axyx"},
        {"lpad('x', 9223372036854775807)", "!LIMIT_EXCEEDED"},
        {"lower(missing)", "NULL"},
        {"lower(id)", "!TYPE_MISMATCH"},
    };
    FIXTURE_CHECK(CASES);
}

static void math_functions_keep_the_kind_of_number(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"abs(-5)", "5"},
        {"abs(- price)", "12.50"},
        {"abs(CAST(-32768 AS SMALLINT))", "!OUT_OF_RANGE"},
        {"ceil(1.2)", "2"},
        {"floor(-1.2)", "-2"},
        {"ceil(price)", "13"},
        {"typeof(ceil(price))", "DECIMAL(38,0)"},
        {"floor(- price)", "-13"},
        {"round(2.5)", "3"},
        {"round(-2.5)", "-3"},
        {"round(price, 1)", "12.5"},
        {"round(price)", "13"},
        {"round(1234.5678, 2)", "1234.57"},
        {"round(1234, -2)", "1200"},
        {"round(1250, -2)", "1300"},
        {"round(1e300, 100)", "1e+300"},
        {"trunc(-1.7)", "-1"},
        {"trunc(price, 1)", "12.5"},
        {"sign(-3)", "-1"},
        {"sign(price)", "1"},
        {"power(2, 10)", "1024"},
        {"power(0, -1)", "!OUT_OF_RANGE"},
        {"power(10, 400)", "!OUT_OF_RANGE"},
        {"sqrt(9)", "3"},
        {"sqrt(-1)", "!OUT_OF_RANGE"},
        {"ln(exp(1))", "1"},
        {"ln(0)", "!OUT_OF_RANGE"},
        {"abs(author)", "!TYPE_MISMATCH"},
        {"abs(NULL)", "NULL"},
    };
    FIXTURE_CHECK(CASES);
}

static void time_functions_know_the_calendar(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"now()", "2026-01-02 03:04:05.000006"},
        {"CURRENT_TIMESTAMP", "2026-01-02 03:04:05.000006"},
        {"CURRENT_DATE", "2026-01-02"},
        {"typeof(now())", "TIMESTAMP"},
        {"date_trunc('hour', created)", "2026-03-04 05:00:00"},
        {"date_trunc('week', created)", "2026-03-02 00:00:00"},
        {"date_trunc('quarter', created)", "2026-01-01 00:00:00"},
        {"date_trunc('year', born)", "2000-01-01 00:00:00"},
        {"date_trunc('century', born)", "1901-01-01 00:00:00"},
        {"date_trunc('decade', born)", "2000-01-01 00:00:00"},
        {"date_trunc('day', '1969-12-31 23:00:00')", "1969-12-31 00:00:00"},
        {"date_trunc('eon', created)", "!INVALID_VALUE"},
        {"date_trunc('hour', clock)", "!INVALID_VALUE"},
        {"typeof(date_trunc('hour', seen))", "DATETIME"},
        {"date_part('year', created)", "2026"},
        {"date_part('second', created)", "7.089"},
        {"date_part('milliseconds', created)", "7089"},
        {"date_part('dow', born)", "2"},
        {"date_part('isodow', DATE '2026-03-01')", "7"},
        {"date_part('doy', born)", "60"},
        {"date_part('week', DATE '2021-01-03')", "53"},
        {"date_part('epoch', TIMESTAMP '1970-01-01 00:00:01.5')", "1.5"},
        {"date_part('hour', clock)", "10"},
        {"date_part('day', clock)", "!INVALID_VALUE"},
        {"extract(month FROM created)", "3"},
    };
    FIXTURE_CHECK(CASES);
}

static void json_paths_that_miss_are_null(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"doc->'a'->'b'", "\"x\""},
        {"doc->'a'->>'b'", "x"},
        {"doc->'a'->>'q'", "\""},
        {"doc->'a'->>'n'", "5"},
        {"doc->'a'->>'z'", "NULL"},
        {"doc->'a'->'z'", "null"},
        {"doc->'list'->1", "\"two\""},
        {"doc->'list'->>-1", "3"},
        {"doc->'list'->9", "NULL"},
        {"doc->'no'->'way'", "NULL"},
        {"doc ? 'a'", "true"},
        {"doc ? 'b'", "false"},
        {"doc->'list' ? 'two'", "true"},
        {"json_get_int(doc, 'a', 'n')", "5"},
        {"json_get_int(doc, 'a', 'b')", "NULL"},
        {"json_get_float(doc, 'a', 'f')", "1.5"},
        {"json_get_bool(doc, 'a', 't')", "true"},
        {"json_get_str(doc, 'a', 'n')", "NULL"},
        {"json_get_str(doc, 'list', 1)", "two"},
        {"json_get_json(doc, 'list')", "[1,\"two\",3]"},
        {"json_get_array(doc, 'a')", "NULL"},
        {"json_as_text(doc, 'list', 0)", "1"},
        {"json_contains(doc, 'a')", "true"},
        {"json_length(doc)", "2"},
        {"json_length(doc, 'list')", "3"},
        {"json_length(doc, 'a', 'n')", "NULL"},
        {"json_object_keys(doc)", "[\"a\",\"list\"]"},
        {"json_get('{\"k\": [true]}', 'k', 0)", "true"},
        {"json_get('{', 'k')", "!INVALID_VALUE"},
        {"json_get(author, 'k')", "!INVALID_VALUE"},
        {"doc->true", "!TYPE_MISMATCH"},
        {"doc->'a'->>'n' = '5'", "true"},
        {"CAST(doc->'a'->'n' AS BIGINT) + 1", "6"},
    };
    FIXTURE_CHECK(CASES);
}

static void the_session_is_known(void **state)
{
    (void)state;
    static const FixtureCase CASES[] = {
        {"CURRENT_USER()", "ann"},
        {"CURRENT_USER", "ann"},
        {"CURRENT_USER_ID()", "ann"},
        {"CURRENT_ROLE()", "service"},
        {"CURRENT_ROLE", "service"},
        {"SNOWFLAKE_ID() < SNOWFLAKE_ID()", "true"},
        {"length(UUID_V7())", "36"},
        {"length(ULID())", "26"},
    };
    FIXTURE_CHECK(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_functions_count_characters),
        cmocka_unit_test(math_functions_keep_the_kind_of_number),
        cmocka_unit_test(time_functions_know_the_calendar),
        cmocka_unit_test(json_paths_that_miss_are_null),
        cmocka_unit_test(the_session_is_known),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("functions", tests, fixture_setup, NULL);
}
