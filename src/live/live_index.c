/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Shape owns a map from hash to the first of the slots that are filed there, a
 * doubly linked list: nearly always of one.  Hashes of different values may
 * collide: a list then holds strangers, who fail their own test.  Nothing is ever missed, because
 * equal values (in the sense of value_compare) have equal hashes.
 *
 * A branch of a predicate that pins more columns than a shape may have, or whose
 * IN lists multiply to too many slots, is filed under fewer columns: dropping a
 * pin only widens what is found.
 */
#include "live/live_index.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/memory.h"

#include <assert.h>

typedef struct Shape {
    uint32_t column_count;
    uint32_t columns[LIVE_INDEX_SHAPE_COLUMNS_MAX]; /* ascending */
    IdMap slots;                                    /* hash -> first Slot */
} Shape;

typedef struct Slot Slot;
struct Slot {
    Shape *shape;
    uint64_t hash;
    Slot *next; /* of the same hash */
    Slot *previous;
    void *item;
};

typedef enum FilingKind { FILED_HASH, FILED_SCAN, FILED_NEVER } FilingKind;

struct LiveFiling {
    FilingKind kind;
    uint32_t slot_count; /* 0 unless FILED_HASH */
    Slot slots[];
};

struct LiveIndex {
    bool per_user;
    size_t shape_count;
    Shape *shapes[LIVE_INDEX_SHAPES_MAX];
    void **scan_list;
    size_t scan_count;
    size_t scan_capacity;
    size_t item_count;
};

/* ---- life cycle ---- */

LiveIndex *live_index_new(bool per_user)
{
    LiveIndex *index = NEW(LiveIndex);
    index->per_user = per_user;
    return index;
}

static void shape_free(Shape *shape)
{
    id_map_done(&shape->slots);
    free(shape);
}

void live_index_free(LiveIndex *index)
{
    if (!index)
        return;
    assert(index->item_count == 0);
    for (size_t i = 0; i < index->shape_count; i++)
        shape_free(index->shapes[i]);
    free(index->scan_list);
    free(index);
}

/* ---- filing ---- */

/* The pins of one branch that the filing uses, in column order. */
typedef struct Signature {
    uint32_t pin_count;
    const PredicatePin *pins[LIVE_INDEX_SHAPE_COLUMNS_MAX];
    size_t slot_count; /* product of the pins' value counts */
} Signature;

static void signature_drop(Signature *signature, uint32_t at)
{
    signature->slot_count /= signature->pins[at]->count;
    signature->pin_count--;
    for (uint32_t i = at; i < signature->pin_count; i++)
        signature->pins[i] = signature->pins[i + 1];
}

static uint32_t signature_longest(const Signature *signature)
{
    uint32_t longest = 0;
    for (uint32_t i = 1; i < signature->pin_count; i++)
        if (signature->pins[i]->count > signature->pins[longest]->count)
            longest = i;
    return longest;
}

/* As many pins as fit; the longest IN lists give way first. */
static Signature signature_of(const PredicateBranch *branch, size_t slots_max)
{
    Signature signature = {.slot_count = 1};
    for (size_t i = 0; i < branch->pin_count; i++) {
        const PredicatePin *pin = &branch->pins[i];
        if (signature.pin_count == LIVE_INDEX_SHAPE_COLUMNS_MAX || pin->count == 0)
            continue;
        signature.pins[signature.pin_count++] = pin;
        signature.slot_count *= pin->count;
        while (signature.slot_count > slots_max)
            signature_drop(&signature, signature_longest(&signature));
    }
    return signature;
}

static bool shape_has(const Shape *shape, const Signature *signature)
{
    if (shape->column_count != signature->pin_count)
        return false;
    for (uint32_t i = 0; i < shape->column_count; i++)
        if (shape->columns[i] != signature->pins[i]->column)
            return false;
    return true;
}

