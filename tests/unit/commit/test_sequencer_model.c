/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many threads change rows of a few tables at random.  Afterwards everything
 * that anybody saw is compared with a model: the commits in log order, applied
 * to a plain map.
 */
#include "commit/change_log.h"

#include "base/hash.h"
#include "base/map.h"
#include "fixture.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    WRITERS = 6,
    OPS_PER_WRITER = 400,
    TABLES = 4, /* 1 .. 4; even ones are sync */
    KEYS = 12,
    SAMPLES_MAX = 4000,
    RECORDS_MAX = WRITERS * OPS_PER_WRITER * 2,
};

static const Str USERS[] = {STR_INIT(""), STR_INIT("alice"), STR_INIT("bob")};

static Fixture fixture;
static uint64_t seed;

static bool table_is_async(uint32_t table_id)
{
    return table_id % 2 == 1;
}

/* ---- the feed ---- */

typedef struct Inbox {
    pthread_mutex_t lock;
    size_t count;
    CommitRecord *records[RECORDS_MAX];
} Inbox;

static void inbox_deliver(void *data, CommitGroup *group)
{
    Inbox *inbox = data;
    Published *published = sequencer_published(fixture.sequencer);
    CLEANUP(snapshot_unref) Snapshot *applied = published_applied(published);
    pthread_mutex_lock(&inbox->lock);
    for (size_t i = 0; i < group->count; i++) {
        CommitRecord *record = group->records[i];
        assert_true(record->seq <=
                    (record->sync ? published_durable_seq(published) : applied->seq));
        inbox->records[inbox->count++] = commit_record_ref(record);
    }
    pthread_mutex_unlock(&inbox->lock);
    commit_group_unref(group);
}

static void inbox_clear(Inbox *inbox)
{
    for (size_t i = 0; i < inbox->count; i++)
        commit_record_unref(inbox->records[i]);
    inbox->count = 0;
}

static bool record_touches(const CommitRecord *record, uint32_t table_id)
{
    for (uint32_t i = 0; i < record->scope_count; i++) {
        if (record->scopes[i].table_id == table_id)
            return true;
    }
    return false;
}

static void assert_in_order_per_table(const Inbox *inbox)
{
    for (uint32_t table_id = 1; table_id <= TABLES; table_id++) {
        SeqNo last = 0;
        for (size_t i = 0; i < inbox->count; i++) {
            if (!record_touches(inbox->records[i], table_id))
                continue;
            assert_true(inbox->records[i]->seq > last);
            last = inbox->records[i]->seq;
        }
    }
}

static int compare_records(const void *a, const void *b)
{
    SeqNo left = (*(CommitRecord *const *)a)->seq;
    SeqNo right = (*(CommitRecord *const *)b)->seq;
    return left < right ? -1 : left > right;
}

/* ---- writers ---- */

typedef struct Writer {
    pthread_t thread;
    uint64_t random;
    size_t acked_count;
    SeqNo acked[OPS_PER_WRITER];
} Writer;

static Step random_step(uint64_t *random)
{
    static const StepKind kinds[] = {
        STEP_PUT,
        STEP_PUT,
        STEP_PUT,
        STEP_PUT,
        STEP_PUT,
        STEP_PUT,
        STEP_DELETE,
        STEP_DELETE_HARD,
        STEP_EVICT,
        STEP_COLD_SEQ,
        STEP_MANIFEST,
        STEP_JOB,
        STEP_DELETE,
        STEP_DELETE_MARK,
    };
    return (Step){
        .kind = kinds[next_random(random) % (sizeof(kinds) / sizeof(*kinds))],
        .table_id = 1 + (uint32_t)next_random(random) % TABLES,
        .user_id = USERS[next_random(random) % 3],
        .key = (uint32_t)next_random(random) % KEYS,
        .value = 1 + next_random(random),
    };
}

static void make_random_op(TestOp *op, uint64_t *random)
{
    op->step_count = 1 + next_random(random) % 4;
    for (size_t i = 0; i < op->step_count; i++) {
        op->steps[i] = random_step(random);
        op->sync |= !table_is_async(op->steps[i].table_id) || op->steps[i].kind == STEP_MANIFEST ||
                    op->steps[i].kind == STEP_JOB;
    }
    if (next_random(random) % 10 == 0)
        op->steps[op->step_count++] = (Step){.kind = STEP_FAIL};
}

