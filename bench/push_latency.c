/* SPDX-License-Identifier: Apache-2.0 */
/*
 * push_latency ROUNDS COUNT TARGET..: from insert to subscriber, one at a time.
 *
 * The targets take turns, COUNT messages each, ROUNDS times, so that what else
 * happens on the machine meets all of them.  One line for each target.
 */
#include "push_target.h"

#include "base/memory.h"
#include "samples.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_UP = 20 };

/* The ten letters ten times. */
#define TEN        "abcdefghij"
#define HUNDRED(x) x x x x x x x x x x
const char PUSH_BODY[PUSH_BODY_LEN + 1] = HUNDRED(TEN);

static const PushTarget *const LISTS[] = {
    PUSH_DISK,
    PUSH_KALAMDB,
#ifdef HAVE_HIREDIS
    PUSH_REDIS,
#endif
#ifdef HAVE_LIBPQ
    PUSH_POSTGRES,
#endif
};

typedef struct Contestant {
    const PushTarget *target;
    void *state;
    Samples samples;
} Contestant;

int push_wait(int first_fd, int second_fd)
{
    struct pollfd fds[] = {{.fd = first_fd, .events = POLLIN}, {.fd = second_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0) {
        if (errno != EINTR)
            die_errno("poll");
    }
    return fds[0].revents != 0;
}

static const PushTarget *find_target(const char *name)
{
    for (size_t list = 0; list < sizeof(LISTS) / sizeof(LISTS[0]); list++) {
        for (const PushTarget *target = LISTS[list]; target->name; target++) {
            if (strcmp(target->name, name) == 0)
                return target;
        }
    }
    die("no such target, or built without it: %s", name);
}

static void contestant_open(Contestant *contestant, const char *name)
{
    contestant->target = find_target(name);
    contestant->state = contestant->target->open(contestant->target->detail);
    for (int i = 0; i < WARM_UP; i++)
        contestant->target->push(contestant->state);
}

static void contestant_finish(Contestant *contestant)
{
    samples_print(&contestant->samples, contestant->target->name);
    samples_done(&contestant->samples);
    contestant->target->close(contestant->state);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        die("usage: push_latency ROUNDS COUNT TARGET..");
    size_t round_count = argument_count(argv[1]);
    size_t message_count = argument_count(argv[2]);
    size_t target_count = (size_t)argc - 3;
    Contestant *contestants = mem_zalloc(target_count * sizeof(Contestant));

    for (size_t i = 0; i < target_count; i++)
        contestant_open(&contestants[i], argv[3 + i]);
    for (size_t round = 0; round < round_count; round++) {
        for (size_t i = 0; i < target_count; i++) {
            Contestant *turn = &contestants[i];
            for (size_t sent = 0; sent < message_count; sent++)
                samples_add(&turn->samples, turn->target->push(turn->state));
        }
    }
    for (size_t i = 0; i < target_count; i++)
        contestant_finish(&contestants[i]);
    free(contestants);
    return 0;
}
