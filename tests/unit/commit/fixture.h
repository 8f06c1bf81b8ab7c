/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of commit/ share: a sequencer on a store in a temporary
 * directory, and write operations made of simple steps.  Rows are plain bytes:
 * this layer never looks into them.
 */
#pragma once

#include "commit/sequencer.h"

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
    Store *store;
    Sequencer *sequencer;
    int64_t async_interval_ms;
} Fixture;

/* Opens a store in a new directory, with a sequencer unless `store_only`. */
void fixture_init(Fixture *fixture, int64_t async_interval_ms);
void fixture_done(Fixture *fixture);
/* Closes both and opens them again. */
void fixture_reopen(Fixture *fixture);
void fixture_open(Fixture *fixture);
void fixture_close(Fixture *fixture);

/* A store in a new directory; released by scratch_store_drop(). */
typedef struct ScratchStore {
    char path[64];
    Store *store;
} ScratchStore;
void scratch_store_make(ScratchStore *scratch);
void scratch_store_drop(ScratchStore *scratch);

typedef enum StepKind {
    STEP_PUT,    /* insert, or update when the row is there */
    STEP_DELETE, /* nothing when it is not there */
    STEP_DELETE_HARD,
    STEP_EVENT,
    STEP_CATALOG_PUT,
    STEP_DELETE_MARK,
    STEP_EVICT,    /* nothing when there is no version */
    STEP_COLD_SEQ, /* value; likewise */
    STEP_MANIFEST, /* counts up the head of table and user */
    STEP_JOB,      /* counts up job "key"; at 3 deletes it */
    STEP_READ,
    STEP_FAIL, /* STATUS_UNIQUE_VIOLATION */
} StepKind;

typedef struct Step {
    StepKind kind;
    uint32_t table_id;
    Str user_id;
    uint32_t key;
    uint64_t value;
} Step;

enum { STEPS_MAX = 8 };

typedef struct TestOp {
    WriteOp op;
    Context ctx;
    bool sync;
    size_t step_count;
    Step steps[STEPS_MAX];
    _Atomic bool told;
    int told_order;          /* counts up over all operations; from 1 */
    SeqNo found_seq;         /* by the last STEP_READ; 0 = nothing */
    _Atomic int64_t time_ms; /* set when it is executed */
} TestOp;

/* Zeroed before; the step_count steps are set by the caller. */
void test_op_submit(Fixture *fixture, TestOp *op);
/* Wait until it was executed or told, with a deadline. */
void test_op_wait_executed(TestOp *op);
Status test_op_wait(TestOp *op);
Status test_op_run(Fixture *fixture, TestOp *op);
void test_op_done(TestOp *op);

/* One step, told before it returns; the commit's number. */
SeqNo commit_step(Fixture *fixture, bool sync, Step step);

/* The row of the newest durable snapshot, "-" = none or a tombstone; in fixture->ctx. */
uint64_t durable_value(Fixture *fixture, uint32_t table_id, Str user_id, uint32_t key);
enum { NO_VALUE = 0 };

/* Sleeps a little; fails the test when the deadline passed. */
typedef struct Patience {
    int64_t until_us;
} Patience;
Patience patience_begin(void);
void patience_lose(Patience *patience);

/* Seeded from TEST_SEED, which is printed. */
uint64_t test_seed(void);
uint64_t next_random(uint64_t *state);
