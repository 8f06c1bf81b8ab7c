/* SPDX-License-Identifier: Apache-2.0 */
#include "query/access_path.h"

#include "store/layout.h"
#include "table/table_write.h"

/* Only a value of the column's own type has a place among its keys. */
static bool value_has_key(const Value *value, Type type)
{
    return value->kind == type.kind && (type.kind != TYPE_DECIMAL || value->scale == type.scale);
}

/* False: the value is longer than any key, no row has it. */
static bool make_key(Context *ctx, const Table *table, const Value *value, Str *ret_key)
{
    if (row_key_make(ctx, table, value, ret_key) == STATUS_OK)
        return true;
    context_clear_error(ctx);
    return false;
}

static int compare_keys(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

static size_t sort_distinct(Str *keys, size_t count)
{
    qsort(keys, count, sizeof(*keys), compare_keys);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !str_equal(keys[kept - 1], keys[i]))
            keys[kept++] = keys[i];
    return kept;
}

/* Does every branch say exactly which keys it is about? */
static bool all_pinned(const Predicate *predicate, const Table *table)
{
    uint32_t column = (uint32_t)table->primary_key;
    for (size_t i = 0; i < predicate->branch_count; i++) {
        const PredicatePin *pin = predicate_pin(&predicate->branches[i], column);
        if (!pin)
            return false;
        for (size_t j = 0; j < pin->count; j++)
            if (!value_has_key(&pin->values[j], table->columns[column].type))
                return false;
    }
    return predicate->branch_count > 0;
}

static void
path_by_key(Context *ctx, const Table *table, const Predicate *predicate, AccessPath *path)
{
    Str *keys =
        ARENA_ARRAY(&ctx->arena, Str, predicate->branch_count * (size_t)PREDICATE_PIN_VALUES_MAX);
    size_t count = 0;
    for (size_t i = 0; i < predicate->branch_count; i++) {
        const PredicatePin *pin =
            predicate_pin(&predicate->branches[i], (uint32_t)table->primary_key);
        for (size_t j = 0; j < pin->count; j++)
            count += make_key(ctx, table, &pin->values[j], &keys[count]);
    }
    path->by_key = true;
    path->keys = keys;
    path->key_count = sort_distinct(keys, count);
}

/* The smallest key above this one: no key is a prefix of another. */
static Str successor(Context *ctx, Str key)
{
    CLEANUP(buf_done) Buf next = {0};
    key_successor_append(&next, key);
    return arena_str(&ctx->arena, buf_str(&next));
}

/* A bound that is longer than any key is left to the condition. */
static void
path_by_range(Context *ctx, const Table *table, const PredicateBound *bound, AccessPath *path)
{
    Type type = table->columns[table->primary_key].type;
    bool has_lower = bound->lower && value_has_key(bound->lower, type) &&
                     make_key(ctx, table, bound->lower, &path->lower);
    bool has_upper = bound->upper && value_has_key(bound->upper, type) &&
                     make_key(ctx, table, bound->upper, &path->upper);
    if (has_lower && !bound->lower_inclusive)
        path->lower = successor(ctx, path->lower);
    if (has_upper && bound->upper_inclusive)
        path->upper = successor(ctx, path->upper);
    if (has_lower && has_upper && str_compare(path->lower, path->upper) >= 0)
        path->never = true;
}

AccessPath access_path_make(Context *ctx, const Table *table, const Expr *condition)
{
    AccessPath path = {0};
    Predicate predicate = predicate_analyse(&ctx->arena, condition);
    path.never = predicate.never;
    bool has_keys = table->kind == TABLE_USER || table->kind == TABLE_SHARED;
    if (!path.never && has_keys) {
        uint32_t column = (uint32_t)table->primary_key;
        const PredicateBound *bound =
            predicate.branch_count == 1 ? predicate_bound(&predicate.branches[0], column) : NULL;
        if (all_pinned(&predicate, table))
            path_by_key(ctx, table, &predicate, &path);
        else if (bound)
            path_by_range(ctx, table, bound, &path);
    }
    return path;
}
