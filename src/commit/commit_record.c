/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A commit record, byte by byte.  Integers of fixed width are big-endian,
 * varint is LEB128, bytes are a varint length and as many bytes.
 *
 *     version         1       1
 *     flags           1       1 = sync
 *     previous hash   8       of the record before it in the log, 0 = none
 *     first seq       8       of the first change
 *     seq             8       of the last change; the commit's own number
 *     change count    varint  at least 1
 *     scope count     varint  at least 1
 *     scopes                  each: table id varint, user id bytes (empty = shared)
 *     changes                 as below
 *     hash            8       hash_stable() of everything before it
 *
 * The hash covers the previous record's: the log is a chain, and two logs whose
 * last hashes agree are the same from their first common record on.
 *
 * A change:
 *
 *     kind            1       ChangeKind, + 0x40 an old row follows, + 0x80 a new row follows
 *     scope           varint  index into the scopes: table and owner
 *     seq             varint  distance from the change before it; first change: 0
 *     schema version  varint
 *     old seq         varint  distance back from seq; 0 = none
 *     bucket          varint  stream events only
 *     key             bytes   all but stream events
 *     old row         bytes   if flagged
 *     new row         bytes   if flagged
 *
 * Nothing here depends on a clock, the catalog or the order of a hash map.
 */
#include "commit/commit_record.h"
#include "commit/record_writer.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>

enum {
    HASH_BYTES = 8,
    PREVIOUS_HASH_AT = 2,
    SCOPE_BYTES_MIN = 2,
    CHANGE_BYTES_MIN = 6,
};

/* A record as it is allocated: one block, the bytes last. */
typedef struct RecordBlock {
    CommitRecord record;
    Str changes; /* borrowed from record.bytes */
    CommitScope scopes[];
} RecordBlock;

static const RecordBlock *block_of(const CommitRecord *record)
{
    return (const RecordBlock *)(const void *)record;
}

CommitRecord *commit_record_ref(CommitRecord *record)
{
    refcount_inc(&record->refs);
    return record;
}

void commit_record_unref(CommitRecord *record)
{
    if (record && refcount_dec(&record->refs))
        free(record);
}

static uint64_t u64be_at(Str bytes, size_t at)
{
    Reader reader = reader_from(str_from(bytes.ptr + at, sizeof(uint64_t)));
    return reader_u64be(&reader);
}

uint64_t commit_record_hash(const CommitRecord *record)
{
    return u64be_at(record->bytes, record->bytes.len - HASH_BYTES);
}

uint64_t commit_record_previous_hash(const CommitRecord *record)
{
    return u64be_at(record->bytes, PREVIOUS_HASH_AT);
}

/* ---- reading ---- */

typedef struct RecordHead {
    uint8_t version;
    uint8_t flags;
    SeqNo first_seq;
    SeqNo seq;
    uint64_t change_count;
    uint64_t scope_count;
} RecordHead;

static RecordHead read_head(Reader *reader)
{
    RecordHead head = {0};
    head.version = reader_u8(reader);
    head.flags = reader_u8(reader);
    (void)reader_u64be(reader);
    head.first_seq = reader_u64be(reader);
    head.seq = reader_u64be(reader);
    head.change_count = reader_varint(reader);
    head.scope_count = reader_varint(reader);
    return head;
}

/* The counts are bounded by what could follow them, so that they may size an allocation. */
static bool head_is_valid(const RecordHead *head, size_t left)
{
    return head->version == COMMIT_RECORD_VERSION && !(head->flags & ~COMMIT_RECORD_SYNC) &&
           head->first_seq <= head->seq && head->change_count >= 1 &&
           head->change_count <= left / CHANGE_BYTES_MIN && head->scope_count >= 1 &&
           head->scope_count <= left / SCOPE_BYTES_MIN;
}

static bool read_scopes(Reader *reader, RecordBlock *block)
{
    for (uint32_t i = 0; i < block->record.scope_count; i++) {
        uint64_t table_id = reader_varint(reader);
        block->scopes[i] = (CommitScope){(uint32_t)table_id, owner_of(reader_bytes(reader))};
        if (reader->failed || table_id > UINT32_MAX)
            return false;
    }
    return true;
}

