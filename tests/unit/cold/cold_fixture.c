/* SPDX-License-Identifier: Apache-2.0 */
#include "cold_fixture.h"

#include "base/file.h"
#include "base/memory.h"
#include "value/key.h"

#include <stdatomic.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { COLUMN_ID, COLUMN_BODY };

/* ---- time ---- */

static atomic_llong offset_us;

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t test_wall_us(void *data)
{
    (void)data;
    return read_clock(CLOCK_REALTIME) + atomic_load(&offset_us);
}

static int64_t test_monotonic_us(void *data)
{
    (void)data;
    return read_clock(CLOCK_MONOTONIC);
}

static void test_random_bytes(void *data, void *bytes, size_t size)
{
    (void)data;
    assert_int_equal(getrandom(bytes, size, 0), (ssize_t)size);
}

void fixture_advance_ms(int64_t ms)
{
    atomic_fetch_add(&offset_us, ms * 1000);
}

/* ---- life cycle ---- */

static Str below(Fixture *fixture, const char *name)
{
    return arena_printf(&fixture->ctx.arena, "%s/%s", fixture->path, name);
}

static void open_all(Fixture *fixture)
{
    Context *ctx = &fixture->ctx;
    StoreOptions store = {.path = below(fixture, "rocksdb"), .write_buffer_bytes = 8 << 20};
    assert_int_equal(store_open(ctx, &store, &fixture->store), STATUS_OK);
    SequencerOptions sequencer = {.store = fixture->store, .async_interval_ms = 10};
    assert_int_equal(sequencer_open(ctx, &sequencer, &fixture->sequencer), STATUS_OK);
    ObjectStoresOptions objects = {
        .defaults = &fixture->defaults,
        .key = STR("secret"),
        .cache_directory = below(fixture, "cache"),
    };
    assert_int_equal(object_stores_open(ctx, &objects, &fixture->objects), STATUS_OK);
    ColdTierOptions tier = {
        .store = fixture->store,
        .duck = fixture->duck,
        .objects = fixture->objects,
        .defaults = &fixture->defaults,
    };
    fixture->tier = cold_tier_new(&tier);
}

static void close_all(Fixture *fixture)
{
    cold_tier_free(TAKE(fixture->tier));
    object_stores_close(TAKE(fixture->objects));
    sequencer_close(TAKE(fixture->sequencer));
    store_close(TAKE(fixture->store));
}

void fixture_init(Fixture *fixture)
{
    static const ClockSource CLOCK = {.wall_us = test_wall_us,
                                      .monotonic_us = test_monotonic_us,
                                      .random_bytes = test_random_bytes};
    clock_replace(&CLOCK);
    /* A directory that looks like a partition of the column `n`, which it must not become. */
    *fixture = (Fixture){.path = "/tmp/n=XXXXXX"};
    assert_non_null(mkdtemp(fixture->path));
    fixture->defaults = (StorageDefaults){
        .local_directory = below(fixture, "storage"),
        .shared_template = STR("{namespace}/{tableName}"),
        .user_template = STR("{namespace}/{tableName}/{userId}"),
    };
    fixture->duck = duck_engine_new(&(DuckOptions){0});
    duck_engine_allow(fixture->duck, str_from_c(fixture->path));
    open_all(fixture);
}

void fixture_done(Fixture *fixture)
{
    char command[128];
    close_all(fixture);
    duck_engine_free(TAKE(fixture->duck));
    context_done(&fixture->ctx);
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture->path);
    assert_int_equal(system(command), 0);
    clock_replace(NULL);
}

void fixture_reopen(Fixture *fixture)
{
    close_all(fixture);
    open_all(fixture);
}

static void run_in_directory(Fixture *fixture, const char *what)
{
    char command[256];
    snprintf(command, sizeof(command), "cd '%s' && %s", fixture->path, what);
    assert_int_equal(system(command), 0);
}

void fixture_copy_store(Fixture *fixture)
{
    close_all(fixture);
    run_in_directory(fixture, "cp -r rocksdb rocksdb.copy");
    open_all(fixture);
}

