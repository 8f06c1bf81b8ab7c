/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/user.h"

#include "base/memory.h"

/* The copy's text stands right behind the struct: no arena block for each of many users. */
static Str pack(char **place, Str text)
{
    if (!text.ptr)
        return STR_NULL;
    char *copy = *place;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    *place += text.len;
    return str_from(copy, text.len);
}

User *user_copy(const User *user)
{
    size_t text_size =
        user->id.len + user->password_hash.len + user->email.len + user->auth_data.len;
    User *copy = mem_alloc(sizeof(*copy) + text_size);
    char *place = (char *)(copy + 1);
    *copy = (User){
        .role = user->role,
        .auth_type = user->auth_type,
        .credentials_version = user->credentials_version,
        .created_at_us = user->created_at_us,
        .updated_at_us = user->updated_at_us,
        .deleted_at_us = user->deleted_at_us,
    };
    refcount_init(&copy->refs);
    copy->id = pack(&place, user->id);
    copy->password_hash = pack(&place, user->password_hash);
    copy->email = pack(&place, user->email);
    copy->auth_data = pack(&place, user->auth_data);
    return copy;
}

User *user_ref(User *user)
{
    refcount_inc(&user->refs);
    return user;
}

void user_unref(User *user)
{
    if (!user || !refcount_dec(&user->refs))
        return;
    arena_done(&user->arena);
    free(user);
}

const char *role_word(Role role)
{
    static const char *const WORDS[] = {"anonymous", "user", "service", "dba", "system"};
    return WORDS[role];
}

const char *auth_type_word(AuthType type)
{
    static const char *const WORDS[] = {"Password", "OAuth", "Internal"};
    return WORDS[type];
}

bool role_parse(Str word, Role *ret_role)
{
    static const struct {
        Str word;
        Role role;
    } WORDS[] = {
        {STR_INIT("user"), ROLE_USER},
        {STR_INIT("viewer"), ROLE_USER},
        {STR_INIT("readonly"), ROLE_USER},
        {STR_INIT("service"), ROLE_SERVICE},
        {STR_INIT("developer"), ROLE_SERVICE},
        {STR_INIT("analyst"), ROLE_SERVICE},
        {STR_INIT("dba"), ROLE_DBA},
        {STR_INIT("admin"), ROLE_DBA},
        {STR_INIT("system"), ROLE_SYSTEM},
    };
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (!str_equal_nocase(word, WORDS[i].word))
            continue;
        *ret_role = WORDS[i].role;
        return true;
    }
    return false;
}
