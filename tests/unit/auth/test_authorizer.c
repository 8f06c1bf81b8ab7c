/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_test.h"

/* sql.md 5.1 with decisions 24 and 33; each cell is the least role that may. */
static const char MATRIX[] =
    "                     user        stream      stream-pub  public      private     "
    "restricted  dba         system      information\n"
    "SELECT               user        user        user        user        service     "
    "service     dba         dba         user       \n"
    "INSERT               user        user        user        service     service     "
    "service     dba         -           -          \n"
    "UPDATE               user        user        service     service     service     "
    "service     dba         -           -          \n"
    "DELETE               user        user        service     service     service     "
    "service     dba         -           -          \n"
    "SUBSCRIBE            user        user        user        user        service     "
    "service     dba         dba         dba        \n"
    "DESCRIBE             user        user        user        user        service     "
    "service     dba         dba         user       \n"
    "ALTER_TABLE          user        user        service     service     service     "
    "service     dba         -           -          \n"
    "DROP_TABLE           dba         dba         dba         dba         dba         "
    "dba         dba         -           -          \n"
    "MAINTAIN_TABLE       service     service     service     service     service     "
    "service     dba         -           -          \n"
    "CREATE_USER_TABLE    user\n"
    "CREATE_SHARED_TABLE  service\n"
    "CREATE_STREAM_TABLE  user\n"
    "NAMESPACE_DDL        dba\n"
    "STORAGE_DDL          dba\n"
    "USER_DDL             dba\n"
    "VIEW_DDL             dba\n"
    "MAINTAIN_ALL         service\n"
    "LIST                 user\n"
    "SYSTEM_READ          dba\n"
    "SHOW_SETTINGS        dba\n"
    "SHOW_MANIFEST        dba\n"
    "KILL                 dba\n";

static Table table_of(TableKind kind, AccessLevel level)
{
    return (Table){
        .kind = kind,
        .namespace_name = STR("app"),
        .name = STR("t"),
        .full_name = STR("app.t"),
        .options = {.access_level = level},
        .created_by = STR("alice"),
    };
}

static Table system_table(Str namespace_name, Str full_name)
{
    Table table = table_of(TABLE_SYSTEM, ACCESS_DBA);
    table.namespace_name = namespace_name;
    table.full_name = full_name;
    return table;
}

static Principal as(Role role)
{
    return (Principal){.user_id = STR("bob"), .role = role};
}

static void the_matrix_is_that_of_the_specification(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf out = {0};
    authorizer_print(&out);
    Str rest = buf_str(&out);
    Str line;
    while (str_split(&rest, '\n', &line))
        printf("# %.*s\n", STR_ARG(line));
    assert_str(buf_str(&out), MATRIX);
}

static void shared_tables_follow_their_access_level(void **state)
{
    (void)state;
    static const struct {
        AccessLevel level;
        Role reads, writes;
    } CASES[] = {
        {ACCESS_PUBLIC, ROLE_USER, ROLE_SERVICE},
        {ACCESS_PRIVATE, ROLE_SERVICE, ROLE_SERVICE},
        {ACCESS_RESTRICTED, ROLE_SERVICE, ROLE_SERVICE},
        {ACCESS_DBA, ROLE_DBA, ROLE_DBA},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Table table = table_of(TABLE_SHARED, CASES[i].level);
        for (Role role = ROLE_ANONYMOUS; role <= ROLE_SYSTEM; role++) {
            Principal who = as(role);
            bool reads = role >= CASES[i].reads;
            bool writes = role >= CASES[i].writes;
            assert_int_equal(authorizer_allows(&who, ACTION_SELECT, &table), reads);
            assert_int_equal(authorizer_allows(&who, ACTION_SUBSCRIBE, &table), reads);
            assert_int_equal(authorizer_allows(&who, ACTION_INSERT, &table), writes);
            assert_int_equal(authorizer_allows(&who, ACTION_UPDATE, &table), writes);
            assert_int_equal(authorizer_allows(&who, ACTION_DELETE, &table), writes);
        }
    }
}

