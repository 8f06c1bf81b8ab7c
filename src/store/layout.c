/* SPDX-License-Identifier: Apache-2.0 */
#include "store/layout.h"

#include "base/hash.h"
#include "value/key.h"

#include <assert.h>

/* Today there is one shard. */
enum { SHARD = 0, SLOT_BYTES = 2, TABLE_BYTES = 4, SEQ_BYTES = 8 };

uint16_t slot_of(uint32_t table_id, Owner owner)
{
    char table[TABLE_BYTES] = {
        (char)(table_id >> 24), (char)(table_id >> 16), (char)(table_id >> 8), (char)table_id};
    Str hashed = owner.user_id.len ? owner.user_id : str_from(table, sizeof(table));
    return (uint16_t)(hash_stable(hashed) & (SLOT_COUNT - 1));
}

static void slot_and_table_append(Buf *out, uint32_t table_id, Owner owner)
{
    buf_u16be(out, slot_of(table_id, owner));
    buf_u32be(out, table_id);
}

/* ---- rows ---- */

void row_key_append(Buf *out, uint32_t table_id, Owner owner, Str pk)
{
    slot_and_table_append(out, table_id, owner);
    key_append_text(out, owner.user_id);
    buf_str_append(out, pk);
}

/* Of the escaped and terminated owner: a zero byte takes two, the end too. */
static size_t owner_bytes(Owner owner)
{
    size_t zeros = 0;
    for (size_t i = 0; i < owner.user_id.len; i++)
        zeros += owner.user_id.ptr[i] == 0;
    return owner.user_id.len + zeros + 2;
}

Str row_key_pk(Str key, Owner owner)
{
    size_t head = SLOT_BYTES + TABLE_BYTES + owner_bytes(owner);
    assert(key.len >= head);
    return str_from(key.ptr + head, key.len - head);
}

uint32_t row_key_table(Str key)
{
    Reader reader = reader_from(key);
    (void)reader_u16be(&reader);
    return reader_u32be(&reader);
}

static Status
check_slot(Context *ctx, const char *family, uint16_t slot, uint32_t table_id, Owner owner)
{
    uint16_t expected = slot_of(table_id, owner);
    if (slot == expected)
        return STATUS_OK;
    return fail(ctx,
                STATUS_CORRUPT,
                "a key of %s says slot %u where table %u and its owner have %u",
                family,
                slot,
                table_id,
                expected);
}

Status row_key_read(Context *ctx, Str key, uint32_t *ret_table_id, Owner *ret_owner, Str *ret_pk)
{
    Reader reader = reader_from(key);
    uint16_t slot = reader_u16be(&reader);
    uint32_t table_id = reader_u32be(&reader);
    Owner owner;
    if (reader.failed)
        return fail(ctx, STATUS_CORRUPT, "a key of rows has only %zu bytes", key.len);
    TRY(key_read_text(ctx, &reader, &owner.user_id));
    TRY(check_slot(ctx, "rows", slot, table_id, owner));

    *ret_table_id = table_id;
    *ret_owner = owner;
    *ret_pk = reader_take(&reader, reader_left(&reader));
    return STATUS_OK;
}

/* ---- log ---- */

void log_key_append(Buf *out, SeqNo seq)
{
    buf_u16be(out, SHARD);
    buf_u64be(out, seq);
}

static SeqNo last_eight_bytes(Str key)
{
    assert(key.len >= SEQ_BYTES);
    Reader reader = reader_from(str_from(key.ptr + key.len - SEQ_BYTES, SEQ_BYTES));
    return reader_u64be(&reader);
}

SeqNo log_key_seq(Str key)
{
    return last_eight_bytes(key);
}

void log_by_owner_key_append(Buf *out, uint32_t table_id, Owner owner, SeqNo seq)
{
    row_key_append(out, table_id, owner, STR_NULL);
    buf_u64be(out, seq);
}

SeqNo log_by_owner_key_seq(Str key)
{
    return last_eight_bytes(key);
}

/* ---- streams ---- */

void stream_key_append(Buf *out, uint32_t table_id, uint64_t bucket, Owner owner, SeqNo seq)
{
    stream_bucket_prefix_append(out, slot_of(table_id, owner), table_id, bucket);
    key_append_text(out, owner.user_id);
    buf_u64be(out, seq);
}

void stream_bucket_prefix_append(Buf *out, uint16_t slot, uint32_t table_id, uint64_t bucket)
{
    buf_u16be(out, slot);
    buf_u32be(out, table_id);
    buf_u64be(out, bucket);
}

