/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mailbox: how threads talk.
 *
 * Many threads post, one thread drains.  Items are intrusive: a poster embeds a
 * MailboxItem in what it sends and gives up ownership of it.  The lock guards
 * only the list.  `wake` is called once when an empty mailbox gets an item; the
 * owner then drains everything.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct MailboxItem MailboxItem;
struct MailboxItem {
    MailboxItem *next;
    void (*run)(MailboxItem *item); /* called by the draining thread */
};

typedef struct Mailbox {
    pthread_mutex_t lock; /* guards first, last, closed */
    pthread_cond_t filled;
    MailboxItem *first;
    MailboxItem *last;
    bool closed;
    void (*wake)(void *data); /* may be NULL: the owner waits with mailbox_wait() */
    void *wake_data;
} Mailbox;

void mailbox_init(Mailbox *mailbox, void (*wake)(void *data), void *wake_data);
void mailbox_done(Mailbox *mailbox);

/* False (and nothing is taken) once the mailbox is closed. */
bool mailbox_post(Mailbox *mailbox, MailboxItem *item);

/* All items in the order they came, as a list; NULL when there is none. */
MailboxItem *mailbox_take(Mailbox *mailbox);

/* As mailbox_take(), but waits; NULL when timeout_ms (-1 = for ever) passed or it was closed. */
MailboxItem *mailbox_wait(Mailbox *mailbox, int timeout_ms);

/* Takes everything and runs each item; returns how many. */
size_t mailbox_run(Mailbox *mailbox);

/* Later posts are refused and a waiting owner wakes up; what is inside stays. */
void mailbox_close(Mailbox *mailbox);
bool mailbox_is_closed(Mailbox *mailbox);
