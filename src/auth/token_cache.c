/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/token_cache.h"

#include "base/hash.h"
#include "base/memory.h"

#include <pthread.h>

typedef struct Slot {
    Arena arena; /* secret, token, claims */
    Str secret;
    Str token; /* ptr NULL = empty */
    Claims claims;
} Slot;

typedef struct Slots {
    Slot items[TOKEN_CACHE_SLOTS];
} Slots;

static pthread_key_t slots_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_slots(void *data)
{
    Slots *slots = data;
    for (size_t i = 0; i < TOKEN_CACHE_SLOTS; i++)
        arena_done(&slots->items[i].arena);
    free(slots);
}

static void make_key(void)
{
    pthread_key_create(&slots_key, free_slots);
}

static Slot *slot_of(Str token)
{
    pthread_once(&once, make_key);
    Slots *slots = pthread_getspecific(slots_key);
    if (!slots) {
        slots = NEW(Slots);
        pthread_setspecific(slots_key, slots);
    }
    return &slots->items[hash_seeded(token) % TOKEN_CACHE_SLOTS];
}

static Claims copy_claims(Arena *arena, const Claims *claims)
{
    Claims copy = *claims;
    copy.user_id = arena_str(arena, claims->user_id);
    copy.email = claims->email.ptr ? arena_str(arena, claims->email) : STR_NULL;
    return copy;
}

bool token_cache_find(Arena *arena, Str secret, Str token, Claims *ret_claims)
{
    const Slot *slot = slot_of(token);
    if (!slot->token.ptr || !str_equal(slot->token, token) || !str_equal(slot->secret, secret))
        return false;
    *ret_claims = copy_claims(arena, &slot->claims);
    return true;
}

void token_cache_keep(Str secret, Str token, const Claims *claims)
{
    Slot *slot = slot_of(token);
    arena_done(&slot->arena);
    slot->arena.first_bytes = token.len + secret.len + 256;
    slot->secret = arena_str(&slot->arena, secret);
    slot->token = arena_str(&slot->arena, token);
    slot->claims = copy_claims(&slot->arena, claims);
}