void fixture_restore_store(Fixture *fixture)
{
    close_all(fixture);
    run_in_directory(fixture, "rm -rf rocksdb && mv rocksdb.copy rocksdb");
    open_all(fixture);
}

void fixture_await_durable(Fixture *fixture)
{
    Published *published = sequencer_published(fixture->sequencer);
    CLEANUP(snapshot_unref) Snapshot *applied = published_applied(published);
    for (int i = 0; published_durable_seq(published) < applied->seq; i++) {
        assert_true(i < 100000);
        usleep(200);
    }
}

/* ---- tables ---- */

typedef struct TableOp {
    WriteOp op;
    const Table *definition; /* NULL = drop */
    uint32_t id;             /* 0 = create */
} TableOp;

static Status execute_table(WriteOp *op, CommitBuilder *builder)
{
    TableOp *table = CONTAINER_OF(op, TableOp, op);
    const Table *result;
    CLEANUP(catalog_edit_abort)
    CatalogEdit *edit =
        catalog_edit_begin(op->ctx, commit_catalog(builder), commit_time_ms(builder) * 1000);
    if (!table->definition)
        TRY(catalog_drop_table(edit, table->id));
    else if (table->id)
        TRY(catalog_replace_table(edit, table->definition, &result));
    else
        TRY(catalog_create_table(edit, table->definition, &result));
    if (table->definition)
        table->id = result->id;
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

static uint32_t run_table_op(Fixture *fixture, const Table *definition, uint32_t id)
{
    TableOp op = {
        .op = {.ctx = &fixture->ctx, .execute = execute_table}, .definition = definition, .id = id};
    assert_int_equal(sequencer_execute(fixture->sequencer, &op.op), STATUS_OK);
    return op.id;
}

TestTable fixture_table(Fixture *fixture, const char *name, TableKind kind, int64_t retention_hours)
{
    Column columns[] = {
        {.name = STR("id"), .type = TYPE(BIGINT), .not_null = true, .primary_key = true},
        {.name = STR("body"), .type = TYPE(TEXT)},
        {.name = STR("n"), .type = TYPE(INT)},
    };
    Table definition = {
        .kind = kind,
        .namespace_name = STR("default"),
        .name = str_from_c(name),
        .column_count = 3,
        .columns = columns,
        .options = {.async = true,
                    .storage_id = STR("local"),
                    .deleted_retention_hours = retention_hours},
        .created_by = STR("root"),
    };
    return (TestTable){
        .fixture = fixture,
        .id = run_table_op(fixture, &definition, 0),
        .per_user = kind == TABLE_USER,
    };
}

static Snapshot *newest(const TestTable *table)
{
    return published_applied(sequencer_published(table->fixture->sequencer));
}

void test_table_alter(TestTable *table)
{
    CLEANUP(snapshot_unref) Snapshot *snapshot = newest(table);
    const Table *old = catalog_table_by_id(snapshot->catalog, table->id);
    Column columns[] = {
        old->columns[COLUMN_ID],
        old->columns[COLUMN_BODY],
        {.name = STR("extra"),
         .type = TYPE(INT),
         .default_value = {.kind = DEFAULT_LITERAL, .literal = value_integer(TYPE_INT, 7)}},
    };
    Table definition = *old;
    definition.columns = columns;
    definition.column_count = 3;
    run_table_op(table->fixture, &definition, table->id);
}

void test_table_drop(TestTable *table)
{
    run_table_op(table->fixture, NULL, table->id);
}

/* ---- writes ---- */

/* What the cold tier said of the row, for a writer that finds nothing hot. */
typedef struct ColdAnswer {
    uint64_t version;
    bool found;
    StoredRow row;
} ColdAnswer;

typedef struct RowOp {
    WriteOp op;
    const Table *table;
    Owner owner;
    Str key;
    Str row; /* ptr NULL = remove */
    ColdAnswer cold;
} RowOp;

static Status read_present(RowOp *op, CommitBuilder *builder, StoredRow *ret_row, SeqNo *ret_cold)
{
    bool found;
    uint64_t version;
    TRY(commit_read_row(builder, op->table->id, op->owner, op->key, ret_row, &found));
    *ret_cold = ret_row->cold_seq;
    if (found)
        return STATUS_OK;
    TRY(cold_newest_version(builder, op->table->id, op->owner, &version));
    if (version != op->cold.version)
        return fail(op->op.ctx, STATUS_STALE_PLAN, "the manifest moved");
    *ret_row = op->cold.found ? op->cold.row : (StoredRow){.deleted = true};
    *ret_cold = op->cold.found ? op->cold.row.seq : 0;
    return STATUS_OK;
}

static ChangeKind removal(const RowOp *op, const CommitBuilder *builder)
{
    if (op->table->options.deleted_retention_hours > 0)
        return CHANGE_DELETE;
    bool is_cold = catalog_table_is_cold(commit_catalog(builder), op->table->id);
    return is_cold ? CHANGE_DELETE_MARK : CHANGE_DELETE_HARD;
}

static Status execute_row(WriteOp *write_op, CommitBuilder *builder)
{
    RowOp *op = CONTAINER_OF(write_op, RowOp, op);
    StoredRow present = {0};
    SeqNo cold_seq;
    TRY(read_present(op, builder, &present, &cold_seq));
    if (!op->row.ptr && present.deleted)
        return STATUS_OK;
    Change change = {
        .table_id = op->table->id,
        .schema_version = op->table->version,
        .owner = op->owner,
        .key = op->key,
        .old_seq = present.seq,
        .cold_seq = cold_seq,
        .old_row = present.deleted ? STR_NULL : present.row,
        .new_row = op->row,
    };
    change.kind = present.deleted ? CHANGE_INSERT : CHANGE_UPDATE;
    if (!op->row.ptr)
        change.kind = removal(op, builder);
    commit_add(builder, &change);
    return STATUS_OK;
}

static void ask_cold(Context *ctx, TestOwner *owner, Snapshot *snapshot, RowOp *op)
{
    CLEANUP(cold_view_close) ColdView *view = NULL;
    ColdViewOptions options = {.snapshot = snapshot, .table = op->table, .owner = op->owner};
    bool may = false;
    assert_int_equal(cold_view_open(ctx, owner->table->fixture->tier, &options, &view), STATUS_OK);
    op->cold = (ColdAnswer){.version = cold_view_version(view)};
    assert_int_equal(cold_may_hold(ctx, view, op->key, STORE_READ_ANY, &may), STATUS_OK);
    if (may)
        assert_int_equal(cold_find(ctx, view, &op->key, 1, &op->cold.row, &op->cold.found),
                         STATUS_OK);
}

static Str encode_row(Arena *arena, const Table *table, int64_t id, const char *body)
{
    CLEANUP(buf_done) Buf row = {0};
    Value values[8];
    for (uint32_t i = 0; i < table->layout.count; i++) {
        const Column *column = &table->columns[table->layout_order[i]];
        values[i] = value_integer(TYPE_INT, id % 3);
        if (column->primary_key)
            values[i] = value_bigint(id);
        else if (column->type.kind == TYPE_TEXT)
            values[i] = value_text(str_from_c(body));
    }
    row_encode(&row, &table->layout, values);
    return arena_str(arena, buf_str(&row));
}

static Str encode_key(Arena *arena, int64_t id)
{
    CLEANUP(buf_done) Buf key = {0};
    Value value = value_bigint(id);
    key_append(&key, &value);
    return arena_str(arena, buf_str(&key));
}

Str fixture_key(Fixture *fixture, int64_t id)
{
    return encode_key(&fixture->ctx.arena, id);
}

static Status try_write(TestOwner *owner, int64_t id, const char *body)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(snapshot_unref) Snapshot *snapshot = newest(owner->table);
    RowOp op = {
        .op = {.ctx = &ctx, .execute = execute_row},
        .table = catalog_table_by_id(snapshot->catalog, owner->table->id),
        .owner = owner->owner,
        .key = encode_key(&ctx.arena, id),
    };
    if (body)
        op.row = encode_row(&ctx.arena, op.table, id, body);
    ask_cold(&ctx, owner, snapshot, &op);
    return sequencer_execute(owner->table->fixture->sequencer, &op.op);
}

