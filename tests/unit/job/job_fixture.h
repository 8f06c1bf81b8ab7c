/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of job/ share: a scheduler on a store in a temporary
 * directory, a clock that only the test moves, and a kind of job that does what
 * the test says.
 */
#pragma once

#include "job/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail /* cmocka's would hide ours */

enum { PATIENCE_MS = 30000 };

typedef struct Fixture {
    char path[64];
    Context ctx;
    JobOptions options; /* for the next start */
    Store *store;
    Sequencer *sequencer;
    JobScheduler *scheduler;

    /* The kind "test" (prefix UN). */
    _Atomic bool hold;    /* run() waits while it is set */
    _Atomic int failures; /* so many runs fail with `failure` */
    _Atomic Status failure;
    _Atomic int run_count;    /* begun */
    _Atomic int running;      /* under way */
    _Atomic int running_most; /* at a time, so far */
    /* The kind "tick" (prefix RT). */
    int64_t tick_ms; /* 0 = there is none */
    _Atomic bool tick_is_due;
} Fixture;

void fixture_init(Fixture *fixture);
void fixture_done(Fixture *fixture);
/* Opening starts the scheduler; closing stops it, whatever the store does. */
void fixture_open(Fixture *fixture);
void fixture_close(Fixture *fixture);
void fixture_reopen(Fixture *fixture);

/* The clock of the whole program. */
void fixture_pass_time(Fixture *fixture, int64_t ms);

/* Submits a job of the kind "test"; its id, in the fixture's arena. */
Str fixture_submit(Fixture *fixture, const char *key);
Status fixture_kill(Fixture *fixture, Context *ctx, Str id);

/* The stored job; state JOB_STATE_COUNT when there is none. */
JobRecord fixture_job(Fixture *fixture, Str id);
/* Waits until the stored job is in that state; fails the test when that takes too long. */
JobRecord fixture_wait(Fixture *fixture, Str id, JobState state);
/* Waits until nothing waits or runs. */
void fixture_wait_idle(Fixture *fixture);

/* Sleeps a little; fails the test when the deadline passed. */
typedef struct Patience {
    int64_t until_us;
} Patience;
Patience patience_begin(void);
void patience_lose(Patience *patience);

#define assert_str(actual, expected) assert_true(str_equal((actual), STR(expected)))
