/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rooms ROUNDS INSERTS QUERIES..: does an insert that nobody watches cost more
 * when many watch something else?
 *
 * For each number Q there is a table bench.rooms_Q, on which Q live queries
 * `room = 1`, `room = 2`, .. `room = Q` are registered.  Then room 0 of each
 * table gets INSERTS rows, one after another, the tables taking turns for ROUNDS
 * rounds.  Latencies are of all rounds; CPU time is the server's, per insert, the
 * median of the rounds.
 */
#include "base/memory.h"
#include "peer.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONNECTIONS = 12, WINDOW = 100, TEXT_MAX = 200 };
#define NS_PER_US 1e3

typedef struct Rooms {
    size_t query_count;
    HttpPeer publisher;
    Samples latency;
    Samples cpu; /* of one insert, a sample a round */
} Rooms;

static WebSocketPeer connections[CONNECTIONS];

/* Registers queries first .. first + count - 1 on one connection and awaits that. */
static void register_some(WebSocketPeer *peer, size_t table, size_t first, size_t count)
{
    for (size_t room = first; room < first + count; room++) {
        char id[TEXT_MAX];
        char sql[TEXT_MAX];
        (void)snprintf(id, sizeof(id), "%zu-%zu", table, room);
        (void)snprintf(
            sql, sizeof(sql), "SELECT * FROM bench.rooms_%zu WHERE room = %zu", table, room);
        websocket_peer_subscribe(peer, id, sql);
    }
    while (count > 0)
        count -= websocket_peer_receive(peer, STR("subscription_ack"));
}

static void rooms_open(Rooms *rooms, size_t query_count)
{
    *rooms = (Rooms){.query_count = query_count};
    /* The few are spread, too: then every table has somebody on every reactor. */
    size_t window = query_count < (size_t)CONNECTIONS * WINDOW ? 1 : WINDOW;
    size_t turn = 0;
    for (size_t room = 1; room <= query_count; room += window) {
        size_t left = query_count - room + 1;
        size_t count = left < window ? left : window;
        register_some(&connections[turn++ % CONNECTIONS], query_count, room, count);
    }
    char sql[TEXT_MAX];
    (void)snprintf(sql,
                   sizeof(sql),
                   "INSERT INTO bench.rooms_%zu (room, body) VALUES (0, 'to whom it may concern')",
                   query_count);
    http_peer_open(&rooms->publisher);
    http_peer_prepare(&rooms->publisher, sql);
}

static void rooms_run(Rooms *rooms, size_t inserts)
{
    int64_t cpu_started = server_cpu_ns();
    for (size_t i = 0; i < inserts; i++) {
        int64_t started = now_ns();
        http_peer_run(&rooms->publisher);
        samples_add(&rooms->latency, now_ns() - started);
    }
    samples_add(&rooms->cpu, (server_cpu_ns() - cpu_started) / (int64_t)inserts);
}

static double percentile_us(Samples *samples, double fraction)
{
    return (double)samples_percentile(samples, fraction) / NS_PER_US;
}

static void rooms_close(Rooms *rooms)
{
    printf("{\"queries\":%zu,\"inserts\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f,\"cpu_us\":%.2f}\n",
           rooms->query_count,
           rooms->latency.count,
           percentile_us(&rooms->latency, 0.5),
           percentile_us(&rooms->latency, 0.99),
           percentile_us(&rooms->cpu, 0.5));
    http_peer_close(&rooms->publisher);
    samples_done(&rooms->latency);
    samples_done(&rooms->cpu);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        die("usage: rooms ROUNDS INSERTS QUERIES..");
    size_t round_count = argument_count(argv[1]);
    size_t inserts = argument_count(argv[2]);
    size_t table_count = (size_t)argc - 3;
    Rooms *tables = mem_zalloc(table_count * sizeof(Rooms));

    for (int i = 0; i < CONNECTIONS; i++)
        websocket_peer_open(&connections[i]);
    for (size_t i = 0; i < table_count; i++)
        rooms_open(&tables[i], argument_count(argv[3 + i]));
    for (size_t round = 0; round < round_count; round++) {
        for (size_t i = 0; i < table_count; i++)
            rooms_run(&tables[i], inserts);
    }
    for (size_t i = 0; i < table_count; i++)
        rooms_close(&tables[i]);
    for (int i = 0; i < CONNECTIONS; i++)
        websocket_peer_close(&connections[i]);
    free(tables);
    return 0;
}
