/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WITH (..) of CREATE TABLE.  One table says which word is which option, for
 * which kinds of table it means something, and who reads its value.
 */
#include "catalog/storage.h"
#include "catalog/table_build.h"

enum {
    FLUSH_ROWS_MAX = 999999,
    FLUSH_INTERVAL_MAX = 86399,
    RETENTION_HOURS_MAX = 876000, /* a hundred years */
    MAX_BUFFER_MAX = 1000000000,
};
#define TTL_SECONDS_MAX INT64_C(3153600000) /* a hundred years */

enum { FOR_USER = 1 << TABLE_USER, FOR_SHARED = 1 << TABLE_SHARED, FOR_STREAM = 1 << TABLE_STREAM };

/* Options that say the same thing: giving two of them is an error. */
typedef enum OptionId {
    OPTION_TYPE,
    OPTION_STORAGE,
    OPTION_USE_USER_STORAGE,
    OPTION_FLUSH_POLICY,
    OPTION_DELETED_RETENTION,
    OPTION_CHANGE_LOG_RETENTION,
    OPTION_TTL,
    OPTION_EPHEMERAL,
    OPTION_MAX_BUFFER,
    OPTION_SCOPE,
    OPTION_DURABILITY,
    OPTION_ACCESS_LEVEL,
} OptionId;

typedef Status OptionReader(Context *ctx, const AstOption *given, TableOptions *options);

typedef struct OptionInfo {
    Str key;
    OptionId id;
    unsigned kinds;
    OptionReader *read;
} OptionInfo;

/* ---- readers of values ---- */

static Str option_name(Context *ctx, const AstOption *given)
{
    Str name = arena_str(&ctx->arena, given->key);
    char *text = (char *)name.ptr;
    for (size_t i = 0; i < name.len; i++)
        text[i] = ascii_upper(text[i]);
    return name;
}

static Status bad_value(Context *ctx, const AstOption *given, const char *expected)
{
    return fail_at(ctx,
                   STATUS_INVALID_SQL,
                   given->offset,
                   "Invalid value '%.*s' for table option '%.*s': expected %s",
                   STR_ARG(given->value),
                   STR_ARG(option_name(ctx, given)),
                   expected);
}

/* Decimal digits only: no sign. */
static bool read_count(Str text, int64_t max, int64_t *ret_count)
{
    uint64_t count;
    if (!str_to_uint64(str_trim(text), &count) || count > (uint64_t)max)
        return false;
    *ret_count = (int64_t)count;
    return true;
}

static Status read_flag(Context *ctx, const AstOption *given, bool *ret_flag)
{
    bool yes = str_equal_nocase(given->value, STR("true"));
    if (!yes && !str_equal_nocase(given->value, STR("false")))
        return bad_value(ctx, given, "true or false");
    *ret_flag = yes;
    return STATUS_OK;
}

/* '10s', '5m', '1h', '7d'; a bare number counts in `unit_seconds`. */
static bool read_duration(Str text, int64_t unit_seconds, int64_t *ret_seconds)
{
    text = str_trim(text);
    if (text.len == 0)
        return false;
    int64_t factor = 0;
    switch (ascii_lower(text.ptr[text.len - 1])) {
    case 's':
        factor = 1;
        break;
    case 'm':
        factor = 60;
        break;
    case 'h':
        factor = 3600;
        break;
    case 'd':
        factor = 86400;
        break;
    default:
        break;
    }
    if (factor)
        text.len--;
    else
        factor = unit_seconds;
    int64_t count;
    if (!read_count(text, TTL_SECONDS_MAX / factor, &count))
        return false;
    *ret_seconds = count * factor;
    return true;
}

/* table_kind_from_ast() has read it. */
static Status read_type(Context *ctx, const AstOption *given, TableOptions *options)
{
    (void)ctx;
    (void)given;
    (void)options;
    return STATUS_OK;
}

