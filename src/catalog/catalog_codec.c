/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Format.  Integers are varints, times are microseconds since 1970 as varints,
 * text is its length and its bytes, a flag is one byte 0 or 1, optional text is
 * a flag and, after 1, the text.  Every value starts with the byte FORMAT; a
 * change of what follows takes the next number.
 *
 *   n/<name>            FORMAT options created_at
 *   s/<id>              FORMAT revision type name description? directory credentials? config?
 *                       shared_template user_template created_at updated_at
 *   u/<id>              FORMAT role auth_type hash email? auth_data? credentials_version created_at
 *                       updated_at deleted_at
 *   i/table             FORMAT id
 *   x/<id>              FORMAT id
 *   f/<id>              FORMAT id
 *   t/<id>/<version>    FORMAT id version kind namespace name comment created_by created_at
 *                       updated_at next_column_id column_count column* options
 *
 *   column   id name type not_null primary_key default missing
 *   type     kind precision scale
 *   default  0 | 1 value | 2 function
 *   missing  value: what rows written before the column existed answer
 *   value    text holding a row (value/row.c) of one column with id 1; empty = NULL
 *   options  access_level durability_given async storage use_user_storage flush_policy_given
 *            by_rows rows by_interval interval deleted_retention change_log_retention ttl ephemeral
 *            max_buffer scope_shared
 *
 * Ids and versions in keys have ten digits, so that keys sort as their numbers.
 */
#include "catalog/catalog_codec.h"

#include "base/map.h"
#include "catalog/catalog_parts.h"
#include "catalog/table_build.h"

enum { FORMAT = 1, KEY_DIGITS = 10 };

/* ---- keys ---- */

static Str key_of_name(Arena *arena, const char prefix[2], Str name)
{
    char *text = arena_alloc(arena, 2 + name.len);
    memcpy(text, prefix, 2);
    if (name.len)
        memcpy(text + 2, name.ptr, name.len);
    return str_from(text, 2 + name.len);
}

Str catalog_key_write(Arena *arena, const CatalogKey *key)
{
    switch (key->kind) {
    case CATALOG_KEY_NAMESPACE:
        return key_of_name(arena, "n/", key->name);
    case CATALOG_KEY_STORAGE:
        return key_of_name(arena, "s/", key->name);
    case CATALOG_KEY_TABLE:
        return arena_printf(
            arena, "t/%0*u/%0*u", KEY_DIGITS, key->table_id, KEY_DIGITS, key->version);
    case CATALOG_KEY_USER:
        return key_of_name(arena, "u/", key->name);
    case CATALOG_KEY_DROPPED:
        return arena_printf(arena, "x/%0*u", KEY_DIGITS, key->table_id);
    case CATALOG_KEY_COLD:
        return arena_printf(arena, "f/%0*u", KEY_DIGITS, key->table_id);
    case CATALOG_KEY_LAST_TABLE_ID:
        return STR("i/table");
    }
    return STR_NULL;
}

static bool read_number(Str digits, uint32_t *ret_number)
{
    uint64_t number;
    if (digits.len != KEY_DIGITS || !str_to_uint64(digits, &number) || number > UINT32_MAX)
        return false;
    *ret_number = (uint32_t)number;
    return true;
}

static bool parse_key(Str text, CatalogKey *key)
{
    if (str_equal(text, STR("i/table"))) {
        key->kind = CATALOG_KEY_LAST_TABLE_ID;
        return true;
    }
    if (text.len < 3 || text.ptr[1] != '/')
        return false;
    key->name = str_from(text.ptr + 2, text.len - 2);
    Str version = key->name;
    Str id;
    switch (text.ptr[0]) {
    case 'n':
        key->kind = CATALOG_KEY_NAMESPACE;
        return true;
    case 's':
        key->kind = CATALOG_KEY_STORAGE;
        return true;
    case 'u':
        key->kind = CATALOG_KEY_USER;
        return true;
    case 'x':
        key->kind = CATALOG_KEY_DROPPED;
        return read_number(key->name, &key->table_id);
    case 'f':
        key->kind = CATALOG_KEY_COLD;
        return read_number(key->name, &key->table_id);
    case 't':
        key->kind = CATALOG_KEY_TABLE;
        return str_split(&version, '/', &id) && read_number(id, &key->table_id) &&
               read_number(version, &key->version);
    default:
        return false;
    }
}

Status catalog_key_read(Context *ctx, Str text, CatalogKey *ret_key)
{
    CatalogKey key = {0};
    if (!parse_key(text, &key))
        return fail(ctx, STATUS_CORRUPT, "unknown catalog key '%.*s'", STR_ARG(text));
    *ret_key = key;
    return STATUS_OK;
}

/* ---- small parts ---- */

static void write_time(Buf *out, int64_t us)
{
    buf_varint(out, (uint64_t)us);
}

