/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/write_health.h"

#include <stdio.h>

void write_health_init(WriteHealth *health)
{
    pthread_mutex_init(&health->lock, NULL);
    atomic_init(&health->reason, NULL);
}

void write_health_done(WriteHealth *health)
{
    pthread_mutex_destroy(&health->lock);
}

void write_health_fail(WriteHealth *health, const Context *ctx)
{
    pthread_mutex_lock(&health->lock);
    bool first = !atomic_load(&health->reason);
    if (first) {
        snprintf(health->text, sizeof(health->text), "%.*s", STR_ARG(ctx->message));
        atomic_store(&health->reason, health->text);
    }
    pthread_mutex_unlock(&health->lock);
    if (first && health->on_fail)
        health->on_fail(health->data, health->text);
}

const char *write_health_reason(WriteHealth *health)
{
    return atomic_load(&health->reason);
}

Status write_health_refuse(WriteHealth *health, Context *ctx)
{
    return fail(ctx,
                STATUS_READ_ONLY,
                "the server accepts no more writes until it is restarted: %s",
                write_health_reason(health));
}
