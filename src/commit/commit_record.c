/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A commit record, byte by byte.  Integers of fixed width are big-endian,
 * varint is LEB128, bytes are a varint length and as many bytes.
 *
 *     version         1       2
 *     flags           1       1 = sync
 *     previous hash   8       of the record before it in the log, 0 = none
 *     first seq       8       of the first change
 *     seq             8       of the last change; the commit's own number
 *     change count    varint  at least 1
 *     scope count     varint
 *     upkeep scopes   varint  how many
 *     scopes                  each: table id varint, user id bytes (empty = shared)
 *     upkeep scopes           likewise: those of changes that no reader sees
 *     changes                 as below
 *     hash            8       hash_stable() of everything before it
 *
 * The hash covers the previous record's: the log is a chain, and two logs whose
 * last hashes agree are the same from their first common record on.
 *
 * A change:
 *
 *     kind            1       ChangeKind, + 0x20 a cold seq follows, + 0x40 an old row follows,
 *                             + 0x80 a new row follows
 *     scope           varint  index into the scopes, or the upkeep scopes: table and owner
 *     seq             varint  distance from the change before it; first change: 0
 *     schema version  varint
 *     old seq         varint  distance back from seq; 0 = none
 *     cold seq        varint  if flagged; distance back from seq
 *     bucket          varint  stream events only
 *     key             bytes   all but stream events
 *     old row         bytes   if flagged
 *     new row         bytes   if flagged
 *
 * Version 1 knew no upkeep and no cold seq: its head lacks the count of upkeep
 * scopes.  Such records are read, not written.
 *
 * Nothing here depends on a clock, the catalog or the order of a hash map.
 */
#include "commit/commit_record.h"
#include "commit/record_writer.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>

enum {
    OLDEST_VERSION = 1,
    UPKEEP_SINCE_VERSION = 2,
    HASH_BYTES = 8,
    PREVIOUS_HASH_AT = 2,
    SCOPE_BYTES_MIN = 2,
    CHANGE_BYTES_MIN = 6,
};

/* A record as it is allocated: one block, the bytes last. */
typedef struct RecordBlock {
    CommitRecord record;
    Str changes; /* borrowed from record.bytes */
    uint32_t upkeep_scope_count;
    CommitScope scopes[]; /* record.scope_count, then those of upkeep */
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
    uint64_t upkeep_scope_count;
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
    if (head.version >= UPKEEP_SINCE_VERSION)
        head.upkeep_scope_count = reader_varint(reader);
    return head;
}

/* The counts are bounded by what could follow them, so that they may size an allocation. */
static bool head_is_valid(const RecordHead *head, size_t left)
{
    size_t scopes_max = left / SCOPE_BYTES_MIN;
    return head->version >= OLDEST_VERSION && head->version <= COMMIT_RECORD_VERSION &&
           !(head->flags & ~COMMIT_RECORD_SYNC) && head->first_seq <= head->seq &&
           head->change_count >= 1 && head->change_count <= left / CHANGE_BYTES_MIN &&
           head->scope_count <= scopes_max &&
           head->upkeep_scope_count <= scopes_max - head->scope_count;
}

