/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forward, a segment is one statement whose rows come in the order of the file,
 * which is key order.  Backward, it is one statement per so many rows, each
 * below the last key of the one before it: a sort of the whole file would have to
 * fit into memory.
 */
#include "cold/segment_reader.h"

#include "base/memory.h"
#include "cold/key_bound.h"
#include "cold/sql_text.h"
#include "value/key.h"

enum {
    KEYS_AS_PARAMETERS_MAX = 64,
};

/* The keys of a long list as a relation. */
typedef struct KeySource {
    DuckSource source;
    DuckColumn column;
    const Str *keys;
    size_t count;
    size_t at;
    Value value;
} KeySource;

struct SegmentReader {
    SegmentReaderOptions options;
    ColdScanOptions scan;
    const SeqSet *dead;
    Str path;
    Type key_type;
    Str key_name;
    RowLayout layout; /* the columns that are read, in the order of their ids */
    const Str *names; /* of them */
    uint32_t key_at;  /* among them */
    KeySource keys;
    DuckResult *result;
    uint64_t chunk_rows_max; /* of a backward statement */
    uint64_t chunk_rows;     /* so far */
    Buf key;
    Buf row;
    Arena arena; /* of the reader */
};

/* ---- keys as a relation ---- */

static Status open_keys(DuckSource *source, Context *ctx, const bool *wanted)
{
    (void)ctx;
    (void)wanted;
    CONTAINER_OF(source, KeySource, source)->at = 0;
    return STATUS_OK;
}

static Status next_key(DuckSource *source, Context *ctx, const Value **ret_values)
{
    KeySource *keys = CONTAINER_OF(source, KeySource, source);
    *ret_values = NULL;
    if (keys->at == keys->count)
        return STATUS_OK;
    Reader reader = reader_from(keys->keys[keys->at++]);
    TRY(key_read(ctx, &reader, keys->column.type, &keys->value));
    *ret_values = &keys->value;
    return STATUS_OK;
}

static void close_keys(DuckSource *source)
{
    (void)source;
}

static void key_source_init(KeySource *keys, const SegmentReader *reader)
{
    *keys = (KeySource){
        .source = {.columns = &keys->column,
                   .column_count = 1,
                   .estimated_rows = reader->options.key_count,
                   .open = open_keys,
                   .next = next_key,
                   .close = close_keys},
        .column = {.name = STR("key"), .type = reader->key_type},
        .keys = reader->options.keys,
        .count = reader->options.key_count,
    };
}

/* ---- the statement ---- */

static bool is_wanted(const SegmentReader *reader, uint32_t column_id)
{
    const Table *table = reader->options.view->table;
    const bool *wanted = reader->scan.wanted_columns;
    for (uint32_t i = 0; i < table->column_count; i++)
        if (table->columns[i].id == column_id)
            return !wanted || wanted[i] || (int)i == table->primary_key;
    return false; /* dropped since */
}

static void choose_columns(SegmentReader *reader, const Table *table)
{
    RowColumn *columns = ARENA_ARRAY(&reader->arena, RowColumn, table->layout.count);
    Str *names = ARENA_ARRAY(&reader->arena, Str, table->layout.count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->layout.count; i++) {
        const Column *column = &table->columns[table->layout_order[i]];
        if (!is_wanted(reader, column->id))
            continue;
        if (column->primary_key) {
            reader->key_at = count;
            reader->key_type = column->type;
            reader->key_name = column->name;
        }
        columns[count] = table->layout.columns[i];
        names[count++] = column->name;
    }
    reader->layout = (RowLayout){.count = count, .columns = columns};
    reader->names = names;
}

/* WHERE and AND between conditions. */
static void condition_begin(Buf *sql, bool *any)
{
    buf_str_append(sql, *any ? STR(" AND ") : STR(" WHERE "));
    *any = true;
}

static void write_bound(Buf *sql,
                        SqlParameters *parameters,
                        const SegmentReader *reader,
                        const KeyBound *bound,
                        Str comparison)
{
    sql_identifier(sql, reader->key_name);
    buf_printf(sql, " %.*s%s ", STR_ARG(comparison), bound->inclusive ? "=" : "");
    sql_parameter(sql, parameters, reader->key_type, &bound->value);
}

