/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle SOCKETS [QUERIES]: opens that many authenticated WebSockets, registers
 * that many live queries in turn on them (on bench.rooms, each for a room of its
 * own), says so, and holds all until its standard input ends.
 */
#include "base/memory.h"
#include "peer.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 100 };

static void register_query(WebSocketPeer *peer, size_t room)
{
    char id[TEXT_MAX];
    char sql[TEXT_MAX];
    (void)snprintf(id, sizeof(id), "%zu", room);
    (void)snprintf(sql, sizeof(sql), "SELECT * FROM bench.rooms WHERE room = %zu", room);
    websocket_peer_subscribe(peer, id, sql);
    websocket_peer_await(peer, STR("subscription_ack"));
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3)
        die("usage: idle SOCKETS [QUERIES]");
    size_t query_count = argc == 3 ? argument_count(argv[2]) : 0;
    size_t count = argument_count(argv[1]);
    WebSocketPeer *peers = mem_zalloc(count * sizeof(WebSocketPeer));
    for (size_t i = 0; i < count; i++)
        websocket_peer_open(&peers[i]);
    for (size_t room = 0; room < query_count; room++)
        register_query(&peers[room % count], room);
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