static int64_t read_time(Reader *reader)
{
    return (int64_t)reader_varint(reader);
}

/* A number that must be at most max. */
static uint64_t read_bounded(Reader *reader, uint64_t max)
{
    uint64_t number = reader_varint(reader);
    if (number > max) {
        reader->failed = true;
        return 0;
    }
    return number;
}

static uint32_t read_u32(Reader *reader)
{
    return (uint32_t)read_bounded(reader, UINT32_MAX);
}

static int64_t read_count(Reader *reader)
{
    return (int64_t)read_bounded(reader, INT64_MAX);
}

static void write_flag(Buf *out, bool flag)
{
    buf_byte(out, flag);
}

static bool read_flag(Reader *reader)
{
    return read_bounded(reader, 1);
}

static void write_optional(Buf *out, Str text)
{
    write_flag(out, text.ptr != NULL);
    if (text.ptr)
        buf_bytes(out, text);
}

static Str read_optional(Reader *reader)
{
    return read_flag(reader) ? reader_bytes(reader) : STR_NULL;
}

static void read_format(Reader *reader)
{
    if (reader_u8(reader) != FORMAT)
        reader->failed = true;
}

static Status finish(Context *ctx, const Reader *reader, const char *what, Str name)
{
    if (reader->failed || reader_left(reader) > 0)
        return fail(ctx, STATUS_CORRUPT, "catalog entry of %s '%.*s'", what, STR_ARG(name));
    return STATUS_OK;
}

/* ---- namespaces, numbers ---- */

void namespace_encode(Buf *out, const Namespace *space)
{
    buf_byte(out, FORMAT);
    buf_bytes(out, space->options_json);
    write_time(out, space->created_at_us);
}

Status namespace_decode(Context *ctx, Str name, Str bytes, Namespace **ret_namespace)
{
    Reader reader = reader_from(bytes);
    read_format(&reader);
    Str options_json = reader_bytes(&reader);
    int64_t created_at_us = read_time(&reader);
    TRY(finish(ctx, &reader, "namespace", name));
    *ret_namespace = namespace_new(name, options_json, created_at_us);
    return STATUS_OK;
}

void table_id_encode(Buf *out, uint32_t table_id)
{
    buf_byte(out, FORMAT);
    buf_varint(out, table_id);
}

Status table_id_decode(Context *ctx, Str bytes, uint32_t *ret_table_id)
{
    Reader reader = reader_from(bytes);
    read_format(&reader);
    uint32_t table_id = read_u32(&reader);
    TRY(finish(ctx, &reader, "number", STR("table id")));
    *ret_table_id = table_id;
    return STATUS_OK;
}

/* ---- storages ---- */

void storage_encode(Buf *out, const Storage *storage)
{
    buf_byte(out, FORMAT);
    buf_varint(out, storage->revision);
    buf_varint(out, storage->type);
    buf_bytes(out, storage->name);
    write_optional(out, storage->description);
    buf_bytes(out, storage->directory);
    write_optional(out, storage->credentials);
    write_optional(out, storage->config_json);
    buf_bytes(out, storage->shared_template);
    buf_bytes(out, storage->user_template);
    write_time(out, storage->created_at_us);
    write_time(out, storage->updated_at_us);
}

Status storage_decode(Context *ctx, Str id, Str bytes, Storage **ret_storage)
{
    Reader reader = reader_from(bytes);
    Storage storage = {.id = id};
    read_format(&reader);
    storage.revision = reader_varint(&reader);
    storage.type = (StorageType)read_bounded(&reader, STORAGE_S3);
    storage.name = reader_bytes(&reader);
    storage.description = read_optional(&reader);
    storage.directory = reader_bytes(&reader);
    storage.credentials = read_optional(&reader);
    storage.config_json = read_optional(&reader);
    storage.shared_template = reader_bytes(&reader);
    storage.user_template = reader_bytes(&reader);
    storage.created_at_us = read_time(&reader);
    storage.updated_at_us = read_time(&reader);
    TRY(finish(ctx, &reader, "storage", id));
    *ret_storage = storage_copy(&storage);
    return STATUS_OK;
}

/* ---- users ---- */

void user_encode(Buf *out, const User *user)
{
    buf_byte(out, FORMAT);
    buf_varint(out, user->role);
    buf_varint(out, user->auth_type);
    buf_bytes(out, user->password_hash);
    write_optional(out, user->email);
    write_optional(out, user->auth_data);
    buf_varint(out, user->credentials_version);
    write_time(out, user->created_at_us);
    write_time(out, user->updated_at_us);
    write_time(out, user->deleted_at_us);
}

