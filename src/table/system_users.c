/* SPDX-License-Identifier: Apache-2.0 */
#include "table/system_users.h"

#include "base/clock.h"

static const char *auth_type_name(AuthType type)
{
    static const char *const NAMES[] = {"Password", "OAuth", "Internal"};
    return NAMES[type];
}

/* NULL where it is 0: never, not. */
static void add_time(SystemRows *rows, const char *column, int64_t time_us)
{
    if (time_us)
        system_row_integer(rows, column, time_us);
}

static void add_user(SystemRows *rows, const User *user, LoginState login)
{
    system_row_begin(rows);
    system_row_text(rows, "user_id", user->id);
    system_row_text(rows, "password_hash", user->password_hash.ptr ? user->password_hash : STR(""));
    system_row_text(rows, "role", str_from_c(role_word(user->role)));
    system_row_text(rows, "email", user->email);
    system_row_text(rows, "auth_type", str_from_c(auth_type_name(user->auth_type)));
    system_row_text(rows, "auth_data", user->auth_data);
    system_row_text(rows, "storage_mode", STR("Table"));
    system_row_integer(rows, "failed_login_attempts", login.failed_attempts);
    add_time(rows, "locked_until", login.locked_until_us);
    add_time(rows, "last_login_at", login.last_login_us);
    system_row_integer(rows, "created_at", user->created_at_us);
    system_row_integer(rows, "updated_at", user->updated_at_us);
    add_time(rows, "deleted_at", user->deleted_at_us);
}

static int compare_users(const void *a, const void *b)
{
    return str_compare((*(const User *const *)a)->id, (*(const User *const *)b)->id);
}

static Status
provide_users(Context *ctx, const SystemRequest *request, SystemRows *rows, void *data)
{
    LoginGuard *guard = data;
    int64_t now_us = clock_wall_us();
    const Map *users = &request->snapshot->catalog->users;
    const User **sorted = ARENA_ARRAY(&ctx->arena, const User *, users->count + 1);
    size_t count = 0;
    const User *user;
    for (size_t at = 0; (user = map_next(users, &at));)
        sorted[count++] = user;
    qsort(sorted, count, sizeof(const User *), compare_users);
    for (size_t i = 0; i < count; i++) {
        LoginState login = {0};
        if (guard)
            login = login_guard_state(guard, sorted[i]->id, now_us);
        add_user(rows, sorted[i], login);
    }
    return STATUS_OK;
}

void system_users_register(SystemTables *tables, LoginGuard *guard)
{
    system_tables_register(tables, STR("system.users"), provide_users, guard);
}