CommitRecord *commit_record_from_bytes(Str bytes)
{
    if (bytes.len < HASH_BYTES)
        return NULL;
    Reader reader = reader_from(str_from(bytes.ptr, bytes.len - HASH_BYTES));
    RecordHead head = read_head(&reader);
    if (reader.failed || !head_is_valid(&head, reader_left(&reader)))
        return NULL;

    size_t scopes_size = head.scope_count * sizeof(CommitScope);
    RecordBlock *block = mem_alloc(sizeof(*block) + scopes_size + bytes.len);
    char *copy = (char *)block->scopes + scopes_size;
    memcpy(copy, bytes.ptr, bytes.len);
    block->record = (CommitRecord){
        .seq = head.seq,
        .first_seq = head.first_seq,
        .sync = head.flags & COMMIT_RECORD_SYNC,
        .bytes = str_from(copy, bytes.len),
        .change_count = (uint32_t)head.change_count,
        .scope_count = (uint32_t)head.scope_count,
        .scopes = block->scopes,
    };
    refcount_init(&block->record.refs);

    size_t head_size = (size_t)(reader.ptr - bytes.ptr);
    reader = reader_from(str_from(copy + head_size, bytes.len - HASH_BYTES - head_size));
    if (!read_scopes(&reader, block)) {
        free(block);
        return NULL;
    }
    block->changes = str_from(reader.ptr, reader_left(&reader));
    return &block->record;
}

/* ---- changes ---- */

static bool kind_is_event(ChangeKind kind)
{
    return kind == CHANGE_EVENT || kind == CHANGE_EVENT_DELETE;
}

static bool kind_is_catalog(ChangeKind kind)
{
    return kind == CHANGE_CATALOG_PUT || kind == CHANGE_CATALOG_DELETE;
}

/* What apply needs is there. */
static bool change_is_complete(const Change *change)
{
    if (kind_is_catalog(change->kind) != (change->table_id == 0))
        return false;
    switch (change->kind) {
    case CHANGE_INSERT:
    case CHANGE_EVENT:
    case CHANGE_CATALOG_PUT:
        return change->new_row.ptr;
    case CHANGE_UPDATE:
        return change->new_row.ptr && change->old_row.ptr;
    case CHANGE_DELETE:
        return change->old_row.ptr;
    case CHANGE_EVENT_DELETE:
        return change->old_seq != 0;
    case CHANGE_DELETE_HARD:
    case CHANGE_CATALOG_DELETE:
        return true;
    }
    return false;
}

CommitChanges commit_changes(const CommitRecord *record)
{
    return (CommitChanges){
        .record = record,
        .reader = reader_from(block_of(record)->changes),
        .seq = record->first_seq,
        .left = record->change_count,
    };
}

/* False when the bytes are no change; `changes` is of no more use then. */
static bool read_change(CommitChanges *changes, Change *ret_change)
{
    Reader *reader = &changes->reader;
    uint8_t kind = reader_u8(reader);
    uint64_t scope_index = reader_varint(reader);
    uint64_t distance = reader_varint(reader);
    uint64_t schema_version = reader_varint(reader);
    uint64_t old_distance = reader_varint(reader);
    bool is_first = changes->left == changes->record->change_count;
    if (reader->failed || scope_index >= changes->record->scope_count ||
        (distance == 0) != is_first || distance > changes->record->seq - changes->seq)
        return false;

    const CommitScope *scope = &changes->record->scopes[scope_index];
    SeqNo seq = changes->seq + distance;
    Change change = {
        .kind = kind & COMMIT_CHANGE_KIND_MASK,
        .table_id = scope->table_id,
        .schema_version = (uint32_t)schema_version,
        .seq = seq,
        .old_seq = old_distance ? seq - old_distance : 0,
        .owner = scope->owner,
    };
    if (schema_version > UINT32_MAX || (old_distance && old_distance >= seq))
        return false;
    if (kind_is_event(change.kind))
        change.bucket = reader_varint(reader);
    else
        change.key = reader_bytes(reader);
    if (kind & COMMIT_CHANGE_HAS_OLD)
        change.old_row = reader_bytes(reader);
    if (kind & COMMIT_CHANGE_HAS_NEW)
        change.new_row = reader_bytes(reader);
    if (reader->failed || !change_is_complete(&change))
        return false;

    changes->seq = seq;
    changes->left--;
    *ret_change = change;
    return true;
}

bool commit_changes_next(CommitChanges *changes, Change *ret_change)
{
    if (changes->left == 0)
        return false;
    bool valid = read_change(changes, ret_change);
    assert(valid); /* commit_record_decode() has read it before */
    return valid;
}

