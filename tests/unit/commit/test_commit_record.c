/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/commit_record.h"

#include "base/hash.h"
#include "commit/record_writer.h"
#include "fixture.h"

enum { CHANGES_MAX = 40, ROUNDS = 2000 };

static uint64_t seed;

static const Str USERS[] = {STR_INIT(""), STR_INIT("alice"), STR_INIT("bob\0by"), STR_INIT("\xff")};
static const Str TEXTS[] = {
    STR_INIT(""), STR_INIT("k"), STR_INIT("\0\0"), STR_INIT("long long text")};

static Str any(const Str *texts)
{
    return texts[next_random(&seed) % 4];
}

static bool is_event(ChangeKind kind)
{
    return kind == CHANGE_EVENT || kind == CHANGE_EVENT_DELETE;
}

static bool has_old(ChangeKind kind)
{
    return kind == CHANGE_UPDATE || kind == CHANGE_DELETE || kind == CHANGE_EVENT_DELETE ||
           kind == CHANGE_DELETE_HARD || kind == CHANGE_DELETE_MARK;
}

static bool has_old_seq(ChangeKind kind)
{
    return has_old(kind) || kind == CHANGE_EVICT || kind == CHANGE_COLD_SEQ;
}

static bool has_new(ChangeKind kind)
{
    return kind == CHANGE_INSERT || kind == CHANGE_UPDATE || kind == CHANGE_EVENT ||
           kind == CHANGE_CATALOG_PUT || kind == CHANGE_MANIFEST_PUT || kind == CHANGE_JOB_PUT ||
           (kind == CHANGE_COLD_SEQ && next_random(&seed) % 2);
}

static bool has_cold_seq(ChangeKind kind)
{
    bool may = change_family(kind) == FAMILY_ROWS && kind != CHANGE_EVICT;
    return kind == CHANGE_COLD_SEQ || (may && next_random(&seed) % 3 == 0);
}

static Change random_change(SeqNo seq)
{
    ChangeKind kind = (ChangeKind)(next_random(&seed) % CHANGE_KIND_COUNT);
    bool of_no_table = change_is_of_no_table(kind);
    return (Change){
        .kind = kind,
        .table_id = of_no_table ? 0 : 1 + (uint32_t)next_random(&seed) % 3,
        .schema_version = (uint32_t)(next_random(&seed) % 1000),
        .seq = seq,
        .old_seq = has_old_seq(kind) ? seq - 1 - next_random(&seed) % 100 : 0,
        .cold_seq = has_cold_seq(kind) ? seq - 1 - next_random(&seed) % 900 : 0,
        .bucket = is_event(kind) ? next_random(&seed) : 0,
        .owner = of_no_table ? OWNER_SHARED : owner_of(any(USERS)),
        .key = is_event(kind) ? STR_NULL : any(TEXTS),
        .old_row = has_old(kind) ? any(TEXTS) : STR_NULL,
        .new_row = has_new(kind) ? any(TEXTS) : STR_NULL,
    };
}

static size_t random_changes(Change changes[CHANGES_MAX])
{
    size_t count = 1 + next_random(&seed) % CHANGES_MAX;
    SeqNo seq = 1000 + (next_random(&seed) << 20);
    for (size_t i = 0; i < count; i++)
        changes[i] = random_change(seq += 1 + next_random(&seed) % 5000);
    return count;
}

static CommitRecord *write_record(const Change *changes, size_t count, uint64_t previous, bool sync)
{
    RecordWriter writer = {0};
    record_writer_clear(&writer);
    for (size_t i = 0; i < count; i++)
        record_writer_add(&writer, &changes[i]);
    CommitRecord *record = record_writer_finish(&writer, previous, sync);
    record_writer_done(&writer);
    return record;
}

