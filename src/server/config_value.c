/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config_value.h"

static void *member(Config *config, const ConfigKey *key)
{
    return (char *)config + key->offset;
}

/* ---- integers and durations ---- */

typedef struct Unit {
    Str suffix;
    int64_t factor;
} Unit;

static const Unit SIZE_UNITS[] = {
    {STR_INIT("KiB"), INT64_C(1) << 10},
    {STR_INIT("MiB"), INT64_C(1) << 20},
    {STR_INIT("GiB"), INT64_C(1) << 30},
    {STR_INIT(""), 1},
};
static const Unit TIME_UNITS[] = {
    {STR_INIT("ms"), 1},
    {STR_INIT("s"), 1000},
    {STR_INIT("m"), INT64_C(60) * 1000},
    {STR_INIT("h"), INT64_C(3600) * 1000},
    {STR_INIT("d"), INT64_C(86400) * 1000},
    {STR_INIT(""), 1000},
};
enum { SIZE_UNIT_COUNT = 4, TIME_UNIT_COUNT = 6 };

static bool read_with_unit(Str text, const Unit *units, size_t unit_count, int64_t *ret_value)
{
    for (size_t i = 0; i < unit_count; i++) {
        if (!str_ends_with(text, units[i].suffix))
            continue;
        Str number = str_trim(str_from(text.ptr, text.len - units[i].suffix.len));
        int64_t count;
        return str_to_int64(number, &count) &&
               !__builtin_mul_overflow(count, units[i].factor, ret_value);
    }
    return false;
}

static Status
set_integer(Context *ctx, Config *config, const ConfigKey *key, int64_t value, const char *where)
{
    if (value < key->min || value > key->max)
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "%s: %s is %lld, it must be %lld to %lld",
                    where,
                    key->name,
                    (long long)value,
                    (long long)key->min,
                    (long long)key->max);
    *(int64_t *)member(config, key) = value;
    return STATUS_OK;
}

/* ---- lists ---- */

static void append_item(Arena *arena, StrList *list, size_t *capacity, Str item)
{
    Str *items = arena_grow(arena, (void *)list->items, list->count, capacity, sizeof(Str));
    items[list->count++] = item;
    list->items = items;
}

static StrList split_list(Arena *arena, Str text)
{
    StrList list = {0};
    size_t capacity = 0;
    for (Str part; str_split(&text, ',', &part);) {
        part = str_trim(part);
        if (part.len > 0)
            append_item(arena, &list, &capacity, arena_str(arena, part));
    }
    return list;
}

static bool read_list(Arena *arena, const TomlValue *value, StrList *ret_list)
{
    StrList list = {0};
    size_t capacity = 0;
    for (const TomlValue *item = value->first; item; item = item->next) {
        if (item->kind != TOML_STRING)
            return false;
        append_item(arena, &list, &capacity, item->text);
    }
    *ret_list = list;
    return true;
}

/* ---- text ---- */

static const char *type_words(ConfigType type)
{
    static const char *const WORDS[] = {
        [CONFIG_TEXT] = "a string",
        [CONFIG_INTEGER] = "an integer",
        [CONFIG_BOOLEAN] = "true or false",
        [CONFIG_LIST] = "a list of strings",
        [CONFIG_DURATION] = "a duration like \"30s\"",
    };
    return WORDS[type];
}

static Status bad_text(Context *ctx, const ConfigKey *key, Str text, const char *where)
{
    return fail(ctx,
                STATUS_INVALID_INPUT,
                "%s: %s must be %s, not \"%.*s\"",
                where,
                key->name,
                type_words(key->type),
                STR_ARG(text));
}

static bool read_boolean(Str text, bool *ret_value)
{
    bool yes = str_equal_nocase(text, STR("true")) || str_equal(text, STR("1"));
    bool no = str_equal_nocase(text, STR("false")) || str_equal(text, STR("0"));
    *ret_value = yes;
    return yes || no;
}

Status
config_set_text(Context *ctx, Config *config, const ConfigKey *key, Str text, const char *where)
{
    int64_t integer;
    switch (key->type) {
    case CONFIG_TEXT:
        *(Str *)member(config, key) = arena_str(&ctx->arena, text);
        return STATUS_OK;
    case CONFIG_INTEGER:
        if (!read_with_unit(text, SIZE_UNITS, SIZE_UNIT_COUNT, &integer))
            return bad_text(ctx, key, text, where);
        return set_integer(ctx, config, key, integer, where);
    case CONFIG_DURATION:
        if (!read_with_unit(text, TIME_UNITS, TIME_UNIT_COUNT, &integer))
            return bad_text(ctx, key, text, where);
        return set_integer(ctx, config, key, integer, where);
    case CONFIG_BOOLEAN:
        if (!read_boolean(text, member(config, key)))
            return bad_text(ctx, key, text, where);
        return STATUS_OK;
    case CONFIG_LIST:
        *(StrList *)member(config, key) = split_list(&ctx->arena, text);
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* ---- the file ---- */

static Status bad_entry(Context *ctx, const ConfigKey *key, const TomlEntry *entry)
{
    return fail(ctx,
                STATUS_INVALID_INPUT,
                "line %d: %s must be %s, not %s",
                entry->line,
                key->name,
                type_words(key->type),
                toml_kind_word(entry->value.kind));
}

static bool accepts_text(ConfigType type)
{
    return type == CONFIG_TEXT || type == CONFIG_INTEGER || type == CONFIG_DURATION ||
           type == CONFIG_LIST;
}

Status config_set_entry(Context *ctx, Config *config, const ConfigKey *key, const TomlEntry *entry)
{
    const TomlValue *value = &entry->value;
    Str where = arena_printf(&ctx->arena, "line %d", entry->line);
    bool is_number = key->type == CONFIG_INTEGER || key->type == CONFIG_DURATION;
    if (value->kind == TOML_STRING && accepts_text(key->type))
        return config_set_text(ctx, config, key, value->text, where.ptr);
    if (value->kind == TOML_INTEGER && is_number)
        return config_set_text(ctx,
                               config,
                               key,
                               arena_printf(&ctx->arena, "%lld", (long long)value->integer),
                               where.ptr);
    if (value->kind == TOML_BOOLEAN && key->type == CONFIG_BOOLEAN) {
        *(bool *)member(config, key) = value->boolean;
        return STATUS_OK;
    }
    if (value->kind == TOML_ARRAY && key->type == CONFIG_LIST &&
        read_list(&ctx->arena, value, member(config, key)))
        return STATUS_OK;
    return bad_entry(ctx, key, entry);
}
