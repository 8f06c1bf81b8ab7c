/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file is made by DuckDB's COPY from a source of ours, so that the rows pass
 * by here and their filter and statistics are gathered on the way.
 *
 * COPY holds a whole row group in memory, and knows no limit but a number of rows,
 * which has to be said before the first one comes.  It is chosen by the width of
 * the first row.  When the rows of a group turn out to be wider, the file ends there.
 *
 * Columns: the table's in declared order with their ids as Parquet field ids,
 * then _seq (BIGINT) and _deleted (BOOLEAN).  A row that is gone, not only
 * deleted, has a NULL in _deleted: it is in nobody's sight, and neither
 * `_deleted` nor `NOT _deleted` finds it.  Its other columns are NULL but the key.
 */
#include "cold/segment_writer.h"

#include "base/fault.h"
#include "base/memory.h"
#include "cold/sql_text.h"

#include <sys/stat.h>
#include <unistd.h>

enum {
    ROW_GROUP_STEP = 2048, /* DuckDB's rows come in chunks of this many */
    COMPRESSION_LEVEL = 1,
    /* Field ids of our own columns, far above all column ids. */
    FIELD_ID_SEQ = 2000000001,
    FIELD_ID_DELETED = 2000000002,
    OWN_COLUMNS = 2,  /* _seq, _deleted */
    VALUE_BYTES = 16, /* of a value in memory, without its text */
};

/* Well below what one upload takes, even of what cannot be compressed. */
#define SEGMENT_RAW_BYTES_MAX (UINT64_C(1) << 30)

typedef struct WriterSource {
    DuckSource source;
    const SegmentWrite *write;
    SegmentDraft *draft;
    SegmentCollector collector;
    uint64_t group_rows;  /* of each row group */
    uint64_t group_bytes; /* of the one at hand */
    uint64_t group_bytes_max;
    bool pending; /* key and row below were taken, but not given out */
    Str key;
    StoredRow row;
} WriterSource;

/* ---- how much it is ---- */

static uint64_t row_bytes(const WriterSource *source)
{
    uint64_t columns = source->write->table->column_count + OWN_COLUMNS;
    return columns * VALUE_BYTES + source->key.len + source->row.row.len;
}

static void note_bytes(WriterSource *source)
{
    Segment *segment = &source->collector.segment;
    uint64_t bytes = row_bytes(source);
    if (segment->row_count % source->group_rows == 0)
        source->group_bytes = 0;
    source->group_bytes += bytes;
    segment->raw_bytes += bytes;
    segment->is_full = source->group_bytes >= source->group_bytes_max ||
                       segment->raw_bytes >= SEGMENT_RAW_BYTES_MAX;
}

/* ---- the source ---- */

static Status take_row(WriterSource *source, Context *ctx)
{
    RowFeed *feed = source->write->feed;
    return feed->next(feed, ctx, &source->key, &source->row, &source->pending);
}

static Status open_source(DuckSource *duck_source, Context *ctx, const bool *wanted)
{
    WriterSource *source = CONTAINER_OF(duck_source, WriterSource, source);
    (void)wanted;
    if (source->collector.segment.row_count > 0)
        return fail(ctx, STATUS_INTERNAL, "the rows of a segment were asked for twice");
    return STATUS_OK;
}

static Status next_row(DuckSource *duck_source, Context *ctx, const Value **ret_values)
{
    WriterSource *source = CONTAINER_OF(duck_source, WriterSource, source);
    const Table *table = source->write->table;
    *ret_values = NULL;
    if (source->collector.segment.row_count == source->write->row_count_max ||
        source->collector.segment.is_full)
        return STATUS_OK;
    if (!source->pending)
        TRY(take_row(source, ctx));
    if (!source->pending)
        return STATUS_OK;
    source->pending = false;
    SegmentCollector *collector = &source->collector;
    note_bytes(source);
    TRY(segment_collector_add(ctx, collector, source->key, &source->row));
    const StoredRow *row = &source->row;
    collector->values[table->column_count] = value_bigint((int64_t)row->seq);
    collector->values[table->column_count + 1] =
        row->gone ? VALUE_NULL : value_boolean(row->deleted);
    *ret_values = collector->values;
    return STATUS_OK;
}

static void close_source(DuckSource *duck_source)
{
    (void)duck_source;
}

static const DuckColumn *source_columns(Arena *arena, const Table *table)
{
    DuckColumn *columns = ARENA_ARRAY(arena, DuckColumn, table->column_count + OWN_COLUMNS);
    for (uint32_t i = 0; i < table->column_count; i++)
        columns[i] = (DuckColumn){table->columns[i].name, table->columns[i].type};
    columns[table->column_count] = (DuckColumn){STR("_seq"), TYPE(BIGINT)};
    columns[table->column_count + 1] = (DuckColumn){STR("_deleted"), TYPE(BOOLEAN)};
    return columns;
}

static WriterSource *source_new(const SegmentWrite *write, SegmentDraft *draft)
{
    const Table *table = write->table;
    WriterSource *source = NEW(WriterSource);
    source->source = (DuckSource){
        .columns = source_columns(&draft->arena, table),
        .column_count = table->column_count + OWN_COLUMNS,
        .estimated_rows = ROW_GROUP_ROWS,
        .open = open_source,
        .next = next_row,
        .close = close_source,
    };
    source->write = write;
    source->draft = draft;
    source->group_bytes_max = cold_group_bytes_max(write->tier);
    segment_collector_init(&source->collector, table);
    return source;
}

