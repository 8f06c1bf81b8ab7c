/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ListNode: intrusive doubly linked lists, circular around a head that is a node
 * itself.  A node that is in no list points to itself, so removing it is harmless.
 */
#pragma once

#include <stdbool.h>

typedef struct ListNode ListNode;
struct ListNode {
    ListNode *next;
    ListNode *prev;
};

static inline void list_init(ListNode *node)
{
    node->next = node->prev = node;
}

/* Of a list: nothing in it.  Of a node: in no list. */
static inline bool list_is_empty(const ListNode *node)
{
    return node->next == node;
}

static inline void list_append(ListNode *head, ListNode *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void list_remove(ListNode *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}
