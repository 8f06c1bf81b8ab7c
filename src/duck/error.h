/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DuckDB's errors as ours.  The text of a few kinds tells about values and is
 * passed on; of all others only the log (at debug) and administrators see it.
 */
#pragma once

#include "base/context.h"

/* Never STATUS_OK.  ret_fatal: the instance is of no use any more. */
Status duck_error(Context *ctx, Str text, bool *ret_fatal);