static void a_shared_stream_follows_its_access_level_and_public_lets_any_user_insert(void **state)
{
    (void)state;
    Table table = table_of(TABLE_STREAM, ACCESS_PUBLIC);
    table.options.scope_shared = true;
    Principal user = as(ROLE_USER);
    assert_true(authorizer_allows(&user, ACTION_INSERT, &table));
    assert_true(authorizer_allows(&user, ACTION_SUBSCRIBE, &table));
    assert_false(authorizer_allows(&user, ACTION_DELETE, &table));
    table.options.access_level = ACCESS_PRIVATE;
    assert_false(authorizer_allows(&user, ACTION_INSERT, &table));
    assert_false(authorizer_allows(&user, ACTION_SELECT, &table));
    Principal service = as(ROLE_SERVICE);
    assert_true(authorizer_allows(&service, ACTION_INSERT, &table));
}

static void anonymous_may_do_nothing(void **state)
{
    (void)state;
    Principal nobody = {.role = ROLE_ANONYMOUS};
    Table table = table_of(TABLE_SHARED, ACCESS_PUBLIC);
    for (Action action = 0; action < ACTION_COUNT; action++)
        assert_false(
            authorizer_allows(&nobody, action, action < ACTION_TABLE_COUNT ? &table : NULL));
}

static void a_table_is_altered_by_its_creator_or_an_administrator(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Table table = table_of(TABLE_USER, ACCESS_PRIVATE);
    Principal creator = {.user_id = STR("alice"), .role = ROLE_USER};
    Principal other = as(ROLE_SERVICE);
    Principal dba = as(ROLE_DBA);
    assert_int_equal(authorize(&ctx, &creator, ACTION_ALTER_TABLE, &table), STATUS_OK);
    assert_int_equal(authorize(&ctx, &dba, ACTION_ALTER_TABLE, &table), STATUS_OK);
    assert_int_equal(authorize(&ctx, &other, ACTION_ALTER_TABLE, &table), STATUS_PERMISSION_DENIED);
    assert_has(ctx.message, "only its creator or a dba");
    table.kind = TABLE_SHARED;
    assert_int_equal(authorize(&ctx, &creator, ACTION_ALTER_TABLE, &table),
                     STATUS_PERMISSION_DENIED);
}

static void denials_say_who_and_what(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Principal user = as(ROLE_USER);
    Principal dba = as(ROLE_DBA);
    Table users = system_table(STR("system"), STR("system.users"));
    assert_int_equal(authorize(&ctx, &user, ACTION_SELECT, &users), STATUS_PERMISSION_DENIED);
    assert_str(ctx.message,
               "Access denied: Role 'User' cannot access table 'system.users'. System tables "
               "require 'dba' or 'system' role.");
    assert_int_equal(authorize(&ctx, &user, ACTION_INSERT, &users), STATUS_PERMISSION_DENIED);
    assert_has(ctx.message, "Access denied");
    assert_int_equal(authorize(&ctx, &user, ACTION_SUBSCRIBE, &users), STATUS_PERMISSION_DENIED);
    assert_str(ctx.message,
               "Cannot subscribe to system table 'system.users': insufficient privileges. Only DBA "
               "and system roles can subscribe to system tables.");
    assert_int_equal(authorize(&ctx, &dba, ACTION_SELECT, &users), STATUS_OK);
    static const Action WRITES[] = {ACTION_INSERT, ACTION_UPDATE, ACTION_DELETE};
    static const char *const TEXTS[] = {"Cannot insert system table 'system.users'",
                                        "Cannot update system table 'system.users'",
                                        "Cannot delete system table 'system.users'"};
    for (size_t i = 0; i < COUNT_OF(WRITES); i++) {
        assert_int_equal(authorize(&ctx, &dba, WRITES[i], &users), STATUS_INVALID_OPERATION);
        assert_str(ctx.message, TEXTS[i]);
    }
    Table secret = table_of(TABLE_SHARED, ACCESS_PRIVATE);
    assert_int_equal(authorize(&ctx, &user, ACTION_INSERT, &secret), STATUS_PERMISSION_DENIED);
    assert_str(ctx.message,
               "Access denied: Role 'User' cannot insert into shared table 'app.t' (access level "
               "'private')");
    assert_int_equal(authorize(&ctx, &user, ACTION_NAMESPACE_DDL, NULL), STATUS_PERMISSION_DENIED);
    assert_str(ctx.message, "Access denied: Role 'User' cannot create, alter or drop namespaces");
}

