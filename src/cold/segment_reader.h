/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SegmentReader: the rows of one segment's file, in key order or those of some
 * keys, as stored versions under the column ids of the segment's schema version.
 *
 * Dead versions are left out.  DuckDB reads the file; ranges and keys are given
 * to it so that it reads few row groups, and checked here once more.
 */
#pragma once

#include "cold/cold_private.h"

typedef struct SegmentReader SegmentReader;

typedef struct SegmentReaderOptions {
    ColdView *view;
    const Segment *segment;
    const ColdScanOptions *scan; /* NULL = all rows with all columns */
    const Str *keys;             /* only these; in any order of rows */
    size_t key_count;            /* 0 = no such list */
    SeqSet *dead;                /* takes the dead versions that are passed over; may be NULL */
} SegmentReaderOptions;

/* The options' contents outlive the reader.  STATUS_CORRUPT when the file is not what the manifest
 * says. */
MUST_CHECK Status segment_reader_open(Context *ctx,
                                      const SegmentReaderOptions *options,
                                      SegmentReader **ret_reader);
void segment_reader_close(SegmentReader *reader);
DEFINE_CLEANUP(SegmentReader, segment_reader_close)

/* *ret_more false: the end.  Key and row are valid until the next call. */
MUST_CHECK Status segment_reader_next(
    Context *ctx, SegmentReader *reader, Str *ret_key, StoredRow *ret_row, bool *ret_more);
