/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalog entries as a damaged store might hold them.  The first byte says
 * which kind; what is accepted must, once encoded, read back as the same bytes.
 */
#include "catalog/catalog_codec.h"
#include "catalog/catalog_parts.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_table(Context *ctx, Str bytes)
{
    CLEANUP(table_unref) Table *table = NULL;
    CLEANUP(table_unref) Table *again = NULL;
    CLEANUP(buf_done) Buf first = {0};
    CLEANUP(buf_done) Buf second = {0};
    if (table_decode(ctx, bytes, &table) != STATUS_OK)
        return;
    table_encode(&first, table);
    Status status = table_decode(ctx, buf_str(&first), &again);
    assert(status == STATUS_OK);
    table_encode(&second, again);
    assert(str_equal(buf_str(&first), buf_str(&second)));

    buf_clear(&first);
    table_write_columns_json(&first, table);
    table_write_options_json(&first, table);
    for (uint32_t i = 0; i < table->column_count; i++)
        (void)column_default_sql(&ctx->arena, &table->columns[i]);
}

static void check_user(Context *ctx, Str bytes)
{
    CLEANUP(user_unref) User *user = NULL;
    CLEANUP(user_unref) User *again = NULL;
    CLEANUP(buf_done) Buf first = {0};
    CLEANUP(buf_done) Buf second = {0};
    if (user_decode(ctx, STR("bob"), bytes, &user) != STATUS_OK)
        return;
    user_encode(&first, user);
    Status status = user_decode(ctx, STR("bob"), buf_str(&first), &again);
    assert(status == STATUS_OK);
    user_encode(&second, again);
    assert(str_equal(buf_str(&first), buf_str(&second)));
}

static void check_storage(Context *ctx, Str bytes)
{
    CLEANUP(storage_unref) Storage *storage = NULL;
    CLEANUP(storage_unref) Storage *again = NULL;
    CLEANUP(buf_done) Buf first = {0};
    CLEANUP(buf_done) Buf second = {0};
    if (storage_decode(ctx, STR("disk"), bytes, &storage) != STATUS_OK)
        return;
    storage_encode(&first, storage);
    Status status = storage_decode(ctx, STR("disk"), buf_str(&first), &again);
    assert(status == STATUS_OK);
    storage_encode(&second, again);
    assert(str_equal(buf_str(&first), buf_str(&second)));
}

static void check_namespace(Context *ctx, Str bytes)
{
    CLEANUP(namespace_unref) Namespace *space = NULL;
    if (namespace_decode(ctx, STR("app"), bytes, &space) != STATUS_OK)
        return;
    CLEANUP(buf_done) Buf out = {0};
    namespace_encode(&out, space);
    assert(out.len <= bytes.len);
}

static void check_key(Context *ctx, Str bytes)
{
    CatalogKey key;
    if (catalog_key_read(ctx, bytes, &key) == STATUS_OK)
        assert(str_equal(catalog_key_write(&ctx->arena, &key), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return 0;
    CLEANUP(context_done) Context ctx = {0};
    Str rest = str_from((const char *)bytes + 1, size - 1);
    uint32_t table_id;
    switch (bytes[0]) {
    case 't':
        check_table(&ctx, rest);
        break;
    case 'u':
        check_user(&ctx, rest);
        break;
    case 's':
        check_storage(&ctx, rest);
        break;
    case 'n':
        check_namespace(&ctx, rest);
        break;
    case 'i':
        (void)!table_id_decode(&ctx, rest, &table_id);
        break;
    default:
        check_key(&ctx, rest);
        break;
    }
    return 0;
}
