/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For each distinct retention shorter than the longest, in ascending order, the
 * records that have passed that age since the last time are looked at once:
 *
 *   - the entries of log_by_owner of tables that want no more than this go, and
 *     the mark of each such table rises;
 *   - the record goes when no table in it wants more.
 *
 * A reader of a table checks the table's mark after reading, like the low-water
 * mark.  The marks in memory rise first; in the store they change in the batch
 * that removes, so a crash loses both or none.  Removal is by plain deletes,
 * which snapshots do not see: nobody reads half a table's log.
 */
#include "commit/change_log_thin.h"

#include "base/clock.h"
#include "base/memory.h"
#include "commit/meta.h"
#include "commit/sequencer_parts.h"

enum { BATCH_OPERATIONS = 10000 };

typedef struct Thinning {
    Context *ctx;
    Sequencer *sequencer;
    const Catalog *catalog;
    int64_t server_keep_ms; /* INT64_MAX = for ever */
    int64_t keep_ms;        /* of this pass */
    StoreBatch *batch;
    Buf key;
} Thinning;

static int64_t or_for_ever(int64_t keep_ms)
{
    return keep_ms == LOG_KEEP_FOREVER_MS ? INT64_MAX : keep_ms;
}

/* Dropped tables, and the catalog itself, are kept as the server says. */
static int64_t keep_of(const Table *table, int64_t server_keep_ms)
{
    int64_t own_ms = table ? table_change_log_keep_ms(table) : 0;
    return own_ms ? own_ms : server_keep_ms;
}

int64_t change_log_longest_keep_ms(const Catalog *catalog, int64_t server_keep_ms)
{
    int64_t longest_ms = or_for_ever(server_keep_ms);
    const Table *table;
    for (size_t at = 0; (table = map_next(&catalog->tables, &at));) {
        int64_t keep_ms = keep_of(table, longest_ms);
        longest_ms = keep_ms > longest_ms ? keep_ms : longest_ms;
    }
    return longest_ms == INT64_MAX ? LOG_KEEP_FOREVER_MS : longest_ms;
}

/* ---- one record ---- */

/* Removes the table's part of the record.  Tells whether the table still wants it. */
static bool thin_scope(Thinning *thinning, const CommitRecord *record, const CommitScope *scope)
{
    const Table *table = catalog_table_by_id(thinning->catalog, scope->table_id);
    LogMarks *marks = &thinning->sequencer->log_marks;
    if (keep_of(table, thinning->server_keep_ms) > thinning->keep_ms)
        return true;
    log_marks_raise(marks, scope->table_id, record->seq);
    buf_clear(&thinning->key);
    log_by_owner_key_append(&thinning->key, scope->table_id, scope->owner, record->seq);
    store_batch_delete(thinning->batch, FAMILY_LOG_BY_OWNER, buf_str(&thinning->key));
    return false;
}

/* What no table has a part in (evictions, manifests, jobs) is kept as the server says. */
static bool thin_upkeep(Thinning *thinning, const CommitRecord *record)
{
    if (thinning->server_keep_ms > thinning->keep_ms)
        return true;
    log_marks_raise(&thinning->sequencer->log_marks, 0, record->seq);
    return false;
}

static Status thin_record(Thinning *thinning, Str key, Str bytes)
{
    CLEANUP(commit_record_unref) CommitRecord *record = NULL;
    TRY(commit_record_decode(thinning->ctx, bytes, &record));
    bool wanted = record->scope_count == 0 && thin_upkeep(thinning, record);
    for (uint32_t i = 0; i < record->scope_count; i++)
        wanted |= thin_scope(thinning, record, &record->scopes[i]);
    if (!wanted)
        store_batch_delete(thinning->batch, FAMILY_LOG, key);
    return STATUS_OK;
}

static Status write_batch(Thinning *thinning)
{
    Sequencer *sequencer = thinning->sequencer;
    if (store_batch_count(thinning->batch) == 0)
        return STATUS_OK;
    log_marks_put(&sequencer->log_marks, atomic_load(&sequencer->log_low_water), thinning->batch);
    TRY(store_write(thinning->ctx, sequencer->store, thinning->batch));
    store_batch_clear(thinning->batch);
    return STATUS_OK;
}

