/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlay: what commits changed and the store does not show yet: rows by their
 * full row key, the stream events that were removed, and the entries of catalog,
 * manifest and jobs.  Keys are copied, rows are borrowed from the change.  A zeroed Overlay is
 * empty.  One thread at a time.
 */
#pragma once

#include "base/map.h"
#include "commit/commit_record.h"

typedef struct OverlayRow {
    StoredRow stored; /* of an entry: row is its value */
    bool gone;        /* removed physically: there is no such row */
} OverlayRow;

typedef struct Overlay {
    Arena arena;
    Map rows; /* row key, or the key of a removed event or an entry -> OverlayRow */
} Overlay;

void overlay_done(Overlay *overlay);
void overlay_clear(Overlay *overlay);

/* NULL when the row was not changed; borrowed until the overlay is cleared. */
const OverlayRow *overlay_row(const Overlay *overlay, Str row_key);

/* Did a commit change a row of the table?  Looks at every row held. */
bool overlay_has_table(const Overlay *overlay, uint32_t table_id);

/* The key under which a removed event is noted; no row key starts like it.  Appended. */
void overlay_event_key(Buf *out, uint32_t table_id, Owner owner, SeqNo event);

/* The same for an entry of another family than rows. */
void overlay_entry_key(Buf *out, StoreFamily family, Str entry_key);

/* Notes what a change made of its row, event or entry; `key` is scratch. */
void overlay_note(Overlay *overlay, const Change *change, Buf *key);
void overlay_note_all(Overlay *overlay, const CommitRecord *record, Buf *key);
