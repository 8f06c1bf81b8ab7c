/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lock guards the seats and both queues, so "is there work that nobody is
 * going to do?" is one question with one answer.  It is asked whenever the
 * answer may have become yes: an operation comes, a thread sits down to sync,
 * an executing thread adds a group and goes on.  A thread that gets up looks for
 * itself.
 */
#include "commit/crew.h"

#include "base/memory.h"

#include <time.h>

enum { CREW_SIZE = 2 };

struct Crew {
    CrewWork work;
    pthread_t threads[CREW_SIZE];
    int thread_count;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t called;
    OpList submitted;
    bool hurry; /* one of them is not patient */
    PendingGroup *first, *last;
    struct timespec deadline; /* of the first group */
    bool urgent;              /* an operation waits for one of the groups */
    bool executing;           /* the seats */
    bool syncing;
    bool calling; /* a sleeping thread was woken and has not looked yet */
    int sleeping;
    bool stopping;
};

static struct timespec time_after(int64_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static bool time_is_over(const struct timespec *deadline)
{
    struct timespec now = time_after(0);
    return now.tv_sec > deadline->tv_sec ||
           (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

/* ---- who does what; with the lock held ---- */

static bool may_execute(const Crew *crew)
{
    bool pressing = crew->hurry || crew->stopping || !crew->syncing;
    return !crew->executing && crew->submitted.first && pressing;
}

static bool may_sync(const Crew *crew)
{
    if (crew->syncing || !crew->first)
        return false;
    return crew->urgent || crew->stopping || time_is_over(&crew->deadline);
}

static bool is_finished(const Crew *crew)
{
    return crew->stopping && !crew->submitted.first && !crew->first && !crew->executing;
}

/* One at a time: a second signal would wake the other thread for the same work. */
static void call(Crew *crew)
{
    if (crew->sleeping == 0 || crew->calling)
        return;
    crew->calling = true;
    pthread_cond_signal(&crew->called);
}

static void sleep_until_called(Crew *crew)
{
    crew->sleeping++;
    if (crew->first && !crew->syncing)
        pthread_cond_timedwait(&crew->called, &crew->lock, &crew->deadline);
    else
        pthread_cond_wait(&crew->called, &crew->lock);
    crew->sleeping--;
    crew->calling = false;
}

/* ---- the seats ---- */

static void execute(Crew *crew)
{
    WriteOp *ops = crew->submitted.first;
    crew->submitted = (OpList){0};
    crew->hurry = false;
    crew->executing = true;
    pthread_mutex_unlock(&crew->lock);
    crew->work.execute(crew->work.data, ops);
    pthread_mutex_lock(&crew->lock);
    crew->executing = false;
}

static void sync_groups(Crew *crew)
{
    PendingGroup *groups = crew->first;
    crew->first = crew->last = NULL;
    crew->urgent = false;
    crew->syncing = true;
    if (may_execute(crew))
        call(crew);
    pthread_mutex_unlock(&crew->lock);
    crew->work.settle(crew->work.data, groups);
    pthread_mutex_lock(&crew->lock);
    crew->syncing = false;
}

/*
 * First execute, then sync: what came during a sync goes into the next one
 * together with what was executed meanwhile.
 */
static void *run(void *data)
{
    Crew *crew = data;
    pthread_mutex_lock(&crew->lock);
    while (!is_finished(crew)) {
        bool idle = true;
        if (may_execute(crew)) {
            execute(crew);
            idle = false;
        }
        if (may_sync(crew)) {
            sync_groups(crew);
            idle = false;
        }
        if (idle && !is_finished(crew))
            sleep_until_called(crew);
    }
    pthread_cond_broadcast(&crew->called);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* ---- work comes ---- */

bool crew_submit(Crew *crew, WriteOp *op)
{
    pthread_mutex_lock(&crew->lock);
    bool taken = !crew->stopping;
    if (taken) {
        op_list_add(&crew->submitted, op);
        crew->hurry |= !op->patient;
        if (may_execute(crew))
            call(crew);
    }
    pthread_mutex_unlock(&crew->lock);
    return taken;
}

/*
 * A group that nobody waits for is contained in the one after it.  Dropping it
 * keeps the list, and the store's snapshots, few under a load of async writes.
 * Returns the dropped one.
 */
static PendingGroup *append_group(Crew *crew, PendingGroup *group)
{
    PendingGroup *last = crew->last;
    group->next = NULL;
    if (last && !last->waiting.first && group->snapshot) {
        PendingGroup contained = *last;
        *last = *group;
        *group = contained;
        return group;
    }
    if (last) {
        last->next = group;
    } else {
        crew->first = group;
        crew->deadline = time_after(crew->work.async_interval_ms);
    }
    crew->last = group;
    return NULL;
}

void crew_add_group(Crew *crew, PendingGroup *group, bool more)
{
    bool urgent = group->waiting.first;
    pthread_mutex_lock(&crew->lock);
    PendingGroup *contained = append_group(crew, group);
    crew->urgent |= urgent;
    if (more && may_sync(crew))
        call(crew);
    pthread_mutex_unlock(&crew->lock);
    if (contained)
        pending_group_free(contained);
}

/* ---- life cycle ---- */

static Status start_threads(Context *ctx, Crew *crew)
{
    while (crew->thread_count < CREW_SIZE) {
        pthread_t *thread = &crew->threads[crew->thread_count];
        int error = pthread_create(thread, NULL, run, crew);
        if (error)
            return fail(ctx, STATUS_INTERNAL, "no thread for the writes: %s", strerror(error));
        pthread_setname_np(*thread, "writer");
        crew->thread_count++;
    }
    return STATUS_OK;
}

Status crew_start(Context *ctx, const CrewWork *work, Crew **ret_crew)
{
    Crew *crew = NEW(Crew);
    crew->work = *work;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&crew->called, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&crew->lock, NULL);
    Status status = start_threads(ctx, crew);
    if (status == STATUS_OK)
        *ret_crew = crew;
    else
        crew_stop(crew);
    return status;
}

void crew_stop(Crew *crew)
{
    if (!crew)
        return;
    pthread_mutex_lock(&crew->lock);
    crew->stopping = true;
    pthread_cond_broadcast(&crew->called);
    pthread_mutex_unlock(&crew->lock);
    for (int i = 0; i < crew->thread_count; i++)
        pthread_join(crew->threads[i], NULL);
    pthread_mutex_destroy(&crew->lock);
    pthread_cond_destroy(&crew->called);
    free(crew);
}
