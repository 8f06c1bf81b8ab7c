/* SPDX-License-Identifier: Apache-2.0 */
#include "table_fixture.h"

#include "base/clock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

/* ---- time ---- */

static atomic_llong wall_ms = 1800000000000;

static int64_t test_wall_us(void *data)
{
    (void)data;
    return atomic_load(&wall_ms) * 1000;
}

static int64_t test_monotonic_us(void *data)
{
    (void)data;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void test_random(void *data, void *bytes, size_t size)
{
    (void)data;
    assert_int_equal(getrandom(bytes, size, 0), (ssize_t)size);
}

void fixture_set_time(int64_t ms)
{
    atomic_store(&wall_ms, ms);
}

int64_t fixture_time(void)
{
    return atomic_load(&wall_ms);
}

/* ---- life cycle ---- */

void fixture_init(Fixture *fixture)
{
    static const ClockSource CLOCK = {
        .wall_us = test_wall_us, .monotonic_us = test_monotonic_us, .random_bytes = test_random};
    clock_replace(&CLOCK);
    *fixture = (Fixture){.path = "/tmp/kalamdb-table-XXXXXX"};
    assert_non_null(mkdtemp(fixture->path));
    StoreOptions options = {.path = str_from_c(fixture->path), .write_buffer_bytes = 8 << 20};
    assert_int_equal(store_open(&fixture->ctx, &options, &fixture->store), STATUS_OK);
    SequencerOptions sequencer = {.store = fixture->store};
    assert_int_equal(sequencer_open(&fixture->ctx, &sequencer, &fixture->sequencer), STATUS_OK);
}

void fixture_done(Fixture *fixture)
{
    char command[128];
    sequencer_close(fixture->sequencer);
    store_close(fixture->store);
    context_done(&fixture->ctx);
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture->path);
    assert_int_equal(system(command), 0);
    clock_replace(NULL);
}

/* ---- tables ---- */

typedef struct TableOp {
    WriteOp op;
    const Table *definition;
    uint32_t id; /* created, or to be dropped */
} TableOp;

static Status execute_create(WriteOp *op, CommitBuilder *builder)
{
    TableOp *create = CONTAINER_OF(op, TableOp, op);
    CatalogEdit *edit =
        catalog_edit_begin(op->ctx, commit_catalog(builder), commit_time_ms(builder) * 1000);
    const Table *table;
    TRY(catalog_create_table(edit, create->definition, &table));
    create->id = table->id;
    commit_catalog_edit(builder, edit);
    return STATUS_OK;
}

const Table *fixture_table(Fixture *fixture, const char *name, TableKind kind, TableOptions options)
{
    bool stream = kind == TABLE_STREAM;
    Column columns[] = {
        {.name = STR("id"), .type = TYPE(BIGINT), .not_null = true, .primary_key = !stream},
        {.name = STR("body"), .type = TYPE(TEXT)},
    };
    Table definition = {
        .kind = kind,
        .namespace_name = STR("default"),
        .name = str_from_c(name),
        .column_count = 2,
        .columns = columns,
        .options = options,
        .created_by = STR("root"),
    };
    TableOp create = {.op = {.ctx = &fixture->ctx, .execute = execute_create},
                      .definition = &definition};
    assert_int_equal(sequencer_execute(fixture->sequencer, &create.op), STATUS_OK);
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture->sequencer));
    /* The sequencer's catalog keeps it until it is dropped. */
    return catalog_table_by_id(snapshot->catalog, create.id);
}

static Status execute_drop(WriteOp *op, CommitBuilder *builder)
{
    TableOp *drop = CONTAINER_OF(op, TableOp, op);
    CatalogEdit *edit =
        catalog_edit_begin(op->ctx, commit_catalog(builder), commit_time_ms(builder) * 1000);
    TRY(catalog_drop_table(edit, drop->id));
    commit_catalog_edit(builder, edit);
    return STATUS_OK;
}

void fixture_drop_table(Fixture *fixture, const Table *table)
{
    TableOp drop = {.op = {.ctx = &fixture->ctx, .execute = execute_drop}, .id = table->id};
    assert_int_equal(sequencer_execute(fixture->sequencer, &drop.op), STATUS_OK);
}

