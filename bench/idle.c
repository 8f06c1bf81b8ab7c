/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle SOCKETS: opens that many authenticated WebSockets, says so, and holds
 * them until its standard input ends.
 */
#include "base/memory.h"
#include "peer.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 2)
        die("usage: idle SOCKETS");
    size_t count = argument_count(argv[1]);
    WebSocketPeer *peers = mem_zalloc(count * sizeof(WebSocketPeer));
    for (size_t i = 0; i < count; i++)
        websocket_peer_open(&peers[i]);
    printf("{\"sockets\":%zu}\n", count);
    if (fflush(stdout) != 0)
        die_errno("standard output");
    while (getchar() != EOF)
        ;
    for (size_t i = 0; i < count; i++)
        websocket_peer_close(&peers[i]);
    free(peers);
    return 0;
}
