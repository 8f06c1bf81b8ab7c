/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SeqSet: a set of sequence numbers as a sorted array.
 *
 * The *kills* of a segment are one: the versions in older segments that its rows
 * supersede.  Building appends in any order and sorts once; after that the set
 * is read-only and may be read by any thread.  The encoding is in seq_set.c.
 */
#pragma once

#include "base/buf.h"
#include "base/context.h"
#include "store/layout.h"

typedef struct SeqSet {
    SeqNo *items; /* ascending and distinct once sorted; heap */
    size_t count;
    size_t capacity;
} SeqSet;

void seq_set_done(SeqSet *set);
DEFINE_CLEANUP_IN_PLACE(SeqSet, seq_set_done)

/* The set is unsorted until seq_set_sort(). */
void seq_set_append(SeqSet *set, SeqNo seq);
void seq_set_append_all(SeqSet *set, const SeqSet *from);
void seq_set_sort(SeqSet *set);

/* Both sorted: what is in `removed` leaves. */
void seq_set_subtract(SeqSet *set, const SeqSet *removed);

/* Sorted. */
bool seq_set_has(const SeqSet *set, SeqNo seq);

/* Sorted. */
void seq_set_encode(Buf *out, const SeqSet *set);
/* Into an empty set.  STATUS_CORRUPT when the bytes are none. */
MUST_CHECK Status seq_set_decode(Context *ctx, Str bytes, SeqSet *ret_set);