static void assert_visible(const TestOp *op)
{
    Published *published = sequencer_published(fixture.sequencer);
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = op->sync ? published_durable(published) : published_applied(published);
    assert_true(snapshot->seq >= op->op.seq);
}

static void *write_at_random(void *data)
{
    Writer *writer = data;
    for (int i = 0; i < OPS_PER_WRITER; i++) {
        TestOp op = {0};
        make_random_op(&op, &writer->random);
        bool fails = op.steps[op.step_count - 1].kind == STEP_FAIL;
        Status status = test_op_run(&fixture, &op);
        assert_int_equal(status, fails ? STATUS_UNIQUE_VIOLATION : STATUS_OK);
        if (op.op.seq) {
            assert_false(fails);
            assert_visible(&op);
            assert_true(writer->acked_count == 0 ||
                        op.op.seq > writer->acked[writer->acked_count - 1]);
            writer->acked[writer->acked_count++] = op.op.seq;
        }
        test_op_done(&op);
    }
    return NULL;
}

/* ---- a reader that samples snapshots ---- */

typedef struct Sample {
    SeqNo seq;
    uint64_t sum;
} Sample;

static _Atomic bool writers_are_done;
static Sample samples[SAMPLES_MAX];
static size_t sample_count;

/* Independent of order, so that the model can keep its own up to date change by change. */
static uint64_t entry_sum(Str key, Str value)
{
    return hash_combine(hash_stable(key), hash_stable(value));
}

static void family_key_append(Buf *out, StoreFamily family, Str key)
{
    buf_byte(out, (char)family);
    buf_str_append(out, key);
}

static uint64_t family_sum(Snapshot *snapshot, StoreFamily family)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf key = {0};
    CLEANUP(store_scan_close)
    StoreScan *scan = store_scan_open(
        snapshot->store, &(StoreScanOptions){.read = {.snapshot = snapshot->at, .family = family}});
    uint64_t sum = 0;
    while (store_scan_next(scan)) {
        buf_clear(&key);
        family_key_append(&key, family, scan->key);
        sum += entry_sum(buf_str(&key), scan->value);
    }
    assert_int_equal(store_scan_status(&ctx, scan), STATUS_OK);
    return sum;
}

static uint64_t rows_sum(Snapshot *snapshot)
{
    return family_sum(snapshot, FAMILY_ROWS) + family_sum(snapshot, FAMILY_MANIFEST) +
           family_sum(snapshot, FAMILY_JOBS);
}

static void *sample_snapshots(void *data)
{
    (void)data;
    Published *published = sequencer_published(fixture.sequencer);
    while (!atomic_load(&writers_are_done) && sample_count < SAMPLES_MAX) {
        CLEANUP(snapshot_unref)
        Snapshot *snapshot =
            sample_count % 2 ? published_durable(published) : published_applied(published);
        samples[sample_count++] = (Sample){snapshot->seq, rows_sum(snapshot)};
    }
    return NULL;
}

static int compare_samples(const void *a, const void *b)
{
    SeqNo left = ((const Sample *)a)->seq;
    SeqNo right = ((const Sample *)b)->seq;
    return left < right ? -1 : left > right;
}

/* ---- the model ---- */

typedef struct Model {
    Arena arena;
    Map rows; /* family and key -> Str */
    uint64_t sum;
    SeqNo seq;
} Model;

static void model_set(Model *model, Str key, Str value)
{
    key = arena_str(&model->arena, key);
    Str *now = ARENA_NEW(&model->arena, Str);
    *now = arena_str(&model->arena, value);
    const Str *before = value.ptr ? map_put(&model->rows, key, now) : map_remove(&model->rows, key);
    model->sum -= before ? entry_sum(key, *before) : 0;
    model->sum += value.ptr ? entry_sum(key, value) : 0;
}