/* NULL when there are too many shapes already. */
static Shape *shape_for(LiveIndex *index, const Signature *signature)
{
    for (size_t i = 0; i < index->shape_count; i++)
        if (shape_has(index->shapes[i], signature))
            return index->shapes[i];
    if (index->shape_count == LIVE_INDEX_SHAPES_MAX)
        return NULL;
    Shape *shape = NEW(Shape);
    shape->column_count = signature->pin_count;
    for (uint32_t i = 0; i < signature->pin_count; i++)
        shape->columns[i] = signature->pins[i]->column;
    index->shapes[index->shape_count++] = shape;
    return shape;
}

static uint64_t hash_begin(const LiveIndex *index, Owner owner)
{
    return index->per_user ? hash_seeded(owner.user_id) : 0;
}

/* The hash of the slot_number-th combination of the signature's values. */
static uint64_t slot_hash(uint64_t hash, const Signature *signature, size_t slot_number)
{
    for (uint32_t i = 0; i < signature->pin_count; i++) {
        const PredicatePin *pin = signature->pins[i];
        hash = hash_combine(hash, value_hash(&pin->values[slot_number % pin->count]));
        slot_number /= pin->count;
    }
    return hash;
}

static bool has_slot(const LiveFiling *filing, const Shape *shape, uint64_t hash)
{
    for (uint32_t i = 0; i < filing->slot_count; i++)
        if (filing->slots[i].shape == shape && filing->slots[i].hash == hash)
            return true;
    return false;
}

/* False when the branch cannot be filed by hash. */
static bool plan_branch(LiveIndex *index,
                        Owner owner,
                        const PredicateBranch *branch,
                        size_t slots_left,
                        LiveFiling *filing)
{
    Signature signature = signature_of(branch, slots_left);
    if (signature.pin_count == 0 && !index->per_user)
        return false;
    Shape *shape = shape_for(index, &signature);
    if (!shape)
        return false;
    for (size_t i = 0; i < signature.slot_count; i++) {
        uint64_t hash = slot_hash(hash_begin(index, owner), &signature, i);
        if (!has_slot(filing, shape, hash))
            filing->slots[filing->slot_count++] = (Slot){.shape = shape, .hash = hash};
    }
    return true;
}

static void shape_drop_if_empty(LiveIndex *index, Shape *shape)
{
    if (shape->slots.count > 0)
        return;
    for (size_t i = 0; i < index->shape_count; i++) {
        if (index->shapes[i] != shape)
            continue;
        index->shapes[i] = index->shapes[--index->shape_count];
        shape_free(shape);
        return;
    }
}

/* A filing may have several slots in one shape: each shape is looked at once. */
static void drop_empty_shapes(LiveIndex *index, const LiveFiling *filing)
{
    for (uint32_t i = 0; i < filing->slot_count; i++) {
        bool seen = false;
        for (uint32_t j = 0; j < i; j++)
            seen |= filing->slots[j].shape == filing->slots[i].shape;
        if (!seen)
            shape_drop_if_empty(index, filing->slots[i].shape);
    }
}

/* Fills in kind and slots; no slots at all when some branch needs the scan list. */
static void plan(LiveIndex *index, Owner owner, const Predicate *predicate, LiveFiling *filing)
{
    filing->kind = predicate->never ? FILED_NEVER : FILED_HASH;
    if (predicate->never)
        return;
    for (size_t i = 0; i < predicate->branch_count; i++) {
        /* Each branch that is still to come keeps one slot for itself. */
        size_t branches_left = predicate->branch_count - i - 1;
        size_t slots_left = LIVE_INDEX_SLOTS_MAX - filing->slot_count;
        if (slots_left <= branches_left ||
            !plan_branch(
                index, owner, &predicate->branches[i], slots_left - branches_left, filing)) {
            drop_empty_shapes(index, filing); /* made for the branches before */
            filing->slot_count = 0;
            filing->kind = FILED_SCAN;
            return;
        }
    }
}