static void assert_same_change(const Change *a, const Change *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->table_id, b->table_id);
    assert_int_equal(a->schema_version, b->schema_version);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->old_seq, b->old_seq);
    assert_int_equal(a->cold_seq, b->cold_seq);
    assert_int_equal(a->bucket, b->bucket);
    assert_true(str_equal(a->owner.user_id, b->owner.user_id));
    assert_true(str_equal(a->key, b->key));
    assert_int_equal(!a->old_row.ptr, !b->old_row.ptr);
    assert_true(str_equal(a->old_row, b->old_row));
    assert_int_equal(!a->new_row.ptr, !b->new_row.ptr);
    assert_true(str_equal(a->new_row, b->new_row));
}

static size_t scopes_like(const CommitRecord *record, const Change *change)
{
    size_t count = 0;
    for (uint32_t i = 0; i < record->scope_count; i++)
        count += record->scopes[i].table_id == change->table_id &&
                 str_equal(record->scopes[i].owner.user_id, change->owner.user_id);
    return count;
}

static void a_record_gives_back_its_changes_in_order(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(context_done) Context ctx = {0};
        Change changes[CHANGES_MAX];
        size_t count = random_changes(changes);
        CLEANUP(commit_record_unref)
        CommitRecord *written = write_record(changes, count, 77, round % 2);
        CLEANUP(commit_record_unref) CommitRecord *read = NULL;
        assert_int_equal(commit_record_decode(&ctx, written->bytes, &read), STATUS_OK);

        assert_int_equal(read->seq, changes[count - 1].seq);
        assert_int_equal(read->first_seq, changes[0].seq);
        assert_int_equal(read->sync, round % 2);
        assert_int_equal(read->change_count, count);
        assert_int_equal(commit_record_previous_hash(read), 77);
        assert_int_equal(commit_record_hash(read), commit_record_hash(written));
        CommitChanges walk = commit_changes(read);
        Change change;
        for (size_t i = 0; i < count; i++) {
            assert_true(commit_changes_next(&walk, &change));
            assert_same_change(&change, &changes[i]);
            if (!change_is_upkeep(change.kind))
                assert_int_equal(scopes_like(read, &change), 1);
        }
        walk = commit_changes(read);
        for (size_t i = 0; i < count; i++) {
            if (change_is_upkeep(changes[i].kind))
                continue;
            assert_true(commit_changes_next_seen(&walk, &change));
            assert_same_change(&change, &changes[i]);
        }
        assert_false(commit_changes_next_seen(&walk, &change));
        assert_false(commit_changes_next(&walk, &change));
    }
}

static void a_commit_of_upkeep_alone_has_no_scope(void **state)
{
    (void)state;
    Change changes[] = {
        {.kind = CHANGE_EVICT, .table_id = 4, .seq = 10, .old_seq = 9, .key = STR("k")},
        {.kind = CHANGE_JOB_PUT, .seq = 11, .key = STR("CL-0"), .new_row = STR("job")},
    };
    CLEANUP(commit_record_unref) CommitRecord *record = write_record(changes, 2, 0, true);
    assert_int_equal(record->scope_count, 0);
    assert_int_equal(record->change_count, 2);
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    commit_record_apply(record, batch);
    assert_int_equal(store_batch_count(batch), 3); /* two changes, one record, no index entry */
}

/* A version 1 record is one without upkeep scopes, their count and cold seqs. */
static void records_of_the_first_version_are_read(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf bytes = {0};
    CLEANUP(commit_record_unref) CommitRecord *read = NULL;
    Change change = {.kind = CHANGE_INSERT,
                     .table_id = 4,
                     .schema_version = 1,
                     .seq = 10,
                     .owner = owner_of(STR("alice")),
                     .key = STR("k"),
                     .new_row = STR("row")};
    CLEANUP(commit_record_unref) CommitRecord *record = write_record(&change, 1, 7, true);
    enum { UPKEEP_COUNT_AT = 2 + 3 * 8 + 2 };
    assert_int_equal(record->bytes.ptr[UPKEEP_COUNT_AT], 0);
    buf_append(&bytes, record->bytes.ptr, UPKEEP_COUNT_AT);
    buf_append(&bytes,
               record->bytes.ptr + UPKEEP_COUNT_AT + 1,
               record->bytes.len - UPKEEP_COUNT_AT - 1 - sizeof(uint64_t));
    bytes.ptr[0] = 1;
    buf_u64be(&bytes, hash_stable(buf_str(&bytes)));

    assert_int_equal(commit_record_decode(&ctx, buf_str(&bytes), &read), STATUS_OK);
    CommitChanges walk = commit_changes(read);
    Change first;
    assert_true(commit_changes_next(&walk, &first));
    assert_same_change(&first, &change);
    assert_int_equal(scopes_like(read, &first), 1);
}

