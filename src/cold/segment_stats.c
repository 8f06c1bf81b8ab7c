/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics of one segment, byte by byte; varints are LEB128:
 *
 *     format        1       1
 *     column count  varint
 *     columns               each: column id varint, type kind(1) precision(1) scale(1),
 *                           null count varint, bounds(1): 0 = unknown, 1 = follow, 2 = all NULL;
 *                           the bounds as one row (value/row.h) of columns 1 = min and 2 = max,
 *                           with its length in front
 */
#include "cold/segment_stats.h"

#include "base/memory.h"

enum {
    STATS_FORMAT = 1,
    COLUMN_BYTES_MIN = 6,
    BOUNDS_UNKNOWN = 0,
    BOUNDS_KNOWN = 1,
    BOUNDS_ALL_NULL = 2,
};

const ColumnStats *segment_stats_column(const SegmentStats *stats, uint32_t column_id)
{
    for (size_t i = 0; i < stats->count; i++)
        if (stats->columns[i].column_id == column_id)
            return &stats->columns[i];
    return NULL;
}

/* ---- encoding ---- */

typedef struct BoundsLayout {
    RowColumn columns[2];
    RowLayout layout;
} BoundsLayout;

static void bounds_layout_init(BoundsLayout *bounds, Type type)
{
    bounds->columns[0] = (RowColumn){.id = 1, .type = type};
    bounds->columns[1] = (RowColumn){.id = 2, .type = type};
    bounds->layout = (RowLayout){.count = 2, .columns = bounds->columns};
}

static void encode_bounds(Buf *out, const ColumnStats *column)
{
    if (!column->bounded || value_is_null(&column->min)) {
        buf_byte(out, column->bounded ? BOUNDS_ALL_NULL : BOUNDS_UNKNOWN);
        return;
    }
    CLEANUP(buf_done) Buf row = {0};
    BoundsLayout bounds;
    bounds_layout_init(&bounds, column->type);
    row_encode(&row, &bounds.layout, (Value[]){column->min, column->max});
    buf_byte(out, BOUNDS_KNOWN);
    buf_bytes(out, buf_str(&row));
}

void segment_stats_encode(Buf *out, const SegmentStats *stats)
{
    buf_byte(out, STATS_FORMAT);
    buf_varint(out, stats->count);
    for (size_t i = 0; i < stats->count; i++) {
        const ColumnStats *column = &stats->columns[i];
        buf_varint(out, column->column_id);
        buf_byte(out, (char)column->type.kind);
        buf_byte(out, (char)column->type.precision);
        buf_byte(out, (char)column->type.scale);
        buf_varint(out, column->null_count);
        encode_bounds(out, column);
    }
}

static bool type_is_valid(Type type)
{
    if (type.kind == TYPE_DECIMAL)
        return type.precision >= 1 && type.precision <= DECIMAL_PRECISION_MAX &&
               type.scale <= type.precision;
    return type.kind > TYPE_NULL && type.kind < TYPE_KIND_COUNT && type.precision == 0 &&
           type.scale == 0;
}

static Status decode_bounds(Context *ctx, Reader *reader, ColumnStats *column)
{
    uint8_t known = reader_u8(reader);
    column->bounded = known != BOUNDS_UNKNOWN;
    column->min = column->max = VALUE_NULL;
    if (known > BOUNDS_ALL_NULL)
        reader->failed = true;
    if (known != BOUNDS_KNOWN || reader->failed)
        return STATUS_OK;
    BoundsLayout bounds;
    Value values[2];
    bounds_layout_init(&bounds, column->type);
    Str row = reader_bytes(reader);
    if (reader->failed)
        return STATUS_OK;
    TRY(row_decode(ctx, row, &bounds.layout, values));
    column->min = values[0];
    column->max = values[1];
    if (column->min.kind != column->type.kind || column->max.kind != column->type.kind)
        reader->failed = true;
    return STATUS_OK;
}

