/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server as a whole: opens everything bottom-up, connects the layers, runs
 * the reactors, and closes everything in the opposite order.
 *
 *     data directory - store - sequencer - auth - live registry - query - api
 *
 * Stopping: first no new work (api_drain); then, when every reactor has
 * answered what it had, the workers, the reactors' threads, the sequencer.
 */
#pragma once

#include "server/config.h"

typedef struct Server Server;

/*
 * Opens, listens, starts the threads.  SIGINT, SIGTERM and SIGHUP must be blocked in the calling
 * thread (server_block_signals()), and SIGPIPE ignored.  config must outlive the server.
 */
MUST_CHECK Status server_start(Context *ctx, const Config *config, Server **ret_server);

/*
 * Waits for SIGINT or SIGTERM, then drains.  A second signal, or work that does not end within
 * shutdown.timeout and does not obey its cancellation either, ends the process at once.
 */
void server_wait(Server *server);

/* After server_wait(), or instead of it. */
void server_stop(Server *server);
DEFINE_CLEANUP(Server, server_stop)

void server_block_signals(void);