static void the_same_changes_give_the_same_bytes(void **state)
{
    (void)state;
    Change changes[CHANGES_MAX];
    size_t count = random_changes(changes);
    CLEANUP(commit_record_unref) CommitRecord *first = write_record(changes, count, 1, true);
    CLEANUP(commit_record_unref) CommitRecord *second = write_record(changes, count, 1, true);
    CLEANUP(commit_record_unref) CommitRecord *other = write_record(changes, count, 2, true);
    assert_true(str_equal(first->bytes, second->bytes));
    assert_int_not_equal(commit_record_hash(first), commit_record_hash(other));
}

/* Any one byte changed or cut off is noticed, by the hash. */
static void damaged_records_are_refused(void **state)
{
    (void)state;
    Change changes[CHANGES_MAX];
    size_t count = random_changes(changes);
    CLEANUP(commit_record_unref) CommitRecord *record = write_record(changes, count, 1, true);
    for (size_t i = 0; i < record->bytes.len; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf bytes = {0};
        CommitRecord *read = NULL;
        buf_str_append(&bytes, record->bytes);
        bytes.ptr[i] ^= 1;
        assert_int_equal(commit_record_decode(&ctx, buf_str(&bytes), &read), STATUS_CORRUPT);
        bytes.len = i;
        assert_int_equal(commit_record_decode(&ctx, buf_str(&bytes), &read), STATUS_CORRUPT);
        assert_null(read);
    }
}

/* As above, but with a hash that matches: the structure itself is checked. */
static void records_with_a_wrong_structure_are_refused_or_read_whole(void **state)
{
    (void)state;
    for (int round = 0; round < 20 * ROUNDS; round++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf bytes = {0};
        CLEANUP(commit_record_unref) CommitRecord *read = NULL;
        Change changes[CHANGES_MAX];
        size_t count = random_changes(changes);
        count = count < 3 ? count : 3;
        CLEANUP(commit_record_unref) CommitRecord *record = write_record(changes, count, 1, true);
        buf_append(&bytes, record->bytes.ptr, record->bytes.len - sizeof(uint64_t));
        bytes.ptr[next_random(&seed) % bytes.len] ^= (char)(1u << next_random(&seed) % 8);
        buf_u64be(&bytes, hash_stable(buf_str(&bytes)));
        Status status = commit_record_decode(&ctx, buf_str(&bytes), &read);
        assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
        if (read) {
            CommitChanges walk = commit_changes(read);
            for (Change change; commit_changes_next(&walk, &change);)
                assert_true(change.seq <= read->seq);
        }
    }
}

static void more_than_the_limit_gives_no_record(void **state)
{
    (void)state;
    RecordWriter writer = {0};
    record_writer_clear(&writer);
    writer.changes.limit = 100;
    record_writer_add(&writer, &(Change){.kind = CHANGE_INSERT, .table_id = 1, .seq = 1});
    char row[200] = {0};
    record_writer_add(
        &writer,
        &(Change){
            .kind = CHANGE_INSERT, .table_id = 1, .seq = 2, .new_row = str_from(row, sizeof(row))});
    assert_null(record_writer_finish(&writer, 0, true));
    record_writer_done(&writer);
}

