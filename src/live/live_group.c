/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "expr/predicate.h"
#include "live/live_private.h"

#include <assert.h>

static LiveTable *find_table(const LiveEngine *engine, const Table *table)
{
    LiveTable *live_table = id_map_get(&engine->tables, table->id);
    while (live_table && live_table->table->version != table->version)
        live_table = live_table->next_version;
    return live_table;
}

static LiveTable *table_for(LiveEngine *engine, const Table *table)
{
    LiveTable *live_table = find_table(engine, table);
    if (live_table)
        return live_table;
    live_table = NEW(LiveTable);
    live_table->table = table;
    live_table->index = live_index_new(table_is_per_user(table));
    live_table->next_version = id_map_get(&engine->tables, table->id);
    id_map_put(&engine->tables, table->id, live_table);
    return live_table;
}

static void table_free(LiveEngine *engine, LiveTable *live_table)
{
    uint32_t id = live_table->table->id;
    LiveTable *first = id_map_get(&engine->tables, id);
    LiveTable **place = &first;
    while (*place != live_table)
        place = &(*place)->next_version;
    *place = live_table->next_version;
    if (first)
        id_map_put(&engine->tables, id, first);
    else
        id_map_remove(&engine->tables, id);
    live_index_free(live_table->index);
    id_map_done(&live_table->groups);
    free(live_table);
}

static LiveGroup *find_group(const LiveTable *live_table, const LiveQuery *query)
{
    LiveGroup *group = id_map_get(&live_table->groups, query->hash);
    while (group && !live_query_equal(group->query, query))
        group = group->next_same_hash;
    return group;
}

static LiveFiling *file(LiveGroup *group)
{
    CLEANUP(arena_done) Arena arena = {0};
    const LiveQuery *query = group->query;
    Predicate predicate = predicate_analyse(&arena, query->condition);
    return live_index_add(group->table->index, query->owner, &predicate, group);
}

static LiveGroup *group_new(LiveEngine *engine, const LiveQuery *bound)
{
    LiveGroup *group = NEW(LiveGroup);
    group->query = live_query_keep(bound);
    LiveTable *live_table = table_for(engine, group->query->table);
    group->table = live_table;
    group->member_capacity = 1;
    group->filing = file(group);
    group->next_same_hash = id_map_put(&live_table->groups, bound->hash, group);
    live_table->group_count++;
    atomic_fetch_add(&engine->group_count, 1);
    atomic_fetch_add(&engine->filters_compiled, 1);
    return group;
}

LiveGroup *live_group_join(LiveEngine *engine, const LiveQuery *bound)
{
    const LiveTable *live_table = find_table(engine, bound->table);
    LiveGroup *group = live_table ? find_group(live_table, bound) : NULL;
    if (!group)
        group = group_new(engine, bound);
    group->reference_count++;
    return group;
}

static void group_unlink(LiveGroup *group)
{
    IdMap *groups = &group->table->groups;
    LiveGroup *first = id_map_get(groups, group->query->hash);
    LiveGroup **place = &first;
    while (*place != group)
        place = &(*place)->next_same_hash;
    *place = group->next_same_hash;
    if (first)
        id_map_put(groups, group->query->hash, first);
    else
        id_map_remove(groups, group->query->hash);
}

void live_group_leave(LiveEngine *engine, LiveGroup *group)
{
    if (--group->reference_count > 0)
        return;
    assert(group->member_count == 0 && !group->delta);
    LiveTable *live_table = group->table;
    group_unlink(group);
    live_index_remove(live_table->index, group->filing, group);
    if (--live_table->group_count == 0)
        table_free(engine, live_table);
    else if (live_table->table == group->query->table)
        live_table->table =
            ((LiveGroup *)id_map_next(&live_table->groups, &(size_t){0}))->query->table;
    atomic_fetch_sub(&engine->group_count, 1);
    live_query_unref(group->query);
    if (group->member_capacity > 1)
        free(group->members);
    free(group);
}

Subscription **live_group_members(LiveGroup *group)
{
    return group->member_capacity > 1 ? group->members : &group->only_member;
}

static void grow_members(LiveGroup *group)
{
    uint32_t capacity = group->member_capacity * 2;
    Subscription *only = group->only_member;
    Subscription **grown = group->member_capacity > 1 ? group->members : NULL;
    grown = mem_realloc(grown, capacity * sizeof(Subscription *));
    if (group->member_capacity == 1)
        grown[0] = only;
    group->members = grown;
    group->member_capacity = capacity;
}

void live_group_add_member(LiveGroup *group, Subscription *subscription)
{
    if (group->member_count == group->member_capacity)
        grow_members(group);
    subscription->member_place = group->member_count;
    live_group_members(group)[group->member_count++] = subscription;
}

void live_group_remove_member(LiveGroup *group, const Subscription *subscription)
{
    Subscription **members = live_group_members(group);
    Subscription *last = members[--group->member_count];
    uint32_t place = subscription->member_place;
    members[place] = last;
    last->member_place = place;
}
