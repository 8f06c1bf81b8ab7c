/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/memory.h"
#include "base/memory_gauge.h"

#include <assert.h>
#include <stdio.h>

enum { ALIGNMENT = 16, BLOCK_MIN = 4096 - 32, BLOCK_MAX = 1 << 20 };

struct ArenaBlock {
    ArenaBlock *older;
    size_t size;
    _Alignas(16) char bytes[];
};

Arena arena_over(void *memory, size_t size)
{
    return (Arena){.next = memory, .end = (char *)memory + size};
}

static void free_block(ArenaBlock *block)
{
    if (block->size >= MEMORY_SMALL)
        memory_gauge_remove(block->size);
    free(block);
}

void arena_done(Arena *arena)
{
    for (ArenaBlock *block = arena->block; block;) {
        ArenaBlock *older = block->older;
        free_block(block);
        block = older;
    }
    *arena = (Arena){.first_bytes = arena->first_bytes};
}

void arena_clear(Arena *arena)
{
    ArenaBlock *first = arena->block;
    while (first && first->older)
        first = first->older;
    if (first)
        arena_rewind(arena, (ArenaMark){first, first->bytes});
}

ArenaMark arena_mark(const Arena *arena)
{
    return (ArenaMark){arena->block, arena->next};
}

void arena_rewind(Arena *arena, ArenaMark mark)
{
    while (arena->block != mark.block) {
        ArenaBlock *older = arena->block->older;
        arena->allocated_bytes -= arena->block->size;
        free_block(arena->block);
        arena->block = older;
    }
    arena->next = mark.next;
    arena->end = mark.block ? mark.block->bytes + mark.block->size : NULL;
}

static void add_block(Arena *arena, size_t needed)
{
    size_t first = arena->first_bytes ? arena->first_bytes : BLOCK_MIN;
    size_t size = arena->block ? arena->block->size * 2 : first;
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size < needed)
        size = needed;
    ArenaBlock *block = mem_alloc(sizeof(*block) + size);
    block->older = arena->block;
    block->size = size;
    if (size >= MEMORY_SMALL)
        memory_gauge_add(size);
    arena->block = block;
    arena->next = block->bytes;
    arena->end = block->bytes + size;
    arena->allocated_bytes += size;
}

/* Zero bytes get a place of their own too: no pointer we return is NULL. */
size_t arena_rounded(size_t size)
{
    assert(size <= SIZE_MAX / 2);
    return (size + (size == 0) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

void *arena_alloc(Arena *arena, size_t size)
{
    size = arena_rounded(size);
    if ((size_t)(arena->end - arena->next) < size)
        add_block(arena, size);
    void *memory = arena->next;
    arena->next += size;
    return memory;
}

void *arena_zalloc(Arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

void *arena_grow(Arena *arena, void *items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 8;
    void *grown = arena_alloc(arena, *capacity * item_size);
    if (count)
        memcpy(grown, items, count * item_size);
    return grown;
}

char *arena_text(Arena *arena, Str str)
{
    char *copy = arena_alloc(arena, str.len + 1);
    if (str.len)
        memcpy(copy, str.ptr, str.len);
    copy[str.len] = '\0';
    return copy;
}

Str arena_str(Arena *arena, Str str)
{
    return str_from(arena_text(arena, str), str.len);
}

Str arena_vprintf(Arena *arena, const char *format, va_list args)
{
    assert(format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    size_t size = len < 0 ? 1 : (size_t)len + 1;
    char *text = arena_alloc(arena, size);
    text[0] = '\0';
    vsnprintf(text, size, format, again);
    va_end(again);
    return str_from(text, size - 1);
}

Str arena_printf(Arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Str text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}
