/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/overlay.h"

void overlay_done(Overlay *overlay)
{
    map_done(&overlay->rows);
    arena_done(&overlay->arena);
}

void overlay_clear(Overlay *overlay)
{
    map_done(&overlay->rows);
    arena_clear(&overlay->arena);
}

const OverlayRow *overlay_row(const Overlay *overlay, Str row_key)
{
    return overlay->rows.count ? map_get(&overlay->rows, row_key) : NULL;
}

/* The row's entry, made when it is missing. */
static OverlayRow *row_to_write(Overlay *overlay, Str row_key)
{
    OverlayRow *row = map_get(&overlay->rows, row_key);
    if (!row) {
        row = ARENA_NEW(&overlay->arena, OverlayRow);
        map_put(&overlay->rows, arena_str(&overlay->arena, row_key), row);
    }
    return row;
}

/* Slots are below 4,096, so no row key begins with these bytes. */
enum { ENTRY_MARK = 0xfe, EVENT_MARK = 0xff };

bool overlay_has_table(const Overlay *overlay, uint32_t table_id)
{
    for (size_t i = 0; i < overlay->rows.capacity; i++) {
        const MapSlot *slot = &overlay->rows.slots[i];
        if (slot->value && row_key_table(slot->key) == table_id)
            return true;
    }
    return false;
}

void overlay_event_key(Buf *out, uint32_t table_id, Owner owner, SeqNo event)
{
    buf_byte(out, (char)EVENT_MARK);
    buf_u32be(out, table_id);
    buf_u64be(out, event);
    buf_str_append(out, owner.user_id);
}

void overlay_entry_key(Buf *out, StoreFamily family, Str entry_key)
{
    buf_byte(out, (char)ENTRY_MARK);
    buf_byte(out, (char)family);
    buf_str_append(out, entry_key);
}

static void note_row(Overlay *overlay, const Change *change, Buf *key)
{
    row_key_append(key, change->table_id, change->owner, change->key);
    OverlayRow *row = row_to_write(overlay, buf_str(key));
    row->gone = !change_stored(change, &row->stored);
}

static void note_entry(Overlay *overlay, const Change *change, Buf *key)
{
    overlay_entry_key(key, change_family(change->kind), change->key);
    OverlayRow *row = row_to_write(overlay, buf_str(key));
    row->gone = !change_stored(change, &row->stored);
}

static void note_removed_event(Overlay *overlay, const Change *change, Buf *key)
{
    overlay_event_key(key, change->table_id, change->owner, change->old_seq);
    row_to_write(overlay, buf_str(key))->gone = true;
}

void overlay_note(Overlay *overlay, const Change *change, Buf *key)
{
    buf_clear(key);
    switch (change_family(change->kind)) {
    case FAMILY_ROWS:
        note_row(overlay, change, key);
        break;
    case FAMILY_STREAMS:
        if (change->kind == CHANGE_EVENT_DELETE)
            note_removed_event(overlay, change, key);
        break;
    default:
        note_entry(overlay, change, key);
        break;
    }
}

void overlay_note_all(Overlay *overlay, const CommitRecord *record, Buf *key)
{
    CommitChanges changes = commit_changes(record);
    for (Change change; commit_changes_next(&changes, &change);)
        overlay_note(overlay, &change, key);
}