static void information_schema_is_readable_by_every_user(void **state)
{
    (void)state;
    Table tables = system_table(STR("information_schema"), STR("information_schema.tables"));
    Principal user = as(ROLE_USER);
    assert_true(authorizer_allows(&user, ACTION_SELECT, &tables));
    assert_false(authorizer_allows(&user, ACTION_INSERT, &tables));
}

static void r55_rows_of_user_and_stream_tables_live_under_the_principal(void **state)
{
    (void)state;
    for (Role role = ROLE_USER; role <= ROLE_SYSTEM; role++) {
        Principal who = as(role);
        Table user_table = table_of(TABLE_USER, ACCESS_PRIVATE);
        Table stream = table_of(TABLE_STREAM, ACCESS_PRIVATE);
        Table shared = table_of(TABLE_SHARED, ACCESS_PUBLIC);
        assert_str(authorizer_owner(&who, &user_table).user_id, "bob");
        assert_str(authorizer_owner(&who, &stream).user_id, "bob");
        assert_int_equal(authorizer_owner(&who, &shared).user_id.len, 0);
        stream.options.scope_shared = true;
        assert_int_equal(authorizer_owner(&who, &stream).user_id.len, 0);
    }
}

static void each_kind_of_table_has_its_create_action(void **state)
{
    (void)state;
    assert_int_equal(authorizer_create_action(TABLE_USER), ACTION_CREATE_USER_TABLE);
    assert_int_equal(authorizer_create_action(TABLE_SHARED), ACTION_CREATE_SHARED_TABLE);
    assert_int_equal(authorizer_create_action(TABLE_STREAM), ACTION_CREATE_STREAM_TABLE);
}

static void only_system_grants_system_or_touches_who_has_it(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Principal system = as(ROLE_SYSTEM);
    Principal dba = as(ROLE_DBA);
    Principal service = as(ROLE_SERVICE);
    User root = {.id = STR("root"), .role = ROLE_SYSTEM};
    User plain = {.id = STR("eve"), .role = ROLE_USER};
    assert_int_equal(authorize_account(&ctx, &dba, NULL, ROLE_DBA), STATUS_OK);
    assert_int_equal(authorize_account(&ctx, &dba, &plain, ROLE_DBA), STATUS_OK);
    assert_int_equal(authorize_account(&ctx, &dba, NULL, ROLE_SYSTEM), STATUS_PERMISSION_DENIED);
    assert_has(ctx.message, "cannot grant role 'system'");
    assert_int_equal(authorize_account(&ctx, &dba, &plain, ROLE_SYSTEM), STATUS_PERMISSION_DENIED);
    assert_int_equal(authorize_account(&ctx, &dba, &root, ROLE_SYSTEM), STATUS_PERMISSION_DENIED);
    assert_int_equal(authorize_account(&ctx, &dba, &root, ROLE_USER), STATUS_PERMISSION_DENIED);
    assert_int_equal(authorize_account(&ctx, &system, &root, ROLE_SYSTEM), STATUS_OK);
    assert_int_equal(authorize_account(&ctx, &system, NULL, ROLE_SYSTEM), STATUS_OK);
    assert_int_equal(authorize_account(&ctx, &service, NULL, ROLE_USER), STATUS_PERMISSION_DENIED);
}

