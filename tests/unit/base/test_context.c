/* SPDX-License-Identifier: Apache-2.0 */
#include "base/context.h"

#include "base/clock.h"
#include "base/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* cmocka's; ours describes an error */

static void a_failure_is_described_in_words(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Status status = fail(&ctx, STATUS_TABLE_NOT_FOUND, "table %s does not exist", "app.t");
    assert_int_equal(status, STATUS_TABLE_NOT_FOUND);
    assert_int_equal(ctx.error, STATUS_TABLE_NOT_FOUND);
    assert_string_equal(ctx.message.ptr, "table app.t does not exist");
    assert_int_equal(ctx.position, 0);

    fail_detail(&ctx, "searched %d namespaces", 3);
    fail_hint(&ctx, "create it");
    assert_string_equal(ctx.detail.ptr, "searched 3 namespaces");
    assert_string_equal(ctx.hint.ptr, "create it");
}

static void a_later_failure_replaces_the_earlier_one_whole(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    fail_at(&ctx, STATUS_SYNTAX_ERROR, 7, "unexpected word");
    fail_hint(&ctx, "remove it");
    assert_int_equal(ctx.position, 8);

    fail(&ctx, STATUS_IO_ERROR, "disk: %.*s", STR_ARG(ctx.message));
    assert_string_equal(ctx.message.ptr, "disk: unexpected word");
    assert_null(ctx.hint.ptr);
    assert_int_equal(ctx.position, 0);

    context_clear_error(&ctx);
    assert_int_equal(ctx.error, STATUS_OK);
}

static void a_copied_error_outlives_its_source(void **state)
{
    (void)state;
    CLEANUP(context_done) Context to = {0};
    Context from = {0};
    fail_at(&from, STATUS_CONFLICT, 2, "row %d", 7);
    fail_detail(&from, "detail");
    context_copy_error(&to, &from);
    context_done(&from);

    assert_int_equal(to.error, STATUS_CONFLICT);
    assert_string_equal(to.message.ptr, "row 7");
    assert_string_equal(to.detail.ptr, "detail");
    assert_null(to.hint.ptr);
    assert_int_equal(to.position, 3);
}

static void a_fresh_context_is_within_its_bounds(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    assert_int_equal(context_check(&ctx), STATUS_OK);
}

static int64_t fake_now_us;

static int64_t fake_clock(void *data)
{
    (void)data;
    return fake_now_us;
}

static void a_passed_deadline_is_a_timeout(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {.deadline_us = 1000};
    clock_replace(&(ClockSource){.monotonic_us = fake_clock, .wall_us = fake_clock});
    fake_now_us = 1000;
    Status on_time = context_check(&ctx);
    fake_now_us = 1001;
    Status late = context_check(&ctx);
    clock_replace(NULL);
    assert_int_equal(on_time, STATUS_OK);
    assert_int_equal(late, STATUS_TIMEOUT);
}

static void too_much_memory_is_refused(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {.memory_limit = 100000};
    arena_alloc(&ctx.arena, 50000);
    assert_int_equal(context_check(&ctx), STATUS_OK);
    arena_alloc(&ctx.arena, 100000);
    assert_int_equal(context_check(&ctx), STATUS_MEMORY_LIMIT);
}

static void a_cancelled_statement_stops(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    atomic_store(&ctx.cancelled, true);
    assert_int_equal(context_check(&ctx), STATUS_CANCELLED);
}

static Status three_steps(Context *ctx, int *ret_reached)
{
    *ret_reached = 0;
    TRY(fault_point(ctx, "test.first"));
    *ret_reached = 1;
    TRY(fault_point(ctx, "test.second"));
    *ret_reached = 2;
    TRY(fault_point(ctx, "test.third"));
    *ret_reached = 3;
    return STATUS_OK;
}

static void the_nth_fault_point_fails_once(void **state)
{
    (void)state;
    for (int step = 1; step <= 4; step++) {
        CLEANUP(context_done) Context ctx = {0};
        int reached;
        fault_fail_nth(step);
        Status status = three_steps(&ctx, &reached);
        bool injected = fault_disarm();
        assert_int_equal(injected, step <= 3);
        assert_int_equal(status, injected ? STATUS_IO_ERROR : STATUS_OK);
        assert_int_equal(reached, injected ? step - 1 : 3);
    }
}

static void every_status_has_its_row(void **state)
{
    (void)state;
    for (int status = 0; status < STATUS_COUNT; status++) {
        const StatusInfo *info = status_info((Status)status);
        assert_int_equal(strlen(info->sqlstate), 5);
        assert_in_range(info->http_status, 200, 599);
        assert_true(info->name[0] && info->wire_code[0]);
        for (int other = 0; other < status; other++)
            assert_string_not_equal(info->sqlstate, status_info((Status)other)->sqlstate);
    }
}

static void only_administrators_read_what_could_tell_secrets(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Arena *arena = &ctx.arena;
    fail(&ctx, STATUS_TABLE_NOT_FOUND, "app.secrets");
    assert_string_equal(context_error_text(arena, &ctx, AUDIENCE_ADMINS).ptr,
                        "Table not found: app.secrets");
    assert_string_equal(context_error_text(arena, &ctx, AUDIENCE_ALL).ptr,
                        "Requested table is not available");
    fail(&ctx, STATUS_DIVISION_BY_ZERO, "division by zero");
    assert_string_equal(context_error_text(arena, &ctx, AUDIENCE_ALL).ptr,
                        "Execution error: division by zero");
    for (Status status = STATUS_IO_ERROR; status < STATUS_COUNT; status++)
        assert_non_null(status_public_words(status, AUDIENCE_ALL));
    assert_non_null(status_public_words(STATUS_READ_ONLY, AUDIENCE_ALL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_described_in_words),
        cmocka_unit_test(a_later_failure_replaces_the_earlier_one_whole),
        cmocka_unit_test(a_copied_error_outlives_its_source),
        cmocka_unit_test(a_fresh_context_is_within_its_bounds),
        cmocka_unit_test(a_passed_deadline_is_a_timeout),
        cmocka_unit_test(too_much_memory_is_refused),
        cmocka_unit_test(a_cancelled_statement_stops),
        cmocka_unit_test(the_nth_fault_point_fails_once),
        cmocka_unit_test(every_status_has_its_row),
        cmocka_unit_test(only_administrators_read_what_could_tell_secrets),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
