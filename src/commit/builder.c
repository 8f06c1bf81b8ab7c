/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/builder.h"

#include <assert.h>

void builder_done(CommitBuilder *builder)
{
    record_writer_done(&builder->writer);
    overlay_done(&builder->rows);
    buf_done(&builder->key);
}

/*
 * An awaited commit that this operation could have looked at must be told
 * before the operation's own outcome is: else a crash could take back what the
 * outcome gives away.
 */
static void note_dependency(CommitBuilder *builder, uint32_t table_id)
{
    SeqNo awaited = builder->awaited[table_bucket(table_id)];
    if (awaited > builder->depends_on)
        builder->depends_on = awaited;
}

void builder_begin(CommitBuilder *builder, Context *ctx, const Catalog *catalog)
{
    builder->ctx = ctx;
    builder->catalog = catalog;
    builder->time_ms = seq_clock_begin(builder->clock);
    builder->depends_on = 0;
    builder->sync = false;
    record_writer_clear(&builder->writer);
    /* The catalog decides how every operation is executed. */
    note_dependency(builder, 0);
}

Status builder_finish(CommitBuilder *builder, uint64_t previous_hash, CommitRecord **ret_record)
{
    RecordWriter *writer = &builder->writer;
    CommitRecord *record = NULL;
    if (writer->change_count > 0) {
        record = record_writer_finish(writer, previous_hash, builder->sync);
        if (!record)
            return fail(builder->ctx,
                        STATUS_LIMIT_EXCEEDED,
                        "a commit may change at most %d MiB of rows",
                        COMMIT_BYTES_MAX >> 20);
    }
    *ret_record = record;
    return STATUS_OK;
}

void builder_end(CommitBuilder *builder)
{
    catalog_unref(TAKE(builder->new_catalog));
    overlay_clear(&builder->rows);
}

/* ---- what an operation calls ---- */

const Catalog *commit_catalog(const CommitBuilder *builder)
{
    return builder->new_catalog ? builder->new_catalog : builder->catalog;
}

void commit_set_catalog(CommitBuilder *builder, Catalog *catalog)
{
    catalog_unref(builder->new_catalog);
    builder->new_catalog = catalog;
    builder->sync = true;
}

int64_t commit_time_ms(const CommitBuilder *builder)
{
    return builder->time_ms;
}

static const OverlayRow *changed_row(const CommitBuilder *builder, Str row_key)
{
    const OverlayRow *row = overlay_row(&builder->rows, row_key);
    return row ? row : overlay_row(builder->group_rows, row_key);
}

Status commit_read_row(CommitBuilder *builder,
                       uint32_t table_id,
                       Owner owner,
                       Str pk,
                       StoredRow *ret_row,
                       bool *ret_found)
{
    note_dependency(builder, table_id);
    buf_clear(&builder->key);
    row_key_append(&builder->key, table_id, owner, pk);
    Str key = buf_str(&builder->key);

    const OverlayRow *changed = changed_row(builder, key);
    if (changed) {
        *ret_row = changed->stored;
        *ret_found = !changed->gone;
        return STATUS_OK;
    }

    Str value;
    TRY(store_get(builder->ctx, builder->store, (StoreRead){.family = FAMILY_ROWS}, key, &value));
    if (value.ptr)
        TRY(stored_row_read(builder->ctx, value, ret_row));
    *ret_found = value.ptr;
    return STATUS_OK;
}

Status commit_read_entry(CommitBuilder *builder, StoreFamily family, Str key, Str *ret_value)
{
    buf_clear(&builder->key);
    overlay_entry_key(&builder->key, family, key);
    const OverlayRow *changed = changed_row(builder, buf_str(&builder->key));
    if (!changed)
        return store_get(
            builder->ctx, builder->store, (StoreRead){.family = family}, key, ret_value);
    *ret_value = changed->gone ? STR_NULL : changed->stored.row;
    return STATUS_OK;
}

bool commit_event_is_removed(CommitBuilder *builder, uint32_t table_id, Owner owner, SeqNo event)
{
    note_dependency(builder, table_id);
    buf_clear(&builder->key);
    overlay_event_key(&builder->key, table_id, owner, event);
    return changed_row(builder, buf_str(&builder->key)) != NULL;
}

bool commit_group_has_table(const CommitBuilder *builder, uint32_t table_id)
{
    return overlay_has_table(builder->group_rows, table_id);
}

SeqNo commit_add(CommitBuilder *builder, const Change *change)
{
    Change numbered = *change;
    numbered.seq = seq_clock_next(builder->clock);
    assert(change_is_of_no_table(change->kind) == (change->table_id == 0));
    StoreFamily family = change_family(change->kind);
    builder->sync |= family != FAMILY_ROWS && family != FAMILY_STREAMS;

    note_dependency(builder, numbered.table_id);
    record_writer_add(&builder->writer, &numbered);
    overlay_note(&builder->rows, &numbered, &builder->key);
    return numbered.seq;
}

void commit_require_sync(CommitBuilder *builder)
{
    builder->sync = true;
}