/* Whether there is such a storage is seen when the table is made. */
static Status read_storage(Context *ctx, const AstOption *given, TableOptions *options)
{
    if (storage_id_check(ctx, given->value) != STATUS_OK)
        return bad_value(ctx, given, "the id of a storage: letters, digits, _ and -");
    options->storage_id = given->value;
    return STATUS_OK;
}

static Status read_use_user_storage(Context *ctx, const AstOption *given, TableOptions *options)
{
    return read_flag(ctx, given, &options->use_user_storage);
}

static bool read_flush_part(Str part, FlushPolicy *policy)
{
    Str word;
    int64_t count;
    if (!str_split(&part, ':', &word))
        return false;
    word = str_trim(word);
    if (str_equal_nocase(word, STR("rows")) && !policy->by_rows) {
        if (!read_count(part, FLUSH_ROWS_MAX, &count))
            return false;
        policy->by_rows = true;
        policy->rows = (uint32_t)count;
        return true;
    }
    if (str_equal_nocase(word, STR("interval")) && !policy->by_interval) {
        if (!read_count(part, FLUSH_INTERVAL_MAX, &count) || count == 0)
            return false;
        policy->by_interval = true;
        policy->interval_seconds = (uint32_t)count;
        return true;
    }
    return false;
}

static Status read_flush_policy(Context *ctx, const AstOption *given, TableOptions *options)
{
    FlushPolicy policy = {0};
    Str rest = given->value;
    Str part;
    while (str_split(&rest, ',', &part))
        if (!read_flush_part(part, &policy))
            return bad_value(ctx,
                             given,
                             "'rows:N', 'interval:SECONDS' or 'rows:N,interval:SECONDS' "
                             "(N 0 to 999999, SECONDS 1 to 86399)");
    if (!policy.by_rows && !policy.by_interval)
        return bad_value(ctx, given, "'rows:N', 'interval:SECONDS' or 'rows:N,interval:SECONDS'");
    options->flush_policy_given = true;
    options->flush_policy = policy;
    return STATUS_OK;
}

static Status read_deleted_retention(Context *ctx, const AstOption *given, TableOptions *options)
{
    if (!read_count(given->value, RETENTION_HOURS_MAX, &options->deleted_retention_hours))
        return bad_value(ctx, given, "hours, 0 to 876000");
    return STATUS_OK;
}

static Status read_change_log_retention(Context *ctx, const AstOption *given, TableOptions *options)
{
    int64_t seconds;
    if (!read_duration(given->value, 3600, &seconds) || seconds < 3600 || seconds % 3600 != 0 ||
        seconds / 3600 > RETENTION_HOURS_MAX)
        return bad_value(ctx, given, "whole hours or days, such as '24h' or '7d'");
    options->change_log_retention_hours = seconds / 3600;
    return STATUS_OK;
}

static Status read_ttl_seconds(Context *ctx, const AstOption *given, TableOptions *options)
{
    int64_t seconds;
    if (!read_count(given->value, TTL_SECONDS_MAX, &seconds))
        return bad_value(ctx, given, "seconds (0 = for ever)");
    options->ttl_ms = seconds * 1000;
    return STATUS_OK;
}

static Status read_retention(Context *ctx, const AstOption *given, TableOptions *options)
{
    int64_t seconds;
    if (!read_duration(given->value, 1, &seconds))
        return bad_value(ctx, given, "a time such as '10s', '5m' or '1h' (0 = for ever)");
    options->ttl_ms = seconds * 1000;
    return STATUS_OK;
}

static Status read_ephemeral(Context *ctx, const AstOption *given, TableOptions *options)
{
    return read_flag(ctx, given, &options->ephemeral);
}

static Status read_max_buffer(Context *ctx, const AstOption *given, TableOptions *options)
{
    if (!read_count(given->value, MAX_BUFFER_MAX, &options->max_buffer))
        return bad_value(ctx, given, "a number of events, 0 to 1000000000 (0 = unbounded)");
    return STATUS_OK;
}