static void write_row(TestOwner *owner, int64_t id, const char *body)
{
    Status status;
    do
        status = try_write(owner, id, body);
    while (status == STATUS_STALE_PLAN);
    assert_int_equal(status, STATUS_OK);
}

void owner_init(TestOwner *owner, TestTable *table, const char *user_id)
{
    *owner = (TestOwner){
        .table = table,
        .owner = table->per_user ? owner_of(str_from_c(user_id)) : OWNER_SHARED,
    };
}

void owner_put(TestOwner *owner, int64_t id, const char *body)
{
    write_row(owner, id, body);
    owner->rows[id].live = true;
    snprintf(owner->rows[id].body, MODEL_BODY_BYTES, "%s", body);
}

void owner_remove(TestOwner *owner, int64_t id)
{
    write_row(owner, id, NULL);
    owner->rows[id].live = false;
}

void owner_change(TestOwner *owner, uint64_t *state, int64_t id_max)
{
    int64_t id = (int64_t)(next_random(state) % (uint64_t)id_max);
    char body[MODEL_BODY_BYTES];
    snprintf(body, sizeof(body), "b%llu", (unsigned long long)next_random(state));
    if (next_random(state) % 4 == 0)
        owner_remove(owner, id);
    else
        owner_put(owner, id, body);
}