/* The old image must be what the commits before this one left. */
static void model_check_old(Model *model, Str key, const Change *change)
{
    CLEANUP(context_done) Context ctx = {0};
    StoredRow old = {0};
    const Str *bytes = map_get(&model->rows, key);
    if (bytes)
        assert_int_equal(stored_row_read(&ctx, *bytes, &old), STATUS_OK);
    assert_int_equal(change->old_seq, old.seq);
    if (change->kind == CHANGE_INSERT)
        assert_true(!bytes || old.deleted);
    else if (change_is_upkeep(change->kind))
        assert_non_null(bytes);
    else
        assert_true(bytes && !old.deleted && str_equal(old.row, change->old_row));
    if (change->kind != CHANGE_COLD_SEQ && change->kind != CHANGE_EVICT)
        assert_int_equal(change->cold_seq, old.cold_seq);
}

/* Counters of manifest and jobs: whoever counted up saw the number before. */
static void model_check_count(Model *model, Str key, const Change *change)
{
    const Str *bytes = map_get(&model->rows, key);
    Reader before = reader_from(bytes ? *bytes : STR_NULL);
    Reader after = reader_from(change->new_row);
    uint64_t count = bytes ? reader_u64be(&before) : 0;
    assert_int_equal(change->new_row.ptr ? reader_u64be(&after) : 4, count + 1);
}

static void model_value(Model *model, Str key, const Change *change, Buf *value)
{
    CLEANUP(context_done) Context ctx = {0};
    StoredRow row = {
        .seq = change->seq,
        .cold_seq = change->cold_seq,
        .schema_version = change->schema_version,
        .deleted = change->kind == CHANGE_DELETE || change->kind == CHANGE_DELETE_MARK,
        .gone = change->kind == CHANGE_DELETE_MARK,
        .row = change->kind == CHANGE_DELETE ? change->old_row : change->new_row,
    };
    if (change->kind == CHANGE_COLD_SEQ) {
        assert_int_equal(stored_row_read(&ctx, *(Str *)map_get(&model->rows, key), &row),
                         STATUS_OK);
        row.cold_seq = change->cold_seq;
    }
    stored_row_append(value, &row);
}

static void model_apply_change(Model *model, const Change *change)
{
    CLEANUP(buf_done) Buf key = {0};
    CLEANUP(buf_done) Buf value = {0};
    if (change_family(change->kind) != FAMILY_ROWS) {
        family_key_append(&key, change_family(change->kind), change->key);
        model_check_count(model, buf_str(&key), change);
        model_set(model, buf_str(&key), change->new_row);
        return;
    }
    buf_byte(&key, FAMILY_ROWS);
    row_key_append(&key, change->table_id, change->owner, change->key);
    model_check_old(model, buf_str(&key), change);
    bool gone = change->kind == CHANGE_DELETE_HARD || change->kind == CHANGE_EVICT;
    if (!gone)
        model_value(model, buf_str(&key), change, &value);
    model_set(model, buf_str(&key), gone ? STR_NULL : buf_str(&value));
}

static void model_apply(Model *model, const CommitRecord *record)
{
    CommitChanges changes = commit_changes(record);
    assert_true(record->first_seq > model->seq);
    for (Change change; commit_changes_next(&changes, &change);) {
        assert_true(change.seq > model->seq);
        model->seq = change.seq;
        model_apply_change(model, &change);
    }
    assert_int_equal(model->seq, record->seq);
}

static void model_done(Model *model)
{
    map_done(&model->rows);
    arena_done(&model->arena);
}

/* ---- comparing ---- */

/* Each sample shows exactly the commits up to its number: none is partly in it. */
static void assert_samples_show_whole_commits(CommitRecord *const *records, size_t count)
{
    Model model = {0};
    size_t next = 0;
    qsort(samples, sample_count, sizeof(samples[0]), compare_samples);
    for (size_t i = 0; i < sample_count; i++) {
        while (next < count && records[next]->seq <= samples[i].seq)
            model_apply(&model, records[next++]);
        assert_int_equal(model.seq, samples[i].seq);
        assert_int_equal(model.sum, samples[i].sum);
    }
    while (next < count)
        model_apply(&model, records[next++]);
    CLEANUP(snapshot_unref)
    Snapshot *last = published_applied(sequencer_published(fixture.sequencer));
    assert_int_equal(last->seq, model.seq);
    assert_int_equal(rows_sum(last), model.sum);
    model_done(&model);
}

