/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where statements come from: a person at a terminal, or a script.
 *
 * A statement may span lines until its `;`.  BEGIN .. COMMIT is sent as one
 * request, since a transaction lives within one; until then statements are only
 * collected.  History is kept in ~/.kalam_history, except for lines that speak of
 * a password.
 */
#pragma once

#include "cli/session.h"

/* Until \q or Ctrl-D. */
void prompt_run(Session *session);

/* Stops at the first failure and returns false. */
bool script_run(Session *session, Str text);
