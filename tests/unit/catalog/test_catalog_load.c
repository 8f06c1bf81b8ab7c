/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random DDL, its entries written to a store: at any time the catalog that is
 * loaded from the store is the one that the edits made.  TEST_SEED repeats a run.
 */
#include "catalog_test.h"

#include "base/clock.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPERATIONS = 400, LOAD_EVERY = 20, NAMESPACES = 4, TABLES = 6, USERS = 8, STORAGES = 3 };

static uint64_t random_state;
static char directory[64];
static Store *store;

/* xorshift64* (Vigna 2014) */
static size_t random_below(size_t bound)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (size_t)((random_state * 0x2545f4914f6cdd1du) >> 33) % bound;
}

static int open_store(void **state)
{
    (void)state;
    const char *seed = getenv("TEST_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : random_u64() | 1;
    printf("# TEST_SEED=%llu\n", (unsigned long long)random_state);
    snprintf(directory, sizeof(directory), "/tmp/catalog-test-XXXXXX");
    CLEANUP(context_done) Context ctx = {0};
    if (!mkdtemp(directory))
        return -1;
    StoreOptions options = {.path = str_from_c(directory)};
    return store_open(&ctx, &options, &store) == STATUS_OK ? 0 : -1;
}

static int remove_file(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

static int close_store(void **state)
{
    (void)state;
    store_close(store);
    return nftw(directory, remove_file, 16, FTW_DEPTH | FTW_PHYS);
}

static Catalog *load(void)
{
    CLEANUP(context_done) Context ctx = {0};
    Catalog *catalog = NULL;
    assert_int_equal(catalog_load(&ctx, store, &catalog), STATUS_OK);
    return catalog;
}

static void write_entries(Context *ctx, const CatalogEdit *edit)
{
    CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
    const CatalogEntry *entries;
    size_t count = catalog_edit_entries(edit, &entries);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].value.ptr)
            store_batch_put(batch, FAMILY_CATALOG, entries[i].key, entries[i].value);
        else
            store_batch_delete(batch, FAMILY_CATALOG, entries[i].key);
    }
    assert_int_equal(store_write(ctx, store, batch), STATUS_OK);
}

/* ---- random statements; a refused one is as good as any ---- */

static Str random_name(Context *ctx, char prefix, size_t count)
{
    return arena_printf(&ctx->arena, "%c%zu", prefix, random_below(count));
}

static Status create_table(Context *ctx, CatalogEdit *edit)
{
    size_t column_count = 1 + random_below(5);
    Column columns[8] = {{.name = STR("id"), .type = TYPE(BIGINT), .primary_key = true}};
    for (size_t i = 1; i < column_count; i++) {
        columns[i] = (Column){.name = arena_printf(&ctx->arena, "c%zu", i), .type = TYPE(TEXT)};
        if (random_below(2))
            columns[i].default_value =
                (ColumnDefault){.kind = DEFAULT_LITERAL, .literal = value_text(columns[i].name)};
    }
    Table definition = {
        .kind = (TableKind)random_below(3),
        .namespace_name = random_name(ctx, 'n', NAMESPACES),
        .name = random_name(ctx, 't', TABLES),
        .columns = columns,
        .column_count = (uint32_t)column_count,
        .options = {.ttl_ms = (int64_t)random_below(1000),
                    .async = random_below(2),
                    .storage_id = random_below(2) ? STR("local") : random_name(ctx, 's', STORAGES)},
        .created_by = random_name(ctx, 'u', USERS),
    };
    const Table *table;
    return catalog_create_table(edit, &definition, &table);
}

static const Table *random_table(Context *ctx, CatalogEdit *edit)
{
    return catalog_table(catalog_edit_catalog(edit),
                         random_name(ctx, 'n', NAMESPACES),
                         random_name(ctx, 't', TABLES));
}

/* Adds a column, or drops the last. */
static Status alter_table(Context *ctx, CatalogEdit *edit)
{
    const Table *table = random_table(ctx, edit);
    if (!table)
        return STATUS_TABLE_NOT_FOUND;
    Column *columns = ARENA_ARRAY(&ctx->arena, Column, table->column_count + 1);
    memcpy(columns, table->columns, table->column_count * sizeof(*columns));
    bool drop = table->column_count > 1 && random_below(3) == 0;
    columns[table->column_count] = (Column){
        .name = arena_printf(&ctx->arena, "a%u", table->next_column_id),
        .type = TYPE(INT),
        .default_value = {.kind = DEFAULT_LITERAL,
                          .literal = value_integer(TYPE_INT, (int64_t)random_below(99))},
    };
    Table changed = {
        .id = table->id,
        .columns = columns,
        .column_count = drop ? table->column_count - 1 : table->column_count + 1,
        .options = table->options,
    };
    const Table *result;
    return catalog_replace_table(edit, &changed, &result);
}

static Status drop_table(Context *ctx, CatalogEdit *edit)
{
    const Table *table = random_table(ctx, edit);
    return table ? catalog_drop_table(edit, table->id) : STATUS_TABLE_NOT_FOUND;
}

static Status mark_cold(Context *ctx, CatalogEdit *edit)
{
    const Table *table = random_table(ctx, edit);
    return catalog_mark_cold(edit, table ? table->id : 999999);
}