static Status
write_key_list(Context *ctx, Buf *sql, SqlParameters *parameters, SegmentReader *reader)
{
    const SegmentReaderOptions *options = &reader->options;
    sql_identifier(sql, reader->key_name);
    BUF_LIT(sql, " IN (");
    if (options->key_count > KEYS_AS_PARAMETERS_MAX) {
        key_source_init(&reader->keys, reader);
        BUF_LIT(sql, "SELECT key FROM kalam_source(0))");
        return STATUS_OK;
    }
    for (size_t i = 0; i < options->key_count; i++) {
        Value value;
        Reader bytes = reader_from(options->keys[i]);
        TRY(key_read(ctx, &bytes, reader->key_type, &value));
        if (i > 0)
            BUF_LIT(sql, ", ");
        sql_parameter(sql, parameters, reader->key_type, &value);
    }
    BUF_LIT(sql, ")");
    return STATUS_OK;
}

static Status
write_conditions(Context *ctx, Buf *sql, SqlParameters *parameters, SegmentReader *reader)
{
    const ColdScanOptions *scan = &reader->scan;
    KeyBound lower = key_bound_lower(ctx, reader->key_type, scan->key_lower);
    KeyBound upper = key_bound_upper(ctx, reader->key_type, scan->key_upper);
    bool any = false;
    if (lower.known) {
        condition_begin(sql, &any);
        write_bound(sql, parameters, reader, &lower, STR(">"));
    }
    if (upper.known) {
        condition_begin(sql, &any);
        write_bound(sql, parameters, reader, &upper, STR("<"));
    }
    if (scan->after_seq) {
        condition_begin(sql, &any);
        buf_printf(sql, "_seq > %llu", (unsigned long long)scan->after_seq);
    }
    if (reader->options.key_count == 0)
        return STATUS_OK;
    condition_begin(sql, &any);
    return write_key_list(ctx, sql, parameters, reader);
}

static void write_select(Buf *sql, const SegmentReader *reader)
{
    BUF_LIT(sql, "SELECT ");
    for (uint32_t i = 0; i < reader->layout.count; i++) {
        sql_identifier(sql, reader->names[i]);
        BUF_LIT(sql, ", ");
    }
    BUF_LIT(sql, "_seq, _deleted FROM read_parquet(");
    sql_text(sql, reader->path);
    BUF_LIT(sql, ", hive_partitioning = false)");
}

/* All rows of a chunk are in memory while they are sorted. */
static uint64_t choose_chunk_rows(const SegmentReader *reader)
{
    const Segment *segment = reader->options.segment;
    uint64_t bytes = segment->raw_bytes ? segment->raw_bytes : segment->size_bytes;
    uint64_t width = segment->row_count ? bytes / segment->row_count : 0; /* 0 = not known */
    uint64_t rows = cold_group_bytes_max(reader->options.view->tier) / (width + 1);
    return rows < 1 ? 1 : rows > ROW_GROUP_ROWS ? ROW_GROUP_ROWS : rows;
}

/* Starts the statement, or the next one backward. */
static Status start(Context *ctx, SegmentReader *reader)
{
    CLEANUP(buf_done) Buf sql = {0};
    SqlParameters parameters = {0};
    write_select(&sql, reader);
    TRY(write_conditions(ctx, &sql, &parameters, reader));
    if (reader->scan.reverse) {
        BUF_LIT(&sql, " ORDER BY ");
        sql_identifier(&sql, reader->key_name);
        buf_printf(&sql, " DESC LIMIT %llu", (unsigned long long)reader->chunk_rows_max);
    }
    DuckSource *sources[] = {&reader->keys.source};
    DuckStatement statement = {
        .sql = buf_str(&sql),
        .parameters = parameters.values,
        .parameter_count = parameters.count,
        .sources = sources,
        .source_count = reader->keys.count > 0,
    };
    reader->chunk_rows = 0;
    return duck_query(ctx, reader->options.view->tier->duck, &statement, &reader->result);
}

/* The columns are those that the schema version has. */
static Status check_columns(Context *ctx, const SegmentReader *reader)
{
    const DuckColumn *columns = duck_result_columns(reader->result);
    for (uint32_t i = 0; i < reader->layout.count; i++)
        if (!type_equal(columns[i].type, reader->layout.columns[i].type))
            return fail(ctx,
                        STATUS_CORRUPT,
                        "column %.*s of cold segment %u of table %.*s has another type",
                        STR_ARG(reader->names[i]),
                        reader->options.segment->id,
                        STR_ARG(reader->options.view->table->full_name));
    return STATUS_OK;
}

