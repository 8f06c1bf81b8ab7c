/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a commit record without its hash, which is added here so that
 * the structure behind it is reached.  A record that decodes can be walked and
 * applied, and written again it decodes to the same changes.
 */
#include "base/hash.h"
#include "commit/record_writer.h"

#include <assert.h>

static CommitRecord *write_again(const CommitRecord *record)
{
    RecordWriter writer = {0};
    record_writer_clear(&writer);
    CommitChanges changes = commit_changes(record);
    for (Change change; commit_changes_next(&changes, &change);)
        record_writer_add(&writer, &change);
    CommitRecord *again =
        record_writer_finish(&writer, commit_record_previous_hash(record), record->sync);
    record_writer_done(&writer);
    return again;
}

static void check_same(const CommitRecord *a, const CommitRecord *b)
{
    assert(a->seq == b->seq && a->first_seq == b->first_seq && a->sync == b->sync);
    assert(a->change_count == b->change_count);
    CommitChanges left = commit_changes(a);
    CommitChanges right = commit_changes(b);
    Change x;
    Change y;
    while (commit_changes_next(&left, &x)) {
        assert(commit_changes_next(&right, &y));
        assert(x.kind == y.kind && x.table_id == y.table_id && x.seq == y.seq);
        assert(x.old_seq == y.old_seq && x.cold_seq == y.cold_seq && x.bucket == y.bucket);
        assert(str_equal(x.owner.user_id, y.owner.user_id) && str_equal(x.key, y.key));
        assert(str_equal(x.old_row, y.old_row) && str_equal(x.new_row, y.new_row));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf bytes = {0};
    CLEANUP(commit_record_unref) CommitRecord *record = NULL;
    buf_append(&bytes, data, size);
    buf_u64be(&bytes, hash_stable(buf_str(&bytes)));
    if (commit_record_decode(&ctx, buf_str(&bytes), &record) != STATUS_OK)
        return 0;

    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    commit_record_apply(record, batch);
    assert(store_batch_count(batch) == record->change_count + record->scope_count + 1);
    CLEANUP(commit_record_unref) CommitRecord *again = write_again(record);
    CLEANUP(commit_record_unref) CommitRecord *decoded = NULL;
    Status status = commit_record_decode(&ctx, again->bytes, &decoded);
    assert(status == STATUS_OK);
    check_same(record, decoded);
    return 0;
}
