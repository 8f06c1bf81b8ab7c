/* SPDX-License-Identifier: Apache-2.0 */
#include "base/worker.h"

#include "base/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TASKS = 2000, THREADS = 4, PATIENCE_MS = 30000 };

typedef struct Job {
    WorkerTask task;
    atomic_int *done;
    Mailbox *arrived; /* reports here when it runs .. */
    Mailbox *release; /* .. and goes on when this one is closed; NULL = at once */
    MailboxItem item;
} Job;

static void run_job(WorkerTask *task)
{
    Job *job = CONTAINER_OF(task, Job, task);
    if (job->release) {
        mailbox_post(job->arrived, &job->item);
        mailbox_wait(job->release, PATIENCE_MS);
    }
    atomic_fetch_add(job->done, 1);
}

static void every_task_runs_once_before_the_pool_ends(void **state)
{
    (void)state;
    static Job jobs[TASKS];
    atomic_int done = 0;
    WorkerPool *pool = worker_pool_new(THREADS);
    for (int i = 0; i < TASKS; i++) {
        jobs[i] = (Job){.task.run = run_job, .done = &done};
        worker_pool_submit(pool, &jobs[i].task);
    }
    assert_in_range(worker_pool_thread_count(pool), 1, THREADS);
    worker_pool_free(pool);
    assert_int_equal(done, TASKS);
}

static void a_pool_without_work_has_no_thread(void **state)
{
    (void)state;
    CLEANUP(worker_pool_free) WorkerPool *pool = worker_pool_new(THREADS);
    assert_int_equal(worker_pool_thread_count(pool), 0);
    worker_pool_free(NULL);
}

/* All tasks hold on to their thread until all of them have been seen running. */
static void blocked_tasks_get_a_thread_each_up_to_the_maximum(void **state)
{
    (void)state;
    atomic_int done = 0;
    Mailbox arrived;
    Mailbox release;
    Job jobs[THREADS + 2];
    mailbox_init(&arrived, NULL, NULL);
    mailbox_init(&release, NULL, NULL);
    WorkerPool *pool = worker_pool_new(THREADS);
    for (int i = 0; i < THREADS + 2; i++) {
        jobs[i] =
            (Job){.task.run = run_job, .done = &done, .arrived = &arrived, .release = &release};
        worker_pool_submit(pool, &jobs[i].task);
    }
    for (int running = 0; running < THREADS;) {
        MailboxItem *item = mailbox_wait(&arrived, PATIENCE_MS);
        assert_non_null(item);
        for (; item; item = item->next)
            running++;
    }
    assert_int_equal(worker_pool_thread_count(pool), THREADS);
    assert_int_equal(done, 0);

    mailbox_close(&release);
    worker_pool_free(pool);
    assert_int_equal(done, THREADS + 2);
    mailbox_done(&arrived);
    mailbox_done(&release);
}

static void an_idle_thread_takes_the_next_task(void **state)
{
    (void)state;
    atomic_int done = 0;
    Mailbox arrived;
    Mailbox open;
    mailbox_init(&arrived, NULL, NULL);
    mailbox_init(&open, NULL, NULL);
    mailbox_close(&open);
    CLEANUP(worker_pool_free) WorkerPool *pool = worker_pool_new(1);
    for (int i = 0; i < 100; i++) {
        Job job = {.task.run = run_job, .done = &done, .arrived = &arrived, .release = &open};
        worker_pool_submit(pool, &job.task);
        assert_ptr_equal(mailbox_wait(&arrived, PATIENCE_MS), &job.item);
        while (atomic_load(&done) <= i)
            sched_yield();
    }
    assert_int_equal(worker_pool_thread_count(pool), 1);
    mailbox_done(&arrived);
    mailbox_done(&open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once_before_the_pool_ends),
        cmocka_unit_test(a_pool_without_work_has_no_thread),
        cmocka_unit_test(blocked_tasks_get_a_thread_each_up_to_the_maximum),
        cmocka_unit_test(an_idle_thread_takes_the_next_task),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
