/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/authorizer.h"

#include <assert.h>

/* What an action acts upon, as far as permissions tell them apart. */
typedef enum Relation {
    RELATION_NONE,
    RELATION_USER,
    RELATION_STREAM,        /* each user's own events */
    RELATION_STREAM_PUBLIC, /* SCOPE shared and ACCESS_LEVEL PUBLIC: any user may insert */
    RELATION_PUBLIC,        /* SHARED tables; the other streams of SCOPE shared like them */
    RELATION_PRIVATE,
    RELATION_RESTRICTED,
    RELATION_DBA,
    RELATION_SYSTEM,
    RELATION_INFORMATION, /* information_schema */
    RELATION_COUNT
} Relation;

static const char *const RELATION_WORDS[RELATION_COUNT] = {
    [RELATION_NONE] = "-",
    [RELATION_USER] = "user",
    [RELATION_STREAM] = "stream",
    [RELATION_STREAM_PUBLIC] = "stream-pub",
    [RELATION_PUBLIC] = "public",
    [RELATION_PRIVATE] = "private",
    [RELATION_RESTRICTED] = "restricted",
    [RELATION_DBA] = "dba",
    [RELATION_SYSTEM] = "system",
    [RELATION_INFORMATION] = "information",
};

typedef struct ActionInfo {
    const char *name;
    const char *verb;
    const char *words;
} ActionInfo;

static const ActionInfo ACTIONS[ACTION_COUNT] = {
#define ACTION_INFO(name, verb, words) {#name, verb, words},
    ACTION_LIST(ACTION_INFO)
#undef ACTION_INFO
};

/* The least role that may; no role reaches NONE. */
enum { USER = ROLE_USER, SERV = ROLE_SERVICE, DBA = ROLE_DBA, NONE = ROLE_SYSTEM + 1 };

/* clang-format off */
static const uint8_t TABLE_MATRIX[ACTION_TABLE_COUNT][RELATION_COUNT] = {
    /*                          -     user  strm  strm+ publ  priv  rest  dba   syst  info */
    [ACTION_SELECT]         = { NONE, USER, USER, USER, USER, SERV, SERV, DBA,  DBA,  USER },
    [ACTION_INSERT]         = { NONE, USER, USER, USER, SERV, SERV, SERV, DBA,  NONE, NONE },
    [ACTION_UPDATE]         = { NONE, USER, USER, SERV, SERV, SERV, SERV, DBA,  NONE, NONE },
    [ACTION_DELETE]         = { NONE, USER, USER, SERV, SERV, SERV, SERV, DBA,  NONE, NONE },
    [ACTION_SUBSCRIBE]      = { NONE, USER, USER, USER, USER, SERV, SERV, DBA,  DBA,  DBA  },
    [ACTION_DESCRIBE]       = { NONE, USER, USER, USER, USER, SERV, SERV, DBA,  DBA,  USER },
    [ACTION_ALTER_TABLE]    = { NONE, USER, USER, SERV, SERV, SERV, SERV, DBA,  NONE, NONE },
    [ACTION_DROP_TABLE]     = { NONE, DBA,  DBA,  DBA,  DBA,  DBA,  DBA,  DBA,  NONE, NONE },
    [ACTION_MAINTAIN_TABLE] = { NONE, SERV, SERV, SERV, SERV, SERV, SERV, DBA,  NONE, NONE },
};

static const uint8_t OTHER_MATRIX[ACTION_COUNT] = {
    [ACTION_CREATE_USER_TABLE]   = USER,
    [ACTION_CREATE_SHARED_TABLE] = SERV,
    [ACTION_CREATE_STREAM_TABLE] = USER,
    [ACTION_NAMESPACE_DDL]       = DBA,
    [ACTION_STORAGE_DDL]         = DBA,
    [ACTION_USER_DDL]            = DBA,
    [ACTION_VIEW_DDL]            = DBA,
    [ACTION_MAINTAIN_ALL]        = SERV,
    [ACTION_LIST]                = USER,
    [ACTION_SYSTEM_READ]         = DBA,
    [ACTION_SHOW_SETTINGS]       = DBA,
    [ACTION_SHOW_MANIFEST]       = DBA,
    [ACTION_KILL]                = DBA,
};
/* clang-format on */