static Status decode_column(Context *ctx, Reader *reader, ColumnStats *column)
{
    column->column_id = (uint32_t)reader_varint(reader);
    column->type = (Type){.kind = reader_u8(reader)};
    column->type.precision = reader_u8(reader);
    column->type.scale = reader_u8(reader);
    column->null_count = reader_varint(reader);
    if (!type_is_valid(column->type))
        reader->failed = true;
    return reader->failed ? STATUS_OK : decode_bounds(ctx, reader, column);
}

Status segment_stats_decode(Context *ctx, Str bytes, SegmentStats *ret_stats)
{
    Reader reader = reader_from(bytes);
    uint8_t format = reader_u8(&reader);
    uint64_t count = reader_varint(&reader);
    if (format != STATS_FORMAT || count > reader_left(&reader) / COLUMN_BYTES_MIN)
        reader.failed = true;
    ColumnStats *columns = NULL;
    if (!reader.failed)
        columns = ARENA_ARRAY(&ctx->arena, ColumnStats, count);
    for (uint64_t i = 0; i < count && !reader.failed; i++)
        TRY(decode_column(ctx, &reader, &columns[i]));
    if (reader.failed || reader_left(&reader) > 0)
        return fail(ctx, STATUS_CORRUPT, "%zu bytes are no segment statistics", bytes.len);
    *ret_stats = (SegmentStats){.count = count, .columns = columns};
    return STATUS_OK;
}

/* ---- collecting ---- */

typedef struct CollectedColumn {
    char min_text[STATS_TEXT_BYTES_MAX];
    char max_text[STATS_TEXT_BYTES_MAX];
} CollectedColumn;

struct StatsCollector {
    size_t count;
    ColumnStats *columns;
    CollectedColumn *texts; /* what the bounds of text columns point to */
};

StatsCollector *stats_collector_new(const Table *table)
{
    StatsCollector *collector = NEW(StatsCollector);
    collector->count = table->column_count;
    collector->columns = mem_zalloc((table->column_count + 1) * sizeof(ColumnStats));
    collector->texts = mem_zalloc((table->column_count + 1) * sizeof(CollectedColumn));
    for (uint32_t i = 0; i < table->column_count; i++)
        collector->columns[i] = (ColumnStats){
            .column_id = table->columns[i].id,
            .type = table->columns[i].type,
            .bounded = table->columns[i].type.kind != TYPE_JSON,
            .min = VALUE_NULL,
            .max = VALUE_NULL,
        };
    return collector;
}

void stats_collector_free(StatsCollector *collector)
{
    if (!collector)
        return;
    free(collector->columns);
    free(collector->texts);
    free(collector);
}

static bool is_text(TypeKind kind)
{
    return kind == TYPE_TEXT || kind == TYPE_BYTES;
}

static void keep(Value *bound, const Value *value, char text[STATS_TEXT_BYTES_MAX])
{
    *bound = *value;
    if (!is_text(value->kind))
        return;
    if (value->text.len)
        memcpy(text, value->text.ptr, value->text.len);
    bound->text = str_from(text, value->text.len);
}

static void add_value(ColumnStats *column, CollectedColumn *texts, const Value *value)
{
    if (value_is_null(value)) {
        column->null_count++;
        return;
    }
    if (is_text(value->kind) && value->text.len > STATS_TEXT_BYTES_MAX)
        column->bounded = false;
    if (!column->bounded) {
        column->min = column->max = VALUE_NULL;
        return;
    }
    bool first = value_is_null(&column->min);
    if (first || value_compare(value, &column->min) < 0)
        keep(&column->min, value, texts->min_text);
    if (first || value_compare(value, &column->max) > 0)
        keep(&column->max, value, texts->max_text);
}

void stats_collector_add(StatsCollector *collector, const Value *values)
{
    for (size_t i = 0; i < collector->count; i++)
        add_value(&collector->columns[i], &collector->texts[i], &values[i]);
}

SegmentStats stats_collector_result(const StatsCollector *collector)
{
    return (SegmentStats){.count = collector->count, .columns = collector->columns};
}
