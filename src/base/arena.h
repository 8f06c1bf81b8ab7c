/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arena: memory that dies together.
 *
 * Everything a request builds lives in its arena and is released at once.
 * Blocks grow geometrically; memory is aligned to 16 bytes.  A mark taken with
 * arena_mark() lets a loop give back its scratch memory.  One thread at a time.
 * A zeroed Arena is ready for use and holds no memory.
 */
#pragma once

#include "base/cleanup.h"
#include "base/str.h"

#include <stdarg.h>

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *block; /* newest first */
    char *next;
    char *end;
    size_t allocated_bytes; /* of all blocks */
    size_t first_bytes;     /* of the first block; 0 = 4 KiB: set it for small long-lived arenas */
} Arena;

typedef struct ArenaMark {
    ArenaBlock *block;
    char *next;
} ArenaMark;

/*
 * An arena that begins in `memory` (aligned to 16), which stays its owner's: to lay an object out
 * in one allocation whose size was computed before.  Neither clear nor rewind it.
 */
Arena arena_over(void *memory, size_t size);

void arena_done(Arena *arena);
DEFINE_CLEANUP_IN_PLACE(Arena, arena_done)

/* Gives all memory but the first block back. */
void arena_clear(Arena *arena);

ArenaMark arena_mark(const Arena *arena);
void arena_rewind(Arena *arena, ArenaMark mark);

/* What an allocation of `size` bytes takes. */
size_t arena_rounded(size_t size);

void *arena_alloc(Arena *arena, size_t size);
void *arena_zalloc(Arena *arena, size_t size);

#define ARENA_NEW(arena, type)          ((type *)arena_zalloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_zalloc((arena), sizeof(type) * (count)))

/* Grows an array of `count` elements kept in the arena so that one more fits. */
void *arena_grow(Arena *arena, void *items, size_t count, size_t *capacity, size_t item_size);

/* Copies; the copy has a NUL behind it that its length does not count. */
Str arena_str(Arena *arena, Str str);
/* The same copy while it may still be changed. */
char *arena_text(Arena *arena, Str str);
Str arena_printf(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
Str arena_vprintf(Arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
