/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KeyFilter: could this segment hold that primary key?
 *
 * A Bloom filter of ten bits a key: below one in a hundred keys that are not
 * there gets a "maybe", none that is there a "no".  It is made once, when its
 * segment is written, and read in place, by any thread.  Format in key_filter.c.
 */
#pragma once

#include "base/buf.h"
#include "base/context.h"

/* Borrows the bytes that it was read from. */
typedef struct KeyFilter {
    const uint8_t *bits;
    uint64_t bit_count;
    uint64_t key_count;
    uint8_t probes;
} KeyFilter;

typedef struct KeyFilterBuilder {
    Buf hashes; /* eight bytes a key, in the machine's order */
} KeyFilterBuilder;

void key_filter_builder_done(KeyFilterBuilder *builder);
DEFINE_CLEANUP_IN_PLACE(KeyFilterBuilder, key_filter_builder_done)

/* key: encoded (value/key.h); each once. */
void key_filter_add(KeyFilterBuilder *builder, Str key);
void key_filter_encode(Buf *out, const KeyFilterBuilder *builder);

/* STATUS_CORRUPT when the bytes are no filter. */
MUST_CHECK Status key_filter_read(Context *ctx, Str bytes, KeyFilter *ret_filter);
bool key_filter_may_have(const KeyFilter *filter, Str key);
