/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The S3 server of tests/s3/swift, for as long as a test program runs.
 */
#pragma once

#include "base/context.h"

typedef struct Swift {
    int to_child; /* closing it ends the server */
    int pid;
    Str endpoint;
    Str bucket;
    Str region;
    Str access_key;
    Str secret_key;
} Swift;

/* False when Swift is not installed; ends the program when it does not work.  Text is in ctx's
 * arena. */
bool swift_start(Context *ctx, Swift *swift);
/* The script's exit code. */
int swift_stop(Swift *swift);
