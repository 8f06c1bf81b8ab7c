/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal and the signals that come from it.
 *
 * Ctrl-C cancels the Context named by terminal_watch_interrupt(); without one it
 * is only remembered.  One thread.
 */
#pragma once

#include "base/context.h"
#include "cli/style.h"

/* Sets a UTF-8 locale, ignores SIGPIPE and takes SIGINT over. */
void terminal_init(void);

/* SIGINT sets ctx->cancelled until the next call; NULL = nobody's. */
void terminal_watch_interrupt(Context *ctx);
/* True once for the signals that came since the last call. */
bool terminal_take_interrupt(void);

/* For standard output: colours and width if it is a terminal. */
Style terminal_style(bool no_color);
/* For standard error. */
Style terminal_error_style(bool no_color);

/*
 * Asks on the terminal, whatever standard input is, without echo.
 * STATUS_INVALID_INPUT when there is no terminal or nothing was typed.
 */
MUST_CHECK Status terminal_ask_password(Context *ctx, Str user, Str *ret_password);

/* Writes all of it to standard output or error; false when that is closed or full. */
bool terminal_write(const Buf *text);
bool terminal_write_error(const Buf *text);
