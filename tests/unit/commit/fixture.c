/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/clock.h"
#include "value/key.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void make_directory(char path[64])
{
    snprintf(path, 64, "/tmp/kalamdb-commit-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static void remove_directory(const char *path)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

static Store *open_store(Context *ctx, const char *path)
{
    Store *store = NULL;
    StoreOptions options = {.path = str_from_c(path), .write_buffer_bytes = 8 << 20};
    assert_int_equal(store_open(ctx, &options, &store), STATUS_OK);
    return store;
}

void fixture_open(Fixture *fixture)
{
    fixture->store = open_store(&fixture->ctx, fixture->path);
    SequencerOptions options = {
        .store = fixture->store,
        .async_interval_ms = fixture->async_interval_ms,
    };
    assert_int_equal(sequencer_open(&fixture->ctx, &options, &fixture->sequencer), STATUS_OK);
}

void fixture_close(Fixture *fixture)
{
    sequencer_close(TAKE(fixture->sequencer));
    store_close(TAKE(fixture->store));
}

void fixture_reopen(Fixture *fixture)
{
    fixture_close(fixture);
    fixture_open(fixture);
}

void fixture_init(Fixture *fixture, int64_t async_interval_ms)
{
    *fixture = (Fixture){.async_interval_ms = async_interval_ms};
    make_directory(fixture->path);
    fixture_open(fixture);
}

void fixture_done(Fixture *fixture)
{
    fixture_close(fixture);
    context_done(&fixture->ctx);
    remove_directory(fixture->path);
}

void scratch_store_make(ScratchStore *scratch)
{
    CLEANUP(context_done) Context ctx = {0};
    make_directory(scratch->path);
    scratch->store = open_store(&ctx, scratch->path);
}

void scratch_store_drop(ScratchStore *scratch)
{
    store_close(TAKE(scratch->store));
    remove_directory(scratch->path);
}

/* ---- operations ---- */

static Str encode_u32(Arena *arena, uint32_t value)
{
    CLEANUP(buf_done) Buf out = {0};
    buf_u32be(&out, value);
    return arena_str(arena, buf_str(&out));
}

static Str encode_row(Arena *arena, uint64_t value)
{
    CLEANUP(buf_done) Buf out = {0};
    buf_u64be(&out, value);
    return arena_str(arena, buf_str(&out));
}

static void change_row(CommitBuilder *builder, const Step *step, Change *change, bool exists)
{
    if (step->kind == STEP_PUT) {
        change->kind = exists ? CHANGE_UPDATE : CHANGE_INSERT;
        if (!exists)
            change->old_row = STR_NULL;
        commit_add(builder, change);
    } else if (exists) {
        change->kind = step->kind == STEP_DELETE        ? CHANGE_DELETE
                       : step->kind == STEP_DELETE_HARD ? CHANGE_DELETE_HARD
                                                        : CHANGE_DELETE_MARK;
        change->new_row = STR_NULL;
        commit_add(builder, change);
    }
}

static void add_upkeep_of_row(CommitBuilder *builder, const Step *step, Str key, StoredRow *old)
{
    CommitScope scope = {step->table_id, owner_of(step->user_id)};
    Change change = change_cold_seq(scope, key, old, step->value);
    if (step->kind == STEP_EVICT)
        change = (Change){.kind = CHANGE_EVICT,
                          .table_id = step->table_id,
                          .owner = scope.owner,
                          .key = key,
                          .old_seq = old->seq};
    commit_add(builder, &change);
}

/* Puts the number after the one that is there. */
static Status count_up(TestOp *op, CommitBuilder *builder, Change change)
{
    Str value;
    TRY(commit_read_entry(builder, change_family(change.kind), change.key, &value));
    Reader reader = reader_from(value);
    uint64_t count = value.ptr ? reader_u64be(&reader) : 0;
    if (change.kind == CHANGE_JOB_PUT && count == 3)
        change.kind = CHANGE_JOB_DELETE;
    else
        change.new_row = encode_row(&op->ctx.arena, count + 1);
    commit_add(builder, &change);
    return STATUS_OK;
}

static Status run_entry_step(TestOp *op, CommitBuilder *builder, const Step *step)
{
    Arena *arena = &op->ctx.arena;
    Owner owner = owner_of(step->user_id);
    CLEANUP(buf_done) Buf key = {0};
    Change change = {.kind = CHANGE_JOB_PUT, .key = arena_printf(arena, "job-%u", step->key)};
    if (step->kind == STEP_MANIFEST) {
        manifest_key_append(&key, &(ManifestKey){MANIFEST_HEAD, step->table_id, owner, 0});
        change = (Change){
            .kind = CHANGE_MANIFEST_PUT,
            .table_id = step->table_id,
            .owner = owner,
            .key = arena_str(arena, buf_str(&key)),
        };
    }
    return count_up(op, builder, change);
}

static Status run_row_step(TestOp *op, CommitBuilder *builder, const Step *step)
{
    Arena *arena = &op->ctx.arena;
    Owner owner = owner_of(step->user_id);
    Str key = encode_u32(arena, step->key);
    StoredRow old;
    bool found;
    TRY(commit_read_row(builder, step->table_id, owner, key, &old, &found));
    op->found_seq = found ? old.seq : 0;
    if (step->kind == STEP_READ)
        return STATUS_OK;
    if (step->kind == STEP_EVICT || step->kind == STEP_COLD_SEQ) {
        if (found)
            add_upkeep_of_row(builder, step, key, &old);
        return STATUS_OK;
    }
    Change change = {
        .table_id = step->table_id,
        .schema_version = 1,
        .owner = owner,
        .key = key,
        .old_seq = found ? old.seq : 0,
        .cold_seq = found ? old.cold_seq : 0,
        .old_row = found ? old.row : STR_NULL,
        .new_row = encode_row(arena, step->value),
    };
    change_row(builder, step, &change, found && !old.deleted);
    return STATUS_OK;
}

static Status run_step(TestOp *op, CommitBuilder *builder, const Step *step)
{
    Arena *arena = &op->ctx.arena;
    switch (step->kind) {
    case STEP_FAIL:
        return fail(&op->ctx, STATUS_UNIQUE_VIOLATION, "as told");
    case STEP_EVENT:
        commit_add(builder,
                   &(Change){
                       .kind = CHANGE_EVENT,
                       .table_id = step->table_id,
                       .schema_version = 1,
                       .owner = owner_of(step->user_id),
                       .bucket = step->key,
                       .new_row = encode_row(arena, step->value),
                   });
        return STATUS_OK;
    case STEP_CATALOG_PUT:
        commit_add(builder,
                   &(Change){
                       .kind = CHANGE_CATALOG_PUT,
                       .key = arena_printf(arena, "test/%u", step->key),
                       .new_row = encode_row(arena, step->value),
                   });
        return STATUS_OK;
    case STEP_MANIFEST:
    case STEP_JOB:
        return run_entry_step(op, builder, step);
    default:
        return run_row_step(op, builder, step);
    }
}

static Status execute(WriteOp *write_op, CommitBuilder *builder)
{
    TestOp *op = CONTAINER_OF(write_op, TestOp, op);
    atomic_store(&op->time_ms, commit_time_ms(builder));
    if (op->sync)
        commit_require_sync(builder);
    for (size_t i = 0; i < op->step_count; i++)
        TRY(run_step(op, builder, &op->steps[i]));
    return STATUS_OK;
}

static _Atomic int told_count;

static void note_told(WriteOp *write_op)
{
    TestOp *op = CONTAINER_OF(write_op, TestOp, op);
    op->told_order = atomic_fetch_add(&told_count, 1) + 1;
    atomic_store(&op->told, true);
}

static void prepare(TestOp *op)
{
    op->op.ctx = &op->ctx;
    op->op.execute = execute;
    op->op.complete = note_told;
}

void test_op_submit(Fixture *fixture, TestOp *op)
{
    prepare(op);
    sequencer_submit(fixture->sequencer, &op->op);
}

void test_op_wait_executed(TestOp *op)
{
    for (Patience patience = patience_begin(); !atomic_load(&op->time_ms);)
        patience_lose(&patience);
}

Status test_op_wait(TestOp *op)
{
    for (Patience patience = patience_begin(); !atomic_load(&op->told);)
        patience_lose(&patience);
    return op->op.status;
}

Status test_op_run(Fixture *fixture, TestOp *op)
{
    prepare(op);
    return sequencer_execute(fixture->sequencer, &op->op);
}

void test_op_done(TestOp *op)
{
    context_done(&op->ctx);
    *op = (TestOp){0};
}

SeqNo commit_step(Fixture *fixture, bool sync, Step step)
{
    TestOp op = {.sync = sync, .step_count = 1, .steps = {step}};
    assert_int_equal(test_op_run(fixture, &op), STATUS_OK);
    SeqNo seq = op.op.seq;
    test_op_done(&op);
    return seq;
}

/* ---- looking ---- */

uint64_t durable_value(Fixture *fixture, uint32_t table_id, Str user_id, uint32_t key)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture->sequencer));
    CLEANUP(buf_done) Buf row_key = {0};
    row_key_append(&row_key, table_id, owner_of(user_id), encode_u32(&fixture->ctx.arena, key));
    StoreRead read = {.snapshot = snapshot->at, .family = FAMILY_ROWS};
    Str bytes;
    assert_int_equal(store_get(&fixture->ctx, fixture->store, read, buf_str(&row_key), &bytes),
                     STATUS_OK);
    if (!bytes.ptr)
        return NO_VALUE;
    StoredRow stored;
    assert_int_equal(stored_row_read(&fixture->ctx, bytes, &stored), STATUS_OK);
    Reader reader = reader_from(stored.row);
    return stored.deleted ? NO_VALUE : reader_u64be(&reader);
}

/* The tests may replace the clock, so patience has its own. */
static int64_t real_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

Patience patience_begin(void)
{
    return (Patience){real_us() + (int64_t)PATIENCE_MS * 1000};
}

void patience_lose(Patience *patience)
{
    assert_true(real_us() < patience->until_us); /* else what we wait for never happens */
    usleep(200);
}

uint64_t test_seed(void)
{
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : random_u64() % 1000000007;
    printf("# TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}
