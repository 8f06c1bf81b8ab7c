/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts and roles.  A User is immutable and counted; a change is a new User.
 */
#pragma once

#include "base/context.h"
#include "base/refcount.h"

enum { USER_ID_LENGTH_MAX = 128 };

/* In ascending order of power. */
typedef enum Role { ROLE_ANONYMOUS, ROLE_USER, ROLE_SERVICE, ROLE_DBA, ROLE_SYSTEM } Role;

typedef enum AuthType { AUTH_PASSWORD, AUTH_OAUTH, AUTH_INTERNAL } AuthType;

typedef struct User {
    RefCount refs;
    Str id;
    Role role;
    AuthType auth_type;
    Str password_hash; /* empty = none set */
    Str email;         /* ptr NULL = none */
    Str auth_data;     /* JSON; ptr NULL = none */
    /* Counts up with every change of role, password or deletion: a session that was opened under
     * another one is revoked. */
    uint32_t credentials_version;
    int64_t created_at_us;
    int64_t updated_at_us;
    int64_t deleted_at_us; /* 0 = alive */
    Arena arena;
} User;

User *user_ref(User *user);
void user_unref(User *user);
DEFINE_CLEANUP(User, user_unref)

/* An independent copy to be changed and put back; counted 1; new strings go to its own arena. */
User *user_copy(const User *user);

static inline bool role_is_admin(Role role)
{
    return role >= ROLE_DBA;
}

/* Who reads the errors of this role's requests. */
static inline Audience role_audience(Role role)
{
    return role_is_admin(role) ? AUDIENCE_ADMINS : AUDIENCE_ALL;
}

const char *role_word(Role role);          /* "user", "service", "dba", "system", "anonymous" */
const char *auth_type_word(AuthType type); /* "Password", "OAuth", "Internal" */
/* Words of sql.md 3.8, any case; false when unknown. */
bool role_parse(Str word, Role *ret_role);

/* Ids of CREATE USER: letters, digits and _ - . @ :, 1 to USER_ID_LENGTH_MAX bytes. */
MUST_CHECK Status user_id_check(Context *ctx, Str id);
