/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
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

static LiveGroup *group_new(LiveEngine *engine, LiveTable *live_table, LiveQuery *query)
{
    LiveGroup *group = NEW(LiveGroup);
    group->table = live_table;
    group->query = query;
    group->filing = live_index_add(live_table->index, query->owner, &query->predicate, group);
    group->next_same_hash = id_map_get(&live_table->groups, query->hash);
    id_map_put(&live_table->groups, query->hash, group);
    live_table->group_count++;
    atomic_fetch_add(&engine->group_count, 1);
    atomic_fetch_add(&engine->filters_compiled, 1);
    return group;
}

LiveGroup *live_group_join(LiveEngine *engine, LiveQuery *query)
{
    LiveTable *live_table = table_for(engine, query->table);
    LiveGroup *group = find_group(live_table, query);
    if (group)
        live_query_unref(query);
    else
        group = group_new(engine, live_table, query);
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
    assert(group->member_count == 0 && !group->touched);
    LiveTable *live_table = group->table;
    group_unlink(group);
    live_index_remove(live_table->index, group->filing);
    if (--live_table->group_count == 0)
        table_free(engine, live_table);
    else if (live_table->table == group->query->table)
        live_table->table =
            ((LiveGroup *)id_map_next(&live_table->groups, &(size_t){0}))->query->table;
    atomic_fetch_sub(&engine->group_count, 1);
    live_query_unref(group->query);
    live_delta_done(&group->delta);
    free(group->members);
    free(group);
}

void live_group_add_member(LiveGroup *group, Subscription *subscription)
{
    if (group->member_count == group->member_capacity) {
        group->member_capacity = group->member_capacity ? group->member_capacity * 2 : 1;
        group->members =
            mem_realloc(group->members, group->member_capacity * sizeof(Subscription *));
    }
    subscription->member_place = group->member_count;
    group->members[group->member_count++] = subscription;
}

void live_group_remove_member(LiveGroup *group, Subscription *subscription)
{
    Subscription *last = group->members[--group->member_count];
    group->members[subscription->member_place] = last;
    last->member_place = subscription->member_place;
}
