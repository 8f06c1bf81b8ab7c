/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connection_table.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

enum { CAPACITY_FIRST = 64 };

void connection_table_done(ConnectionTable *table)
{
    free(table->slots);
    *table = (ConnectionTable){0};
}

static uint32_t take_slot(ConnectionTable *table)
{
    if (table->first_free) {
        uint32_t index = table->first_free - 1;
        table->first_free = table->slots[index].next_free;
        return index;
    }
    if (table->used == table->capacity) {
        table->capacity = table->capacity ? table->capacity * 2 : CAPACITY_FIRST;
        table->slots = mem_realloc(table->slots, table->capacity * sizeof(ConnectionSlot));
    }
    assert(table->used < UINT32_MAX);
    table->slots[table->used] = (ConnectionSlot){0};
    return (uint32_t)table->used++;
}

uint64_t connection_table_add(ConnectionTable *table, Connection *conn)
{
    uint32_t index = take_slot(table);
    ConnectionSlot *slot = &table->slots[index];
    slot->conn = conn;
    if (++slot->generation == 0)
        slot->generation = 1;
    return (uint64_t)slot->generation << 32 | index;
}

static ConnectionSlot *find_slot(const ConnectionTable *table, uint64_t id)
{
    size_t index = (uint32_t)id;
    if (index >= table->used)
        return NULL;
    ConnectionSlot *slot = &table->slots[index];
    return slot->conn && slot->generation == id >> 32 ? slot : NULL;
}

void connection_table_remove(ConnectionTable *table, uint64_t id)
{
    ConnectionSlot *slot = find_slot(table, id);
    assert(slot);
    slot->conn = NULL;
    slot->next_free = table->first_free;
    table->first_free = (uint32_t)id + 1;
}

Connection *connection_table_find(const ConnectionTable *table, uint64_t id)
{
    const ConnectionSlot *slot = find_slot(table, id);
    return slot ? slot->conn : NULL;
}

Connection *connection_table_next(const ConnectionTable *table, size_t *at)
{
    while (*at < table->used) {
        Connection *conn = table->slots[(*at)++].conn;
        if (conn)
            return conn;
    }
    return NULL;
}
