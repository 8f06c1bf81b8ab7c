/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fanout SOCKETS INSERTS: one insert at a time to a number of subscribers.
 *
 * Every subscriber is a WebSocket of its own with one live query on
 * bench.fanout.  Times count from before the insert is sent until this process,
 * which shares the machine with the server, has read the first, the middle and
 * the last of the messages; each is the median over all inserts.
 */
#include "base/memory.h"
#include "peer.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { WARM_UP = 3, EVENTS_AT_ONCE = 256, BODY_LEN = 100 };
#define NS_PER_US 1e3
#define NS_PER_S  1e9

typedef struct Fanout {
    WebSocketPeer *subscribers;
    size_t count;
    HttpPeer publisher;
    int epoll;
    Samples first;
    Samples middle;
    Samples last;
} Fanout;

static void watch(int epoll, int fd, WebSocketPeer *peer)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die_errno("epoll_ctl");
}

static void fanout_open(Fanout *fanout, size_t count)
{
    *fanout = (Fanout){
        .subscribers = mem_zalloc(count * sizeof(WebSocketPeer)),
        .count = count,
        .epoll = epoll_create1(EPOLL_CLOEXEC),
    };
    for (size_t i = 0; i < count; i++) {
        WebSocketPeer *peer = &fanout->subscribers[i];
        websocket_peer_open(peer);
        websocket_peer_subscribe(peer, "fanout", "SELECT * FROM bench.fanout");
        websocket_peer_await(peer, STR("subscription_ack"));
        watch(fanout->epoll, peer->fd, peer);
    }
    http_peer_open(&fanout->publisher);
    watch(fanout->epoll, fanout->publisher.fd, NULL);

    char sql[BODY_LEN + 100];
    int len =
        snprintf(sql, sizeof(sql), "INSERT INTO bench.fanout (body) VALUES ('%0*d')", BODY_LEN, 0);
    if (len < 0 || (size_t)len >= sizeof(sql))
        die("statement too long");
    http_peer_prepare(&fanout->publisher, sql);
}

static void fanout_close(Fanout *fanout)
{
    for (size_t i = 0; i < fanout->count; i++)
        websocket_peer_close(&fanout->subscribers[i]);
    free(fanout->subscribers);
    http_peer_close(&fanout->publisher);
    samples_done(&fanout->first);
    samples_done(&fanout->middle);
    samples_done(&fanout->last);
    close(fanout->epoll);
}

/* Everybody's message of one insert, and its answer. */
static void fanout_run(Fanout *fanout)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int64_t started = now_ns();
    size_t arrived = 0;
    bool answered = false;
    http_peer_send(&fanout->publisher);
    while (arrived < fanout->count || !answered) {
        int ready = epoll_wait(fanout->epoll, events, EVENTS_AT_ONCE, -1);
        for (int i = 0; i < ready; i++) {
            WebSocketPeer *peer = events[i].data.ptr;
            if (!peer) {
                answered = http_peer_receive(&fanout->publisher);
                continue;
            }
            if (websocket_peer_receive(peer, STR("change")) == 0)
                continue;
            arrived++;
            if (arrived == 1)
                samples_add(&fanout->first, now_ns() - started);
            if (arrived == (fanout->count + 1) / 2)
                samples_add(&fanout->middle, now_ns() - started);
            if (arrived == fanout->count)
                samples_add(&fanout->last, now_ns() - started);
        }
    }
}

static double median_us(Samples *samples)
{
    return (double)samples_percentile(samples, 0.5) / NS_PER_US;
}

static void fanout_report(Fanout *fanout, size_t inserts, int64_t elapsed_ns, int64_t cpu_ns)
{
    double messages = (double)(inserts * fanout->count);
    printf("{\"sockets\":%zu,\"inserts\":%zu,\"first_us\":%.1f,\"median_us\":%.1f,\"last_us\":%.1f,"
           "\"messages_per_s\":%.0f,\"cpu_us_per_message\":%.3f}\n",
           fanout->count,
           inserts,
           median_us(&fanout->first),
           median_us(&fanout->middle),
           median_us(&fanout->last),
           messages * NS_PER_S / (double)elapsed_ns,
           (double)cpu_ns / messages / NS_PER_US);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        die("usage: fanout SOCKETS INSERTS");
    Fanout fanout;
    fanout_open(&fanout, argument_count(argv[1]));
    for (int i = 0; i < WARM_UP; i++)
        fanout_run(&fanout);
    samples_done(&fanout.first);
    samples_done(&fanout.middle);
    samples_done(&fanout.last);

    size_t inserts = argument_count(argv[2]);
    int64_t started = now_ns();
    int64_t cpu_started = server_cpu_ns();
    for (size_t i = 0; i < inserts; i++)
        fanout_run(&fanout);
    fanout_report(&fanout, inserts, now_ns() - started, server_cpu_ns() - cpu_started);
    fanout_close(&fanout);
    return 0;
}