Status owner_flush(TestOwner *owner, FlushResult *ret_result)
{
    Fixture *fixture = owner->table->fixture;
    FlushOptions options = {
        .tier = fixture->tier,
        .sequencer = fixture->sequencer,
        .table_id = owner->table->id,
        .owner = owner->owner,
        .segment_rows_max = FILE_ROWS_MAX,
    };
    return cold_flush(&fixture->ctx, &options, ret_result);
}

Status owner_compact(TestOwner *owner, bool everything, CompactResult *ret_result)
{
    Fixture *fixture = owner->table->fixture;
    CompactOptions options = {
        .tier = fixture->tier,
        .sequencer = fixture->sequencer,
        .table_id = owner->table->id,
        .owner = owner->owner,
        .everything = everything,
        .segment_rows_max = FILE_ROWS_MAX,
    };
    return cold_compact(&fixture->ctx, &options, ret_result);
}

/* ---- looking ---- */

ColdView *owner_view(TestOwner *owner)
{
    Fixture *fixture = owner->table->fixture;
    CLEANUP(snapshot_unref) Snapshot *snapshot = newest(owner->table);
    ColdViewOptions options = {
        .snapshot = snapshot,
        .table = catalog_table_by_id(snapshot->catalog, owner->table->id),
        .owner = owner->owner,
    };
    ColdView *view;
    assert_int_equal(cold_view_open(&fixture->ctx, fixture->tier, &options, &view), STATUS_OK);
    return view;
}

ColdStats owner_stats(TestOwner *owner)
{
    CLEANUP(cold_view_close) ColdView *view = owner_view(owner);
    ColdStats stats;
    assert_int_equal(cold_view_stats(&owner->table->fixture->ctx, view, &stats), STATUS_OK);
    return stats;
}

/* One reading of both tiers as of one snapshot. */
typedef struct Reading {
    TestOwner *owner;
    Context ctx;
    Snapshot *snapshot;
    const Table *table;
    ColdView *view;
    bool hot[MODEL_KEYS]; /* a hot version hides what is cold */
    ModelRow rows[MODEL_KEYS];
} Reading;

