/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/record_writer.h"

#include "base/hash.h"

#include <assert.h>

/* Memory that a large commit needed is not kept for the small ones after it. */
enum { KEEP_BYTES = 1 << 20, MAP_KEEP_SLOTS = 64 };

static void scope_list_done(ScopeList *list)
{
    map_done(&list->index);
    arena_done(&list->arena);
    buf_done(&list->encoded);
}

void record_writer_done(RecordWriter *writer)
{
    scope_list_done(&writer->scopes);
    scope_list_done(&writer->upkeep_scopes);
    buf_done(&writer->changes);
    buf_done(&writer->bytes);
}

static void buf_reuse(Buf *buf)
{
    if (buf->capacity > KEEP_BYTES)
        buf_done(buf);
    buf_clear(buf);
}

static void scope_list_clear(ScopeList *list)
{
    map_done(&list->index);
    arena_clear(&list->arena);
    buf_reuse(&list->encoded);
    list->count = 0;
}

void record_writer_clear(RecordWriter *writer)
{
    scope_list_clear(&writer->scopes);
    scope_list_clear(&writer->upkeep_scopes);
    buf_reuse(&writer->changes);
    buf_reuse(&writer->bytes);
    writer->changes.limit = COMMIT_BYTES_MAX;
    writer->change_count = 0;
}

static void scope_append(Buf *out, const Change *change)
{
    buf_varint(out, change->table_id);
    buf_bytes(out, change->owner.user_id);
}

/* Position of the change's scope; appended when it is new. */
static uint32_t scope_position(ScopeList *list, const Change *change)
{
    size_t end = list->encoded.len;
    scope_append(&list->encoded, change);
    Str encoded = str_from(list->encoded.ptr + end, list->encoded.len - end);
    uint32_t *position = map_get(&list->index, encoded);
    if (position) {
        list->encoded.len = end;
        return *position;
    }
    position = ARENA_NEW(&list->arena, uint32_t);
    *position = list->count++;
    map_put(&list->index, arena_str(&list->arena, encoded), position);
    return *position;
}

static ScopeList *scopes_for(RecordWriter *writer, const Change *change)
{
    return change_is_upkeep(change->kind) ? &writer->upkeep_scopes : &writer->scopes;
}

static uint8_t flags_of(const Change *change)
{
    return (uint8_t)((change->cold_seq ? COMMIT_CHANGE_HAS_COLD : 0) |
                     (change->old_row.ptr ? COMMIT_CHANGE_HAS_OLD : 0) |
                     (change->new_row.ptr ? COMMIT_CHANGE_HAS_NEW : 0));
}

void record_writer_add(RecordWriter *writer, const Change *change)
{
    assert(change->old_seq < change->seq && change->cold_seq < change->seq);
    assert(writer->change_count == 0 || change->seq > writer->last_seq);
    bool is_event = change->kind == CHANGE_EVENT || change->kind == CHANGE_EVENT_DELETE;
    if (writer->change_count == 0)
        writer->first_seq = writer->last_seq = change->seq;

    Buf *out = &writer->changes;
    buf_byte(out, (char)((uint8_t)change->kind | flags_of(change)));
    buf_varint(out, scope_position(scopes_for(writer, change), change));
    buf_varint(out, change->seq - writer->last_seq);
    buf_varint(out, change->schema_version);
    buf_varint(out, change->old_seq ? change->seq - change->old_seq : 0);
    if (change->cold_seq)
        buf_varint(out, change->seq - change->cold_seq);
    if (is_event)
        buf_varint(out, change->bucket);
    else
        buf_bytes(out, change->key);
    if (change->old_row.ptr)
        buf_bytes(out, change->old_row);
    if (change->new_row.ptr)
        buf_bytes(out, change->new_row);
    writer->last_seq = change->seq;
    writer->change_count++;
}

CommitRecord *record_writer_finish(RecordWriter *writer, uint64_t previous_hash, bool sync)
{
    assert(writer->change_count > 0);
    if (writer->changes.overflowed)
        return NULL;
    Buf *out = &writer->bytes;
    buf_clear(out);
    buf_byte(out, COMMIT_RECORD_VERSION);
    buf_byte(out, sync ? COMMIT_RECORD_SYNC : 0);
    buf_u64be(out, previous_hash);
    buf_u64be(out, writer->first_seq);
    buf_u64be(out, writer->last_seq);
    buf_varint(out, writer->change_count);
    buf_varint(out, writer->scopes.count);
    buf_varint(out, writer->upkeep_scopes.count);
    buf_str_append(out, buf_str(&writer->scopes.encoded));
    buf_str_append(out, buf_str(&writer->upkeep_scopes.encoded));
    buf_str_append(out, buf_str(&writer->changes));
    buf_u64be(out, hash_stable(buf_str(out)));
    CommitRecord *record = commit_record_from_bytes(buf_str(out));
    assert(record);
    return record;
}