/* ---- one pass: the records in (after, until) ---- */

static Status thin_span(Thinning *thinning, SeqNo after, SeqNo until)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    log_key_append(&lower, after + 1);
    log_key_append(&upper, until);
    CLEANUP(store_scan_close)
    StoreScan *scan = store_scan_open(thinning->sequencer->store,
                                      &(StoreScanOptions){.read = {.family = FAMILY_LOG},
                                                          .lower = buf_str(&lower),
                                                          .upper = buf_str(&upper)});
    while (store_scan_next(scan)) {
        TRY(thin_record(thinning, scan->key, scan->value));
        if (store_batch_count(thinning->batch) >= BATCH_OPERATIONS)
            TRY(write_batch(thinning));
    }
    TRY(store_scan_status(thinning->ctx, scan));
    return write_batch(thinning);
}

static Status thin_pass(Thinning *thinning, ThinCursor *cursor, SeqNo newest)
{
    SeqNo low_water = atomic_load(&thinning->sequencer->log_low_water);
    SeqNo after = cursor->until > low_water ? cursor->until : low_water;
    SeqNo until = snowflake_from_ms(clock_wall_us() / 1000 - cursor->keep_ms);
    until = until < newest ? until : newest;
    if (until <= after + 1)
        return STATUS_OK;
    thinning->keep_ms = cursor->keep_ms;
    TRY(thin_span(thinning, after, until));
    cursor->until = until - 1;
    return STATUS_OK;
}

/* ---- the lengths of retention ---- */

static bool has_cursor(const ThinCursors *cursors, int64_t keep_ms)
{
    for (size_t i = 0; i < cursors->count; i++) {
        if (cursors->items[i].keep_ms == keep_ms)
            return true;
    }
    return false;
}

static SeqNo known_until(const ThinCursors *cursors, int64_t keep_ms)
{
    for (size_t i = 0; i < cursors->count; i++) {
        if (cursors->items[i].keep_ms == keep_ms)
            return cursors->items[i].until;
    }
    return 0;
}

static int by_keep(const void *a, const void *b)
{
    int64_t first = ((const ThinCursor *)a)->keep_ms;
    int64_t second = ((const ThinCursor *)b)->keep_ms;
    return first < second ? -1 : first > second;
}

static void add_length(ThinCursors *lengths, const ThinCursors *known, int64_t keep_ms)
{
    if (has_cursor(lengths, keep_ms))
        return;
    lengths->items = mem_realloc(lengths->items, (lengths->count + 1) * sizeof(*lengths->items));
    lengths->items[lengths->count++] = (ThinCursor){keep_ms, known_until(known, keep_ms)};
}

/* Those that tables have today, without the longest; old ones keep their place. */
static void refresh_cursors(ThinCursors *cursors, const Catalog *catalog, int64_t server_keep_ms)
{
    ThinCursors lengths = {0};
    const Table *table;
    add_length(&lengths, cursors, server_keep_ms);
    for (size_t at = 0; (table = map_next(&catalog->tables, &at));)
        add_length(&lengths, cursors, keep_of(table, server_keep_ms));
    qsort(lengths.items, lengths.count, sizeof(*lengths.items), by_keep);
    lengths.count--;
    free(cursors->items);
    *cursors = lengths;
}

Status change_log_thin(Context *ctx,
                       Sequencer *sequencer,
                       const Snapshot *snapshot,
                       int64_t server_keep_ms)
{
    ThinCursors *cursors = &sequencer->thin_cursors;
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    Thinning thinning = {
        .ctx = ctx,
        .sequencer = sequencer,
        .catalog = snapshot->catalog,
        .server_keep_ms = or_for_ever(server_keep_ms),
        .batch = batch,
    };
    refresh_cursors(cursors, snapshot->catalog, thinning.server_keep_ms);
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < cursors->count; i++)
        status = thin_pass(&thinning, &cursors->items[i], snapshot->seq);
    buf_done(&thinning.key);
    return status;
}
