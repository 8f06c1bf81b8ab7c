/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens between planning and execution.  A blocker holds the sequencer
 * while requests are planned against the state before it and queue up behind.
 */
#include "query_fixture.h"

#include <semaphore.h>

static QueryFixture fixture;
static QueryFixture *const f = &fixture;

static int set_up(void **state)
{
    (void)state;
    query_fixture_init(f);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    query_fixture_done(f);
    return 0;
}

/* ---- the blocker ---- */

typedef struct Blocker {
    WriteOp op;
    Context ctx;
    sem_t entered;
    sem_t released;
    sem_t completed;
} Blocker;

static void wait_for(sem_t *event)
{
    while (sem_wait(event) != 0)
        ;
}

static Status block(WriteOp *op, CommitBuilder *builder)
{
    (void)builder;
    Blocker *blocker = CONTAINER_OF(op, Blocker, op);
    sem_post(&blocker->entered);
    wait_for(&blocker->released);
    return STATUS_OK;
}

static void unblocked(WriteOp *op)
{
    sem_post(&CONTAINER_OF(op, Blocker, op)->completed);
}

static void hold_sequencer(Blocker *blocker)
{
    *blocker = (Blocker){.op = {.execute = block, .complete = unblocked}};
    blocker->op.ctx = &blocker->ctx;
    sem_init(&blocker->entered, 0, 0);
    sem_init(&blocker->released, 0, 0);
    sem_init(&blocker->completed, 0, 0);
    sequencer_submit(f->sequencer, &blocker->op);
    wait_for(&blocker->entered);
}

static void release_sequencer(Blocker *blocker)
{
    sem_post(&blocker->released);
    wait_for(&blocker->completed);
    context_done(&blocker->ctx);
}

static TestRun *start(const char *sql)
{
    TestRequest request = {.user = "root", .role = ROLE_SYSTEM, .sql = sql};
    return query_start(f, &request);
}

/* `first` and `second` are both planned before either is executed, in this order. */
static void
race(const char *first, const char *second, const char *first_result, const char *second_result)
{
    Blocker blocker;
    hold_sequencer(&blocker);
    TestRun *one = start(first);
    TestRun *two = start(second);
    release_sequencer(&blocker);
    assert_string_equal(query_finish(one), first_result);
    assert_string_equal(query_finish(two), second_result);
}

/* ---- tests ---- */

static void a_candidate_that_changed_is_judged_again(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE judged (id BIGINT PRIMARY KEY, n INT, v TEXT)");
    query_admin(f, "INSERT INTO judged VALUES (1, 1, 'a'), (2, 1, 'a'), (3, 1, 'a')");
    /* 1 changes but still matches, 2 matches no more, 3 is as it was. */
    race("UPDATE judged SET v = 'b', n = n + id % 2 * 10 - id % 2 * 10 - (id - 1) % 2 WHERE id IN "
         "(1, 2)",
         "UPDATE judged SET v = v || '!' WHERE n > 0",
         "[Updated 2 row(s)]",
         "[Updated 2 row(s)]");
    EXPECT(f, "SELECT id, n, v FROM judged", "1|1|b!\n2|0|b\n3|1|a!\n");
}

static void a_candidate_that_was_deleted_is_left_alone(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE gone (id BIGINT PRIMARY KEY, n INT)");
    query_admin(f, "INSERT INTO gone VALUES (1, 1), (2, 1)");
    race("DELETE FROM gone WHERE id = 1",
         "UPDATE gone SET n = 2 WHERE n = 1",
         "[Deleted 1 row(s)]",
         "[Updated 1 row(s)]");
    race("DELETE FROM gone WHERE n = 2",
         "DELETE FROM gone WHERE n = 2",
         "[Deleted 1 row(s)]",
         "[Deleted 0 row(s)]");
}

static void of_two_inserts_of_one_key_the_second_fails(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE twice (id BIGINT PRIMARY KEY)");
    race("INSERT INTO twice VALUES (1)",
         "INSERT INTO twice VALUES (1)",
         "[Inserted 1 row(s)]",
         "ERROR UNIQUE_VIOLATION: Already exists: Primary key violation: value '1' already exists "
         "in "
         "column 'id'");
}

static void counters_lose_no_update(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE counter (id BIGINT PRIMARY KEY, n INT)");
    query_admin(f, "INSERT INTO counter VALUES (1, 0)");
    for (int i = 0; i < 5; i++)
        race("UPDATE counter SET n = n + 1 WHERE id = 1",
             "UPDATE counter SET n = n + 1 WHERE n >= 0",
             "[Updated 1 row(s)]",
             "[Updated 1 row(s)]");
    EXPECT(f, "SELECT n FROM counter", "10\n");
}

