/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model: every filed predicate in a plain array, each one tested against
 * each row by looking at its pins.  The index must visit all that match.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "live/live_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { COLUMNS = 5, ITEMS = 400, STEPS = 6000, VALUES = 6 };

static uint64_t seed;

/* xorshift64*: replayable from TEST_SEED */
static uint32_t dice(uint32_t sides)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * 0x2545f4914f6cdd1du) >> 33) % sides;
}

typedef struct Item {
    Arena arena;
    Str owner;
    Predicate predicate;
    LiveFiling *filing; /* NULL = not filed */
    bool visited;
} Item;

static Item items[ITEMS];
static const Str OWNERS[] = {STR_INIT("alice"), STR_INIT("bob"), STR_INIT("")};

static Value some_value(uint32_t column)
{
    if (column % 2)
        return value_text(dice(2) ? STR("lobby") : STR("kitchen"));
    return value_bigint(dice(VALUES));
}

static bool has_value(const Value *values, size_t count, const Value *value)
{
    for (size_t i = 0; i < count; i++)
        if (value_same(&values[i], value))
            return true;
    return false;
}

static void make_pin(Arena *arena, PredicatePin *pin, uint32_t column)
{
    size_t wanted = dice(3) ? 1 : 1 + dice(4);
    Value *values = ARENA_ARRAY(arena, Value, wanted);
    *pin = (PredicatePin){.column = column, .values = values};
    for (size_t i = 0; i < wanted; i++) {
        Value value = some_value(column);
        if (!has_value(values, pin->count, &value))
            values[pin->count++] = value;
    }
}

static void make_branch(Arena *arena, PredicateBranch *branch)
{
    PredicatePin *pins = ARENA_ARRAY(arena, PredicatePin, COLUMNS);
    branch->pins = pins;
    for (uint32_t column = 0; column < COLUMNS; column++)
        if (dice(3) == 0)
            make_pin(arena, &pins[branch->pin_count++], column);
}

static void make_item(Item *item)
{
    arena_clear(&item->arena);
    item->owner = OWNERS[dice(3)];
    size_t count = dice(4) ? 1 : 1 + dice(5);
    PredicateBranch *branches = ARENA_ARRAY(&item->arena, PredicateBranch, count);
    for (size_t i = 0; i < count; i++)
        make_branch(&item->arena, &branches[i]);
    item->predicate =
        (Predicate){.branches = branches, .branch_count = count, .never = dice(40) == 0};
}

static bool branch_accepts(const PredicateBranch *branch, const Value *row)
{
    for (size_t i = 0; i < branch->pin_count; i++) {
        const PredicatePin *pin = &branch->pins[i];
        const Value *value = &row[pin->column];
        if (value_is_null(value) || !has_value(pin->values, pin->count, value))
            return false;
    }
    return true;
}

static bool model_accepts(const Item *item, bool per_user, Str owner, const Value *row)
{
    if (item->predicate.never || (per_user && !str_equal(item->owner, owner)))
        return false;
    for (size_t i = 0; i < item->predicate.branch_count; i++)
        if (branch_accepts(&item->predicate.branches[i], row))
            return true;
    return false;
}

static void note_visit(void *data, void *item)
{
    (void)data;
    ((Item *)item)->visited = true;
}

static void match_random_row(LiveIndex *index, bool per_user)
{
    Value row[COLUMNS];
    Str owner = OWNERS[dice(3)];
    for (uint32_t column = 0; column < COLUMNS; column++)
        row[column] = dice(8) ? some_value(column) : VALUE_NULL;
    for (size_t i = 0; i < ITEMS; i++)
        items[i].visited = false;
    live_index_match(index, owner_of(owner), row, note_visit, NULL);
    for (size_t i = 0; i < ITEMS; i++) {
        if (items[i].filing && model_accepts(&items[i], per_user, owner, row))
            assert_true(items[i].visited);
        if (!items[i].filing)
            assert_false(items[i].visited);
        if (items[i].visited && per_user &&
            str_equal(STR("hash"), str_from_c(live_filing_kind(items[i].filing))))
            assert_true(str_equal(items[i].owner, owner));
    }
}