static Status change_storage(Context *ctx, CatalogEdit *edit)
{
    Storage storage = {
        .id = random_below(4) ? random_name(ctx, 's', STORAGES) : LOCAL_STORAGE_ID,
        .name = random_name(ctx, 'x', 9),
        .description = random_below(2) ? STR("d") : STR_NULL,
        .credentials = random_below(2) ? STR("\x01\x02") : STR_NULL,
        .config_json = random_below(2) ? STR("{}") : STR_NULL,
    };
    switch (random_below(3)) {
    case 0:
        return catalog_create_storage(edit, &storage);
    case 1:
        return catalog_replace_storage(edit, &storage);
    default:
        return catalog_drop_storage(edit, storage.id);
    }
}

static Status put_user(Context *ctx, CatalogEdit *edit)
{
    User user = {
        .id = random_name(ctx, 'u', USERS),
        .role = (Role)random_below(5),
        .password_hash = random_name(ctx, 'h', 3),
        .email = random_below(2) ? STR("x@example.com") : STR_NULL,
        .deleted_at_us = random_below(4) == 0,
    };
    return catalog_put_user(edit, &user);
}

static Status random_statement(Context *ctx, CatalogEdit *edit)
{
    switch (random_below(10)) {
    case 0:
        return catalog_create_namespace(edit, random_name(ctx, 'n', NAMESPACES));
    case 1:
        return random_below(4) ? STATUS_OK
                               : catalog_drop_namespace(edit, random_name(ctx, 'n', NAMESPACES));
    case 2:
    case 3:
        return create_table(ctx, edit);
    case 4:
    case 5:
        return alter_table(ctx, edit);
    case 6:
        return drop_table(ctx, edit);
    case 7:
        return mark_cold(ctx, edit);
    case 8:
        return change_storage(ctx, edit);
    default:
        return put_user(ctx, edit);
    }
}

/* ---- the tests; each goes on with what the one before left in the store ---- */

static void an_empty_store_gives_the_builtin_catalog(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = load();
    assert_int_equal(catalog->namespaces.count, 3);
    assert_int_equal(catalog->users.count, 0);
    assert_non_null(catalog_table(catalog, STR("system"), STR("users")));

    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 1234);
    catalog_persist_builtin_namespaces(edit);
    write_entries(&ctx, edit);
    CLEANUP(catalog_unref) Catalog *loaded = load();
    assert_int_equal(catalog_namespace(loaded, STR("default"))->created_at_us, 1234);
    assert_catalogs_equal(catalog_edit_catalog(edit), loaded);

    CLEANUP(catalog_edit_abort) CatalogEdit *again = catalog_edit_begin(&ctx, loaded, 5678);
    const CatalogEntry *entries;
    catalog_persist_builtin_namespaces(again);
    assert_int_equal(catalog_edit_entries(again, &entries), 0);
}

static void r8_what_was_edited_is_what_is_loaded(void **state)
{
    (void)state;
    CLEANUP(catalog_unref) Catalog *catalog = load();
    for (int i = 0; i < OPERATIONS; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 1000 + i);
        Status status = random_statement(&ctx, edit);
        if (status != STATUS_OK)
            continue;
        write_entries(&ctx, edit);
        catalog_unref(catalog);
        catalog = catalog_edit_finish(edit);
        if (i % LOAD_EVERY == 0) {
            CLEANUP(catalog_unref) Catalog *loaded = load();
            assert_catalogs_equal(catalog, loaded);
        }
    }
    CLEANUP(catalog_unref) Catalog *loaded = load();
    assert_catalogs_equal(catalog, loaded);
}

static void dropped_tables_wait_until_they_are_purged(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(catalog_unref) Catalog *catalog = load();
    uint32_t *ids;
    size_t count;
    assert_int_equal(catalog_dropped_tables(&ctx, store, &ids, &count), STATUS_OK);
    assert_true(count > 0);
    CLEANUP(catalog_edit_abort) CatalogEdit *edit = catalog_edit_begin(&ctx, catalog, 1);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(catalog_purged_table(edit, ids[i]), STATUS_OK);
    write_entries(&ctx, edit);
    assert_int_equal(catalog_dropped_tables(&ctx, store, &ids, &count), STATUS_OK);
    assert_int_equal(count, 0);
}

static void a_store_with_a_foreign_entry_is_corrupt(void **state)
{
    (void)state;
    static const struct {
        Str key;
        Str value;
    } BAD[] = {
        {STR_INIT("z/what"), STR_INIT("")},
        {STR_INIT("n/broken"), STR_INIT("\x07")},
        {STR_INIT("t/0000999999/0000000001"), STR_INIT("\x01")},
        {STR_INIT("u/broken"), STR_INIT("")},
        {STR_INIT("f/0000000009"), STR_INIT("\x01\x08")},
        {STR_INIT("f/0000999999"), STR_INIT("\x01\xbf\x84\x3d")}, /* cold, but no table */
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(store_batch_free) StoreBatch *batch = store_batch_new();
        store_batch_put(batch, FAMILY_CATALOG, BAD[i].key, BAD[i].value);
        assert_int_equal(store_write(&ctx, store, batch), STATUS_OK);
        Catalog *catalog = NULL;
        assert_int_equal(catalog_load(&ctx, store, &catalog), STATUS_CORRUPT);
        assert_null(catalog);
        store_batch_clear(batch);
        store_batch_delete(batch, FAMILY_CATALOG, BAD[i].key);
        assert_int_equal(store_write(&ctx, store, batch), STATUS_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_store_gives_the_builtin_catalog),
        cmocka_unit_test(r8_what_was_edited_is_what_is_loaded),
        cmocka_unit_test(dropped_tables_wait_until_they_are_purged),
        cmocka_unit_test(a_store_with_a_foreign_entry_is_corrupt),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("catalog_load", tests, open_store, close_store);
}
