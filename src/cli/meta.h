/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that begin with a backslash, exit and quit; \? lists them.
 */
#pragma once

#include "cli/session.h"

typedef enum MetaResult { META_OK, META_FAILED, META_QUIT, META_HISTORY } MetaResult;

/* META_HISTORY: the caller, who has the history, is to print it. */
MetaResult meta_run(Session *session, Str line);