Status user_decode(Context *ctx, Str id, Str bytes, User **ret_user)
{
    Reader reader = reader_from(bytes);
    User user = {.id = id};
    read_format(&reader);
    user.role = (Role)read_bounded(&reader, ROLE_SYSTEM);
    user.auth_type = (AuthType)read_bounded(&reader, AUTH_INTERNAL);
    user.password_hash = reader_bytes(&reader);
    user.email = read_optional(&reader);
    user.auth_data = read_optional(&reader);
    user.credentials_version = read_u32(&reader);
    user.created_at_us = read_time(&reader);
    user.updated_at_us = read_time(&reader);
    user.deleted_at_us = read_time(&reader);
    TRY(finish(ctx, &reader, "user", id));
    *ret_user = user_copy(&user);
    return STATUS_OK;
}

/* ---- tables: columns ---- */

static void write_type(Buf *out, Type type)
{
    buf_varint(out, type.kind);
    buf_byte(out, (char)type.precision);
    buf_byte(out, (char)type.scale);
}

static Type read_type(Reader *reader)
{
    Type type = {.kind = (TypeKind)read_bounded(reader, TYPE_KIND_COUNT - 1)};
    type.precision = reader_u8(reader);
    type.scale = reader_u8(reader);
    bool is_decimal = type.kind == TYPE_DECIMAL;
    bool is_valid = is_decimal ? type.precision >= 1 && type.precision <= DECIMAL_PRECISION_MAX &&
                                     type.scale <= type.precision
                               : type.precision == 0 && type.scale == 0;
    if (!is_valid || type.kind == TYPE_NULL)
        reader->failed = true;
    return type;
}

static void write_value(Buf *out, Type type, const Value *value)
{
    CLEANUP(buf_done) Buf row = {0};
    RowColumn column = {.id = 1, .type = type};
    RowLayout layout = {.count = 1, .columns = &column};
    if (!value_is_null(value))
        row_encode(&row, &layout, value);
    buf_bytes(out, buf_str(&row));
}

static Status read_value(Context *ctx, Reader *reader, Type type, Value *ret_value)
{
    Str row = reader_bytes(reader);
    RowColumn column = {.id = 1, .type = type};
    RowLayout layout = {.count = 1, .columns = &column};
    *ret_value = VALUE_NULL;
    if (row.len == 0 || reader->failed)
        return STATUS_OK;
    TRY(row_decode(ctx, row, &layout, ret_value));
    if (ret_value->kind != type.kind)
        reader->failed = true;
    return STATUS_OK;
}

static void write_column(Buf *out, const Column *column, const Value *missing)
{
    buf_varint(out, column->id);
    buf_bytes(out, column->name);
    write_type(out, column->type);
    write_flag(out, column->not_null);
    write_flag(out, column->primary_key);
    buf_varint(out, column->default_value.kind);
    if (column->default_value.kind == DEFAULT_LITERAL)
        write_value(out, column->type, &column->default_value.literal);
    if (column->default_value.kind == DEFAULT_FUNCTION)
        buf_varint(out, column->default_value.function);
    write_value(out, column->type, missing);
}

static Status read_default(Context *ctx, Reader *reader, Type type, ColumnDefault *ret_default)
{
    ColumnDefault result = {.kind = (DefaultKind)read_bounded(reader, DEFAULT_FUNCTION)};
    if (result.kind == DEFAULT_LITERAL) {
        TRY(read_value(ctx, reader, type, &result.literal));
        if (value_is_null(&result.literal))
            reader->failed = true;
    }
    if (result.kind == DEFAULT_FUNCTION)
        result.function = (DefaultFunction)read_bounded(reader, DEFAULT_CURRENT_USER);
    *ret_default = result;
    return STATUS_OK;
}

static Status read_column(Context *ctx, Reader *reader, Column *ret_column, Value *ret_missing)
{
    Column column = {.id = read_u32(reader)};
    column.name = reader_bytes(reader);
    column.type = read_type(reader);
    column.not_null = read_flag(reader);
    column.primary_key = read_flag(reader);
    if (column.id == 0 || column.name.len == 0)
        reader->failed = true;
    if (reader->failed)
        return STATUS_OK;
    TRY(read_default(ctx, reader, column.type, &column.default_value));
    TRY(read_value(ctx, reader, column.type, ret_missing));
    *ret_column = column;
    return STATUS_OK;
}

/* Ids differ and are below the next one, names differ, at most one column is the key. */
static bool columns_agree(const Table *table)
{
    CLEANUP(id_map_done) IdMap ids = {0};
    CLEANUP(map_done) Map names = {0};
    int keys = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        const Column *column = &table->columns[i];
        keys += column->primary_key;
        if (column->id >= table->next_column_id || id_map_put(&ids, column->id, (void *)column) ||
            map_put(&names, column->name, (void *)column))
            return false;
    }
    return keys <= 1;
}