static bool has_record(CommitRecord *const *records, size_t count, SeqNo seq)
{
    CommitRecord wanted = {.seq = seq};
    const CommitRecord *key = &wanted;
    return bsearch(&key, records, count, sizeof(records[0]), compare_records);
}

static void
assert_acknowledged_are_there(const Writer *writers, CommitRecord *const *records, size_t count)
{
    size_t acked = 0;
    for (int w = 0; w < WRITERS; w++) {
        acked += writers[w].acked_count;
        for (size_t i = 0; i < writers[w].acked_count; i++)
            assert_true(has_record(records, count, writers[w].acked[i]));
    }
    assert_int_equal(acked, count);
}

static size_t read_log(CommitRecord **records)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_applied(sequencer_published(fixture.sequencer));
    CLEANUP(change_log_close)
    ChangeLogScan *scan =
        change_log_open(fixture.sequencer, snapshot, &(ChangeLogRange){.everything = true});
    uint64_t previous_hash = 0;
    size_t count = 0;
    for (CommitRecord *record; (record = change_log_next(&ctx, scan));) {
        assert_true(count < RECORDS_MAX);
        assert_int_equal(commit_record_previous_hash(record), previous_hash);
        previous_hash = commit_record_hash(record);
        records[count++] = record;
    }
    assert_int_equal(change_log_status(&ctx, scan), STATUS_OK);
    return count;
}

/* All of the log but the commits that only kept the store in order. */
static void
assert_feed_is_what_readers_see(const Inbox *inbox, CommitRecord *const *records, size_t count)
{
    size_t fed = 0;
    for (size_t i = 0; i < count; i++) {
        CommitChanges changes = commit_changes(records[i]);
        Change change;
        bool seen = commit_changes_next_seen(&changes, &change);
        assert_int_equal(seen, records[i]->scope_count > 0);
        if (seen)
            assert_true(str_equal(inbox->records[fed++]->bytes, records[i]->bytes));
    }
    assert_int_equal(fed, inbox->count);
    assert_true(fed < count);
}

static void assert_replay_gives_the_same_store(size_t count)
{
    CLEANUP(context_done) Context ctx = {0};
    ScratchStore scratch;
    uint64_t replayed;
    uint64_t original;
    uint64_t copy;
    scratch_store_make(&scratch);
    assert_int_equal(change_log_replay(&ctx, fixture.store, scratch.store, &replayed), STATUS_OK);
    assert_int_equal(replayed, count);
    assert_int_equal(store_checksum(&ctx, fixture.store, &original), STATUS_OK);
    assert_int_equal(store_checksum(&ctx, scratch.store, &copy), STATUS_OK);
    assert_int_equal(original, copy);
    scratch_store_drop(&scratch);
}

static void what_everybody_sees_is_the_log_applied_in_order(void **state)
{
    (void)state;
    static Inbox inbox = {.lock = PTHREAD_MUTEX_INITIALIZER};
    static Writer writers[WRITERS];
    pthread_t sampler;
    fixture_init(&fixture, 5);
    sequencer_add_consumer(fixture.sequencer, 0, inbox_deliver, &inbox);
    for (uint32_t table_id = 1; table_id <= TABLES; table_id++)
        sequencer_interest_add(fixture.sequencer, 0, table_id);

    assert_int_equal(pthread_create(&sampler, NULL, sample_snapshots, NULL), 0);
    for (int w = 0; w < WRITERS; w++) {
        writers[w].random = next_random(&seed);
        assert_int_equal(pthread_create(&writers[w].thread, NULL, write_at_random, &writers[w]), 0);
    }
    for (int w = 0; w < WRITERS; w++)
        pthread_join(writers[w].thread, NULL);
    atomic_store(&writers_are_done, true);
    pthread_join(sampler, NULL);

    static CommitRecord *records[RECORDS_MAX];
    size_t count = read_log(records);
    printf("# %zu commits, %zu fed, %zu snapshots\n", count, inbox.count, sample_count);
    assert_in_order_per_table(&inbox);
    qsort(inbox.records, inbox.count, sizeof(inbox.records[0]), compare_records);
    assert_samples_show_whole_commits(records, count);
    assert_acknowledged_are_there(writers, records, count);
    assert_feed_is_what_readers_see(&inbox, records, count);
    assert_replay_gives_the_same_store(count);

    SeqNo last = records[count - 1]->seq;
    inbox_clear(&inbox);
    for (size_t i = 0; i < count; i++)
        commit_record_unref(records[i]);
    fixture_reopen(&fixture);
    assert_true(commit_step(&fixture, true, (Step){STEP_PUT, 2, STR("alice"), 1, 1}) > last);
    fixture_done(&fixture);
}

