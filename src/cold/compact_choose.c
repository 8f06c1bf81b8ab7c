/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Size-tiered, as in Cassandra: segments belong to the tier of their row count,
 * each tier four times as large as the one before.  So a row is rewritten about
 * once per tier, and there are at most a few segments in each.
 */
#include "cold/compact.h"
#include "cold/flush.h"

enum {
    TIER_FACTOR = 4,
    SMALLEST_TIER_ROWS = 4096,
    TIER_COUNT = 16,
    LOST_PART = 3, /* a rewrite of everything is worth it when one row in three goes */
};

static unsigned tier_of(const Segment *segment)
{
    unsigned tier = 0;
    uint64_t rows = SMALLEST_TIER_ROWS;
    while (segment->row_count > rows && tier < TIER_COUNT - 1) {
        rows *= TIER_FACTOR;
        tier++;
    }
    return tier;
}

/* Tombstones of a segment that is old as a whole. */
static uint64_t expired_tombstones(const CompactState *state)
{
    uint64_t count = 0;
    for (size_t i = 0; i < state->manifest->segment_count; i++) {
        const Segment *segment = &state->manifest->segments[i];
        StoredRow newest = {.seq = segment->seq_max, .deleted = true};
        if (tombstone_is_over(&state->rule, &newest))
            count += segment->tombstone_count;
    }
    return count;
}

static uint64_t row_count(const Manifest *manifest)
{
    uint64_t count = 0;
    for (size_t i = 0; i < manifest->segment_count; i++)
        count += manifest->segments[i].row_count;
    return count;
}

static CompactChoice all_segments(Arena *arena, const Manifest *manifest)
{
    uint32_t *ids = ARENA_ARRAY(arena, uint32_t, manifest->segment_count + 1);
    for (size_t i = 0; i < manifest->segment_count; i++)
        ids[i] = manifest->segments[i].id;
    return (CompactChoice){ids, manifest->segment_count};
}

/* Oldest first. */
static CompactChoice segments_of_tier(Arena *arena, const Manifest *manifest, unsigned tier)
{
    uint32_t *ids = ARENA_ARRAY(arena, uint32_t, COMPACT_SEGMENTS_MAX);
    CompactChoice choice = {.segments = ids};
    for (size_t i = 0; i < manifest->segment_count; i++)
        if (!manifest->segments[i].is_full && tier_of(&manifest->segments[i]) == tier &&
            choice.count < COMPACT_SEGMENTS_MAX)
            ids[choice.count++] = manifest->segments[i].id;
    return choice;
}

/* Nothing is gained by merging files that are full. */
static bool is_full_tier(unsigned tier)
{
    uint64_t rows = SMALLEST_TIER_ROWS;
    for (unsigned i = 1; i < tier; i++)
        rows *= TIER_FACTOR;
    return tier > 0 && rows * TIER_FACTOR >= SEGMENT_ROWS_MAX;
}

CompactChoice compact_choose(Arena *arena, const CompactState *state)
{
    uint64_t lost = state->dead_count + expired_tombstones(state);
    if (lost > 0 && lost * LOST_PART >= row_count(state->manifest))
        return all_segments(arena, state->manifest);
    for (unsigned tier = 0; tier < TIER_COUNT && !is_full_tier(tier); tier++) {
        CompactChoice choice = segments_of_tier(arena, state->manifest, tier);
        if (choice.count >= COMPACT_FAN_IN)
            return choice;
    }
    return (CompactChoice){0};
}

static size_t open_count(const Manifest *manifest)
{
    size_t count = 0;
    for (size_t i = 0; i < manifest->segment_count; i++)
        count += !manifest->segments[i].is_full;
    return count;
}

CompactChoice compact_choose_all(Arena *arena, const CompactState *state)
{
    bool gains =
        open_count(state->manifest) > 1 || state->dead_count > 0 || expired_tombstones(state) > 0;
    return gains ? all_segments(arena, state->manifest) : (CompactChoice){0};
}
