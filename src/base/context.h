/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Context: what travels with one request.
 *
 * Its arena holds everything the request builds; its error is what went wrong,
 * in words; its deadline and byte budget bound what it may use.  A Context
 * belongs to one thread at a time and moves with its request.  A zeroed Context
 * is ready for use.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

#include <stdatomic.h>

typedef struct Context {
    Arena arena;

    Status error; /* of the last fail(); STATUS_OK = none */
    Str message;  /* without the status's prefix; all in the arena */
    Str detail;
    Str hint;
    int position; /* byte offset in the statement plus 1; 0 = unknown */

    int64_t deadline_us; /* monotonic; 0 = none */
    size_t memory_limit; /* of the arena; 0 = none */
    atomic_bool cancelled;
} Context;

void context_done(Context *ctx);
DEFINE_CLEANUP_IN_PLACE(Context, context_done)

/* Records the error and returns `status`, so: return fail(ctx, STATUS_X, "..."); */
Status fail(Context *ctx, Status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As fail(), with a byte offset into the statement's text. */
Status fail_at(Context *ctx, Status status, size_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Gives the last error a place. */
void context_place_error(Context *ctx, size_t offset);
/* Add to the error of the last fail(). */
void fail_detail(Context *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fail_hint(Context *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));

void context_clear_error(Context *ctx);

/* The prefix and the message, or the words this audience gets instead; in the arena or static. */
Str context_error_text(Arena *arena, const Context *ctx, Audience audience);

/* Copies error, message, detail, hint and position; for work done under a second Context. */
void context_copy_error(Context *to, const Context *from);

/* STATUS_CANCELLED, STATUS_TIMEOUT or STATUS_MEMORY_LIMIT when a bound is reached. */
MUST_CHECK Status context_check(Context *ctx);