static void source_free(WriterSource *source)
{
    if (!source)
        return;
    segment_collector_done(&source->collector);
    free(source);
}
DEFINE_CLEANUP(WriterSource, source_free)

/* ---- the statement ---- */

static void write_field_ids(Buf *sql, const Table *table)
{
    BUF_LIT(sql, "FIELD_IDS {");
    for (uint32_t i = 0; i < table->column_count; i++) {
        sql_text(sql, table->columns[i].name);
        buf_printf(sql, ": %u, ", table->columns[i].id);
    }
    buf_printf(sql, "'_seq': %d, '_deleted': %d}", FIELD_ID_SEQ, FIELD_ID_DELETED);
}

/* No zero bytes, which end a statement. */
static void sql_owner(Buf *sql, Owner owner)
{
    CLEANUP(buf_done) Buf text = {0};
    for (size_t i = 0; i < owner.user_id.len; i++)
        if (owner.user_id.ptr[i] != '\0')
            buf_byte(&text, owner.user_id.ptr[i]);
    sql_text(sql, buf_str(&text));
}

/* For people who find the file. */
static void write_metadata(Buf *sql, const SegmentWrite *write)
{
    buf_printf(sql, "KV_METADATA {'kalamdb.table_id': '%u', 'kalamdb.table': ", write->table->id);
    sql_text(sql, write->table->full_name);
    if (write->owner.user_id.len) {
        BUF_LIT(sql, ", 'kalamdb.owner': ");
        sql_owner(sql, write->owner);
    }
    buf_printf(sql,
               ", 'kalamdb.schema_version': '%u', 'kalamdb.snapshot_seq': '%llu'}",
               write->table->version,
               (unsigned long long)write->snapshot_seq);
}

static Status copy_rows(Context *ctx, const SegmentWrite *write, WriterSource *source, Str path)
{
    CLEANUP(buf_done) Buf sql = {0};
    uint64_t rows;
    BUF_LIT(&sql, "COPY (SELECT * FROM kalam_source(0)) TO ");
    sql_text(&sql, path);
    buf_printf(&sql,
               " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL %d, ROW_GROUP_SIZE %llu, "
               "USE_TMP_FILE false, WRITE_BLOOM_FILTER false, ",
               COMPRESSION_LEVEL,
               (unsigned long long)source->group_rows);
    write_field_ids(&sql, write->table);
    BUF_LIT(&sql, ", ");
    write_metadata(&sql, write);
    BUF_LIT(&sql, ")");
    DuckSource *sources[] = {&source->source};
    DuckStatement statement = {.sql = buf_str(&sql), .sources = sources, .source_count = 1};
    TRY(duck_execute(ctx, write->tier->duck, &statement, &rows));
    uint64_t expected = source->collector.segment.row_count;
    if (rows != expected)
        return fail(ctx,
                    STATUS_INTERNAL,
                    "a segment of %llu rows was written with %llu",
                    (unsigned long long)expected,
                    (unsigned long long)rows);
    return STATUS_OK;
}

/* ---- the file ---- */

/* Half of what may be, if the others are as wide as the first one. */
static uint64_t choose_group_rows(const WriterSource *source)
{
    uint64_t rows = source->group_bytes_max / 2 / row_bytes(source);
    rows -= rows % ROW_GROUP_STEP;
    return rows < ROW_GROUP_STEP ? ROW_GROUP_STEP : rows > ROW_GROUP_ROWS ? ROW_GROUP_ROWS : rows;
}

static Status file_size(Context *ctx, Str path, uint64_t *ret_size)
{
    struct stat status;
    if (stat(path.ptr, &status) != 0)
        return fail(ctx, STATUS_IO_ERROR, "the draft of a segment has vanished");
    *ret_size = (uint64_t)status.st_size;
    return STATUS_OK;
}

static Status fill_draft(Context *ctx, const SegmentWrite *write, WriterSource *source, Str path)
{
    SegmentDraft *draft = source->draft;
    int64_t file_ms = draft->segment.file_ms;
    TRY(copy_rows(ctx, write, source, path));
    segment_collector_finish(&source->collector, draft);
    draft->segment.file_ms = file_ms;
    return file_size(ctx, path, &draft->segment.size_bytes);
}

static Status write_file(Context *ctx, const SegmentWrite *write, WriterSource *source)
{
    SegmentDraft *draft = source->draft;
    Str path;
    draft->segment.file_ms = cold_next_file_ms(write->tier, write->manifest->last_file_ms);
    draft->file_name = segment_object_name(&draft->arena, write->manifest, draft->segment.file_ms);
    TRY(object_store_draft(ctx, write->store, draft->file_name, &path));
    Status status = fill_draft(ctx, write, source, path);
    if (status == STATUS_OK)
        status = fault_point(ctx, "segment.before_put");
    if (status != STATUS_OK) {
        unlink(path.ptr);
        return status;
    }
    return object_store_put(
        ctx, write->store, &(ObjectPut){.name = draft->file_name, .draft = path});
}

Status
segment_write(Context *ctx, const SegmentWrite *write, SegmentDraft *ret_draft, bool *ret_written)
{
    CLEANUP(source_free) WriterSource *source = source_new(write, ret_draft);
    TRY(take_row(source, ctx));
    *ret_written = source->pending;
    if (!source->pending)
        return STATUS_OK;
    source->group_rows = choose_group_rows(source);
    return write_file(ctx, write, source);
}