static Status read_scope(Context *ctx, const AstOption *given, TableOptions *options)
{
    options->scope_shared = str_equal_nocase(given->value, STR("shared"));
    if (!options->scope_shared && !str_equal_nocase(given->value, STR("user")))
        return bad_value(ctx, given, "'user' or 'shared'");
    return STATUS_OK;
}

static Status read_durability(Context *ctx, const AstOption *given, TableOptions *options)
{
    options->async = str_equal_nocase(given->value, STR("async"));
    if (!options->async && !str_equal_nocase(given->value, STR("sync")))
        return bad_value(ctx, given, "'sync' or 'async'");
    options->durability_given = true;
    return STATUS_OK;
}

static Status read_access_level(Context *ctx, const AstOption *given, TableOptions *options)
{
    for (AccessLevel level = ACCESS_PUBLIC; level <= ACCESS_DBA; level++) {
        if (!str_equal_nocase(given->value, str_from_c(access_level_word(level))))
            continue;
        options->access_level = level;
        return STATUS_OK;
    }
    return bad_value(ctx, given, "PUBLIC, PRIVATE, RESTRICTED or DBA");
}

static const OptionInfo OPTIONS[] = {
    {STR_INIT("type"), OPTION_TYPE, FOR_USER | FOR_SHARED | FOR_STREAM, read_type},
    {STR_INIT("storage_id"), OPTION_STORAGE, FOR_USER | FOR_SHARED, read_storage},
    {STR_INIT("storage"), OPTION_STORAGE, FOR_USER | FOR_SHARED, read_storage},
    {STR_INIT("location"), OPTION_STORAGE, FOR_USER | FOR_SHARED, read_storage},
    {STR_INIT("use_user_storage"), OPTION_USE_USER_STORAGE, FOR_USER, read_use_user_storage},
    {STR_INIT("flush_policy"), OPTION_FLUSH_POLICY, FOR_USER | FOR_SHARED, read_flush_policy},
    {STR_INIT("deleted_retention_hours"),
     OPTION_DELETED_RETENTION,
     FOR_USER | FOR_SHARED,
     read_deleted_retention},
    {STR_INIT("change_log_retention"),
     OPTION_CHANGE_LOG_RETENTION,
     FOR_USER | FOR_SHARED,
     read_change_log_retention},
    {STR_INIT("ttl_seconds"), OPTION_TTL, FOR_STREAM, read_ttl_seconds},
    {STR_INIT("retention"), OPTION_TTL, FOR_STREAM, read_retention},
    {STR_INIT("ephemeral"), OPTION_EPHEMERAL, FOR_STREAM, read_ephemeral},
    {STR_INIT("max_buffer"), OPTION_MAX_BUFFER, FOR_STREAM, read_max_buffer},
    {STR_INIT("scope"), OPTION_SCOPE, FOR_STREAM, read_scope},
    {STR_INIT("durability"), OPTION_DURABILITY, FOR_USER | FOR_SHARED, read_durability},
    {STR_INIT("access_level"), OPTION_ACCESS_LEVEL, FOR_SHARED | FOR_STREAM, read_access_level},
};

enum { OPTION_COUNT = sizeof(OPTIONS) / sizeof(OPTIONS[0]) };

/* ---- the whole list ---- */

static const OptionInfo *find_option(Str key)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (str_equal(OPTIONS[i].key, key))
            return &OPTIONS[i];
    return NULL;
}

static Status read_option(
    Context *ctx, const AstOption *given, TableKind kind, unsigned *seen, TableOptions *options)
{
    const OptionInfo *info = find_option(given->key);
    if (!info)
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       given->offset,
                       "Unknown table option '%.*s'",
                       STR_ARG(option_name(ctx, given)));
    if (!(info->kinds & (1u << kind)))
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       given->offset,
                       "Table option '%.*s' does not apply to %s tables",
                       STR_ARG(option_name(ctx, given)),
                       table_kind_word(kind));
    if (*seen & (1u << info->id))
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       given->offset,
                       "Table option '%.*s' is given twice",
                       STR_ARG(option_name(ctx, given)));
    *seen |= 1u << info->id;
    return info->read(ctx, given, options);
}

