/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live_load.h"

#include "base/clock.h"
#include "base/memory.h"
#include "expr/predicate.h"
#include "live/live_net.h"
#include "table/cold_rows.h"
#include "table/scan.h"
#include "value/key.h"

enum { WINDOW_MAX = 50000, BATCH_BYTES_MAX = 1 << 20 };

/* One row (or delete) to come, in ascending seq. */
typedef struct Entry {
    SeqNo seq;
    bool cold; /* it comes from a segment */
    Str key;
    const LiveNetEntry *removed; /* a delete of a resumed load, else NULL */
} Entry;

/* The entries after some sequence number: all of them, or the first (last) `keep`. */
typedef struct Window {
    Arena arena; /* keys, net entries */
    Entry *items;
    size_t count;
    size_t capacity;
    size_t next;
    bool complete; /* nothing comes after the last item */
} Window;

struct LiveLoad {
    LiveLoadOptions options;
    Arena arena;
    Window window;
    bool window_filled;
    LiveFrames frames;
    Buf rows;    /* of the batch being made */
    SeqNo after; /* everything up to here was sent */
    SeqNo last_seq;
    uint32_t batch_num;
    uint64_t row_count;
    bool ready;
};

static void window_done(Window *window)
{
    arena_done(&window->arena);
    free(window->items);
    *window = (Window){0};
}

LiveLoad *live_load_new(const LiveLoadOptions *options)
{
    LiveLoad *load = NEW(LiveLoad);
    load->options = *options;
    live_query_ref(options->query);
    snapshot_ref(options->snapshot);
    load->options.subscription_id = arena_str(&load->arena, options->subscription_id);
    load->after = options->mode == LIVE_LOAD_RESUME ? options->from : 0;
    load->last_seq = load->after;
    return load;
}

void live_load_free(LiveLoad *load)
{
    if (!load)
        return;
    window_done(&load->window);
    live_frames_done(&load->frames);
    buf_done(&load->rows);
    live_query_unref(load->options.query);
    snapshot_unref(load->options.snapshot);
    arena_done(&load->arena);
    free(load);
}

LiveFrames *live_load_frames(LiveLoad *load)
{
    return &load->frames;
}

bool live_load_is_ready(const LiveLoad *load)
{
    return load->ready;
}

SeqNo live_load_seq(const LiveLoad *load)
{
    return load->options.snapshot->seq;
}

SeqNo live_load_last_seq(const LiveLoad *load)
{
    return load->last_seq;
}

void live_load_rest(LiveLoad *load)
{
    if (load->options.mode == LIVE_LOAD_LAST)
        return; /* one small batch */
    window_done(&load->window);
    load->window_filled = false;
}

uint64_t live_load_row_count(const LiveLoad *load)
{
    return load->row_count;
}

void live_load_rewind(LiveLoad *load, SeqNo after)
{
    load->after = load->last_seq = after;
    load->window_filled = false;
}

/* ---- filling the window ---- */

static int by_seq(const void *a, const void *b)
{
    SeqNo first = ((const Entry *)a)->seq;
    SeqNo second = ((const Entry *)b)->seq;
    return first < second ? -1 : first > second;
}

/* Keeps the `keep` smallest entries (largest for the newest rows), in fresh memory. */
static void window_trim(Window *window, size_t keep, bool newest)
{
    if (window->count == 0)
        return;
    qsort(window->items, window->count, sizeof(*window->items), by_seq);
    if (window->count <= keep)
        return;
    Arena kept = {0};
    const Entry *first = newest ? window->items + window->count - keep : window->items;
    memmove(window->items, first, keep * sizeof(*window->items));
    for (size_t i = 0; i < keep; i++)
        window->items[i].key = arena_str(&kept, window->items[i].key);
    window->count = keep;
    window->complete = newest;
    arena_done(&window->arena);
    window->arena = kept;
}

static void window_add(Window *window, Entry entry)
{
    if (window->count == window->capacity) {
        window->capacity = window->capacity ? window->capacity * 2 : 64;
        window->items = mem_realloc(window->items, window->capacity * sizeof(*window->items));
    }
    entry.key = arena_str(&window->arena, entry.key);
    window->items[window->count++] = entry;
}

/* The keys to look at, when the condition pins the primary key; NULL = all. */
static const PredicatePin *key_pin(const Predicate *predicate, const Table *table)
{
    if (predicate->branch_count != 1 || table->primary_key < 0)
        return NULL;
    return predicate_pin(&predicate->branches[0], (uint32_t)table->primary_key);
}

typedef struct Collecting {
    Context *ctx;
    LiveLoad *load;
    size_t keep;
    bool newest;
} Collecting;