Owner fixture_owner(const Table *table, const char *user)
{
    return table_is_per_user(table) ? owner_of(str_from_c(user)) : OWNER_SHARED;
}

/* ---- writing ---- */

typedef struct RowOp {
    WriteOp op;
    const Table *table;
    const char *user;
    FixtureWrite run;
    void *data;
} RowOp;

static Status execute_row(WriteOp *op, CommitBuilder *builder)
{
    RowOp *row = CONTAINER_OF(op, RowOp, op);
    CommitTarget target = commit_target(builder);
    TRY(table_write_begin(op->ctx, builder, row->table));
    TableWrite write = {
        .ctx = op->ctx,
        .target = &target.target,
        .table = row->table,
        .owner = fixture_owner(row->table, row->user),
    };
    return row->run(&write, builder, row->data);
}

Status
fixture_write(Fixture *fixture, const Table *table, const char *user, FixtureWrite run, void *data)
{
    RowOp row = {
        .op = {.ctx = &fixture->ctx, .execute = execute_row},
        .table = table,
        .user = user,
        .run = run,
        .data = data,
    };
    return sequencer_execute(fixture->sequencer, &row.op);
}

typedef struct OneRow {
    RowImage image;
    SeqNo seq;
} OneRow;

static Status insert_one(TableWrite *write, CommitBuilder *builder, void *data)
{
    (void)builder;
    OneRow *row = data;
    return table_insert(write, &row->image, &row->seq);
}

static Status update_one(TableWrite *write, CommitBuilder *builder, void *data)
{
    (void)builder;
    OneRow *row = data;
    StoredRow old;
    bool found;
    TRY(table_find(write, row->image.key, &old, &found));
    return found ? table_update(write, row->image.key, &old, row->image.row) : STATUS_NOT_FOUND;
}

static Status delete_one(TableWrite *write, CommitBuilder *builder, void *data)
{
    (void)builder;
    OneRow *row = data;
    StoredRow old;
    bool found;
    TRY(table_find(write, row->image.key, &old, &found));
    return found ? table_delete(write, row->image.key, &old) : STATUS_NOT_FOUND;
}

static OneRow make_row(Fixture *fixture, const Table *table, int64_t id, const char *body)
{
    Value values[] = {value_bigint(id), body ? value_text(str_from_c(body)) : VALUE_NULL};
    OneRow row = {0};
    assert_int_equal(row_image_make(&fixture->ctx, table, values, &row.image), STATUS_OK);
    return row;
}

Status fixture_insert(Fixture *fixture,
                      const Table *table,
                      const char *user,
                      int64_t id,
                      const char *body,
                      SeqNo *ret_seq)
{
    OneRow row = make_row(fixture, table, id, body);
    TRY(fixture_write(fixture, table, user, insert_one, &row));
    if (ret_seq)
        *ret_seq = row.seq;
    return STATUS_OK;
}

Status
fixture_update(Fixture *fixture, const Table *table, const char *user, int64_t id, const char *body)
{
    OneRow row = make_row(fixture, table, id, body);
    return fixture_write(fixture, table, user, update_one, &row);
}

Status fixture_delete(Fixture *fixture, const Table *table, const char *user, int64_t id)
{
    OneRow row = make_row(fixture, table, id, NULL);
    return fixture_write(fixture, table, user, delete_one, &row);
}

Str fixture_key(Fixture *fixture, const Table *table, int64_t id)
{
    return make_row(fixture, table, id, NULL).image.key;
}

/* ---- reading ---- */

const char *
fixture_scan(Fixture *fixture, const Table *table, const char *user, TableScanOptions options)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_applied(sequencer_published(fixture->sequencer));
    CLEANUP(buf_done) Buf text = {0};
    options.snapshot = snapshot;
    options.table = table;
    options.owner = fixture_owner(table, user);
    options.now_ms = fixture_time();
    CLEANUP(table_scan_close) TableScan *scan = table_scan_open(&options);
    for (TableRow row; table_scan_next(&fixture->ctx, scan, &row);) {
        buf_printf(&text, "%s%lld=", text.len ? " " : "", (long long)row.values[0].integer);
        value_write_text(&text, &row.values[1]);
    }
    assert_int_equal(table_scan_status(&fixture->ctx, scan), STATUS_OK);
    return arena_str(&fixture->ctx.arena, buf_str(&text)).ptr;
}
