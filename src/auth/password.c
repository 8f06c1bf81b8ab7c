/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/password.h"

#include "base/clock.h"

#include <argon2.h>
#include <pthread.h>

enum {
    DEFAULT_MEMORY_KIB = 19456,
    DEFAULT_ITERATIONS = 2,
    DEFAULT_PARALLELISM = 1,
    SALT_SIZE = 16,
    HASH_SIZE = 32,
    ENCODED_SIZE = 256,
};

static const char *const COMMON_PASSWORDS[] = {
    "password",   "password1", "password123", "passw0rd",  "12345678", "123456789",
    "1234567890", "11111111",  "00000000",    "qwerty123", "qwertyui", "qwertyuiop",
    "abc12345",   "abcd1234",  "1q2w3e4r",    "1qaz2wsx",  "iloveyou", "sunshine",
    "princess",   "football",  "baseball",    "superman",  "trustno1", "letmein1",
};

enum { COMMON_COUNT = sizeof(COMMON_PASSWORDS) / sizeof(COMMON_PASSWORDS[0]) };
_Static_assert(COMMON_COUNT == 24, "the list that the specification counts");

static PasswordPolicy with_defaults(const PasswordPolicy *policy)
{
    PasswordPolicy full = policy ? *policy : (PasswordPolicy){0};
    if (full.memory_kib == 0)
        full.memory_kib = DEFAULT_MEMORY_KIB;
    if (full.iterations == 0)
        full.iterations = DEFAULT_ITERATIONS;
    if (full.parallelism == 0)
        full.parallelism = DEFAULT_PARALLELISM;
    if (full.length_min == 0)
        full.length_min = PASSWORD_LENGTH_MIN;
    if (full.length_max == 0 || full.length_max > PASSWORD_LENGTH_MAX)
        full.length_max = PASSWORD_LENGTH_MAX;
    return full;
}

/* ---- what a password must be ---- */

static bool is_common(Str password)
{
    for (size_t i = 0; i < COMMON_COUNT; i++)
        if (str_equal_nocase(password, str_from_c(COMMON_PASSWORDS[i])))
            return true;
    return false;
}

static Status check_complexity(Context *ctx, Str password)
{
    bool upper = false, lower = false, digit = false, special = false;
    for (size_t i = 0; i < password.len; i++) {
        char c = password.ptr[i];
        if (c >= 'A' && c <= 'Z')
            upper = true;
        else if (c >= 'a' && c <= 'z')
            lower = true;
        else if (c >= '0' && c <= '9')
            digit = true;
        else
            special = true;
    }
    if (upper && lower && digit && special)
        return STATUS_OK;
    return fail(ctx,
                STATUS_INVALID_INPUT,
                "Weak password: it needs an upper-case letter, a lower-case letter, a digit and a "
                "special character");
}

static Status check_length(Context *ctx, const PasswordPolicy *policy, Str password)
{
    if (password.len < policy->length_min)
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "Weak password: it must have at least %zu characters",
                    policy->length_min);
    if (password.len > policy->length_max)
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "Weak password: it must have at most %zu characters",
                    policy->length_max);
    return STATUS_OK;
}

Status password_check(Context *ctx, const PasswordPolicy *policy, Str password)
{
    PasswordPolicy full = with_defaults(policy);
    TRY(check_length(ctx, &full, password));
    if (!full.allow_common && is_common(password))
        return fail(ctx, STATUS_INVALID_INPUT, "Weak password: it is one of the most common ones");
    return full.complexity ? check_complexity(ctx, password) : STATUS_OK;
}

Status password_check_user(Context *ctx, const PasswordPolicy *policy, Str password)
{
    PasswordPolicy full = with_defaults(policy);
    return full.complexity ? password_check(ctx, policy, password)
                           : check_length(ctx, &full, password);
}

/* ---- hashing ---- */

static struct {
    pthread_mutex_t lock; /* guards running */
    pthread_cond_t freed;
    int running;
} turns = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void take_turn(void)
{
    pthread_mutex_lock(&turns.lock);
    while (turns.running == PASSWORD_HASHES_AT_ONCE)
        pthread_cond_wait(&turns.freed, &turns.lock);
    turns.running++;
    pthread_mutex_unlock(&turns.lock);
}

static void give_turn(void)
{
    pthread_mutex_lock(&turns.lock);
    turns.running--;
    pthread_cond_signal(&turns.freed);
    pthread_mutex_unlock(&turns.lock);
}

Status password_hash(Context *ctx, const PasswordPolicy *policy, Str password, Str *ret_hash)
{
    PasswordPolicy full = with_defaults(policy);
    if (password.len > PASSWORD_LENGTH_MAX)
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "Password must have at most %d characters",
                    PASSWORD_LENGTH_MAX);
    uint8_t salt[SALT_SIZE];
    char encoded[ENCODED_SIZE];
    random_bytes(salt, sizeof(salt));
    take_turn();
    int result = argon2id_hash_encoded(full.iterations,
                                       full.memory_kib,
                                       full.parallelism,
                                       password.ptr,
                                       password.len,
                                       salt,
                                       sizeof(salt),
                                       HASH_SIZE,
                                       encoded,
                                       sizeof(encoded));
    give_turn();
    if (result != ARGON2_OK)
        return fail(ctx, STATUS_INTERNAL, "password hash failed: %s", argon2_error_message(result));
    *ret_hash = arena_str(&ctx->arena, str_from_c(encoded));
    return STATUS_OK;
}

/* Verifies against a hash made for the purpose from the same cost parameters. */
static Status waste_the_same_time(Context *ctx, const PasswordPolicy *policy, Str password)
{
    Str ignored;
    return password_hash(ctx, policy, password, &ignored);
}

Status password_verify(
    Context *ctx, const PasswordPolicy *policy, Str password, Str hash, bool *ret_matches)
{
    if (password.len > PASSWORD_LENGTH_MAX) {
        *ret_matches = false;
        return STATUS_OK;
    }
    int result = ARGON2_DECODING_FAIL;
    if (hash.len > 0) {
        Str encoded = arena_str(&ctx->arena, hash); /* with a NUL behind it */
        take_turn();
        result = argon2id_verify(encoded.ptr, password.ptr, password.len);
        give_turn();
    }
    if (result == ARGON2_MEMORY_ALLOCATION_ERROR)
        return fail(
            ctx, STATUS_INTERNAL, "password check failed: %s", argon2_error_message(result));
    if (result != ARGON2_OK && result != ARGON2_VERIFY_MISMATCH)
        TRY(waste_the_same_time(ctx, policy, password));
    *ret_matches = result == ARGON2_OK;
    return STATUS_OK;
}