static Status read_columns(Context *ctx, Reader *reader, Table *table, const Value **ret_missing)
{
    table->column_count = (uint32_t)read_bounded(reader, TABLE_COLUMNS_MAX);
    Column *columns = ARENA_ARRAY(&ctx->arena, Column, table->column_count);
    Value *missing = ARENA_ARRAY(&ctx->arena, Value, table->column_count);
    for (uint32_t i = 0; i < table->column_count && !reader->failed; i++)
        TRY(read_column(ctx, reader, &columns[i], &missing[i]));
    table->columns = columns;
    *ret_missing = missing;
    if (!reader->failed && !columns_agree(table))
        reader->failed = true;
    return STATUS_OK;
}

/* ---- tables: options ---- */

static void write_options(Buf *out, const TableOptions *options)
{
    buf_varint(out, options->access_level);
    write_flag(out, options->durability_given);
    write_flag(out, options->async);
    buf_bytes(out, options->storage_id);
    write_flag(out, options->use_user_storage);
    write_flag(out, options->flush_policy_given);
    write_flag(out, options->flush_policy.by_rows);
    buf_varint(out, options->flush_policy.rows);
    write_flag(out, options->flush_policy.by_interval);
    buf_varint(out, options->flush_policy.interval_seconds);
    buf_varint(out, (uint64_t)options->deleted_retention_hours);
    buf_varint(out, (uint64_t)options->change_log_retention_hours);
    buf_varint(out, (uint64_t)options->ttl_ms);
    write_flag(out, options->ephemeral);
    buf_varint(out, (uint64_t)options->max_buffer);
    write_flag(out, options->scope_shared);
}

static TableOptions read_options(Reader *reader)
{
    TableOptions options = {0};
    options.access_level = (AccessLevel)read_bounded(reader, ACCESS_DBA);
    options.durability_given = read_flag(reader);
    options.async = read_flag(reader);
    options.storage_id = reader_bytes(reader);
    options.use_user_storage = read_flag(reader);
    options.flush_policy_given = read_flag(reader);
    options.flush_policy.by_rows = read_flag(reader);
    options.flush_policy.rows = read_u32(reader);
    options.flush_policy.by_interval = read_flag(reader);
    options.flush_policy.interval_seconds = read_u32(reader);
    options.deleted_retention_hours = read_count(reader);
    options.change_log_retention_hours = read_count(reader);
    options.ttl_ms = read_count(reader);
    options.ephemeral = read_flag(reader);
    options.max_buffer = read_count(reader);
    options.scope_shared = read_flag(reader);
    return options;
}

/* ---- tables ---- */

static const Value *missing_value(const Table *table, uint32_t column)
{
    for (uint32_t i = 0; i < table->layout.count; i++)
        if (table->layout_order[i] == column)
            return &table->layout.columns[i].missing;
    static const Value NONE = {.kind = TYPE_NULL};
    return &NONE;
}

void table_encode(Buf *out, const Table *table)
{
    buf_byte(out, FORMAT);
    buf_varint(out, table->id);
    buf_varint(out, table->version);
    buf_varint(out, table->kind);
    buf_bytes(out, table->namespace_name);
    buf_bytes(out, table->name);
    buf_bytes(out, table->comment);
    buf_bytes(out, table->created_by);
    write_time(out, table->created_at_us);
    write_time(out, table->updated_at_us);
    buf_varint(out, table->next_column_id);
    buf_varint(out, table->column_count);
    for (uint32_t i = 0; i < table->column_count; i++)
        write_column(out, &table->columns[i], missing_value(table, i));
    write_options(out, &table->options);
}

static void read_head(Reader *reader, Table *table)
{
    read_format(reader);
    table->id = read_u32(reader);
    table->version = read_u32(reader);
    table->kind = (TableKind)read_bounded(reader, TABLE_SYSTEM);
    table->namespace_name = reader_bytes(reader);
    table->name = reader_bytes(reader);
    table->comment = reader_bytes(reader);
    table->created_by = reader_bytes(reader);
    table->created_at_us = read_time(reader);
    table->updated_at_us = read_time(reader);
    table->next_column_id = read_u32(reader);
    if (table->id == 0 || table->version == 0 || table->next_column_id == 0 ||
        table->name.len == 0 || table->name.len > NAME_LENGTH_MAX ||
        table->namespace_name.len == 0 || table->namespace_name.len > NAME_LENGTH_MAX)
        reader->failed = true;
}

Status table_decode(Context *ctx, Str bytes, Table **ret_table)
{
    Reader reader = reader_from(bytes);
    Table table = {0};
    const Value *missing = NULL;
    read_head(&reader, &table);
    if (!reader.failed)
        TRY(read_columns(ctx, &reader, &table, &missing));
    table.options = read_options(&reader);
    TRY(finish(ctx, &reader, "table", table.name));
    *ret_table = table_build(&table, missing);
    return STATUS_OK;
}
