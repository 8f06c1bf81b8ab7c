/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the catalog's tests share: pieces of syntax trees without a parser, and
 * a catalog as text to compare.
 */
#pragma once

#include "catalog/catalog_codec.h"
#include "catalog/catalog_parts.h"
#include "catalog/table_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define NAME(literal)        ((AstName){.text = STR(literal)})
#define TYPE_NAMED(literal)  ((AstType){.name = STR(literal)})
#define OPTION(key_, value_) ((AstOption){.key = STR(key_), .value = STR(value_)})
#define COUNT_OF(array)      (sizeof(array) / sizeof((array)[0]))

static const TableDefaults DEFAULTS = {
    .flush_policy = {.by_rows = true, .by_interval = true, .rows = 10000, .interval_seconds = 300},
    .deleted_retention_hours = 168,
    .stream_ttl_ms = 10000,
    .stream_max_buffer = 10000,
};

static inline void assert_str(Str actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.ptr ? actual.ptr : "", expected, actual.len);
}

static inline void assert_message(const Context *ctx, const char *part)
{
    CLEANUP(buf_done) Buf message = {0};
    buf_str_append(&message, ctx->message);
    buf_byte(&message, '\0');
    if (!strstr(message.ptr, part))
        fail_msg("message \"%s\" lacks \"%s\"", message.ptr, part);
}

static inline int compare_text(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

/* Every part of the catalog, encoded, in an order of its own; equal catalogs give equal texts. */
static inline Str catalog_text(Arena *arena, const Catalog *catalog)
{
    CLEANUP(buf_done) Buf out = {0};
    Str parts[1024];
    size_t count = 0;
    const Namespace *space;
    for (size_t at = 0; (space = map_next(&catalog->namespaces, &at));) {
        buf_clear(&out);
        buf_printf(&out, "n/%.*s=", STR_ARG(space->name));
        namespace_encode(&out, space);
        parts[count++] = arena_str(arena, buf_str(&out));
    }
    const Storage *storage;
    for (size_t at = 0; (storage = map_next(&catalog->storages, &at));) {
        buf_clear(&out);
        buf_printf(&out, "s/%.*s=", STR_ARG(storage->id));
        storage_encode(&out, storage);
        parts[count++] = arena_str(arena, buf_str(&out));
    }
    const TableHistory *history;
    for (size_t at = 0; (history = id_map_next(&catalog->histories, &at));) {
        for (size_t i = 0; i < history->count; i++) {
            buf_clear(&out);
            buf_printf(&out, "t/%u/%u=", history->versions[i]->id, history->versions[i]->version);
            table_encode(&out, history->versions[i]);
            parts[count++] = arena_str(arena, buf_str(&out));
        }
        uint32_t id = history->versions[0]->id;
        if (catalog_table_is_cold(catalog, id))
            parts[count++] = arena_printf(arena, "f/%u", id);
    }
    const User *user;
    for (size_t at = 0; (user = map_next(&catalog->users, &at));) {
        buf_clear(&out);
        buf_printf(&out, "u/%.*s=", STR_ARG(user->id));
        user_encode(&out, user);
        parts[count++] = arena_str(arena, buf_str(&out));
    }
    assert_in_range(count, 0, COUNT_OF(parts) - 1);
    qsort(parts, count, sizeof(parts[0]), compare_text);
    buf_clear(&out);
    for (size_t i = 0; i < count; i++)
        buf_bytes(&out, parts[i]);
    buf_varint(&out, catalog->cold_tables.count);
    buf_varint(&out, catalog->last_table_id);
    return arena_str(arena, buf_str(&out));
}

static inline void assert_catalogs_equal(const Catalog *a, const Catalog *b)
{
    CLEANUP(arena_done) Arena arena = {0};
    Str first = catalog_text(&arena, a);
    Str second = catalog_text(&arena, b);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.ptr, second.ptr, first.len);
}