Status
segment_reader_open(Context *ctx, const SegmentReaderOptions *options, SegmentReader **ret_reader)
{
    CLEANUP(segment_reader_close) SegmentReader *reader = NEW(SegmentReader);
    const Table *table;
    reader->options = *options;
    if (options->scan)
        reader->scan = *options->scan;
    TRY(cold_load_dead(ctx, options->view, &reader->dead));
    TRY(cold_segment_table(ctx, options->view, options->segment, &table));
    TRY(cold_segment_path(ctx, options->view, options->segment, &reader->path));
    choose_columns(reader, table);
    reader->chunk_rows_max = choose_chunk_rows(reader);
    TRY(start(ctx, reader));
    TRY(check_columns(ctx, reader));
    *ret_reader = TAKE(reader);
    return STATUS_OK;
}

void segment_reader_close(SegmentReader *reader)
{
    if (!reader)
        return;
    duck_result_close(reader->result);
    buf_done(&reader->key);
    buf_done(&reader->row);
    arena_done(&reader->arena);
    free(reader);
}

/* ---- rows ---- */

static void make_row(SegmentReader *reader, const Value *values, StoredRow *ret_row)
{
    const Value *seq = &values[reader->layout.count];
    const Value *deleted = seq + 1;
    buf_clear(&reader->key);
    buf_clear(&reader->row);
    key_append(&reader->key, &values[reader->key_at]);
    *ret_row = (StoredRow){
        .seq = (SeqNo)seq->integer,
        .schema_version = reader->options.segment->schema_version,
        .deleted = value_is_null(deleted) || deleted->boolean,
        .gone = value_is_null(deleted),
    };
    if (!ret_row->gone)
        row_encode(&reader->row, &reader->layout, values);
    ret_row->row = buf_str(&reader->row);
}

static Status check_row(Context *ctx, const SegmentReader *reader, const Value *values)
{
    if (value_is_null(&values[reader->key_at]) || value_is_null(&values[reader->layout.count]))
        return fail(ctx,
                    STATUS_CORRUPT,
                    "cold segment %u of table %.*s has a row without key or _seq",
                    reader->options.segment->id,
                    STR_ARG(reader->options.view->table->full_name));
    return STATUS_OK;
}

static bool in_range(const ColdScanOptions *scan, Str key)
{
    return str_compare(key, scan->key_lower) >= 0 &&
           (scan->key_upper.len == 0 || str_compare(key, scan->key_upper) < 0);
}

/* Past the end of a backward chunk: the next one is below its last key. */
static Status next_chunk(Context *ctx, SegmentReader *reader, bool *ret_more)
{
    *ret_more = reader->scan.reverse && reader->chunk_rows == reader->chunk_rows_max;
    if (!*ret_more)
        return STATUS_OK;
    duck_result_close(TAKE(reader->result));
    reader->scan.key_upper = arena_str(&reader->arena, buf_str(&reader->key));
    return start(ctx, reader);
}

static Status next_values(Context *ctx, SegmentReader *reader, const Value **ret_values)
{
    for (bool more = true; more;) {
        TRY(duck_result_next(ctx, reader->result, ret_values));
        if (*ret_values)
            return check_row(ctx, reader, *ret_values);
        TRY(next_chunk(ctx, reader, &more));
    }
    return STATUS_OK;
}

Status segment_reader_next(
    Context *ctx, SegmentReader *reader, Str *ret_key, StoredRow *ret_row, bool *ret_more)
{
    for (;;) {
        const Value *values;
        TRY(next_values(ctx, reader, &values));
        *ret_more = values != NULL;
        if (!values)
            return STATUS_OK;
        reader->chunk_rows++;
        make_row(reader, values, ret_row);
        *ret_key = buf_str(&reader->key);
        bool is_dead = seq_set_has(reader->dead, ret_row->seq);
        if (is_dead && reader->options.dead)
            seq_set_append(reader->options.dead, ret_row->seq);
        if (!is_dead && in_range(&reader->scan, *ret_key) && ret_row->seq > reader->scan.after_seq)
            return STATUS_OK;
    }
}
