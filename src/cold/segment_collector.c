/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/segment_collector.h"

#include "base/memory.h"
#include "value/key.h"

enum { OWN_COLUMNS = 2 /* _seq, _deleted */ };

void segment_draft_done(SegmentDraft *draft)
{
    buf_done(&draft->filter);
    buf_done(&draft->stats);
    arena_done(&draft->arena);
}

void segment_collector_init(SegmentCollector *collector, const Table *table)
{
    *collector = (SegmentCollector){
        .table = table,
        .segment = {.schema_version = table->version},
        .stats = stats_collector_new(table),
        .values = mem_zalloc((table->column_count + OWN_COLUMNS) * sizeof(Value)),
        .decoded = mem_zalloc((table->column_count + 1) * sizeof(Value)),
    };
}

void segment_collector_done(SegmentCollector *collector)
{
    stats_collector_free(collector->stats);
    key_filter_builder_done(&collector->filter);
    buf_done(&collector->first_key);
    buf_done(&collector->last_key);
    free(collector->values);
    free(collector->decoded);
}

static Status decode_gone(Context *ctx, SegmentCollector *collector, Str key)
{
    const Table *table = collector->table;
    Reader reader = reader_from(key);
    for (uint32_t i = 0; i < table->column_count; i++)
        collector->values[i] = VALUE_NULL;
    return key_read(ctx,
                    &reader,
                    table->columns[table->primary_key].type,
                    &collector->values[table->primary_key]);
}

static Status decode(Context *ctx, SegmentCollector *collector, Str key, const StoredRow *row)
{
    const Table *table = collector->table;
    if (row->gone)
        return decode_gone(ctx, collector, key);
    TRY(row_decode(ctx, row->row, &table->layout, collector->decoded));
    for (uint32_t i = 0; i < table->layout.count; i++)
        collector->values[table->layout_order[i]] = collector->decoded[i];
    return STATUS_OK;
}

static void note_key(SegmentCollector *collector, Str key)
{
    if (collector->segment.row_count == 0)
        buf_str_append(&collector->first_key, key);
    buf_clear(&collector->last_key);
    buf_str_append(&collector->last_key, key);
    key_filter_add(&collector->filter, key);
}

Status
segment_collector_add(Context *ctx, SegmentCollector *collector, Str key, const StoredRow *row)
{
    Segment *segment = &collector->segment;
    TRY(decode(ctx, collector, key, row));
    note_key(collector, key);
    stats_collector_add(collector->stats, collector->values);
    if (segment->row_count == 0 || row->seq < segment->seq_min)
        segment->seq_min = row->seq;
    if (row->seq > segment->seq_max)
        segment->seq_max = row->seq;
    segment->row_count++;
    segment->tombstone_count += row->deleted;
    return STATUS_OK;
}

void segment_collector_finish(const SegmentCollector *collector, SegmentDraft *draft)
{
    draft->segment = collector->segment;
    segment_set_key_range(&draft->segment,
                          &draft->arena,
                          buf_str(&collector->first_key),
                          buf_str(&collector->last_key));
    SegmentStats stats = stats_collector_result(collector->stats);
    segment_stats_encode(&draft->stats, &stats);
    key_filter_encode(&draft->filter, &collector->filter);
}
