/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows that an owner has in the hot tier are those that the start found,
 * plus what each change since then added or took: a change says whether the
 * version that it replaces was a hot one.
 *
 * A flush takes the rows that it found at its begin off the count when it is
 * done.  Which of the writes during it were in time cannot be told, so each of
 * them counts as a row.
 *
 * The start's snapshot is taken before the first commit, so what the scan finds
 * and what the feed brings never overlap.
 */
#include "cold/pending_writes.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "commit/feed.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    QUEUE_BYTES_MAX = 64 << 20, /* of commits; a writer that finds more counts them */
    SCAN_STEP_ROWS = 4096,
    WAIT_MS = 20,
};

typedef struct OwnerCount {
    int64_t row_count; /* below zero while the scan has yet to find what was removed */
    int64_t flushing;  /* of them, those that a flush has taken over */
    int64_t since_ms;
    bool in_flush;
    Str user_id;
    char text[];
} OwnerCount;

typedef struct TableCount {
    uint32_t id;
    bool ignored; /* a stream */
    int64_t row_count;
    int64_t owner_rows_max;
    int64_t retry_at_ms;
    Map owners;
} TableCount;

typedef struct QueuedGroup {
    CommitGroup *group;
    size_t bytes;
    struct QueuedGroup *next;
} QueuedGroup;

struct PendingWrites {
    Store *store;
    Sequencer *sequencer;
    Snapshot *first; /* NULL once it was scanned */

    pthread_mutex_t queue_lock; /* guards what follows; held for an append or a look */
    pthread_cond_t filled;
    QueuedGroup *queue, **queue_end;
    size_t queued_bytes;
    bool awaited;
    bool woken;

    pthread_mutex_t lock; /* guards what follows */
    IdMap tables;
    bool complete; /* the scan is through */
};

/* ---- tables and owners ---- */

static TableCount *table_of(PendingWrites *pending, uint32_t table_id, const Catalog *catalog)
{
    TableCount *table = id_map_get(&pending->tables, table_id);
    if (table)
        return table;
    const Table *definition = catalog_table_by_id(catalog, table_id);
    table = NEW(TableCount);
    table->id = table_id;
    table->ignored = definition && definition->kind == TABLE_STREAM;
    id_map_put(&pending->tables, table_id, table);
    return table;
}

static OwnerCount *owner_of_table(TableCount *table, Owner owner)
{
    OwnerCount *count = map_get(&table->owners, owner.user_id);
    if (count)
        return count;
    count = mem_zalloc(sizeof(*count) + owner.user_id.len);
    if (owner.user_id.len)
        memcpy(count->text, owner.user_id.ptr, owner.user_id.len);
    count->user_id = str_from(count->text, owner.user_id.len);
    map_put(&table->owners, count->user_id, count);
    return count;
}

static void free_table(TableCount *table)
{
    size_t at = 0;
    for (OwnerCount *owner; (owner = map_next(&table->owners, &at));)
        free(owner);
    map_done(&table->owners);
    free(table);
}

static void add_rows(TableCount *table, Owner owner, int64_t rows, SeqNo seq)
{
    OwnerCount *count = owner_of_table(table, owner);
    int64_t ms = snowflake_to_ms(seq);
    if (count->row_count <= 0 || ms < count->since_ms)
        count->since_ms = ms;
    count->row_count += rows;
    table->row_count += rows;
    if (count->row_count > table->owner_rows_max)
        table->owner_rows_max = count->row_count;
}

/* ---- counting commits ---- */

/* How many hot rows more there are after it. */
static int64_t rows_added(const Change *change)
{
    if (change->kind == CHANGE_DELETE_HARD)
        return -1;
    bool replaces_hot = change->old_seq && change->old_seq != change->cold_seq;
    return replaces_hot ? 0 : 1;
}

static void forget_if_empty(PendingWrites *pending, TableCount *table, OwnerCount *owner)
{
    if (pending->complete && owner->row_count <= 0 && !owner->in_flush) {
        table->row_count -= owner->row_count;
        free(map_remove(&table->owners, owner->user_id));
    }
}

static void count_change(PendingWrites *pending, const Catalog *catalog, const Change *change)
{
    TableCount *table = table_of(pending, change->table_id, catalog);
    if (table->ignored)
        return;
    OwnerCount *owner = map_get(&table->owners, change->owner.user_id);
    int64_t rows = owner && owner->in_flush ? 1 : rows_added(change);
    if (rows)
        add_rows(table, change->owner, rows, change->seq);
    if (rows < 0)
        forget_if_empty(pending, table, map_get(&table->owners, change->owner.user_id));
}

