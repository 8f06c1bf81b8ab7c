/* SPDX-License-Identifier: Apache-2.0 */
/* No push at all, but the fdatasync that a durable one has to wait for, taking its turns. */
#include "push_target.h"

#include "base/memory.h"
#include "disk.h"
#include "samples.h"

#include <stdlib.h>
#include <unistd.h>

static void *disk_target_open(const char *detail)
{
    (void)detail;
    const char *directory = getenv("BENCH_DIRECTORY");
    int *fd = NEW(int);
    *fd = disk_open(directory ? directory : ".");
    return fd;
}

static int64_t disk_target_push(void *state)
{
    return disk_append(*(int *)state);
}

static void disk_target_close(void *state)
{
    close(*(int *)state);
    free(state);
}

const PushTarget PUSH_DISK[] = {
    {"fdatasync", "", disk_target_open, disk_target_push, disk_target_close},
    {.name = NULL},
};
