/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ScriptedServer: a thread that accepts connections on loopback one after the
 * other and plays a script: wait until the client has sent a text, then answer.
 */
#pragma once

#include "base/buf.h"

#include <pthread.h>
#include <stdatomic.h>

typedef enum StepKind {
    STEP_EXPECT,  /* reads until what was read since the last step holds text */
    STEP_SEND,    /* text as it is */
    STEP_UPGRADE, /* reads a WebSocket handshake holding text and grants it */
    STEP_MESSAGE, /* text as a text frame */
    STEP_PACKED,  /* text as a gzip'd binary frame */
    STEP_FRAME,   /* reads masked frames until one holds text; pings count as "ping" */
    STEP_PAUSE,   /* long enough that what was sent arrives alone */
    STEP_CUT,     /* closes this connection and accepts the next */
} StepKind;

typedef struct Step {
    StepKind kind;
    const char *text;
} Step;

typedef struct ScriptedServer {
    pthread_t thread;
    const Step *steps;
    size_t count;
    int listener;
    int port;
    char failure[512]; /* which step did not come about; empty = none */
} ScriptedServer;

void scripted_server_start(ScriptedServer *server, const Step *steps, size_t count);
/* Waits for the end of the script and fails the test when it was not reached. */
void scripted_server_finish(ScriptedServer *server);