static void a_write_is_planned_again_when_its_table_was_replaced(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE replaced (id BIGINT PRIMARY KEY)");
    Blocker blocker;
    hold_sequencer(&blocker);
    TestRun *drop = start("DROP TABLE replaced");
    TestRun *insert = start("INSERT INTO replaced VALUES (1)");
    release_sequencer(&blocker);
    query_finish(drop);
    assert_int_equal(f->status, STATUS_OK);
    assert_string_equal(query_finish(insert),
                        "ERROR TABLE_NOT_FOUND: Table not found: default.replaced");

    hold_sequencer(&blocker);
    query_admin(f, "SELECT 1");
    release_sequencer(&blocker);
    EXPECT(f,
           "CREATE TABLE replaced (id BIGINT PRIMARY KEY, v INT)",
           "[CREATE TABLE: default.replaced (shared)]");
    EXPECT(f, "INSERT INTO replaced VALUES (1, 2)", "[Inserted 1 row(s)]");
}

static void of_two_creations_of_one_table_the_second_fails(void **state)
{
    (void)state;
    race("CREATE TABLE same (id BIGINT PRIMARY KEY)",
         "CREATE TABLE same (id BIGINT PRIMARY KEY)",
         "[CREATE TABLE: default.same (shared)]",
         "ERROR ALREADY_EXISTS: Already exists: Table 'default.same' already exists");
    race("CREATE TABLE IF NOT EXISTS same2 (id BIGINT PRIMARY KEY)",
         "CREATE TABLE IF NOT EXISTS same2 (id BIGINT PRIMARY KEY)",
         "[CREATE TABLE: default.same2 (shared)]",
         "[Table default.same2 already exists]");
}

/* ---- transactions ---- */

static void change_row_one(QueryFixture *fixture_)
{
    bool tiny = fixture_->sink_is_tiny;
    fixture_->sink_is_tiny = false;
    query_admin(fixture_, "UPDATE account SET n = n + 100 WHERE id = 1");
    fixture_->sink_is_tiny = tiny;
}

/* The sink is full after the SELECT's first row; then somebody else writes. */
static const char *interrupted(const char *sql)
{
    f->sink_is_tiny = true;
    f->on_full = change_row_one;
    const char *text = query_admin(f, sql);
    f->sink_is_tiny = false;
    return text;
}

static void a_transaction_reads_its_snapshot(void **state)
{
    (void)state;
    query_admin(f, "CREATE TABLE account (id BIGINT PRIMARY KEY, n INT)");
    query_admin(f, "INSERT INTO account VALUES (1, 1), (2, 2)");
    const char *text =
        interrupted("BEGIN; SELECT n FROM account; SELECT n FROM account WHERE n < 50; ROLLBACK");
    assert_non_null(strstr(text, "1\n2\n1\n2\n"));
    EXPECT(f, "SELECT n FROM account", "101\n2\n");
}

static void of_two_transactions_that_write_one_row_the_first_to_commit_wins(void **state)
{
    (void)state;
    query_admin(f, "UPDATE account SET n = 1 WHERE id = 1");
    const char *text = interrupted(
        "BEGIN; SELECT 1 FROM account; UPDATE account SET n = n + 1 WHERE id = 1; COMMIT");
    assert_int_equal(f->status, STATUS_CONFLICT);
    assert_non_null(strstr(text, "Statement 4 failed: Conflict: row '1' of table default.account"));
    EXPECT(f, "SELECT n FROM account", "101\n2\n");

    text = interrupted(
        "BEGIN; SELECT 1 FROM account; UPDATE account SET n = n + 1 WHERE id = 2; COMMIT");
    assert_int_equal(f->status, STATUS_OK);
    assert_non_null(strstr(text, "Transaction committed"));
    EXPECT(f, "SELECT n FROM account", "201\n3\n");
}

static void a_select_is_one_snapshot_however_slowly_it_is_read(void **state)
{
    (void)state;
    query_admin(f, "UPDATE account SET n = 1 WHERE id > 0");
    f->only_on_worker = true;
    const char *text = interrupted("SELECT n FROM account ORDER BY id DESC");
    f->only_on_worker = false;
    assert_string_equal(text, "1\n1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_candidate_that_changed_is_judged_again),
        cmocka_unit_test(a_candidate_that_was_deleted_is_left_alone),
        cmocka_unit_test(of_two_inserts_of_one_key_the_second_fails),
        cmocka_unit_test(counters_lose_no_update),
        cmocka_unit_test(a_write_is_planned_again_when_its_table_was_replaced),
        cmocka_unit_test(of_two_creations_of_one_table_the_second_fails),
        cmocka_unit_test(a_transaction_reads_its_snapshot),
        cmocka_unit_test(of_two_transactions_that_write_one_row_the_first_to_commit_wins),
        cmocka_unit_test(a_select_is_one_snapshot_however_slowly_it_is_read),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("concurrency", tests, set_up, tear_down);
}