/* ---- a subscriber that comes and goes ---- */

enum { SUBSCRIPTIONS = 300, WATCHED_TABLE = 2, WATCHED_ASYNC_TABLE = 1 };

static void *write_watched_tables(void *data)
{
    uint64_t random = (uint64_t)(uintptr_t)data;
    while (!atomic_load(&writers_are_done)) {
        uint64_t key = next_random(&random) % KEYS;
        bool sync = next_random(&random) % 2;
        uint32_t table_id = sync ? WATCHED_TABLE : WATCHED_ASYNC_TABLE;
        commit_step(&fixture, sync, (Step){STEP_PUT, table_id, STR("bob"), (uint32_t)key, key});
    }
    return NULL;
}

static bool inbox_has(Inbox *inbox, SeqNo seq)
{
    bool found = false;
    pthread_mutex_lock(&inbox->lock);
    for (size_t i = 0; i < inbox->count && !found; i++)
        found = inbox->records[i]->seq == seq;
    pthread_mutex_unlock(&inbox->lock);
    return found;
}

static Snapshot *snapshot_for(uint32_t table_id)
{
    Published *published = sequencer_published(fixture.sequencer);
    return table_is_async(table_id) ? published_applied(published) : published_durable(published);
}

/* Waits for the delivery of each commit of the table in (after, until], as the log names them. */
static void assert_delivered(Inbox *inbox, uint32_t table_id, SeqNo after, Snapshot *until)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(change_log_close)
    ChangeLogScan *scan = change_log_open(
        fixture.sequencer,
        until,
        &(ChangeLogRange){.table_id = table_id, .owner = owner_of(STR("bob")), .after = after});
    for (CommitRecord *record; (record = change_log_next(&ctx, scan));) {
        for (Patience patience = patience_begin(); !inbox_has(inbox, record->seq);)
            patience_lose(&patience);
        commit_record_unref(record);
    }
    assert_int_equal(change_log_status(&ctx, scan), STATUS_OK);
}

static void subscribe_once(Inbox *inbox, uint32_t table_id)
{
    sequencer_interest_add(fixture.sequencer, 0, table_id);
    CLEANUP(snapshot_unref) Snapshot *from = snapshot_for(table_id);
    for (Patience patience = patience_begin();; patience_lose(&patience)) {
        CLEANUP(snapshot_unref) Snapshot *until = snapshot_for(table_id);
        if (until->seq == from->seq)
            continue;
        assert_delivered(inbox, table_id, from->seq, until);
        break;
    }
    sequencer_interest_remove(fixture.sequencer, 0, table_id);
    pthread_mutex_lock(&inbox->lock);
    inbox_clear(inbox);
    pthread_mutex_unlock(&inbox->lock);
}

static void a_subscriber_gets_every_commit_after_its_snapshot(void **state)
{
    (void)state;
    static Inbox inbox = {.lock = PTHREAD_MUTEX_INITIALIZER};
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    fixture_init(&fixture, 5);
    sequencer_add_consumer(fixture.sequencer, 0, inbox_deliver, &inbox);
    atomic_store(&writers_are_done, false);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i],
                                        NULL,
                                        write_watched_tables,
                                        (void *)(uintptr_t)(next_random(&seed) + 1)),
                         0);
    for (int i = 0; i < SUBSCRIPTIONS; i++)
        subscribe_once(&inbox, i % 2 ? WATCHED_TABLE : WATCHED_ASYNC_TABLE);
    atomic_store(&writers_are_done, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    fixture_done(&fixture);
    inbox_clear(&inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_everybody_sees_is_the_log_applied_in_order),
        cmocka_unit_test(a_subscriber_gets_every_commit_after_its_snapshot),
    };
    seed = test_seed();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sequencer_model", tests, NULL, NULL);
}
