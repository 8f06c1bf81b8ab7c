/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a Reactor, for the files of this folder.
 */
#pragma once

#include "net/connection_table.h"
#include "net/list.h"
#include "net/output.h"
#include "net/reactor.h"
#include "net/timer_wheel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

enum {
    READ_BUFFER_SIZE = 64 * 1024,
    GATHER_MAX = 1024, /* IOV_MAX */
    DATE_TEXT_SIZE = 30,
};

/* Connections by id: one that has closed meanwhile is not found any more. */
typedef struct ConnectionIds {
    uint64_t *items;
    size_t count;
    size_t capacity;
} ConnectionIds;

struct Reactor {
    ReactorOptions options; /* no zeroes left but in index and data */
    pthread_t thread;
    Mailbox mailbox;
    atomic_bool stop_requested;
    atomic_size_t connection_count;
    atomic_size_t queued_bytes;

    uv_loop_t loop;
    uv_async_t wake;
    uv_prepare_t before_poll;
    uv_check_t after_poll;
    uv_idle_t no_sleep; /* runs while `dirty` must not wait for the next event */
    uv_timer_t wheel_timer;
    uint64_t wheel_armed_ms; /* WHEEL_NEVER = not armed */
    TimerWheel wheel;

    ConnectionTable connections;
    ConnectionIds dirty;    /* to look at, at the end of this turn */
    ConnectionIds flushing; /* those of the turn that is ending; else empty */
    ListNode listeners;
    ListNode timers;
    ReactorHook *hooks;

    OutputPool output_pool;
    uv_buf_t gather[GATHER_MAX];
    char *read_buffer;
    Buf scratch; /* for the head of one response */
    int64_t date_second;
    char date[DATE_TEXT_SIZE];
    bool stopping;
    bool stopped;
};

/* Counts a connection in or out; out also lets listeners go on and a stop come to its end. */
void reactor_connection_opened(Reactor *reactor);
void reactor_connection_closed(Reactor *reactor);
bool reactor_is_full(const Reactor *reactor);

/* connection_end_turn() will be called; once for each time that it is marked. */
void reactor_mark_dirty(Reactor *reactor, uint64_t connection_id);