static void impersonation_goes_down_the_roles(void **state)
{
    (void)state;
    /* [actor][target], user to system; the target is somebody else */
    static const bool ALLOWED[4][4] = {
        {false, false, false, false},
        {true, true, false, false},
        {true, true, true, false},
        {true, true, true, true},
    };
    for (int actor = 0; actor < 4; actor++) {
        for (int target = 0; target < 4; target++) {
            CLEANUP(context_done) Context ctx = {0};
            Principal who = as(ROLE_USER + (Role)actor);
            User other = {.id = STR("eve"), .role = ROLE_USER + (Role)target};
            Principal become = {0};
            Status status = authorize_impersonation(&ctx, &who, other.id, &other, &become);
            assert_int_equal(status, ALLOWED[actor][target] ? STATUS_OK : STATUS_UNAUTHORIZED);
            if (status == STATUS_OK) {
                assert_str(become.user_id, "eve");
                assert_int_equal(become.role, ROLE_USER);
            } else {
                assert_has(ctx.message, "EXECUTE AS USER is not authorized: actor 'bob'");
            }
        }
    }
}

static void a_user_becomes_itself_and_an_unknown_id_is_a_plain_user(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Principal user = as(ROLE_USER);
    Principal service = as(ROLE_SERVICE);
    Principal become;
    assert_int_equal(authorize_impersonation(&ctx, &user, STR("bob"), NULL, &become), STATUS_OK);
    assert_int_equal(authorize_impersonation(&ctx, &user, STR("new"), NULL, &become),
                     STATUS_UNAUTHORIZED);
    assert_int_equal(authorize_impersonation(&ctx, &service, STR("new"), NULL, &become), STATUS_OK);
}

static void impersonation_needs_an_id_within_bounds(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Principal system = as(ROLE_SYSTEM);
    Principal become;
    assert_int_equal(authorize_impersonation(&ctx, &system, STR(""), NULL, &become),
                     STATUS_INVALID_SQL);
    assert_has(ctx.message, "a user name of 1 to");
    char text[USER_ID_LENGTH_MAX + 1];
    memset(text, ' ', sizeof(text));
    Str longest = str_from(text, USER_ID_LENGTH_MAX);
    assert_int_equal(authorize_impersonation(&ctx, &system, longest, NULL, &become), STATUS_OK);
    Str too_long = str_from(text, sizeof(text));
    assert_int_equal(authorize_impersonation(&ctx, &system, too_long, NULL, &become),
                     STATUS_INVALID_SQL);
}

static void impersonation_does_not_reach_shared_tables(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Table shared = table_of(TABLE_SHARED, ACCESS_PUBLIC);
    Table stream = table_of(TABLE_STREAM, ACCESS_PUBLIC);
    assert_int_equal(authorize_impersonated_table(&ctx, &stream), STATUS_OK);
    assert_int_equal(authorize_impersonated_table(&ctx, &shared), STATUS_INVALID_OPERATION);
    assert_str(ctx.message,
               "EXECUTE AS USER is not allowed on SHARED tables (table 'app.t'). AS USER "
               "impersonation is only supported for USER and STREAM tables.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrix_is_that_of_the_specification),
        cmocka_unit_test(shared_tables_follow_their_access_level),
        cmocka_unit_test(a_shared_stream_follows_its_access_level_and_public_lets_any_user_insert),
        cmocka_unit_test(anonymous_may_do_nothing),
        cmocka_unit_test(a_table_is_altered_by_its_creator_or_an_administrator),
        cmocka_unit_test(denials_say_who_and_what),
        cmocka_unit_test(information_schema_is_readable_by_every_user),
        cmocka_unit_test(r55_rows_of_user_and_stream_tables_live_under_the_principal),
        cmocka_unit_test(each_kind_of_table_has_its_create_action),
        cmocka_unit_test(only_system_grants_system_or_touches_who_has_it),
        cmocka_unit_test(impersonation_goes_down_the_roles),
        cmocka_unit_test(a_user_becomes_itself_and_an_unknown_id_is_a_plain_user),
        cmocka_unit_test(impersonation_needs_an_id_within_bounds),
        cmocka_unit_test(impersonation_does_not_reach_shared_tables),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authorizer", tests, NULL, NULL);
}
