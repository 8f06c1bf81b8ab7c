/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mailbox.h"

#include <stddef.h>
#include <time.h>

void mailbox_init(Mailbox *mailbox, void (*wake)(void *data), void *wake_data)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    *mailbox = (Mailbox){.wake = wake, .wake_data = wake_data};
    pthread_mutex_init(&mailbox->lock, NULL);
    pthread_cond_init(&mailbox->filled, &attributes);
    pthread_condattr_destroy(&attributes);
}

void mailbox_done(Mailbox *mailbox)
{
    pthread_mutex_destroy(&mailbox->lock);
    pthread_cond_destroy(&mailbox->filled);
}

bool mailbox_post(Mailbox *mailbox, MailboxItem *item)
{
    item->next = NULL;
    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->closed) {
        pthread_mutex_unlock(&mailbox->lock);
        return false;
    }
    bool was_empty = !mailbox->first;
    if (was_empty)
        mailbox->first = item;
    else
        mailbox->last->next = item;
    mailbox->last = item;
    if (was_empty && mailbox->wake)
        mailbox->wake(mailbox->wake_data);
    bool waited_for = was_empty && !mailbox->wake;
    pthread_mutex_unlock(&mailbox->lock);
    /* Only now: a thread woken under the lock would sleep again at once. */
    if (waited_for)
        pthread_cond_signal(&mailbox->filled);
    return true;
}

static MailboxItem *take_locked(Mailbox *mailbox)
{
    MailboxItem *first = mailbox->first;
    mailbox->first = mailbox->last = NULL;
    return first;
}

MailboxItem *mailbox_take(Mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    MailboxItem *first = take_locked(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
    return first;
}

static struct timespec deadline_after(int timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

MailboxItem *mailbox_wait(Mailbox *mailbox, int timeout_ms)
{
    struct timespec deadline = deadline_after(timeout_ms < 0 ? 0 : timeout_ms);
    pthread_mutex_lock(&mailbox->lock);
    int error = 0;
    while (!mailbox->first && !mailbox->closed && !error) {
        if (timeout_ms < 0)
            pthread_cond_wait(&mailbox->filled, &mailbox->lock);
        else
            error = pthread_cond_timedwait(&mailbox->filled, &mailbox->lock, &deadline);
    }
    MailboxItem *first = take_locked(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
    return first;
}

size_t mailbox_run(Mailbox *mailbox)
{
    size_t count = 0;
    for (MailboxItem *item = mailbox_take(mailbox); item; count++) {
        MailboxItem *next = item->next;
        item->run(item);
        item = next;
    }
    return count;
}

void mailbox_close(Mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->closed = true;
    pthread_cond_broadcast(&mailbox->filled);
    pthread_mutex_unlock(&mailbox->lock);
}

bool mailbox_is_closed(Mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    bool closed = mailbox->closed;
    pthread_mutex_unlock(&mailbox->lock);
    return closed;
}