static void assert_stored(Store *store, StoreFamily family, const Buf *key, const char *expected)
{
    CLEANUP(context_done) Context ctx = {0};
    Str value;
    assert_int_equal(store_get(&ctx, store, (StoreRead){.family = family}, buf_str(key), &value),
                     STATUS_OK);
    assert_int_equal(!value.ptr, !expected);
    if (!expected)
        return;
    StoredRow row = {.row = value};
    if (family == FAMILY_ROWS || family == FAMILY_STREAMS)
        assert_int_equal(stored_row_read(&ctx, value, &row), STATUS_OK);
    assert_int_equal(row.deleted, expected[0] == '~');
    assert_true(str_equal(row.row, str_from_c(expected + row.deleted)));
}

/* Applies one change to the store as a commit of its own. */
static void apply_one(Store *store, const Change *change)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    CLEANUP(commit_record_unref) CommitRecord *record = write_record(change, 1, 0, true);
    commit_record_apply(record, batch);
    assert_int_equal(store_write(&ctx, store, batch), STATUS_OK);
}

static void applying_writes_what_each_kind_of_change_means(void **state)
{
    (void)state;
    ScratchStore scratch;
    scratch_store_make(&scratch);
    CLEANUP(buf_done) Buf row = {0};
    CLEANUP(buf_done) Buf event = {0};
    CLEANUP(buf_done) Buf entry = {0};
    Change change = {.kind = CHANGE_INSERT,
                     .table_id = 4,
                     .seq = 1,
                     .owner = owner_of(STR("alice")),
                     .key = STR("pk"),
                     .new_row = STR("one")};
    row_key_append(&row, 4, change.owner, change.key);
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_ROWS, &row, "one");

    change.kind = CHANGE_UPDATE;
    change.old_seq = change.seq++;
    change.old_row = STR("one");
    change.new_row = STR("two");
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_ROWS, &row, "two");

    change.kind = CHANGE_DELETE;
    change.old_seq = change.seq++;
    change.old_row = STR("two");
    change.new_row = STR_NULL;
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_ROWS, &row, "~two");

    change.kind = CHANGE_DELETE_HARD;
    change.old_seq = change.seq++;
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_ROWS, &row, NULL);

    stream_key_append(&event, 5, 99, change.owner, 10);
    change = (Change){.kind = CHANGE_EVENT,
                      .table_id = 5,
                      .seq = 10,
                      .bucket = 99,
                      .owner = owner_of(STR("alice")),
                      .new_row = STR("ping")};
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_STREAMS, &event, "ping");
    change.kind = CHANGE_EVENT_DELETE;
    change.old_seq = change.seq++;
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_STREAMS, &event, NULL);

    buf_str_append(&entry, STR("n/app"));
    change = (Change){
        .kind = CHANGE_CATALOG_PUT, .seq = 20, .key = STR("n/app"), .new_row = STR("namespace")};
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_CATALOG, &entry, "namespace");
    change.kind = CHANGE_CATALOG_DELETE;
    change.seq = 21;
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_CATALOG, &entry, NULL);
    scratch_store_drop(&scratch);
}

static void assert_version(Store *store, const Buf *key, const StoredRow *expected)
{
    CLEANUP(context_done) Context ctx = {0};
    Str value;
    StoredRow row;
    StoreRead read = {.family = FAMILY_ROWS};
    assert_int_equal(store_get(&ctx, store, read, buf_str(key), &value), STATUS_OK);
    assert_non_null(value.ptr);
    assert_int_equal(stored_row_read(&ctx, value, &row), STATUS_OK);
    assert_int_equal(row.seq, expected->seq);
    assert_int_equal(row.cold_seq, expected->cold_seq);
    assert_int_equal(row.deleted, expected->deleted);
    assert_int_equal(row.gone, expected->gone);
    assert_int_equal(row.schema_version, expected->schema_version);
    assert_true(str_equal(row.row, expected->row));
}