static void reading_begin(Reading *reading, TestOwner *owner)
{
    *reading = (Reading){.owner = owner, .snapshot = newest(owner->table)};
    reading->table = catalog_table_by_id(reading->snapshot->catalog, owner->table->id);
    ColdViewOptions options = {
        .snapshot = reading->snapshot, .table = reading->table, .owner = owner->owner};
    assert_int_equal(
        cold_view_open(&reading->ctx, owner->table->fixture->tier, &options, &reading->view),
        STATUS_OK);
}

static void reading_done(Reading *reading)
{
    cold_view_close(reading->view);
    snapshot_unref(reading->snapshot);
    context_done(&reading->ctx);
}

static int64_t id_of(Reading *reading, Str key)
{
    Value value;
    Reader reader = reader_from(key);
    assert_int_equal(key_read(&reading->ctx, &reader, TYPE(BIGINT), &value), STATUS_OK);
    assert_in_range(value.integer, 0, MODEL_KEYS - 1);
    return value.integer;
}

static void note_row(Reading *reading, int64_t id, const StoredRow *stored)
{
    Value values[8];
    ModelRow *row = &reading->rows[id];
    row->live = !stored->deleted;
    if (stored->deleted)
        return;
    const RowLayout *layout = &reading->table->layout;
    assert_int_equal(row_decode(&reading->ctx, stored->row, layout, values), STATUS_OK);
    for (uint32_t i = 0; i < layout->count; i++) {
        const Column *column = &reading->table->columns[reading->table->layout_order[i]];
        if (column->primary_key)
            assert_int_equal(values[i].integer, id);
        if (column->type.kind == TYPE_TEXT)
            snprintf(row->body, MODEL_BODY_BYTES, "%.*s", STR_ARG(values[i].text));
    }
}

static size_t read_hot(Reading *reading)
{
    CLEANUP(buf_done) Buf lower = {0};
    CLEANUP(buf_done) Buf upper = {0};
    size_t count = 0;
    row_key_append(&lower, reading->table->id, reading->owner->owner, STR_NULL);
    key_successor_append(&upper, buf_str(&lower));
    StoreScanOptions options = {
        .read = {.snapshot = reading->snapshot->at, .family = FAMILY_ROWS},
        .lower = buf_str(&lower),
        .upper = buf_str(&upper),
    };
    CLEANUP(store_scan_close)
    StoreScan *scan = store_scan_open(reading->snapshot->store, &options);
    for (; store_scan_next(scan); count++) {
        StoredRow stored;
        int64_t id = id_of(reading, row_key_pk(scan->key, reading->owner->owner));
        assert_int_equal(stored_row_read(&reading->ctx, scan->value, &stored), STATUS_OK);
        note_row(reading, id, &stored);
        reading->hot[id] = true;
    }
    assert_int_equal(store_scan_status(&reading->ctx, scan), STATUS_OK);
    return count;
}

static void assert_is_model(const Reading *reading)
{
    for (int id = 0; id < MODEL_KEYS; id++) {
        const ModelRow *expected = &reading->owner->rows[id];
        const ModelRow *row = &reading->rows[id];
        if (expected->live != row->live || (row->live && strcmp(expected->body, row->body) != 0))
            printf("# row %d: expected %s, read %s\n",
                   id,
                   expected->live ? expected->body : "nothing",
                   row->live ? row->body : "nothing");
        assert_int_equal(expected->live, row->live);
        if (row->live)
            assert_string_equal(expected->body, row->body);
    }
}

static void check_scan(TestOwner *owner, bool reverse)
{
    Reading reading;
    reading_begin(&reading, owner);
    read_hot(&reading);
    CLEANUP(cold_scan_close)
    ColdScan *scan = cold_scan_open(reading.view, &(ColdScanOptions){.reverse = reverse});
    Str key;
    StoredRow stored;
    int64_t last = reverse ? MODEL_KEYS : -1;
    while (cold_scan_next(&reading.ctx, scan, &key, &stored)) {
        int64_t id = id_of(&reading, key);
        assert_true(reverse ? id < last : id > last);
        last = id;
        if (!reading.hot[id])
            note_row(&reading, id, &stored);
    }
    assert_int_equal(cold_scan_status(&reading.ctx, scan), STATUS_OK);
    cold_scan_close(TAKE(scan));
    assert_is_model(&reading);
    reading_done(&reading);
}

