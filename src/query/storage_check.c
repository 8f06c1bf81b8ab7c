/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STORAGE CHECK id [EXTENDED]: one row that says what works (sql.md 4.4).
 */
#include "base/clock.h"
#include "query/listing.h"
#include "query/work.h"

typedef struct StorageCheckWork {
    Work work;
    const AstStorage *ast;
    Listing listing;
} StorageCheckWork;

enum {
    STORAGE_ID,
    CHECK_STATUS,
    READABLE,
    WRITABLE,
    LISTABLE,
    DELETABLE,
    LATENCY_MS,
    TOTAL_BYTES,
    USED_BYTES,
    CHECK_ERROR,
    TESTED_AT,
    CHECK_COLUMN_COUNT
};

#define COLUMN(name_, kind_)                                                                       \
    {                                                                                              \
        .name = STR_INIT(name_), .type = {.kind = TYPE_##kind_ }                                   \
    }

static const ResultColumn CHECK_COLUMNS[CHECK_COLUMN_COUNT] = {
    [STORAGE_ID] = COLUMN("storage_id", TEXT),
    [CHECK_STATUS] = COLUMN("status", TEXT),
    [READABLE] = COLUMN("readable", BOOLEAN),
    [WRITABLE] = COLUMN("writable", BOOLEAN),
    [LISTABLE] = COLUMN("listable", BOOLEAN),
    [DELETABLE] = COLUMN("deletable", BOOLEAN),
    [LATENCY_MS] = COLUMN("latency_ms", BIGINT),
    [TOTAL_BYTES] = COLUMN("total_bytes", BIGINT),
    [USED_BYTES] = COLUMN("used_bytes", BIGINT),
    [CHECK_ERROR] = COLUMN("error", TEXT),
    [TESTED_AT] = COLUMN("tested_at", TIMESTAMP),
};

static Str status_word(const StorageCheck *check)
{
    if (check->readable && check->writable && check->listable && check->deletable)
        return STR("healthy");
    if (check->readable || check->writable || check->listable || check->deletable)
        return STR("degraded");
    return STR("unreachable");
}

static void add_row(QueryRun *run, StorageCheckWork *work, const StorageCheck *check)
{
    Value *row = listing_add(run, &work->listing);
    row[STORAGE_ID] = value_text(work->ast->id.text);
    row[CHECK_STATUS] = value_text(status_word(check));
    row[READABLE] = value_boolean(check->readable);
    row[WRITABLE] = value_boolean(check->writable);
    row[LISTABLE] = value_boolean(check->listable);
    row[DELETABLE] = value_boolean(check->deletable);
    row[LATENCY_MS] = value_integer(TYPE_BIGINT, check->latency_ms);
    if (check->has_capacity) {
        row[TOTAL_BYTES] = value_integer(TYPE_BIGINT, (int64_t)check->total_bytes);
        row[USED_BYTES] = value_integer(TYPE_BIGINT, (int64_t)check->used_bytes);
    }
    if (check->error.len)
        row[CHECK_ERROR] = value_text(check->error);
    row[TESTED_AT] = value_integer(TYPE_TIMESTAMP, clock_wall_us() / 1000 * 1000);
}

static Status prepare_check(QueryRun *run, Work *base)
{
    StorageCheckWork *work = CONTAINER_OF(base, StorageCheckWork, work);
    Str id = work->ast->id.text;
    StorageCheck check;
    CLEANUP(object_store_unref) ObjectStore *store = NULL;
    const Storage *storage = catalog_storage(run->snapshot->catalog, id);
    if (!storage)
        return fail(&run->ctx, STATUS_NOT_FOUND, "Storage '%.*s' not found", STR_ARG(id));
    TRY(run_require_worker(run));
    TRY(object_stores_get(&run->ctx, run->engine->objects, storage, &store));
    object_store_check(&run->ctx, store, work->ast->extended, &check);
    TRY(context_check(&run->ctx));
    add_row(run, work, &check);
    return STATUS_OK;
}

static Status emit_check(QueryRun *run, Work *base, bool *ret_done)
{
    return listing_emit(run, &CONTAINER_OF(base, StorageCheckWork, work)->listing, ret_done);
}

Work *storage_check_work(QueryRun *run, const AstStorage *ast)
{
    StorageCheckWork *work = ARENA_NEW(&run->ctx.arena, StorageCheckWork);
    work->work = (Work){.prepare = prepare_check, .emit = emit_check};
    work->ast = ast;
    work->listing = (Listing){.columns = CHECK_COLUMNS, .column_count = CHECK_COLUMN_COUNT};
    return &work->work;
}