/* A stream has nothing to flush and nothing to keep: R6. */
static TableOptions options_before_reading(TableKind kind, const TableDefaults *defaults)
{
    TableOptions options = {.access_level = ACCESS_PRIVATE};
    if (kind == TABLE_STREAM) {
        options.async = true;
        options.flush_policy = (FlushPolicy){.by_rows = true, .rows = 0};
        options.ttl_ms = defaults->stream_ttl_ms;
        options.max_buffer = defaults->stream_max_buffer;
        return options;
    }
    options.async = defaults->async;
    options.storage_id = STR("local");
    options.flush_policy = defaults->flush_policy;
    options.deleted_retention_hours = defaults->deleted_retention_hours;
    return options;
}

static Status
read_options(Context *ctx, const AstOptionList *list, TableKind kind, TableOptions *options)
{
    unsigned seen = 0;
    for (size_t i = 0; i < list->count; i++)
        TRY(read_option(ctx, &list->items[i], kind, &seen, options));
    bool one_per_user = kind == TABLE_STREAM && !options->scope_shared;
    if (one_per_user && (seen & (1u << OPTION_ACCESS_LEVEL)))
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "Table option 'ACCESS_LEVEL' applies to a stream only with SCOPE = 'shared'");
    return STATUS_OK;
}

Status table_options_from_ast(Context *ctx,
                              const AstOptionList *list,
                              TableKind kind,
                              const TableDefaults *defaults,
                              TableOptions *ret_options)
{
    TableOptions options = options_before_reading(kind, defaults);
    TRY(read_options(ctx, list, kind, &options));
    *ret_options = options;
    return STATUS_OK;
}

/* ---- ALTER TABLE ---- */

/* Where rows are, and whose, was decided when the table was made. */
static Status check_changeable(Context *ctx, const AstOption *given)
{
    const OptionInfo *info = find_option(given->key);
    bool fixed = info && (info->id == OPTION_TYPE || info->id == OPTION_SCOPE ||
                          info->id == OPTION_STORAGE || info->id == OPTION_USE_USER_STORAGE);
    if (!fixed)
        return STATUS_OK;
    return fail_at(ctx,
                   STATUS_INVALID_OPERATION,
                   given->offset,
                   "Table option '%.*s' cannot be changed after CREATE TABLE",
                   STR_ARG(option_name(ctx, given)));
}

Status table_options_change(Context *ctx,
                            const AstOptionList *list,
                            const Table *table,
                            TableOptions *ret_options)
{
    TableOptions options = table->options;
    for (size_t i = 0; i < list->count; i++)
        TRY(check_changeable(ctx, &list->items[i]));
    TRY(read_options(ctx, list, table->kind, &options));
    *ret_options = options;
    return STATUS_OK;
}

static bool flush_policies_equal(const FlushPolicy *a, const FlushPolicy *b)
{
    return a->by_rows == b->by_rows && a->by_interval == b->by_interval && a->rows == b->rows &&
           a->interval_seconds == b->interval_seconds;
}

/* Of what can be changed. */
bool table_options_equal(const TableOptions *a, const TableOptions *b)
{
    return a->access_level == b->access_level && a->async == b->async &&
           flush_policies_equal(&a->flush_policy, &b->flush_policy) &&
           a->deleted_retention_hours == b->deleted_retention_hours &&
           a->change_log_retention_hours == b->change_log_retention_hours &&
           a->ttl_ms == b->ttl_ms && a->ephemeral == b->ephemeral && a->max_buffer == b->max_buffer;
}