static bool is_of_rows(ChangeKind kind)
{
    switch (kind) {
    case CHANGE_INSERT:
    case CHANGE_UPDATE:
    case CHANGE_DELETE:
    case CHANGE_DELETE_HARD:
    case CHANGE_DELETE_MARK:
        return true;
    default:
        return false;
    }
}

static void count_record(PendingWrites *pending, const Catalog *catalog, const CommitRecord *record)
{
    CommitChanges changes = commit_changes(record);
    for (Change change; commit_changes_next_seen(&changes, &change);)
        if (is_of_rows(change.kind))
            count_change(pending, catalog, &change);
}

static QueuedGroup *take_queue(PendingWrites *pending)
{
    pthread_mutex_lock(&pending->queue_lock);
    QueuedGroup *first = TAKE(pending->queue);
    pending->queue_end = &pending->queue;
    pending->queued_bytes = 0;
    pthread_mutex_unlock(&pending->queue_lock);
    return first;
}

/* Under the lock: commits are counted in their order, whoever counts. */
static void count_queue_locked(PendingWrites *pending)
{
    QueuedGroup *item = take_queue(pending);
    if (!item)
        return;
    CLEANUP(snapshot_unref)
    Snapshot *newest = published_applied(sequencer_published(pending->sequencer));
    while (item) {
        QueuedGroup *next = item->next;
        for (size_t i = 0; i < item->group->count; i++)
            count_record(pending, newest->catalog, item->group->records[i]);
        commit_group_unref(item->group);
        free(item);
        item = next;
    }
}

static void lock_counted(PendingWrites *pending)
{
    pthread_mutex_lock(&pending->lock);
    count_queue_locked(pending);
}

/* ---- the feed ---- */

/* On a thread of the sequencer. */
static void deliver(void *data, CommitGroup *group)
{
    PendingWrites *pending = data;
    QueuedGroup *item = NEW(QueuedGroup);
    item->group = group;
    for (size_t i = 0; i < group->count; i++)
        item->bytes += group->records[i]->bytes.len;

    pthread_mutex_lock(&pending->queue_lock);
    *pending->queue_end = item;
    pending->queue_end = &item->next;
    pending->queued_bytes += item->bytes;
    bool too_many = pending->queued_bytes > QUEUE_BYTES_MAX;
    if (pending->awaited)
        pthread_cond_signal(&pending->filled);
    pending->awaited = false;
    pthread_mutex_unlock(&pending->queue_lock);
    if (too_many) {
        lock_counted(pending);
        pthread_mutex_unlock(&pending->lock);
    }
}

bool pending_writes_await(PendingWrites *pending, int64_t timeout_ms)
{
    struct timespec until = clock_deadline(timeout_ms * 1000);
    int error = 0;
    pthread_mutex_lock(&pending->queue_lock);
    while (!pending->queue && !pending->woken && !error) {
        pending->awaited = true;
        error = pthread_cond_timedwait(&pending->filled, &pending->queue_lock, &until);
    }
    bool filled = pending->queue && !pending->woken;
    pending->awaited = false;
    pthread_mutex_unlock(&pending->queue_lock);
    return filled;
}

void pending_writes_wake(PendingWrites *pending)
{
    pthread_mutex_lock(&pending->queue_lock);
    pending->woken = true;
    pthread_cond_broadcast(&pending->filled);
    pthread_mutex_unlock(&pending->queue_lock);
}

/* ---- life ---- */

PendingWrites *pending_writes_new(Store *store, Sequencer *sequencer, unsigned consumer)
{
    PendingWrites *pending = NEW(PendingWrites);
    pending->store = store;
    pending->sequencer = sequencer;
    pending->first = published_applied(sequencer_published(sequencer));
    pending->queue_end = &pending->queue;
    pthread_mutex_init(&pending->queue_lock, NULL);
    pthread_mutex_init(&pending->lock, NULL);
    pthread_cond_init(&pending->filled, NULL);
    sequencer_add_consumer(sequencer, consumer, deliver, pending);
    for (uint32_t bucket = 0; bucket < TABLE_BUCKET_COUNT; bucket++)
        sequencer_interest_add(sequencer, consumer, bucket);
    return pending;
}

static void free_queue(QueuedGroup *item)
{
    while (item) {
        QueuedGroup *next = item->next;
        commit_group_unref(item->group);
        free(item);
        item = next;
    }
}