static Relation shared_relation(AccessLevel level)
{
    static const Relation OF_LEVEL[] = {
        [ACCESS_PUBLIC] = RELATION_PUBLIC,
        [ACCESS_PRIVATE] = RELATION_PRIVATE,
        [ACCESS_RESTRICTED] = RELATION_RESTRICTED,
        [ACCESS_DBA] = RELATION_DBA,
    };
    return OF_LEVEL[level];
}

static Relation relation_of(const Table *table)
{
    AccessLevel level = table->options.access_level;
    switch (table->kind) {
    case TABLE_USER:
        return RELATION_USER;
    case TABLE_SHARED:
        return shared_relation(level);
    case TABLE_STREAM:
        if (!table->options.scope_shared)
            return RELATION_STREAM;
        return level == ACCESS_PUBLIC ? RELATION_STREAM_PUBLIC : shared_relation(level);
    case TABLE_SYSTEM:
        break;
    }
    bool is_information = str_equal(table->namespace_name, STR("information_schema"));
    return is_information ? RELATION_INFORMATION : RELATION_SYSTEM;
}

/* Nobody but its creator and administrators changes a table (decision 33). */
static bool is_foreign_alter(const Principal *principal, Action action, const Table *table)
{
    return action == ACTION_ALTER_TABLE && !role_is_admin(principal->role) &&
           !str_equal(table->created_by, principal->user_id);
}

bool authorizer_allows(const Principal *principal, Action action, const Table *table)
{
    if (action >= ACTION_TABLE_COUNT)
        return principal->role >= (Role)OTHER_MATRIX[action];
    assert(table);
    return principal->role >= (Role)TABLE_MATRIX[action][relation_of(table)] &&
           !is_foreign_alter(principal, action, table);
}

/* ---- in words ---- */

static const char *role_title(Role role)
{
    static const char *const TITLES[] = {"Anonymous", "User", "Service", "Dba", "System"};
    return TITLES[role];
}

static Status
deny_system_table(Context *ctx, const Principal *principal, Action action, const Table *table)
{
    if (role_is_admin(principal->role))
        return fail(ctx,
                    STATUS_INVALID_OPERATION,
                    "Cannot %s system table '%.*s'",
                    ACTIONS[action].verb,
                    STR_ARG(table->full_name));
    if (action == ACTION_SUBSCRIBE)
        return fail(ctx,
                    STATUS_PERMISSION_DENIED,
                    "Cannot subscribe to system table '%.*s': insufficient privileges. Only DBA "
                    "and system roles can subscribe to system tables.",
                    STR_ARG(table->full_name));
    return fail(ctx,
                STATUS_PERMISSION_DENIED,
                "Access denied: Role '%s' cannot access table '%.*s'. System tables require 'dba' "
                "or 'system' role.",
                role_title(principal->role),
                STR_ARG(table->full_name));
}

static Status
deny_table(Context *ctx, const Principal *principal, Action action, const Table *table)
{
    if (table->kind == TABLE_SYSTEM)
        return deny_system_table(ctx, principal, action, table);
    if (is_foreign_alter(principal, action, table))
        return fail(ctx,
                    STATUS_PERMISSION_DENIED,
                    "Access denied: only its creator or a dba may alter table '%.*s'",
                    STR_ARG(table->full_name));
    if (table_is_per_user(table))
        return fail(ctx,
                    STATUS_PERMISSION_DENIED,
                    "Access denied: Role '%s' cannot %s %s table '%.*s'",
                    role_title(principal->role),
                    ACTIONS[action].words,
                    table_kind_word(table->kind),
                    STR_ARG(table->full_name));
    return fail(ctx,
                STATUS_PERMISSION_DENIED,
                "Access denied: Role '%s' cannot %s %s table '%.*s' (access level '%s')",
                role_title(principal->role),
                ACTIONS[action].words,
                table_kind_word(table->kind),
                STR_ARG(table->full_name),
                access_level_word(table->options.access_level));
}

Status authorize(Context *ctx, const Principal *principal, Action action, const Table *table)
{
    if (authorizer_allows(principal, action, table))
        return STATUS_OK;
    if (action < ACTION_TABLE_COUNT)
        return deny_table(ctx, principal, action, table);
    return fail(ctx,
                STATUS_PERMISSION_DENIED,
                "Access denied: Role '%s' cannot %s",
                role_title(principal->role),
                ACTIONS[action].words);
}

/* ---- owners ---- */

Owner authorizer_owner(const Principal *principal, const Table *table)
{
    return table_is_per_user(table) ? owner_of(principal->user_id) : OWNER_SHARED;
}

