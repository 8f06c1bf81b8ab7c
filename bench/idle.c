/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle SOCKETS [QUERIES [ROOMS]]: opens that many authenticated WebSockets,
 * registers that many live queries in turn on them (on bench.rooms, each for a room
 * of its own, or for one of so many rooms), says so, and holds all until its
 * standard input ends.
 */
#include "base/memory.h"
#include "peer.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 100 };

static void register_query(WebSocketPeer *peer, size_t number, size_t room)
{
    char id[TEXT_MAX];
    char sql[TEXT_MAX];
    (void)snprintf(id, sizeof(id), "%zu", number);
    (void)snprintf(sql, sizeof(sql), "SELECT * FROM bench.rooms WHERE room = %zu", room);
    websocket_peer_subscribe(peer, id, sql);
    websocket_peer_await(peer, STR("subscription_ack"));
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4)
        die("usage: idle SOCKETS [QUERIES [ROOMS]]");
    size_t query_count = argc > 2 ? argument_count(argv[2]) : 0;
    size_t room_count = argc > 3 ? argument_count(argv[3]) : query_count;
    size_t count = argument_count(argv[1]);
    WebSocketPeer *peers = mem_zalloc(count * sizeof(WebSocketPeer));
    for (size_t i = 0; i < count; i++)
        websocket_peer_open(&peers[i]);
    for (size_t i = 0; i < query_count; i++)
        register_query(&peers[i % count], i, i % room_count);
    printf("{\"sockets\":%zu,\"queries\":%zu}\n", count, query_count);
    if (fflush(stdout) != 0)
        die_errno("standard output");
    while (getchar() != EOF)
        ;
    for (size_t i = 0; i < count; i++)
        websocket_peer_close(&peers[i]);
    free(peers);
    return 0;
}
