/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlay: the rows that commits changed and the store does not show yet, by
 * their full row key.  Keys are copied, rows are borrowed from the change.  A
 * zeroed Overlay is empty.  One thread at a time.
 */
#pragma once

#include "base/map.h"
#include "commit/commit_record.h"

typedef struct OverlayRow {
    StoredRow stored;
    bool gone; /* removed physically: there is no such row */
} OverlayRow;

typedef struct Overlay {
    Arena arena;
    Map rows; /* row key -> OverlayRow */
} Overlay;

void overlay_done(Overlay *overlay);
void overlay_clear(Overlay *overlay);

/* NULL when the row was not changed; borrowed until the overlay is cleared. */
const OverlayRow *overlay_row(const Overlay *overlay, Str row_key);

/* Notes what a change made of its row; `key` is scratch.  Changes of no row are ignored. */
void overlay_note(Overlay *overlay, const Change *change, Buf *key);
void overlay_note_all(Overlay *overlay, const CommitRecord *record, Buf *key);
