/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who does what.  A sync that waits at a gate shows what happens beside it.
 */
#include "commit/crew.h"

#include "base/memory.h"
#include "fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

enum { OPS_MAX = 8 };

typedef struct Bench {
    Context ctx;
    Crew *crew;
    WriteOp ops[OPS_MAX];
    _Atomic int executed;
    _Atomic int settled;
    _Atomic bool gate_closed;
    sem_t at_the_gate;
    sem_t gate;
    pthread_t executor; /* of the newest operation */
    pthread_t syncer;
} Bench;

static Bench bench;

static void ignore(WriteOp *op)
{
    (void)op;
}

/* One group for each operation, as if each were a group of its own. */
static void execute_ops(void *data, WriteOp *ops)
{
    (void)data;
    bench.executor = pthread_self();
    while (ops) {
        WriteOp *op = ops;
        ops = op->next;
        PendingGroup *group = NEW(PendingGroup);
        op_list_add(&group->waiting, op);
        atomic_fetch_add(&bench.executed, 1);
        crew_add_group(bench.crew, group, ops);
    }
}

static void settle_groups(void *data, PendingGroup *groups)
{
    (void)data;
    bench.syncer = pthread_self();
    if (atomic_load(&bench.gate_closed)) {
        sem_post(&bench.at_the_gate);
        sem_wait(&bench.gate);
    }
    while (groups) {
        PendingGroup *group = groups;
        groups = group->next;
        op_list_complete(&group->waiting);
        pending_group_free(group);
        atomic_fetch_add(&bench.settled, 1);
    }
}

static int set_up(void **state)
{
    (void)state;
    bench = (Bench){0};
    sem_init(&bench.at_the_gate, 0, 0);
    sem_init(&bench.gate, 0, 0);
    for (int i = 0; i < OPS_MAX; i++)
        bench.ops[i].complete = ignore;
    const CrewWork work = {execute_ops, settle_groups, NULL, 1000};
    return crew_start(&bench.ctx, &work, &bench.crew) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    crew_stop(bench.crew);
    sem_destroy(&bench.at_the_gate);
    sem_destroy(&bench.gate);
    context_done(&bench.ctx);
    return 0;
}

static void submit(int index, bool patient)
{
    bench.ops[index].patient = patient;
    assert_true(crew_submit(bench.crew, &bench.ops[index]));
}

static void wait_until(_Atomic int *counter, int value)
{
    for (Patience patience = patience_begin(); atomic_load(counter) != value;)
        patience_lose(&patience);
}

static void submit_held(int index)
{
    atomic_store(&bench.gate_closed, true);
    submit(index, true);
    while (sem_wait(&bench.at_the_gate) != 0)
        ;
}

static void open_gate(void)
{
    atomic_store(&bench.gate_closed, false);
    sem_post(&bench.gate);
}

static void a_lone_writer_is_served_by_one_thread(void **state)
{
    (void)state;
    for (int i = 0; i < OPS_MAX; i++) {
        submit(i, true);
        wait_until(&bench.settled, i + 1);
        assert_true(pthread_equal(bench.executor, bench.syncer));
    }
}

static void the_other_thread_executes_during_a_sync(void **state)
{
    (void)state;
    submit_held(0);
    submit(1, false);
    wait_until(&bench.executed, 2);
    assert_int_equal(atomic_load(&bench.settled), 0);
    assert_false(pthread_equal(bench.executor, bench.syncer));
    open_gate();
    wait_until(&bench.settled, 2);
}

static void patient_operations_wait_for_the_end_of_a_sync(void **state)
{
    (void)state;
    submit_held(0);
    submit(1, true);
    submit(2, true);
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000}, NULL); /* time to be wrong in */
    assert_int_equal(atomic_load(&bench.executed), 1);
    open_gate();
    wait_until(&bench.settled, 3);
}

static void one_that_is_not_patient_takes_those_before_it_along(void **state)
{
    (void)state;
    submit_held(0);
    submit(1, true);
    submit(2, false);
    wait_until(&bench.executed, 3);
    open_gate();
    wait_until(&bench.settled, 3);
}

static void stopping_finishes_what_came_during_a_sync(void **state)
{
    (void)state;
    submit_held(0);
    for (int i = 1; i < OPS_MAX; i++)
        submit(i, true);
    open_gate();
    crew_stop(bench.crew);
    bench.crew = NULL;
    assert_int_equal(atomic_load(&bench.settled), OPS_MAX);
}

#define CREW_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(a_lone_writer_is_served_by_one_thread),
        CREW_TEST(the_other_thread_executes_during_a_sync),
        CREW_TEST(patient_operations_wait_for_the_end_of_a_sync),
        CREW_TEST(one_that_is_not_patient_takes_those_before_it_along),
        CREW_TEST(stopping_finishes_what_came_during_a_sync),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("crew", tests, NULL, NULL);
}