/* Live row, tombstone and marker alike. */
static void a_version_keeps_everything_when_its_cold_seq_changes(void **state)
{
    (void)state;
    ScratchStore scratch;
    scratch_store_make(&scratch);
    CLEANUP(buf_done) Buf key = {0};
    CommitScope scope = {4, owner_of(STR("alice"))};
    row_key_append(&key, scope.table_id, scope.owner, STR("pk"));
    const StoredRow rows[] = {
        {.seq = 5, .schema_version = 3, .row = STR("one")},
        {.seq = 6, .schema_version = 3, .row = STR("")},
        {.seq = 7, .schema_version = 2, .deleted = true, .row = STR("two")},
        {.seq = 8, .schema_version = 2, .deleted = true, .gone = true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        Change change = change_cold_seq(scope, STR("pk"), &rows[i], 2 + i);
        change.seq = 20 + i;
        apply_one(scratch.store, &change);
        StoredRow expected = rows[i];
        expected.cold_seq = 2 + i;
        assert_version(scratch.store, &key, &expected);
    }
    apply_one(scratch.store,
              &(Change){.kind = CHANGE_EVICT,
                        .table_id = scope.table_id,
                        .owner = scope.owner,
                        .key = STR("pk"),
                        .seq = 30,
                        .old_seq = 8});
    assert_stored(scratch.store, FAMILY_ROWS, &key, NULL);
    scratch_store_drop(&scratch);
}

static void a_marked_delete_leaves_a_version_without_a_row(void **state)
{
    (void)state;
    ScratchStore scratch;
    scratch_store_make(&scratch);
    CLEANUP(buf_done) Buf key = {0};
    Change change = {.kind = CHANGE_DELETE_MARK,
                     .table_id = 4,
                     .schema_version = 3,
                     .seq = 9,
                     .old_seq = 5,
                     .cold_seq = 4,
                     .key = STR("pk"),
                     .old_row = STR("one")};
    row_key_append(&key, change.table_id, change.owner, change.key);
    apply_one(scratch.store, &change);
    assert_version(
        scratch.store,
        &key,
        &(StoredRow){.seq = 9, .cold_seq = 4, .schema_version = 3, .deleted = true, .gone = true});
    scratch_store_drop(&scratch);
}

static void manifest_and_job_entries_go_to_their_families(void **state)
{
    (void)state;
    ScratchStore scratch;
    scratch_store_make(&scratch);
    CLEANUP(buf_done) Buf key = {0};
    manifest_key_append(&key, &(ManifestKey){MANIFEST_KILLS, 4, owner_of(STR("alice")), 2});
    Change change = {.kind = CHANGE_MANIFEST_PUT,
                     .table_id = 4,
                     .seq = 1,
                     .owner = owner_of(STR("alice")),
                     .key = buf_str(&key),
                     .new_row = STR("kills")};
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_MANIFEST, &key, "kills");
    change.kind = CHANGE_MANIFEST_DELETE;
    change.new_row = STR_NULL;
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_MANIFEST, &key, NULL);

    buf_clear(&key);
    buf_str_append(&key, STR("FL-0123456789ab"));
    change =
        (Change){.kind = CHANGE_JOB_PUT, .seq = 2, .key = buf_str(&key), .new_row = STR("running")};
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_JOBS, &key, "running");
    change.kind = CHANGE_JOB_DELETE;
    change.new_row = STR_NULL;
    apply_one(scratch.store, &change);
    assert_stored(scratch.store, FAMILY_JOBS, &key, NULL);
    scratch_store_drop(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_gives_back_its_changes_in_order),
        cmocka_unit_test(the_same_changes_give_the_same_bytes),
        cmocka_unit_test(damaged_records_are_refused),
        cmocka_unit_test(records_with_a_wrong_structure_are_refused_or_read_whole),
        cmocka_unit_test(more_than_the_limit_gives_no_record),
        cmocka_unit_test(applying_writes_what_each_kind_of_change_means),
        cmocka_unit_test(a_commit_of_upkeep_alone_has_no_scope),
        cmocka_unit_test(records_of_the_first_version_are_read),
        cmocka_unit_test(a_version_keeps_everything_when_its_cold_seq_changes),
        cmocka_unit_test(a_marked_delete_leaves_a_version_without_a_row),
        cmocka_unit_test(manifest_and_job_entries_go_to_their_families),
    };
    seed = test_seed();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("commit_record", tests, NULL, NULL);
}