static bool read_scopes(Reader *reader, RecordBlock *block)
{
    uint32_t count = block->record.scope_count + block->upkeep_scope_count;
    for (uint32_t i = 0; i < count; i++) {
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

    size_t scopes_size = (head.scope_count + head.upkeep_scope_count) * sizeof(CommitScope);
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
    block->upkeep_scope_count = (uint32_t)head.upkeep_scope_count;
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

bool change_is_upkeep(ChangeKind kind)
{
    return kind >= CHANGE_EVICT && kind < CHANGE_KIND_COUNT;
}

bool change_is_of_no_table(ChangeKind kind)
{
    return kind == CHANGE_CATALOG_PUT || kind == CHANGE_CATALOG_DELETE || kind == CHANGE_JOB_PUT ||
           kind == CHANGE_JOB_DELETE;
}

/* What apply needs is there. */
static bool change_is_complete(const Change *change)
{
    if (change_is_of_no_table(change->kind) != (change->table_id == 0))
        return false;
    switch (change->kind) {
    case CHANGE_INSERT:
    case CHANGE_EVENT:
    case CHANGE_CATALOG_PUT:
    case CHANGE_MANIFEST_PUT:
    case CHANGE_JOB_PUT:
        return change->new_row.ptr;
    case CHANGE_UPDATE:
        return change->new_row.ptr && change->old_row.ptr;
    case CHANGE_DELETE:
        return change->old_row.ptr;
    case CHANGE_EVENT_DELETE:
    case CHANGE_EVICT:
        return change->old_seq != 0;
    case CHANGE_COLD_SEQ:
        return change->old_seq != 0 && change->cold_seq != 0;
    case CHANGE_DELETE_HARD:
    case CHANGE_DELETE_MARK:
    case CHANGE_CATALOG_DELETE:
    case CHANGE_MANIFEST_DELETE:
    case CHANGE_JOB_DELETE:
        return true;
    case CHANGE_KIND_COUNT:
        break;
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

/* The scope that a change names; NULL when there is none like it. */
static const CommitScope *scope_at(const CommitRecord *record, ChangeKind kind, uint64_t index)
{
    const RecordBlock *block = block_of(record);
    if (!change_is_upkeep(kind))
        return index < record->scope_count ? &block->scopes[index] : NULL;
    return index < block->upkeep_scope_count ? &block->scopes[record->scope_count + index] : NULL;
}

/* The number `distance` before seq; 0 for 0.  False when there is none. */
static bool seq_before(SeqNo seq, uint64_t distance, SeqNo *ret_before)
{
    *ret_before = distance ? seq - distance : 0;
    return distance == 0 || distance < seq;
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
    uint64_t cold_distance = kind & COMMIT_CHANGE_HAS_COLD ? reader_varint(reader) : 0;
    bool is_first = changes->left == changes->record->change_count;
    const CommitScope *scope =
        scope_at(changes->record, kind & COMMIT_CHANGE_KIND_MASK, scope_index);
    if (reader->failed || !scope || (distance == 0) != is_first ||
        distance > changes->record->seq - changes->seq)
        return false;

    SeqNo seq = changes->seq + distance;
    Change change = {
        .kind = kind & COMMIT_CHANGE_KIND_MASK,
        .table_id = scope->table_id,
        .schema_version = (uint32_t)schema_version,
        .seq = seq,
        .owner = scope->owner,
    };
    if (schema_version > UINT32_MAX || !seq_before(seq, old_distance, &change.old_seq) ||
        !seq_before(seq, cold_distance, &change.cold_seq))
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

bool commit_changes_next_seen(CommitChanges *changes, Change *ret_change)
{
    while (commit_changes_next(changes, ret_change))
        if (!change_is_upkeep(ret_change->kind))
            return true;
    return false;
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

/*
 * Like a delete, a change of the cold seq tells live row and tombstone apart by
 * which of its rows it has; a marker has none.
 */
Change change_cold_seq(CommitScope scope, Str key, const StoredRow *stored, SeqNo cold_seq)
{
    Change change = {
        .kind = CHANGE_COLD_SEQ,
        .table_id = scope.table_id,
        .schema_version = stored->schema_version,
        .old_seq = stored->seq,
        .cold_seq = cold_seq,
        .owner = scope.owner,
        .key = key,
    };
    Str row = stored->row.ptr ? stored->row : STR("");
    if (stored->deleted && !stored->gone)
        change.old_row = row;
    if (!stored->deleted)
        change.new_row = row;
    return change;
}

bool change_stored(const Change *change, StoredRow *ret_stored)
{
    StoredRow stored = {
        .seq = change->seq,
        .cold_seq = change->cold_seq,
        .schema_version = change->schema_version,
        .row = change->new_row,
    };
    switch (change->kind) {
    case CHANGE_INSERT:
    case CHANGE_UPDATE:
    case CHANGE_EVENT:
    case CHANGE_CATALOG_PUT:
    case CHANGE_MANIFEST_PUT:
    case CHANGE_JOB_PUT:
        break;
    case CHANGE_DELETE:
        stored.deleted = true;
        stored.row = change->old_row;
        break;
    case CHANGE_DELETE_MARK:
        stored.deleted = stored.gone = true;
        stored.row = STR_NULL;
        break;
    case CHANGE_COLD_SEQ:
        stored.seq = change->old_seq;
        stored.deleted = !change->new_row.ptr;
        stored.gone = !change->new_row.ptr && !change->old_row.ptr;
        stored.row = change->new_row.ptr ? change->new_row : change->old_row;
        break;
    default:
        return false;
    }
    *ret_stored = stored;
    return true;
}

/* Its version, or nothing, under the key. */
static void set_version(Applier *applier, StoreFamily family, const Change *change)
{
    StoredRow stored;
    if (change_stored(change, &stored)) {
        stored_row_append(&applier->value, &stored);
        store_batch_put(applier->batch, family, buf_str(&applier->key), buf_str(&applier->value));
    } else {
        store_batch_delete(applier->batch, family, buf_str(&applier->key));
    }
}

/* Its key is that of the store. */
static void set_entry(Applier *applier, StoreFamily family, const Change *change)
{
    StoredRow entry;
    if (change_stored(change, &entry))
        store_batch_put(applier->batch, family, change->key, entry.row);
    else
        store_batch_delete(applier->batch, family, change->key);
}

StoreFamily change_family(ChangeKind kind)
{
    switch (kind) {
    case CHANGE_EVENT:
    case CHANGE_EVENT_DELETE:
        return FAMILY_STREAMS;
    case CHANGE_CATALOG_PUT:
    case CHANGE_CATALOG_DELETE:
        return FAMILY_CATALOG;
    case CHANGE_MANIFEST_PUT:
    case CHANGE_MANIFEST_DELETE:
        return FAMILY_MANIFEST;
    case CHANGE_JOB_PUT:
    case CHANGE_JOB_DELETE:
        return FAMILY_JOBS;
    default:
        return FAMILY_ROWS;
    }
}

static void apply_change(Applier *applier, const Change *change)
{
    Buf *key = &applier->key;
    buf_clear(key);
    buf_clear(&applier->value);
    switch (change->kind) {
    case CHANGE_INSERT:
    case CHANGE_UPDATE:
    case CHANGE_DELETE:
    case CHANGE_DELETE_HARD:
    case CHANGE_DELETE_MARK:
    case CHANGE_EVICT:
    case CHANGE_COLD_SEQ:
        row_key_append(key, change->table_id, change->owner, change->key);
        set_version(applier, FAMILY_ROWS, change);
        break;
    case CHANGE_EVENT:
        stream_key_append(key, change->table_id, change->bucket, change->owner, change->seq);
        set_version(applier, FAMILY_STREAMS, change);
        break;
    case CHANGE_EVENT_DELETE:
        stream_key_append(key, change->table_id, change->bucket, change->owner, change->old_seq);
        set_version(applier, FAMILY_STREAMS, change);
        break;
    default:
        set_entry(applier, change_family(change->kind), change);
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