void pending_writes_stop(PendingWrites *pending)
{
    if (pending)
        snapshot_unref(TAKE(pending->first));
}

void pending_writes_free(PendingWrites *pending)
{
    if (!pending)
        return;
    free_queue(pending->queue);
    size_t at = 0;
    for (TableCount *table; (table = id_map_next(&pending->tables, &at));)
        free_table(table);
    id_map_done(&pending->tables);
    pthread_cond_destroy(&pending->filled);
    pthread_mutex_destroy(&pending->lock);
    pthread_mutex_destroy(&pending->queue_lock);
    free(pending);
}

/* ---- the scan ---- */

/* Rows of one owner lie together. */
typedef struct ScanRun {
    uint32_t table_id;
    Owner owner;
    int64_t row_count;
    SeqNo seq; /* the lowest */
} ScanRun;

static void add_run(PendingWrites *pending, const ScanRun *run)
{
    if (run->row_count == 0)
        return;
    lock_counted(pending);
    TableCount *table = table_of(pending, run->table_id, pending->first->catalog);
    if (!table->ignored)
        add_rows(table, run->owner, run->row_count, run->seq);
    pthread_mutex_unlock(&pending->lock);
}

static Status scan_row(Context *ctx, PendingWrites *pending, const StoreScan *scan, ScanRun *run)
{
    uint32_t table_id;
    Owner owner;
    Str key;
    StoredRow row;
    TRY(row_key_read(ctx, scan->key, &table_id, &owner, &key));
    TRY(stored_row_read(ctx, scan->value, &row));
    if (table_id != run->table_id || !str_equal(owner.user_id, run->owner.user_id)) {
        add_run(pending, run);
        *run = (ScanRun){.table_id = table_id, .owner = owner, .seq = row.seq};
    }
    run->row_count++;
    run->seq = row.seq < run->seq ? row.seq : run->seq;
    return STATUS_OK;
}

/* Gives the memory of keys back from time to time; the run's owner moves along. */
static void rewind_scan(Context *ctx, ArenaMark mark, ScanRun *run)
{
    CLEANUP(buf_done) Buf user_id = {0};
    buf_str_append(&user_id, run->owner.user_id);
    arena_rewind(&ctx->arena, mark);
    run->owner = owner_of(arena_str(&ctx->arena, buf_str(&user_id)));
}

static Status scan_rows(Context *ctx, PendingWrites *pending)
{
    StoreScanOptions options = {
        .read = {.snapshot = pending->first->at, .family = FAMILY_ROWS},
    };
    CLEANUP(store_scan_close) StoreScan *scan = store_scan_open(pending->store, &options);
    ScanRun run = {0};
    ArenaMark mark = arena_mark(&ctx->arena);
    for (size_t count = 1; store_scan_next(scan); count++) {
        TRY(scan_row(ctx, pending, scan, &run));
        if (count % SCAN_STEP_ROWS)
            continue;
        TRY(context_check(ctx));
        rewind_scan(ctx, mark, &run);
    }
    TRY(store_scan_status(ctx, scan));
    add_run(pending, &run);
    return STATUS_OK;
}

Status pending_writes_scan(Context *ctx, PendingWrites *pending)
{
    Status status = scan_rows(ctx, pending);
    snapshot_unref(TAKE(pending->first));
    pthread_mutex_lock(&pending->lock);
    pending->complete = true;
    pthread_mutex_unlock(&pending->lock);
    return status;
}

bool pending_writes_complete(PendingWrites *pending)
{
    pthread_mutex_lock(&pending->lock);
    bool complete = pending->complete;
    pthread_mutex_unlock(&pending->lock);
    return complete;
}

Status pending_writes_wait(Context *ctx, PendingWrites *pending)
{
    while (!pending_writes_complete(pending)) {
        TRY(context_check(ctx));
        nanosleep(&(struct timespec){.tv_nsec = WAIT_MS * 1000000L}, NULL);
    }
    return STATUS_OK;
}

/* ---- numbers ---- */

static uint64_t at_least_zero(int64_t count)
{
    return count > 0 ? (uint64_t)count : 0;
}

uint64_t pending_table_rows(PendingWrites *pending, uint32_t table_id)
{
    lock_counted(pending);
    const TableCount *table = id_map_get(&pending->tables, table_id);
    uint64_t count = table ? at_least_zero(table->row_count) : 0;
    pthread_mutex_unlock(&pending->lock);
    return count;
}