static Status collect(Collecting *collecting, const TableRow *row)
{
    LiveLoad *load = collecting->load;
    bool matches;
    if (row->seq <= load->after)
        return STATUS_OK;
    TRY(expr_test(collecting->ctx, load->options.query->condition, row->values, &matches));
    if (!matches)
        return STATUS_OK;
    window_add(&load->window, (Entry){.seq = row->seq, .cold = row->cold, .key = row->key});
    if (load->window.count >= 2 * collecting->keep + 64)
        window_trim(&load->window, collecting->keep, collecting->newest);
    return STATUS_OK;
}

static Status collect_scan(Collecting *collecting)
{
    Context *ctx = collecting->ctx;
    const LiveLoadOptions *options = &collecting->load->options;
    TableScanOptions scan_options = {
        .cold = options->cold,
        .snapshot = options->snapshot,
        .table = options->query->table,
        .owner = options->query->owner,
        .now_ms = clock_wall_us() / 1000,
    };
    CLEANUP(table_scan_close) TableScan *scan = table_scan_open(&scan_options);
    ArenaMark mark = arena_mark(&ctx->arena);
    for (TableRow row; table_scan_next(ctx, scan, &row);) {
        TRY(collect(collecting, &row));
        TRY(context_check(ctx));
        arena_rewind(&ctx->arena, mark);
    }
    return table_scan_status(ctx, scan);
}

static TableGet get_of(const LiveLoadOptions *options, Str key)
{
    return (TableGet){
        .cold = options->cold,
        .snapshot = options->snapshot,
        .table = options->query->table,
        .owner = options->query->owner,
        .key = key,
    };
}

static Status collect_keys(Collecting *collecting, const PredicatePin *pin)
{
    CLEANUP(buf_done) Buf key = {0};
    for (size_t i = 0; i < pin->count; i++) {
        TableRow row;
        bool found;
        buf_clear(&key);
        key_append(&key, &pin->values[i]);
        TableGet get = get_of(&collecting->load->options, buf_str(&key));
        TRY(table_get(collecting->ctx, &get, &row, &found));
        if (found)
            TRY(collect(collecting, &row));
    }
    return STATUS_OK;
}

static Status fill_from_rows(Context *ctx, LiveLoad *load)
{
    const LiveQuery *query = load->options.query;
    Predicate predicate = predicate_analyse(&ctx->arena, query->condition);
    const PredicatePin *pin = key_pin(&predicate, query->table);
    bool newest = load->options.mode == LIVE_LOAD_LAST;
    Collecting collecting = {
        .ctx = ctx,
        .load = load,
        .keep = newest ? load->options.last_rows : WINDOW_MAX,
        .newest = newest,
    };
    load->window.complete = true;
    if (predicate.never)
        return STATUS_OK;
    TRY(pin ? collect_keys(&collecting, pin) : collect_scan(&collecting));
    window_trim(&load->window, collecting.keep, newest);
    return STATUS_OK;
}

static Status fill_from_log(Context *ctx, LiveLoad *load)
{
    LiveNet net;
    Window *window = &load->window;
    const LiveLoadOptions *options = &load->options;
    LiveNetSpan span = {
        .sequencer = options->sequencer,
        .snapshot = options->snapshot,
        .query = options->query,
        .after = options->from,
    };
    TRY(live_net_compute(ctx, &window->arena, &span, &net));
    for (size_t i = 0; i < net.count; i++) {
        const LiveNetEntry *entry = net.entries[i];
        if (entry->seq > load->after)
            window_add(window,
                       (Entry){.seq = entry->seq,
                               .key = entry->key,
                               .removed = entry->is_in ? NULL : entry});
    }
    window->complete = true;
    return STATUS_OK;
}

static bool is_stream(const LiveLoad *load)
{
    return load->options.query->table->kind == TABLE_STREAM;
}

/* The whole snapshot replaces the client's set. */
static void start_over(LiveLoad *load)
{
    window_done(&load->window);
    load->options.mode = LIVE_LOAD_ALL;
    load->options.resync = true;
    load->after = load->last_seq = 0;
}

static Status fill_resumed(Context *ctx, LiveLoad *load)
{
    Status status = fill_from_log(ctx, load);
    if (status != STATUS_NOT_FOUND && status != STATUS_MEMORY_LIMIT)
        return status;
    context_clear_error(ctx);
    start_over(load);
    return fill_from_rows(ctx, load);
}

/*
 * Is X a number that was ever given?  A crash may lose acknowledged commits of
 * async tables and streams; a client that saw one of them holds rows that never
 * were, and its X lies beyond the log or between two commits.
 */
