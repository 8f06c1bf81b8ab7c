/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ConnectionTable: the connections of one reactor, by id.
 *
 * An id is a slot index and the number of times the slot was used, so a stale id
 * finds nothing although its slot has a new tenant.  Ids repeat after a slot was
 * used 2^32 times.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct Connection Connection;

typedef struct ConnectionSlot {
    Connection *conn; /* NULL = free */
    uint32_t generation;
    uint32_t next_free; /* index + 1; 0 = none */
} ConnectionSlot;

typedef struct ConnectionTable {
    ConnectionSlot *slots;
    size_t capacity;
    size_t used; /* slots that were ever taken */
    uint32_t first_free;
} ConnectionTable;

void connection_table_done(ConnectionTable *table);

/* Returns the id; never 0. */
uint64_t connection_table_add(ConnectionTable *table, Connection *conn);
void connection_table_remove(ConnectionTable *table, uint64_t id);
Connection *connection_table_find(const ConnectionTable *table, uint64_t id);
/* for (size_t at = 0; (conn = connection_table_next(table, &at));) */
Connection *connection_table_next(const ConnectionTable *table, size_t *at);