Status stream_key_read(Context *ctx,
                       Str key,
                       uint32_t *ret_table_id,
                       uint64_t *ret_bucket,
                       Owner *ret_owner,
                       SeqNo *ret_seq)
{
    Reader reader = reader_from(key);
    uint16_t slot = reader_u16be(&reader);
    uint32_t table_id = reader_u32be(&reader);
    uint64_t bucket = reader_u64be(&reader);
    Owner owner;
    if (reader.failed)
        return fail(ctx, STATUS_CORRUPT, "a key of streams has only %zu bytes", key.len);
    TRY(key_read_text(ctx, &reader, &owner.user_id));
    TRY(check_slot(ctx, "streams", slot, table_id, owner));
    SeqNo seq = reader_u64be(&reader);
    if (reader.failed || reader_left(&reader))
        return fail(ctx, STATUS_CORRUPT, "a key of streams does not end with its sequence number");

    *ret_table_id = table_id;
    *ret_bucket = bucket;
    *ret_owner = owner;
    *ret_seq = seq;
    return STATUS_OK;
}

/* ---- manifests ---- */

void manifest_prefix_append(Buf *out, ManifestPart part, uint32_t table_id, Owner owner)
{
    buf_byte(out, (char)part);
    row_key_append(out, table_id, owner, STR_NULL);
}

void manifest_slot_prefix_append(Buf *out, ManifestPart part, uint16_t slot, uint32_t table_id)
{
    buf_byte(out, (char)part);
    buf_u16be(out, slot);
    buf_u32be(out, table_id);
}

void manifest_key_append(Buf *out, const ManifestKey *key)
{
    manifest_prefix_append(out, key->part, key->table_id, key->owner);
    if (key->part != MANIFEST_HEAD)
        buf_u32be(out, key->segment);
}

Status manifest_key_read(Context *ctx, Str key, ManifestKey *ret_key)
{
    Reader reader = reader_from(key);
    ManifestKey read = {.part = reader_u8(&reader)};
    Str rest;
    if (reader.failed || read.part < MANIFEST_HEAD || read.part > MANIFEST_STATS)
        return fail(ctx, STATUS_CORRUPT, "a key of manifest names no part");
    TRY(row_key_read(
        ctx, reader_take(&reader, reader_left(&reader)), &read.table_id, &read.owner, &rest));
    Reader segment = reader_from(rest);
    if (read.part != MANIFEST_HEAD)
        read.segment = reader_u32be(&segment);
    if (segment.failed || reader_left(&segment))
        return fail(ctx, STATUS_CORRUPT, "a key of manifest does not end with its segment");
    *ret_key = read;
    return STATUS_OK;
}

/* ---- all ---- */

void key_successor_append(Buf *out, Str prefix)
{
    while (prefix.len && (unsigned char)prefix.ptr[prefix.len - 1] == 0xff)
        prefix.len--;
    if (!prefix.len)
        return;
    buf_append(out, prefix.ptr, prefix.len - 1);
    buf_byte(out, (char)(prefix.ptr[prefix.len - 1] + 1));
}

void stored_row_append(Buf *out, const StoredRow *stored)
{
    assert(stored->deleted || !stored->gone);
    buf_u64be(out, stored->seq);
    buf_byte(out,
             (char)((stored->deleted ? STORED_DELETED : 0) | (stored->gone ? STORED_GONE : 0) |
                    (stored->cold_seq ? STORED_HAS_COLD : 0)));
    if (stored->cold_seq)
        buf_u64be(out, stored->cold_seq);
    buf_varint(out, stored->schema_version);
    buf_str_append(out, stored->row);
}

Status stored_row_read(Context *ctx, Str value, StoredRow *ret_stored)
{
    Reader reader = reader_from(value);
    SeqNo seq = reader_u64be(&reader);
    uint8_t flags = reader_u8(&reader);
    SeqNo cold_seq = flags & STORED_HAS_COLD ? reader_u64be(&reader) : 0;
    uint64_t schema_version = reader_varint(&reader);
    if (reader.failed)
        return fail(ctx, STATUS_CORRUPT, "a stored row has only %zu bytes", value.len);
    bool gone_alive = (flags & STORED_GONE) && !(flags & STORED_DELETED);
    if (gone_alive || flags & ~(STORED_DELETED | STORED_GONE | STORED_HAS_COLD))
        return fail(ctx, STATUS_CORRUPT, "a stored row has impossible flags %#x", flags);
    if (schema_version > UINT32_MAX)
        return fail(ctx, STATUS_CORRUPT, "a stored row names an impossible schema version");

    *ret_stored = (StoredRow){
        .seq = seq,
        .cold_seq = cold_seq,
        .schema_version = (uint32_t)schema_version,
        .deleted = flags & STORED_DELETED,
        .gone = flags & STORED_GONE,
        .row = reader_take(&reader, reader_left(&reader)),
    };
    return STATUS_OK;
}