static bool changes_are_valid(const CommitRecord *record)
{
    CommitChanges changes = commit_changes(record);
    Change change;
    while (changes.left > 0) {
        if (!read_change(&changes, &change))
            return false;
    }
    return changes.seq == record->seq && reader_left(&changes.reader) == 0;
}

Status commit_record_decode(Context *ctx, Str bytes, CommitRecord **ret_record)
{
    if (bytes.len < HASH_BYTES)
        return fail(ctx, STATUS_CORRUPT, "a commit record has only %zu bytes", bytes.len);
    Str hashed = str_from(bytes.ptr, bytes.len - HASH_BYTES);
    if (hash_stable(hashed) != u64be_at(bytes, hashed.len))
        return fail(ctx, STATUS_CORRUPT, "a commit record does not match its hash");

    CLEANUP(commit_record_unref) CommitRecord *record = commit_record_from_bytes(bytes);
    if (!record)
        return fail(ctx, STATUS_CORRUPT, "a commit record has a broken head");
    if (!changes_are_valid(record))
        return fail(ctx,
                    STATUS_CORRUPT,
                    "commit record %llu has a broken change",
                    (unsigned long long)record->seq);
    *ret_record = TAKE(record);
    return STATUS_OK;
}

/* ---- apply ---- */

typedef struct Applier {
    StoreBatch *batch;
    Buf key;
    Buf value;
} Applier;

static void put_version(Applier *applier, StoreFamily family, const Change *change, Str row)
{
    stored_row_append(&applier->value,
                      &(StoredRow){
                          .seq = change->seq,
                          .schema_version = change->schema_version,
                          .deleted = change->kind == CHANGE_DELETE,
                          .row = row,
                      });
    store_batch_put(applier->batch, family, buf_str(&applier->key), buf_str(&applier->value));
}

static void apply_change(Applier *applier, const Change *change)
{
    Buf *key = &applier->key;
    buf_clear(key);
    buf_clear(&applier->value);
    switch (change->kind) {
    case CHANGE_INSERT:
    case CHANGE_UPDATE:
        row_key_append(key, change->table_id, change->owner, change->key);
        put_version(applier, FAMILY_ROWS, change, change->new_row);
        break;
    case CHANGE_DELETE:
        row_key_append(key, change->table_id, change->owner, change->key);
        put_version(applier, FAMILY_ROWS, change, change->old_row);
        break;
    case CHANGE_DELETE_HARD:
        row_key_append(key, change->table_id, change->owner, change->key);
        store_batch_delete(applier->batch, FAMILY_ROWS, buf_str(key));
        break;
    case CHANGE_EVENT:
        stream_key_append(key, change->table_id, change->bucket, change->owner, change->seq);
        put_version(applier, FAMILY_STREAMS, change, change->new_row);
        break;
    case CHANGE_EVENT_DELETE:
        stream_key_append(key, change->table_id, change->bucket, change->owner, change->old_seq);
        store_batch_delete(applier->batch, FAMILY_STREAMS, buf_str(key));
        break;
    case CHANGE_CATALOG_PUT:
        store_batch_put(applier->batch, FAMILY_CATALOG, change->key, change->new_row);
        break;
    case CHANGE_CATALOG_DELETE:
        store_batch_delete(applier->batch, FAMILY_CATALOG, change->key);
        break;
    }
}

static void apply_to_log(Applier *applier, const CommitRecord *record)
{
    Buf *key = &applier->key;
    buf_clear(key);
    log_key_append(key, record->seq);
    store_batch_put(applier->batch, FAMILY_LOG, buf_str(key), record->bytes);
    for (uint32_t i = 0; i < record->scope_count; i++) {
        const CommitScope *scope = &record->scopes[i];
        buf_clear(key);
        log_by_owner_key_append(key, scope->table_id, scope->owner, record->seq);
        store_batch_put(applier->batch, FAMILY_LOG_BY_OWNER, buf_str(key), STR_NULL);
    }
}

void commit_record_apply(const CommitRecord *record, StoreBatch *batch)
{
    Applier applier = {.batch = batch};
    CommitChanges changes = commit_changes(record);
    for (Change change; commit_changes_next(&changes, &change);)
        apply_change(&applier, &change);
    apply_to_log(&applier, record);
    buf_done(&applier.key);
    buf_done(&applier.value);
}
