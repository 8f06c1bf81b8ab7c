/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A merge of segments by key, with a binary heap.  A segment that was not opened
 * yet stands in the heap with its key bound and is opened when that is the
 * smallest key: segments whose ranges do not overlap are read one after another.
 */
#include "cold/segment_reader.h"

#include "base/memory.h"

typedef struct ScanPart {
    const Segment *segment;
    SegmentReader *reader; /* NULL = not opened yet */
    Str key;               /* of its present row, or its bound */
    bool unbounded;        /* not opened, and may begin anywhere */
    StoredRow row;
} ScanPart;

struct ColdScan {
    ColdView *view;
    ColdScanOptions options;
    ScanPart *parts;
    size_t part_count;
    ScanPart **heap; /* parts that have not ended; the next one first */
    size_t heap_count;
    SeqSet *dead; /* takes the dead versions that are passed over; may be NULL */
    bool advance; /* the first one's row was given out */
    Status status;
    Arena arena;
};

/* ---- the heap ---- */

static bool comes_before(const ColdScan *scan, const ScanPart *a, const ScanPart *b)
{
    if (a->unbounded || b->unbounded)
        return a->unbounded;
    int order = str_compare(a->key, b->key);
    if (order == 0)
        return !a->reader && b->reader;
    return scan->options.reverse ? order > 0 : order < 0;
}

static void sift_down(ColdScan *scan, size_t at)
{
    ScanPart **heap = scan->heap;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= scan->heap_count)
            return;
        if (child + 1 < scan->heap_count && comes_before(scan, heap[child + 1], heap[child]))
            child++;
        if (!comes_before(scan, heap[child], heap[at]))
            return;
        ScanPart *moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
        at = child;
    }
}

static void heapify(ColdScan *scan)
{
    for (size_t i = scan->heap_count; i-- > 0;)
        sift_down(scan, i);
}

static void remove_first(ColdScan *scan)
{
    scan->heap[0] = scan->heap[--scan->heap_count];
    sift_down(scan, 0);
}

/* ---- opening ---- */

static bool *copy_wanted(Arena *arena, const Table *table, const bool *wanted)
{
    if (!wanted)
        return NULL;
    bool *copy = ARENA_ARRAY(arena, bool, table->column_count + 1);
    memcpy(copy, wanted, table->column_count * sizeof(bool));
    return copy;
}

static void add_part(ColdScan *scan, const Segment *segment)
{
    const ColdScanOptions *options = &scan->options;
    if (segment->seq_max <= options->after_seq ||
        !segment_may_hold_range(segment, options->key_lower, options->key_upper))
        return;
    ScanPart *part = &scan->parts[scan->part_count++];
    *part = (ScanPart){
        .segment = segment,
        .key = options->reverse ? segment->key_max : segment->key_min,
        .unbounded = options->reverse && segment->key_max.len == 0,
    };
    scan->heap[scan->heap_count++] = part;
}

static void add_parts(ColdScan *scan, const uint32_t *segments, size_t count)
{
    const Manifest *manifest = scan->view->manifest;
    scan->parts = ARENA_ARRAY(&scan->arena, ScanPart, manifest->segment_count);
    scan->heap = ARENA_ARRAY(&scan->arena, ScanPart *, manifest->segment_count);
    for (size_t i = 0; segments && i < count; i++)
        add_part(scan, manifest_segment(manifest, segments[i]));
    for (size_t i = 0; !segments && i < manifest->segment_count; i++)
        add_part(scan, &manifest->segments[i]);
    heapify(scan);
}

static ColdScan *scan_open(ColdView *view, const ColdScanOptions *options)
{
    ColdScan *scan = NEW(ColdScan);
    scan->arena.first_bytes = 1024;
    scan->view = view;
    scan->options = *options;
    scan->options.key_lower = arena_str(&scan->arena, options->key_lower);
    scan->options.key_upper = arena_str(&scan->arena, options->key_upper);
    if (view)
        scan->options.wanted_columns =
            copy_wanted(&scan->arena, view->table, options->wanted_columns);
    return scan;
}

ColdScan *cold_scan_open(ColdView *view, const ColdScanOptions *options)
{
    ColdScan *scan = scan_open(view, options);
    if (view)
        add_parts(scan, NULL, 0);
    return scan;
}

ColdScan *
cold_scan_open_segments(ColdView *view, const uint32_t *segments, size_t count, SeqSet *dead)
{
    ColdScan *scan = scan_open(view, &(ColdScanOptions){0});
    scan->dead = dead;
    add_parts(scan, segments, count);
    return scan;
}

void cold_scan_close(ColdScan *scan)
{
    if (!scan)
        return;
    for (size_t i = 0; i < scan->part_count; i++)
        segment_reader_close(scan->parts[i].reader);
    arena_done(&scan->arena);
    free(scan);
}

/* ---- rows ---- */

static Status open_part(Context *ctx, ColdScan *scan, ScanPart *part)
{
    SegmentReaderOptions options = {
        .view = scan->view,
        .segment = part->segment,
        .scan = &scan->options,
        .dead = scan->dead,
    };
    part->unbounded = false;
    return segment_reader_open(ctx, &options, &part->reader);
}

/* The first part's next row takes its place in the heap. */
static Status advance_first(Context *ctx, ColdScan *scan)
{
    ScanPart *part = scan->heap[0];
    bool more;
    if (!part->reader)
        TRY(open_part(ctx, scan, part));
    TRY(segment_reader_next(ctx, part->reader, &part->key, &part->row, &more));
    if (more) {
        sift_down(scan, 0);
        return STATUS_OK;
    }
    segment_reader_close(TAKE(part->reader));
    remove_first(scan);
    return STATUS_OK;
}

/* Until the first part has a row to give. */
static Status next_row(Context *ctx, ColdScan *scan)
{
    if (scan->advance)
        TRY(advance_first(ctx, scan));
    while (scan->heap_count > 0 && !scan->heap[0]->reader)
        TRY(advance_first(ctx, scan));
    return STATUS_OK;
}

bool cold_scan_next(Context *ctx, ColdScan *scan, Str *ret_key, StoredRow *ret_row)
{
    if (scan->status != STATUS_OK || scan->heap_count == 0)
        return false;
    scan->status = next_row(ctx, scan);
    scan->advance = true;
    if (scan->status != STATUS_OK || scan->heap_count == 0)
        return false;
    *ret_key = scan->heap[0]->key;
    *ret_row = scan->heap[0]->row;
    return true;
}

Status cold_scan_status(Context *ctx, ColdScan *scan)
{
    (void)ctx;
    return scan->status;
}
