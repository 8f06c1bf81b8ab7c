/* SPDX-License-Identifier: Apache-2.0 */
/* INSERT over HTTP, a live query over a WebSocket; `detail` is the table. */
#include "push_target.h"

#include "base/memory.h"
#include "peer.h"
#include "samples.h"

#include <stdlib.h>

typedef struct KalamdbPush {
    HttpPeer publisher;
    WebSocketPeer subscriber;
} KalamdbPush;

static void *kalamdb_open(const char *table)
{
    KalamdbPush *push = NEW(KalamdbPush);
    CLEANUP(buf_done) Buf sql = {0};
    buf_printf(&sql, "SELECT * FROM %s%c", table, '\0');
    websocket_peer_open(&push->subscriber);
    websocket_peer_subscribe(&push->subscriber, "push", sql.ptr);
    websocket_peer_await(&push->subscriber, STR("subscription_ack"));

    buf_clear(&sql);
    buf_printf(&sql, "INSERT INTO %s (body) VALUES ('%s')%c", table, PUSH_BODY, '\0');
    http_peer_open(&push->publisher);
    http_peer_prepare(&push->publisher, sql.ptr);
    return push;
}

static int64_t kalamdb_push(void *state)
{
    KalamdbPush *push = state;
    int64_t started = now_ns();
    int64_t arrived = 0;
    bool answered = false;
    http_peer_send(&push->publisher);
    while (!arrived || !answered) {
        if (push_wait(push->subscriber.fd, push->publisher.fd)) {
            if (websocket_peer_receive(&push->subscriber, STR("change")) > 0)
                arrived = now_ns();
        } else {
            answered = http_peer_receive(&push->publisher);
        }
    }
    return arrived - started;
}

static void kalamdb_close(void *state)
{
    KalamdbPush *push = state;
    http_peer_close(&push->publisher);
    websocket_peer_close(&push->subscriber);
    free(push);
}

const PushTarget PUSH_KALAMDB[] = {
    {"kalamdb-sync", "bench.push_sync", kalamdb_open, kalamdb_push, kalamdb_close},
    {"kalamdb-async", "bench.push_async", kalamdb_open, kalamdb_push, kalamdb_close},
    {"kalamdb-stream", "bench.push_stream", kalamdb_open, kalamdb_push, kalamdb_close},
    {.name = NULL},
};