uint64_t pending_owner_rows(PendingWrites *pending, uint32_t table_id, Owner owner)
{
    lock_counted(pending);
    const TableCount *table = id_map_get(&pending->tables, table_id);
    const OwnerCount *count = table ? map_get(&table->owners, owner.user_id) : NULL;
    uint64_t rows = count ? at_least_zero(count->row_count) : 0;
    pthread_mutex_unlock(&pending->lock);
    return rows;
}

/* Any table may go while the map is walked, so the ids are listed first. */
static void forget_dropped(Arena *arena, PendingWrites *pending, const Catalog *catalog)
{
    size_t count = 0;
    uint32_t *dropped = ARENA_ARRAY(arena, uint32_t, pending->tables.count + 1);
    size_t at = 0;
    for (TableCount *table; (table = id_map_next(&pending->tables, &at));)
        if (!catalog_table_by_id(catalog, table->id))
            dropped[count++] = table->id;
    for (size_t i = 0; i < count; i++)
        free_table(id_map_remove(&pending->tables, dropped[i]));
}

PendingTables pending_tables(Arena *arena, PendingWrites *pending, const Catalog *catalog)
{
    PendingTables list = {0};
    lock_counted(pending);
    forget_dropped(arena, pending, catalog);
    list.items = ARENA_ARRAY(arena, PendingTable, pending->tables.count + 1);
    size_t at = 0;
    for (TableCount *table; (table = id_map_next(&pending->tables, &at));)
        if (table->row_count > 0)
            list.items[list.count++] = (PendingTable){
                .table_id = table->id,
                .row_count = (uint64_t)table->row_count,
                .owner_rows_max = at_least_zero(table->owner_rows_max),
                .retry_at_ms = table->retry_at_ms,
            };
    pthread_mutex_unlock(&pending->lock);
    return list;
}

static int by_user_id(const void *a, const void *b)
{
    const PendingOwner *left = a;
    const PendingOwner *right = b;
    return str_compare(left->owner.user_id, right->owner.user_id);
}

static void list_owners(Arena *arena, TableCount *table, uint64_t rows_min, PendingOwners *list)
{
    size_t at = 0;
    list->items = ARENA_ARRAY(arena, PendingOwner, table->owners.count + 1);
    table->owner_rows_max = 0;
    for (OwnerCount *owner; (owner = map_next(&table->owners, &at));) {
        if (owner->row_count > table->owner_rows_max)
            table->owner_rows_max = owner->row_count;
        if (owner->row_count <= 0 || (uint64_t)owner->row_count < rows_min)
            continue;
        list->items[list->count++] = (PendingOwner){
            .owner = owner_of(arena_str(arena, owner->user_id)),
            .row_count = (uint64_t)owner->row_count,
            .since_ms = owner->since_ms,
        };
    }
}

PendingOwners
pending_owners(Arena *arena, PendingWrites *pending, uint32_t table_id, uint64_t rows_min)
{
    PendingOwners list = {0};
    lock_counted(pending);
    TableCount *table = id_map_get(&pending->tables, table_id);
    if (table)
        list_owners(arena, table, rows_min, &list);
    pthread_mutex_unlock(&pending->lock);
    if (list.count > 1)
        qsort(list.items, list.count, sizeof(*list.items), by_user_id);
    return list;
}

/* ---- flushes ---- */

void pending_flush_begin(PendingWrites *pending, uint32_t table_id, Owner owner)
{
    lock_counted(pending);
    TableCount *table = id_map_get(&pending->tables, table_id);
    OwnerCount *count = table ? map_get(&table->owners, owner.user_id) : NULL;
    if (count) {
        count->in_flush = true;
        count->flushing = count->row_count;
    }
    pthread_mutex_unlock(&pending->lock);
}

static void end_flush(PendingWrites *pending, TableCount *table, OwnerCount *owner, bool done)
{
    owner->in_flush = false;
    if (done) {
        owner->row_count -= owner->flushing;
        table->row_count -= owner->flushing;
        owner->since_ms = clock_wall_us() / 1000;
    }
    forget_if_empty(pending, table, owner);
}

void pending_flush_end(PendingWrites *pending, uint32_t table_id, Owner owner, int64_t retry_ms)
{
    lock_counted(pending);
    TableCount *table = id_map_get(&pending->tables, table_id);
    OwnerCount *count = table ? map_get(&table->owners, owner.user_id) : NULL;
    if (table)
        table->retry_at_ms = retry_ms ? clock_monotonic_us() / 1000 + retry_ms : 0;
    if (count)
        end_flush(pending, table, count, retry_ms == 0);
    pthread_mutex_unlock(&pending->lock);
}
