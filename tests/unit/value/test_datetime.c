/* SPDX-License-Identifier: Apache-2.0 */
#include "value/datetime.h"

#include "random_values.h"

#include <time.h>

static void the_calendar_agrees_with_timegm(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        int64_t span = DATE_MAX_DAYS - DATE_MIN_DAYS + 1;
        int64_t us = TIMESTAMP_MIN_US + (int64_t)dice_below((uint64_t)span) * US_PER_DAY +
                     (int64_t)dice_below((uint64_t)US_PER_DAY);
        CivilTime civil = civil_from_us(us);
        struct tm tm = {
            .tm_year = civil.year - 1900,
            .tm_mon = civil.month - 1,
            .tm_mday = civil.day,
            .tm_hour = civil.hour,
            .tm_min = civil.minute,
            .tm_sec = civil.second,
        };
        struct tm copy = tm;
        assert_int_equal((int64_t)timegm(&copy) * US_PER_SECOND + civil.microsecond, us);
        assert_int_equal(copy.tm_mday, tm.tm_mday);
        assert_int_equal(us_from_civil(&civil), us);
    }
}

static void the_limits_are_the_first_and_the_last_day(void **state)
{
    (void)state;
    assert_int_equal(days_from_civil(1970, 1, 1), 0);
    assert_int_equal(days_from_civil(1, 1, 1), DATE_MIN_DAYS);
    assert_int_equal(days_from_civil(9999, 12, 31), DATE_MAX_DAYS);
}

static Str written(Buf *buf, void (*write)(Buf *, int64_t), int64_t value)
{
    buf_clear(buf);
    write(buf, value);
    return buf_str(buf);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    for (int i = 0; i < 50000; i++) {
        uint64_t span = (uint64_t)(TIMESTAMP_MAX_US - TIMESTAMP_MIN_US);
        int64_t us = TIMESTAMP_MIN_US + (int64_t)dice_below(span);
        if (i % 2)
            us -= us % US_PER_SECOND;
        int64_t read = 0;
        assert_true(timestamp_parse(written(&buf, timestamp_write, us), &read));
        assert_int_equal(read, us);
        assert_true(timestamp_parse(written(&buf, rfc3339_write, us), &read));
        assert_int_equal(read, us);
        int64_t days = us / US_PER_DAY, time_us = (int64_t)dice_below((uint64_t)US_PER_DAY);
        assert_true(date_parse(written(&buf, date_write, days), &read) && read == days);
        assert_true(time_parse(written(&buf, time_write, time_us), &read) && read == time_us);
    }
}

static void known_moments_are_written_as_iso_8601(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    CivilTime civil = {2026, 1, 2, 3, 4, 5, 6};
    int64_t us = us_from_civil(&civil);
    assert_true(str_equal(written(&buf, timestamp_write, us), STR("2026-01-02 03:04:05.000006")));
    assert_true(str_equal(written(&buf, timestamp_write, us - 6), STR("2026-01-02 03:04:05")));
    assert_true(
        str_equal(written(&buf, rfc3339_write, us + 499994), STR("2026-01-02T03:04:05.5+00:00")));
    assert_true(str_equal(written(&buf, date_write, -1), STR("1969-12-31")));
    assert_true(str_equal(written(&buf, date_write, DATE_MIN_DAYS), STR("0001-01-01")));
    assert_true(str_equal(written(&buf, time_write, 0), STR("00:00:00")));
}

static void numbers_beyond_the_calendar_are_written_without_fault(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    static const int64_t FAR[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1};
    for (size_t i = 0; i < sizeof(FAR) / sizeof(FAR[0]); i++) {
        assert_true(written(&buf, timestamp_write, FAR[i]).len > 10);
        assert_true(written(&buf, date_write, FAR[i]).len > 8);
        assert_true(written(&buf, time_write, FAR[i]).len >= 8);
    }
}

static void assert_moment(const char *text, const char *expected)
{
    CLEANUP(buf_done) Buf buf = {0};
    int64_t us = 0;
    assert_true(timestamp_parse(str_from_c(text), &us));
    assert_true(str_equal(written(&buf, timestamp_write, us), str_from_c(expected)));
}

static void zones_are_converted_to_utc(void **state)
{
    (void)state;
    assert_moment("2026-01-02", "2026-01-02 00:00:00");
    assert_moment("2026-01-02T03:04", "2026-01-02 03:04:00");
    assert_moment("2026-01-02T03:04:05Z", "2026-01-02 03:04:05");
    assert_moment("2026-01-02 03:04:05z", "2026-01-02 03:04:05");
    assert_moment("2026-01-02T03:04:05+02:00", "2026-01-02 01:04:05");
    assert_moment("2026-01-02T03:04:05.25-0530", "2026-01-02 08:34:05.25");
    assert_moment("2026-01-01T00:30:00+01", "2025-12-31 23:30:00");
    assert_moment("2026-01-02T03:04:05.123456789Z", "2026-01-02 03:04:05.123456");
    assert_moment("2024-02-29T00:00:00Z", "2024-02-29 00:00:00");
}

static void text_that_is_no_moment_is_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "2026",
        "2026-1-2",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-01-32",
        "2025-02-29",
        "1900-02-29",
        "0000-01-01",
        "2026-01-02T",
        "2026-01-02X03:04:05",
        "2026-01-02T24:00:00",
        "2026-01-02T03:60:00",
        "2026-01-02T03:04:60",
        "2026-01-02T03:04:05.",
        "2026-01-02T03:04:05.1234567890",
        "2026-01-02T03:04:05+",
        "2026-01-02T03:04:05+1",
        "2026-01-02T03:04:05+01:",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05+01:60",
        "2026-01-02T03:04:05ZZ",
        "2026-01-02T03:04:05 ",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-00:01",
    };
    int64_t us;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        assert_false(timestamp_parse(str_from_c(TEXTS[i]), &us));
    assert_false(date_parse(STR("2026-01-02T00:00:00"), &us));
    assert_false(time_parse(STR("3:04"), &us));
    assert_false(time_parse(STR("03:04:05Z"), &us));
    assert_false(time_parse(STR("24:00:00"), &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_calendar_agrees_with_timegm),
        cmocka_unit_test(the_limits_are_the_first_and_the_last_day),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(known_moments_are_written_as_iso_8601),
        cmocka_unit_test(numbers_beyond_the_calendar_are_written_without_fault),
        cmocka_unit_test(zones_are_converted_to_utc),
        cmocka_unit_test(text_that_is_no_moment_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("datetime", tests, dice_seed, NULL);
}
