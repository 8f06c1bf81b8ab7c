/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reactor: one event loop on one thread, and everything that happens on it.
 *
 * It owns its connections, listeners and timers; nobody else touches them.
 * Other threads talk to it by reactor_post() only.  What is queued for a socket
 * during one turn of the loop leaves at the end of that turn in one gathered
 * write.  Timers run only while something waits for them: an idle reactor
 * sleeps.
 *
 * The process must ignore SIGPIPE (signal(SIGPIPE, SIG_IGN)) before a reactor
 * runs: writing to a socket that its peer has closed is an ordinary event here.
 */
#pragma once

#include "base/context.h"
#include "base/mailbox.h"
#include "net/http_parser.h"

typedef struct Reactor Reactor;
typedef struct Connection Connection;

/* Times in milliseconds; 0 = the default named in the comment. */
typedef struct ReactorOptions {
    int index;  /* which of the process's reactors it is */
    void *data; /* the upper layer's, see reactor_data() */

    HttpLimits http;
    uint32_t header_timeout_ms;     /* 5,000: to read a request's head, from its first byte */
    uint32_t body_timeout_ms;       /* 30,000: between two pieces of a body */
    uint32_t send_timeout_ms;       /* 30,000: a blocked HTTP response makes no progress */
    uint32_t keep_alive_timeout_ms; /* 75,000: between two requests */
    uint32_t close_timeout_ms;      /* 2,000: for the peer to finish after we did */

    uint32_t ws_idle_timeout_ms; /* 10,000: no frame from the peer */
    size_t ws_message_max;       /* 1 MiB: longer messages are told by on_ws_oversized */
    size_t ws_discard_max;       /* 64 MiB: longer ones close with 1009 */

    size_t connection_count_max; /* 25,000: beyond it accepting waits */
    size_t output_high_water;    /* 256 KiB queued: congested */
    size_t output_low_water;     /* 64 KiB: no longer congested, on_drain */
    size_t output_max;           /* 256 MiB queued on one connection: it is aborted */
    size_t input_max;            /* 64 KiB waiting behind a request: reading pauses */
} ReactorOptions;

/* STATUS_IO_ERROR when the system gives no event loop. */
MUST_CHECK Status reactor_new(Context *ctx, const ReactorOptions *options, Reactor **ret_reactor);

/*
 * Runs in the calling thread, which becomes the reactor's, until reactor_stop().  Before it
 * returns it has closed all listeners and connections (each on_close is called) and timers, and
 * run all that was posted.
 */
void reactor_run(Reactor *reactor);

/* From any thread, once or more. */
void reactor_stop(Reactor *reactor);

/* After reactor_run() has returned, or if it never ran, and no thread posts any more. */
void reactor_free(Reactor *reactor);
DEFINE_CLEANUP(Reactor, reactor_free)

/*
 * From any thread: runs item->run in the reactor's thread.  False (and the item is not taken)
 * once the reactor has stopped.
 */
bool reactor_post(Reactor *reactor, MailboxItem *item);

void *reactor_data(const Reactor *reactor);
int reactor_index(const Reactor *reactor);
const ReactorOptions *reactor_options(const Reactor *reactor);

/* Is the calling thread the reactor's? */
bool reactor_is_current(const Reactor *reactor);

/* Monotonic milliseconds as of the begin of this turn. */
uint64_t reactor_now_ms(const Reactor *reactor);

/* From any thread; momentary. */
size_t reactor_connection_count(const Reactor *reactor);
size_t reactor_queued_bytes(const Reactor *reactor);

/*
 * for (size_t at = 0; (conn = reactor_next_connection(reactor, &at));) -- stable order;
 * connections may be closed meanwhile.
 */
Connection *reactor_next_connection(Reactor *reactor, size_t *at);

/*
 * Called at the end of each batch of events, before sockets are flushed: the place to encode and
 * queue what the batch produced.  Lives in its owner; removed before that dies.
 */
typedef struct ReactorHook ReactorHook;
struct ReactorHook {
    ReactorHook *next;
    void (*run)(ReactorHook *hook);
};
void reactor_add_hook(Reactor *reactor, ReactorHook *hook);
void reactor_remove_hook(Reactor *reactor, ReactorHook *hook);

/*
 * Timers of the upper layer; reactor's thread.  A timer may be started again, stopped and freed
 * at any time, also from its own callback.  Timers still there when the reactor stops are freed
 * by it.
 */
typedef struct ReactorTimer ReactorTimer;
ReactorTimer *
reactor_timer_new(Reactor *reactor, void (*run)(ReactorTimer *timer, void *data), void *data);
/* First after delay_ms, then every repeat_ms (0 = once). */
void reactor_timer_start(ReactorTimer *timer, uint64_t delay_ms, uint64_t repeat_ms);
void reactor_timer_stop(ReactorTimer *timer);
void reactor_timer_free(ReactorTimer *timer);