static Status knows_from(Context *ctx, const LiveLoad *load, bool *ret_known)
{
    const LiveLoadOptions *options = &load->options;
    *ret_known = options->from <= options->snapshot->seq;
    if (!*ret_known || options->from_time || options->from == 0 ||
        table_is_sync(options->query->table))
        return STATUS_OK;
    ChangeLogRange range = {.everything = true, .after = options->from - 1};
    CLEANUP(change_log_close)
    ChangeLogScan *scan = change_log_open(options->sequencer, options->snapshot, &range);
    CLEANUP(commit_record_unref) CommitRecord *record = change_log_next(ctx, scan);
    Status status = change_log_status(ctx, scan);
    if (status == STATUS_NOT_FOUND)
        *ret_known = false;
    else
        TRY(status);
    if (!record || record->first_seq > options->from)
        *ret_known = false;
    return STATUS_OK;
}

/* Before the first batch. */
static Status begin(Context *ctx, LiveLoad *load)
{
    bool known;
    LiveLoadOptions *options = &load->options;
    if (load->batch_num > 0 || options->mode != LIVE_LOAD_RESUME)
        return STATUS_OK;
    /* A time after the last commit: nothing changed since. */
    if (options->from_time && options->from > options->snapshot->seq)
        options->from = load->after = load->last_seq = options->snapshot->seq;
    TRY(knows_from(ctx, load, &known));
    if (!known)
        start_over(load);
    return STATUS_OK;
}

static Status fill_window(Context *ctx, LiveLoad *load)
{
    if (load->window_filled && (load->window.next < load->window.count || load->window.complete))
        return STATUS_OK;
    window_done(&load->window);
    load->window_filled = true;
    if (load->options.mode == LIVE_LOAD_RESUME)
        return fill_resumed(ctx, load);
    return fill_from_rows(ctx, load);
}

/* ---- one batch ---- */

static Status add_row(Context *ctx, LiveLoad *load, const TableRow *row)
{
    if (load->rows.len)
        buf_byte(&load->rows, ',');
    load->row_count++;
    return live_write_row(ctx, &load->rows, load->options.query, row->values);
}

static bool batch_is_full(const LiveLoad *load, uint32_t row_count)
{
    return row_count >= load->options.batch_size || load->rows.len >= BATCH_BYTES_MAX;
}

/* Files are read once for all rows of a batch that lie in them. */
static Status ask_cold(Context *ctx, const LiveLoad *load, ColdRows *ret_cold)
{
    const LiveLoadOptions *options = &load->options;
    const Window *window = &load->window;
    Str *keys = ARENA_ARRAY(&ctx->arena, Str, options->batch_size);
    size_t count = 0;
    for (size_t i = window->next; i < window->count && i - window->next < options->batch_size; i++)
        if (window->items[i].cold)
            keys[count++] = window->items[i].key;
    ColdRowsPlace place = {
        .tier = options->cold,
        .snapshot = options->snapshot,
        .table = options->query->table,
        .owner = options->query->owner,
    };
    return count > 0 ? cold_rows_ask(ctx, ret_cold, &place, keys, count) : STATUS_OK;
}

static Status cold_entry(
    Context *ctx, const LiveLoad *load, const ColdRow *cold, TableRow *ret_row, bool *ret_found)
{
    const Table *table = load->options.query->table;
    const StoredRow *stored = &cold->stored;
    Value *values = ARENA_ARRAY(&ctx->arena, Value, table_row_width(table));
    *ret_found = cold->found;
    *ret_row = (TableRow){.seq = stored->seq, .values = values};
    return cold->found
               ? table_decode_image(ctx, table, stored->row, stored->seq, stored->deleted, values)
               : STATUS_OK;
}

static Status add_entry(Context *ctx, LiveLoad *load, const Entry *entry, const ColdRows *answers)
{
    TableRow row;
    bool found;
    TableGet get = get_of(&load->options, entry->key);
    const ColdRow *cold = entry->cold ? cold_rows_get(answers, entry->key) : NULL;
    TRY(cold ? cold_entry(ctx, load, cold, &row, &found) : table_get(ctx, &get, &row, &found));
    if (!found || row.seq != entry->seq)
        return fail(ctx, STATUS_CORRUPT, "a row of the snapshot is gone");
    return add_row(ctx, load, &row);
}

/* Rows up to the next delete. */
static Status fill_batch_from_window(Context *ctx, LiveLoad *load, SeqNo *ret_last)
{
    Window *window = &load->window;
    uint32_t row_count = 0;
    CLEANUP(cold_rows_done) ColdRows cold = {0};
    TRY(ask_cold(ctx, load, &cold));
    ArenaMark mark = arena_mark(&ctx->arena);
    while (window->next < window->count && !batch_is_full(load, row_count)) {
        const Entry *entry = &window->items[window->next];
        if (entry->removed)
            break;
        TRY(add_entry(ctx, load, entry, &cold));
        *ret_last = entry->seq;
        window->next++;
        row_count++;
        arena_rewind(&ctx->arena, mark);
    }
    return STATUS_OK;
}

