/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fault points: named steps that a test can make fail or die at.
 *
 *     TRY(fault_point(ctx, "commit.before_fsync"));
 *
 * A test arms the Nth step from now (fault_fail_nth) or a name
 * (KALAMDB_CRASH_AT=name[:count] in the environment kills the process there,
 * as kill -9 would).  Unarmed, a fault point is one relaxed load.
 */
#pragma once

#include "base/context.h"

MUST_CHECK Status fault_point(Context *ctx, const char *name);

/* The step-th fault point from now fails with STATUS_IO_ERROR; counts over all threads. */
void fault_fail_nth(int step);
/* True when the armed fault was injected. */
bool fault_disarm(void);
/* Reads KALAMDB_CRASH_AT; called once by the server. */
void fault_read_environment(void);