static void check_find(TestOwner *owner)
{
    Reading reading;
    Str keys[MODEL_KEYS];
    StoredRow rows[MODEL_KEYS];
    bool found[MODEL_KEYS];
    reading_begin(&reading, owner);
    read_hot(&reading);
    for (int id = 0; id < MODEL_KEYS; id++)
        keys[id] = encode_key(&reading.ctx.arena, id);
    assert_int_equal(cold_find(&reading.ctx, reading.view, keys, MODEL_KEYS, rows, found),
                     STATUS_OK);
    for (int id = 0; id < MODEL_KEYS; id++) {
        bool may;
        assert_int_equal(cold_may_hold(&reading.ctx, reading.view, keys[id], STORE_READ_ANY, &may),
                         STATUS_OK);
        assert_true(may || !found[id]);
        if (found[id] && !reading.hot[id])
            note_row(&reading, id, &rows[id]);
    }
    assert_is_model(&reading);
    reading_done(&reading);
}

static void check_relation(TestOwner *owner)
{
    Reading reading;
    CLEANUP(buf_done) Buf sql = {0};
    CLEANUP(duck_result_close) DuckResult *result = NULL;
    DuckSourceList sources = {0};
    ColdRelation relation = {0};
    ColdSql cold = {.out = &sql, .sources = &sources};
    const Value *values;
    reading_begin(&reading, owner);
    read_hot(&reading);
    relation.table = reading.table;
    BUF_LIT(&sql, "SELECT id, body, _deleted FROM ");
    assert_int_equal(cold_relation_sql(&reading.ctx, reading.view, &relation, &cold), STATUS_OK);
    if (!cold.empty) {
        DuckStatement statement = {
            .sql = buf_str(&sql), .sources = sources.items, .source_count = sources.count};
        assert_int_equal(duck_query(&reading.ctx, owner->table->fixture->duck, &statement, &result),
                         STATUS_OK);
    }
    while (!cold.empty) {
        assert_int_equal(duck_result_next(&reading.ctx, result, &values), STATUS_OK);
        if (!values)
            break;
        ModelRow *row = &reading.rows[values[0].integer];
        if (reading.hot[values[0].integer])
            continue;
        assert_false(row->live);
        row->live = !values[2].boolean;
        snprintf(row->body, MODEL_BODY_BYTES, "%.*s", STR_ARG(values[1].text));
    }
    duck_result_close(TAKE(result));
    assert_is_model(&reading);
    reading_done(&reading);
}

void owner_check(TestOwner *owner)
{
    check_scan(owner, false);
    check_scan(owner, true);
    check_find(owner);
    check_relation(owner);
}

size_t owner_hot_count(TestOwner *owner)
{
    Reading reading;
    reading_begin(&reading, owner);
    size_t count = read_hot(&reading);
    reading_done(&reading);
    return count;
}

size_t fixture_file_count(Fixture *fixture)
{
    char command[160];
    int count = 0;
    snprintf(command, sizeof(command), "find '%s' -name 'batch-*.parquet' | wc -l", fixture->path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%d", &count), 1);
    pclose(pipe);
    return (size_t)count;
}

Str fixture_file(Fixture *fixture, const char *path)
{
    Str text;
    assert_int_equal(file_read(&fixture->ctx, below(fixture, path), 1 << 20, &text), STATUS_OK);
    return text;
}

bool fixture_path_exists(Fixture *fixture, const char *path)
{
    return access(below(fixture, path).ptr, F_OK) == 0;
}

void fixture_make_file(Fixture *fixture, const char *path)
{
    Str full = below(fixture, path);
    Str directory = file_directory(&fixture->ctx.arena, full);
    assert_int_equal(file_make_directories(&fixture->ctx, directory), STATUS_OK);
    assert_int_equal(file_write(&fixture->ctx, &(FileWrite){.path = full}), STATUS_OK);
}