/* Events have no key to fetch them by; they already lie in the order of their sequence numbers. */
static Status fill_batch_from_stream(Context *ctx, LiveLoad *load, SeqNo *ret_last, bool *ret_more)
{
    const LiveLoadOptions *options = &load->options;
    TableScanOptions scan_options = {
        .snapshot = options->snapshot,
        .table = options->query->table,
        .owner = options->query->owner,
        .now_ms = clock_wall_us() / 1000,
    };
    CLEANUP(table_scan_close) TableScan *scan = table_scan_open(&scan_options);
    uint32_t row_count = 0;
    ArenaMark mark = arena_mark(&ctx->arena);
    *ret_more = false;
    for (TableRow row; !*ret_more && table_scan_next(ctx, scan, &row);) {
        bool matches = false;
        if (row.seq > load->after)
            TRY(expr_test(ctx, options->query->condition, row.values, &matches));
        *ret_more = matches && batch_is_full(load, row_count);
        if (matches && !*ret_more) {
            TRY(add_row(ctx, load, &row));
            *ret_last = row.seq;
            row_count++;
        }
        TRY(context_check(ctx));
        arena_rewind(&ctx->arena, mark);
    }
    return table_scan_status(ctx, scan);
}

/* For the newest events only: one pass to learn where they begin. */
static Status skip_to_newest(Context *ctx, LiveLoad *load)
{
    if (load->options.mode != LIVE_LOAD_LAST || load->window_filled)
        return STATUS_OK;
    TRY(fill_window(ctx, load));
    load->after = load->window.count ? load->window.items[0].seq - 1 : live_load_seq(load);
    return STATUS_OK;
}

/* Deletes that fall behind this batch go out at once, as change messages. */
static Status add_deletes(Context *ctx, LiveLoad *load)
{
    Window *window = &load->window;
    const LiveQuery *query = load->options.query;
    CLEANUP(live_delta_done) LiveDelta delta = {0};
    for (; window->next < window->count; window->next++) {
        const LiveNetEntry *removed = window->items[window->next].removed;
        if (!removed)
            break;
        Value *row = ARENA_ARRAY(&ctx->arena, Value, table_row_width(query->table));
        TRY(table_decode_image(
            ctx, query->table, removed->removed, removed->removed_seq, false, row));
        LiveEvent event = {
            .kind = LIVE_DELETE,
            .left = removed->left,
            .hard = removed->hard,
            .seq = removed->seq,
            .images = {.old_row = row},
        };
        TRY(live_delta_add(ctx, &delta, query, &event));
        load->after = removed->seq;
    }
    live_delta_commit(&delta, 0);
    for (size_t i = 0; i < delta.tail_count; i++)
        live_frames_add_tail(&load->frames, shared_ref(delta.tails[i]));
    return STATUS_OK;
}

static void add_ack(LiveLoad *load, LiveBatchControl control)
{
    const LiveLoadOptions *options = &load->options;
    CLEANUP(buf_done) Buf message = {0};
    if (options->mode == LIVE_LOAD_RESUME) {
        control.has_last_seq = true;
        control.last_seq = options->from;
    }
    live_write_ack(&message, options->subscription_id, options->query, &control, options->resync);
    live_frames_add_message(&load->frames, &message, options->gzip);
}

static void add_batch(LiveLoad *load, bool has_more, SeqNo last)
{
    CLEANUP(buf_done) Buf message = {0};
    LiveBatchControl control = {
        .batch_num = load->batch_num,
        .has_more = has_more,
        .last_seq = has_more ? last : live_load_seq(load),
    };
    control.has_last_seq = control.last_seq != 0;
    if (load->batch_num == 0)
        add_ack(load, control);
    live_write_batch(&message, load->options.subscription_id, buf_str(&load->rows), &control);
    live_frames_add_message(&load->frames, &message, load->options.gzip);
    load->last_seq = load->after = control.last_seq;
    load->batch_num++;
    load->ready = !has_more;
}

Status live_load_run(Context *ctx, LiveLoad *load)
{
    SeqNo last = load->last_seq;
    bool has_more = false;
    buf_clear(&load->rows);
    TRY(begin(ctx, load));
    if (is_stream(load)) {
        /* An event is its own log entry: what was missed after X are the events after X. */
        TRY(skip_to_newest(ctx, load));
        last = load->last_seq;
        TRY(fill_batch_from_stream(ctx, load, &last, &has_more));
    } else {
        TRY(fill_window(ctx, load));
        last = load->last_seq; /* a resync went back to the beginning */
        TRY(fill_batch_from_window(ctx, load, &last));
        has_more = load->window.next < load->window.count || !load->window.complete;
    }
    add_batch(load, has_more, last);
    return add_deletes(ctx, load);
}
