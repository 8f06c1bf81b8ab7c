/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many cold rows a reader sees, exactly.
 */
#pragma once

#include "cold/cold.h"
#include "cold/seq_set.h"

typedef struct ColdCount {
    uint64_t rows;
    uint64_t tombstones; /* that can be asked for: not those that are gone */
} ColdCount;

/* What the hot tier says of the owner, sorted. */
typedef struct HotSeqs {
    const SeqSet *hidden; /* cold versions that hot ones hide */
    const SeqSet *hot;    /* the hot versions themselves */
} HotSeqs;

/*
 * Without the versions that hot ones hide.  From the manifest alone when no
 * version is a tombstone, else by reading the files' system columns; workers only.
 */
MUST_CHECK Status cold_count(Context *ctx,
                             ColdView *view,
                             const HotSeqs *seqs,
                             ColdCount *ret_count);