static void run_model(bool per_user)
{
    LiveIndex *index = live_index_new(per_user);
    for (int step = 0; step < STEPS; step++) {
        Item *item = &items[dice(ITEMS)];
        if (item->filing) {
            live_index_remove(index, TAKE(item->filing), item);
        } else {
            make_item(item);
            item->filing = live_index_add(index, owner_of(item->owner), &item->predicate, item);
        }
        if (step % 8 == 0)
            match_random_row(index, per_user);
    }
    for (size_t i = 0; i < ITEMS; i++) {
        if (items[i].filing)
            live_index_remove(index, TAKE(items[i].filing), &items[i]);
        arena_done(&items[i].arena);
    }
    assert_int_equal(live_index_item_count(index), 0);
    assert_int_equal(live_index_shape_count(index), 0);
    assert_int_equal(live_index_scan_count(index), 0);
    live_index_free(index);
}

static void the_index_finds_what_a_scan_of_all_finds(void **state)
{
    (void)state;
    run_model(false);
}

static void the_index_with_owners_finds_what_a_scan_of_all_finds(void **state)
{
    (void)state;
    run_model(true);
}

/* room = N, and nothing else */
static LiveFiling *file_room(LiveIndex *index, Arena *arena, int64_t room, void *item)
{
    Value *value = ARENA_NEW(arena, Value);
    *value = value_bigint(room);
    PredicatePin pin = {.column = 0, .values = value, .count = 1};
    PredicateBranch branch = {.pins = &pin, .pin_count = 1};
    Predicate predicate = {.branches = &branch, .branch_count = 1};
    return live_index_add(index, OWNER_SHARED, &predicate, item);
}

static void count_visit(void *data, void *item)
{
    (void)item;
    ++*(size_t *)data;
}

static void a_row_visits_only_the_queries_of_its_room(void **state)
{
    (void)state;
    enum { ROOMS = 2000 };
    CLEANUP(arena_done) Arena arena = {0};
    LiveIndex *index = live_index_new(false);
    LiveFiling *filings[ROOMS];
    for (int room = 0; room < ROOMS; room++)
        filings[room] = file_room(index, &arena, room, &filings[room]);

    size_t visits = 0;
    Value row = value_bigint(17);
    live_index_match(index, OWNER_SHARED, &row, count_visit, &visits);
    assert_int_equal(visits, 1);
    assert_int_equal(live_index_shape_count(index), 1);
    assert_string_equal(live_filing_kind(filings[0]), "hash");

    for (int room = 0; room < ROOMS; room++)
        live_index_remove(index, filings[room], &filings[room]);
    live_index_free(index);
}

static void a_predicate_without_pins_is_on_the_scan_list(void **state)
{
    (void)state;
    PredicateBranch branch = {0};
    Predicate predicate = {.branches = &branch, .branch_count = 1};
    LiveIndex *shared = live_index_new(false);
    LiveFiling *filing = live_index_add(shared, OWNER_SHARED, &predicate, shared);
    assert_string_equal(live_filing_kind(filing), "scan");
    live_index_remove(shared, filing, shared);
    live_index_free(shared);

    /* With owners the owner itself is the pin. */
    LiveIndex *per_user = live_index_new(true);
    filing = live_index_add(per_user, owner_of(STR("alice")), &predicate, per_user);
    assert_string_equal(live_filing_kind(filing), "hash");
    live_index_remove(per_user, filing, per_user);
    live_index_free(per_user);
}

int main(void)
{
    const char *given = getenv("TEST_SEED");
    seed = given ? strtoull(given, NULL, 10) : random_u64() | 1;
    printf("# TEST_SEED=%llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_finds_what_a_scan_of_all_finds),
        cmocka_unit_test(the_index_with_owners_finds_what_a_scan_of_all_finds),
        cmocka_unit_test(a_row_visits_only_the_queries_of_its_room),
        cmocka_unit_test(a_predicate_without_pins_is_on_the_scan_list),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("live_index", tests, NULL, NULL);
}
