/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlay: what commits changed and the store does not show yet: rows by their
 * full row key, and the stream events that were removed.  Keys are copied, rows
 * are borrowed from the change.  A zeroed Overlay is empty.  One thread at a time.
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
    Map rows; /* row key, or key of a removed event -> OverlayRow */
} Overlay;

void overlay_done(Overlay *overlay);
void overlay_clear(Overlay *overlay);

/* NULL when the row was not changed; borrowed until the overlay is cleared. */
const OverlayRow *overlay_row(const Overlay *overlay, Str row_key);

/* Did a commit change a row of the table?  Looks at every row held. */
bool overlay_has_table(const Overlay *overlay, uint32_t table_id);

/* The key under which a removed event is noted; no row key starts like it.  Appended. */
void overlay_event_key(Buf *out, uint32_t table_id, Owner owner, SeqNo event);

/* Notes what a change made of its row or event; `key` is scratch.  Other changes are ignored. */
void overlay_note(Overlay *overlay, const Change *change, Buf *key);
void overlay_note_all(Overlay *overlay, const CommitRecord *record, Buf *key);