Action authorizer_create_action(TableKind kind)
{
    assert(kind != TABLE_SYSTEM);
    if (kind == TABLE_USER)
        return ACTION_CREATE_USER_TABLE;
    return kind == TABLE_STREAM ? ACTION_CREATE_STREAM_TABLE : ACTION_CREATE_SHARED_TABLE;
}

/* ---- accounts ---- */

Status
authorize_account(Context *ctx, const Principal *principal, const User *target, Role new_role)
{
    TRY(authorize(ctx, principal, ACTION_USER_DDL, NULL));
    if (principal->role == ROLE_SYSTEM)
        return STATUS_OK;
    if (target && target->role == ROLE_SYSTEM)
        return fail(ctx,
                    STATUS_PERMISSION_DENIED,
                    "Access denied: Role '%s' cannot alter or drop user '%.*s', who has role "
                    "'system'",
                    role_title(principal->role),
                    STR_ARG(target->id));
    if (new_role == ROLE_SYSTEM)
        return fail(ctx,
                    STATUS_PERMISSION_DENIED,
                    "Access denied: Role '%s' cannot grant role 'system'",
                    role_title(principal->role));
    return STATUS_OK;
}

static bool may_become(const Principal *principal, Str target_id, Role target_role)
{
    switch (principal->role) {
    case ROLE_SYSTEM:
        return true;
    case ROLE_DBA:
        return target_role <= ROLE_DBA;
    case ROLE_SERVICE:
        return target_role <= ROLE_SERVICE;
    case ROLE_USER:
        return str_equal(principal->user_id, target_id);
    case ROLE_ANONYMOUS:
        break;
    }
    return false;
}

/* Rows may belong to an id of any bytes, but not to none at all. */
static Status check_target_id(Context *ctx, Str id)
{
    if (id.len > 0 && id.len <= USER_ID_LENGTH_MAX)
        return STATUS_OK;
    return fail(ctx,
                STATUS_INVALID_SQL,
                "EXECUTE AS USER needs a user name of 1 to %d characters, not %zu",
                USER_ID_LENGTH_MAX,
                id.len);
}

Status authorize_impersonation(Context *ctx,
                               const Principal *principal,
                               Str target_id,
                               const User *target,
                               Principal *ret_principal)
{
    Role target_role = target ? target->role : ROLE_USER;
    TRY(check_target_id(ctx, target_id));
    if (!may_become(principal, target_id, target_role))
        return fail(ctx,
                    STATUS_UNAUTHORIZED,
                    "EXECUTE AS USER is not authorized: actor '%.*s' with role %s cannot target "
                    "'%.*s'",
                    STR_ARG(principal->user_id),
                    role_word(principal->role),
                    STR_ARG(target_id));
    *ret_principal = (Principal){.user_id = target_id, .role = ROLE_USER};
    return STATUS_OK;
}

Status authorize_impersonated_table(Context *ctx, const Table *table)
{
    if (table->kind == TABLE_USER || table->kind == TABLE_STREAM)
        return STATUS_OK;
    return fail(ctx,
                STATUS_INVALID_OPERATION,
                "EXECUTE AS USER is not allowed on %s tables (table '%.*s'). AS USER impersonation "
                "is only supported for USER and STREAM tables.",
                table->kind == TABLE_SHARED ? "SHARED" : "SYSTEM",
                STR_ARG(table->full_name));
}

/* ---- the matrix as text ---- */

static const char *least_role(uint8_t role)
{
    return role == NONE ? "-" : role_word((Role)role);
}

void authorizer_print(Buf *out)
{
    buf_printf(out, "%-20s", "");
    for (Relation relation = RELATION_USER; relation < RELATION_COUNT; relation++)
        buf_printf(out, " %-11s", RELATION_WORDS[relation]);
    BUF_LIT(out, "\n");
    for (Action action = 0; action < ACTION_TABLE_COUNT; action++) {
        buf_printf(out, "%-20s", ACTIONS[action].name);
        for (Relation relation = RELATION_USER; relation < RELATION_COUNT; relation++)
            buf_printf(out, " %-11s", least_role(TABLE_MATRIX[action][relation]));
        BUF_LIT(out, "\n");
    }
    for (Action action = ACTION_TABLE_COUNT; action < ACTION_COUNT; action++)
        buf_printf(out, "%-20s %s\n", ACTIONS[action].name, least_role(OTHER_MATRIX[action]));
}