static void slot_link(Slot *slot)
{
    slot->previous = NULL;
    slot->next = id_map_put(&slot->shape->slots, slot->hash, slot);
    if (slot->next)
        slot->next->previous = slot;
}

static void slot_unlink(const Slot *slot)
{
    if (slot->next)
        slot->next->previous = slot->previous;
    if (slot->previous)
        slot->previous->next = slot->next;
    else if (slot->next)
        id_map_put(&slot->shape->slots, slot->hash, slot->next);
    else
        id_map_remove(&slot->shape->slots, slot->hash);
}

static void scan_list_add(LiveIndex *index, void *item)
{
    if (index->scan_count == index->scan_capacity) {
        index->scan_capacity = index->scan_capacity ? index->scan_capacity * 2 : 4;
        index->scan_list = mem_realloc(index->scan_list, index->scan_capacity * sizeof(void *));
    }
    index->scan_list[index->scan_count++] = item;
}

static void scan_list_remove(LiveIndex *index, const void *item)
{
    size_t at = 0;
    while (index->scan_list[at] != item)
        at++;
    index->scan_list[at] = index->scan_list[--index->scan_count];
}

LiveFiling *live_index_add(LiveIndex *index, Owner owner, const Predicate *predicate, void *item)
{
    _Alignas(LiveFiling) char space[sizeof(LiveFiling) + LIVE_INDEX_SLOTS_MAX * sizeof(Slot)];
    LiveFiling *planned = (LiveFiling *)space;
    *planned = (LiveFiling){0};
    plan(index, owner, predicate, planned);

    LiveFiling *filing =
        mem_dup(planned, sizeof(*planned) + planned->slot_count * sizeof(*planned->slots));
    for (uint32_t i = 0; i < filing->slot_count; i++) {
        filing->slots[i].item = item;
        slot_link(&filing->slots[i]);
    }
    if (filing->kind == FILED_SCAN)
        scan_list_add(index, item);
    index->item_count++;
    return filing;
}

void live_index_remove(LiveIndex *index, LiveFiling *filing, const void *item)
{
    if (filing->kind == FILED_SCAN)
        scan_list_remove(index, item);
    for (uint32_t i = 0; i < filing->slot_count; i++)
        slot_unlink(&filing->slots[i]);
    drop_empty_shapes(index, filing);
    index->item_count--;
    free(filing);
}

/* ---- matching ---- */

/* False when a pinned column is NULL: equality never holds then. */
static bool row_hash(const Shape *shape, uint64_t hash, const Value *row, uint64_t *ret_hash)
{
    for (uint32_t i = 0; i < shape->column_count; i++) {
        const Value *value = &row[shape->columns[i]];
        if (value_is_null(value))
            return false;
        hash = hash_combine(hash, value_hash(value));
    }
    *ret_hash = hash;
    return true;
}

void live_index_match(
    LiveIndex *index, Owner owner, const Value *row, LiveIndexVisit visit, void *data)
{
    uint64_t begin = hash_begin(index, owner);
    for (size_t i = 0; i < index->shape_count; i++) {
        uint64_t hash;
        if (!row_hash(index->shapes[i], begin, row, &hash))
            continue;
        const Slot *slot = id_map_get(&index->shapes[i]->slots, hash);
        for (; slot; slot = slot->next)
            visit(data, slot->item);
    }
    for (size_t i = 0; i < index->scan_count; i++)
        visit(data, index->scan_list[i]);
}

/* ---- introspection ---- */

const char *live_filing_kind(const LiveFiling *filing)
{
    static const char *const WORDS[] = {
        [FILED_HASH] = "hash", [FILED_SCAN] = "scan", [FILED_NEVER] = "never"};
    return WORDS[filing->kind];
}

size_t live_index_shape_count(const LiveIndex *index)
{
    return index->shape_count;
}

size_t live_index_item_count(const LiveIndex *index)
{
    return index->item_count;
}

size_t live_index_scan_count(const LiveIndex *index)
{
    return index->scan_count;
}
