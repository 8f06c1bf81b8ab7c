/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/login_guard.h"

#include "base/map.h"
#include "base/memory.h"

#include <pthread.h>

#define LOCK_US (INT64_C(60000000) * LOGIN_LOCK_MINUTES)

typedef struct LoginRecord {
    LoginState state;
    int64_t touched_us;
    size_t id_len;
    char id[];
} LoginRecord;

struct LoginGuard {
    pthread_mutex_t lock; /* guards records */
    Map records;          /* id -> LoginRecord */
};

static Str record_id(const LoginRecord *record)
{
    return str_from(record->id, record->id_len);
}

LoginGuard *login_guard_new(void)
{
    LoginGuard *guard = NEW(LoginGuard);
    pthread_mutex_init(&guard->lock, NULL);
    return guard;
}

void login_guard_free(LoginGuard *guard)
{
    if (!guard)
        return;
    LoginRecord *record;
    for (size_t at = 0; (record = map_next(&guard->records, &at));)
        free(record);
    map_done(&guard->records);
    pthread_mutex_destroy(&guard->lock);
    free(guard);
}

/* A lock that is over, or failures too long ago, count no longer. */
static LoginState current_state(const LoginRecord *record, int64_t now_us)
{
    LoginState state = record->state;
    int64_t over_us = state.locked_until_us ? state.locked_until_us : record->touched_us + LOCK_US;
    if (state.failed_attempts > 0 && now_us >= over_us) {
        state.failed_attempts = 0;
        state.locked_until_us = 0;
    }
    return state;
}

/* Linear, but only past LOGIN_RECORDS_MAX ids. */
static void forget_oldest(LoginGuard *guard)
{
    LoginRecord *oldest = NULL;
    LoginRecord *record;
    for (size_t at = 0; (record = map_next(&guard->records, &at));)
        if (!oldest || record->touched_us < oldest->touched_us)
            oldest = record;
    if (oldest)
        free(map_remove(&guard->records, record_id(oldest)));
}

static LoginRecord *touch(LoginGuard *guard, Str user_id, int64_t now_us)
{
    LoginRecord *record = map_get(&guard->records, user_id);
    if (!record) {
        if (guard->records.count >= LOGIN_RECORDS_MAX)
            forget_oldest(guard);
        record = mem_zalloc(sizeof(*record) + user_id.len);
        record->id_len = user_id.len;
        if (user_id.len)
            memcpy(record->id, user_id.ptr, user_id.len);
        map_put(&guard->records, record_id(record), record);
    }
    record->state = current_state(record, now_us);
    record->touched_us = now_us;
    return record;
}

LoginState login_guard_state(LoginGuard *guard, Str user_id, int64_t now_us)
{
    LoginState state = {0};
    pthread_mutex_lock(&guard->lock);
    const LoginRecord *record = map_get(&guard->records, user_id);
    if (record)
        state = current_state(record, now_us);
    pthread_mutex_unlock(&guard->lock);
    return state;
}

void login_guard_succeeded(LoginGuard *guard, Str user_id, int64_t now_us)
{
    pthread_mutex_lock(&guard->lock);
    touch(guard, user_id, now_us)->state = (LoginState){.last_login_us = now_us};
    pthread_mutex_unlock(&guard->lock);
}

void login_guard_failed(LoginGuard *guard, Str user_id, int64_t now_us)
{
    pthread_mutex_lock(&guard->lock);
    LoginState *state = &touch(guard, user_id, now_us)->state;
    state->failed_attempts++;
    if (state->failed_attempts >= LOGIN_FAILURES_MAX && !state->locked_until_us)
        state->locked_until_us = now_us + LOCK_US;
    pthread_mutex_unlock(&guard->lock);
}
