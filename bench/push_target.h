/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PushTarget: something that a message can be pushed through, and timed.
 *
 * Each target has one publisher and one subscriber, both in this process, on
 * TCP connections to this machine.  The clock runs from before the publisher's
 * send until the subscriber's read has returned with the whole message; then
 * the publisher's answer is awaited too, so that one message is under way at a time.
 */
#pragma once

#include <stdint.h>

enum { PUSH_BODY_LEN = 100 };

typedef struct PushTarget {
    const char *name;
    const char *detail; /* which table, which statement */
    void *(*open)(const char *detail);
    /* Nanoseconds from the publisher to the subscriber. */
    int64_t (*push)(void *state);
    void (*close)(void *state);
} PushTarget;

/* Each list ends with a name of NULL. */
extern const PushTarget PUSH_DISK[];
extern const PushTarget PUSH_KALAMDB[];
extern const PushTarget PUSH_REDIS[];
extern const PushTarget PUSH_POSTGRES[];

/* Waits until one of two sockets is readable; true when it is (also) the first. */
int push_wait(int first_fd, int second_fd);

/* The text that all publish: PUSH_BODY_LEN letters. */
extern const char PUSH_BODY[PUSH_BODY_LEN + 1];
