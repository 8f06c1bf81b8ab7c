/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session: one user at one server, and how answers are shown.
 *
 * Results go to standard output, errors and remarks to standard error.  Each
 * function says what went wrong itself and returns false then.  Ctrl-C while
 * one waits ends the waiting.  One thread.
 */
#pragma once

#include "cli/options.h"
#include "cli/style.h"
#include "client/client.h"

typedef struct Session {
    Client *client;
    Str url;
    OutputFormat format;
    bool expanded;
    Style style;
    Style error_style;
    Buf namespace; /* of the last USE; empty = the server's default */
    int subscription_timeout_s;
    bool output_closed; /* nobody reads any more: stop */
} Session;

/* Connects and logs in; the password is asked for when there is none. */
bool session_open(Session *session, const Options *options);
void session_close(Session *session);
DEFINE_CLEANUP_IN_PLACE(Session, session_close)

/* Runs one request and shows its results; `line` is where it stands in its script, 0 when the user
 * did not write it. */
bool session_run(Session *session, Str sql, size_t line);

/* As session_run(), in silence: the first result in ctx's arena; false when there is none. */
bool session_query(Session *session, Context *ctx, Str sql, const Json **ret_result);

/* Shows a live query until Ctrl-C or the subscription timeout; true then. */
bool session_watch(Session *session, Str sql);

/* Shows the JSON object at a path of the server, one member a line. */
bool session_show(Session *session, Str path);

/* Shows a result of session_query(). */
void session_print(Session *session, Context *ctx, const Json *result);

/* Shows ctx's error. */
void session_complain(const Session *session, const Context *ctx);
