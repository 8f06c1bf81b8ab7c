/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_test.h"
#include "catalog/catalog_parts.h"

#define DAY_US INT64_C(86400000000)

typedef struct World {
    Context ctx;
    Auth *auth;
    Catalog *catalog;
} World;

/* Puts one account into the world's catalog. */
static void put(World *world, const User *user)
{
    CatalogEdit *edit = catalog_edit_begin(&world->ctx, world->catalog, test_now_us);
    assert_int_equal(catalog_put_user(edit, user), STATUS_OK);
    catalog_unref(world->catalog);
    world->catalog = catalog_edit_finish(edit);
}

static void put_with_password(World *world, Str id, Role role, Str password)
{
    User *user;
    assert_int_equal(auth_make_user(&world->ctx, world->auth, id, role, password, &user),
                     STATUS_OK);
    put(world, user);
}

static int begin(void **state)
{
    static World world;
    world = (World){0};
    AuthOptions options = {.secret = SECRET, .password = CHEAP};
    test_now_us = START_US;
    world.auth = auth_new(&options);
    world.catalog = catalog_new();
    *state = &world;
    put_with_password(&world, STR("alice"), ROLE_DBA, STR("alices password"));
    User oauth = {.id = STR("olga"), .role = ROLE_USER, .auth_type = AUTH_OAUTH};
    put(&world, &oauth);
    return 0;
}

static int end(void **state)
{
    World *world = *state;
    auth_free(world->auth);
    catalog_unref(world->catalog);
    context_done(&world->ctx);
    return 0;
}

static Status login(World *world, const char *id, const char *password, LoginAttempt *attempt)
{
    const User *user = NULL;
    *attempt = (LoginAttempt){.user_id = str_from_c(id), .password = str_from_c(password)};
    Status status = auth_login(&world->ctx, world->auth, world->catalog, attempt, &user);
    if (status == STATUS_OK)
        assert_str(user->id, id);
    return status;
}

static void assert_refused(World *world, const char *id, const char *password)
{
    LoginAttempt attempt;
    assert_int_equal(login(world, id, password, &attempt), STATUS_INVALID_CREDENTIALS);
    assert_int_equal(attempt.refusal, LOGIN_WRONG);
    assert_str(world->ctx.message, "Invalid credentials");
}

/* ---- login ---- */

static void the_right_password_logs_in(void **state)
{
    World *world = *state;
    LoginAttempt attempt;
    assert_int_equal(login(world, "alice", "alices password", &attempt), STATUS_OK);
    LoginState alice = login_guard_state(auth_login_guard(world->auth), STR("alice"), test_now_us);
    assert_int_equal(alice.last_login_us, test_now_us);
}

static void whatever_is_wrong_the_answer_is_the_same(void **state)
{
    World *world = *state;
    char long_text[PASSWORD_LENGTH_MAX + 2];
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    User dropped = {
        .id = STR("dan"),
        .role = ROLE_USER,
        .password_hash = catalog_user(world->catalog, STR("alice"))->password_hash,
        .deleted_at_us = 1,
    };
    put(world, &dropped);
    assert_refused(world, "alice", "wrong");
    assert_refused(world, "alice", "");
    assert_refused(world, "Alice", "alices password");
    assert_refused(world, "nobody", "alices password");
    assert_refused(world, "olga", "");
    assert_refused(world, "dan", "alices password");
    assert_refused(world, "alice", long_text);
    assert_refused(world, long_text, "alices password");
    assert_refused(world, "", "");
}

static void five_failures_lock_even_the_right_password_out(void **state)
{
    World *world = *state;
    LoginAttempt attempt;
    static const char *const IDS[] = {"alice", "nobody"};
    for (size_t i = 0; i < COUNT_OF(IDS); i++) {
        for (int failure = 0; failure < LOGIN_FAILURES_MAX; failure++)
            assert_refused(world, IDS[i], "wrong");
        assert_int_equal(login(world, IDS[i], "alices password", &attempt),
                         STATUS_INVALID_CREDENTIALS);
        assert_int_equal(attempt.refusal, LOGIN_LOCKED);
        assert_has(world->ctx.message, "15 minute");
    }
    test_now_us += INT64_C(60000000) * LOGIN_LOCK_MINUTES - 1;
    assert_int_not_equal(login(world, "alice", "alices password", &attempt), STATUS_OK);
    assert_has(world->ctx.message, "1 minute");
    test_now_us += 1;
    assert_int_equal(login(world, "alice", "alices password", &attempt), STATUS_OK);
}

static void an_empty_password_for_root_asks_for_setup_only_while_there_is_none(void **state)
{
    World *world = *state;
    LoginAttempt attempt;
    const User *root;
    assert_true(auth_needs_setup(world->catalog));
    assert_int_equal(login(world, "root", "", &attempt), STATUS_INVALID_CREDENTIALS);
    assert_int_equal(attempt.refusal, LOGIN_NEEDS_SETUP);
    assert_refused(world, "root", "guess");
    assert_int_equal(
        auth_root_account(&world->ctx, world->auth, world->catalog, STR("secret of root"), &root),
        STATUS_OK);
    put(world, root);
    assert_false(auth_needs_setup(world->catalog));
    assert_refused(world, "root", "");
    assert_int_equal(login(world, "root", "secret of root", &attempt), STATUS_OK);
}

/* ---- tokens and sessions ---- */

static TokenPair tokens_of(World *world, Str id)
{
    const User *user = catalog_user(world->catalog, id);
    return auth_issue_tokens(&world->ctx.arena, world->auth, user);
}

static Status bearer(World *world, Str token, Session *session)
{
    return auth_verify_bearer(&world->ctx, world->auth, world->catalog, token, session);
}

static void a_pair_of_tokens_lives_a_day_and_a_week(void **state)
{
    World *world = *state;
    TokenPair pair = tokens_of(world, STR("alice"));
    Session session;
    assert_int_equal(pair.access_expires_at_us, START_US + DAY_US);
    assert_int_equal(pair.refresh_expires_at_us, START_US + 7 * DAY_US);
    assert_int_equal(bearer(world, pair.access, &session), STATUS_OK);
    assert_str(session.principal.user_id, "alice");
    assert_int_equal(session.principal.role, ROLE_DBA);
    assert_int_equal(session.expires_at_us,
                     pair.access_expires_at_us + INT64_C(1000000) * TOKEN_LEEWAY_SECONDS);
    test_now_us = session.expires_at_us - 1;
    assert_int_equal(bearer(world, pair.access, &session), STATUS_OK);
    test_now_us = session.expires_at_us;
    assert_int_equal(bearer(world, pair.access, &session), STATUS_TOKEN_EXPIRED);
    assert_str(world->ctx.message, "Invalid credentials");
}

static void assert_token_refused(World *world, Str token)
{
    Session session;
    assert_int_equal(bearer(world, token, &session), STATUS_INVALID_CREDENTIALS);
    assert_str(world->ctx.message, "Invalid credentials");
    assert_true(world->ctx.detail.len > 0);
}

static void tokens_of_a_changed_account_are_refused(void **state)
{
    World *world = *state;
    TokenPair pair = tokens_of(world, STR("alice"));
    assert_token_refused(world, pair.refresh);
    assert_token_refused(world, STR("nonsense"));
    User alice = {.id = STR("alice"), .role = ROLE_USER};
    put(world, &alice);
    assert_token_refused(world, pair.access);
    alice.role = ROLE_DBA;
    put(world, &alice);
    assert_token_refused(world, pair.access);
    pair = tokens_of(world, STR("alice"));
    Session session;
    assert_int_equal(bearer(world, pair.access, &session), STATUS_OK);
    alice.deleted_at_us = test_now_us;
    put(world, &alice);
    assert_token_refused(world, pair.access);
}

static void assert_both_refused(World *world, const TokenPair *pair)
{
    const User *user;
    assert_token_refused(world, pair->access);
    assert_int_equal(
        auth_verify_refresh(&world->ctx, world->auth, world->catalog, pair->refresh, &user),
        STATUS_INVALID_CREDENTIALS);
}

static void old_tokens_end_with_the_password_and_with_the_account(void **state)
{
    World *world = *state;
    TokenPair before = tokens_of(world, STR("alice"));
    put_with_password(world, STR("alice"), ROLE_DBA, STR("another password"));
    assert_both_refused(world, &before);

    TokenPair now = tokens_of(world, STR("alice"));
    Session session;
    assert_int_equal(bearer(world, now.access, &session), STATUS_OK);
    CLEANUP(user_unref) User *alice = user_copy(catalog_user(world->catalog, STR("alice")));
    alice->deleted_at_us = test_now_us;
    put(world, alice);
    assert_both_refused(world, &now);
    alice->deleted_at_us = 0;
    put(world, alice);
    assert_both_refused(world, &before);
    assert_both_refused(world, &now);
}

static void a_token_of_others_need_not_know_the_version(void **state)
{
    World *world = *state;
    Session session;
    Claims claims = {
        .user_id = STR("alice"),
        .role = ROLE_DBA,
        .issued_at = START_US / 1000000,
        .expires_at = START_US / 1000000 + 60,
    };
    put_with_password(world, STR("alice"), ROLE_DBA, STR("another password"));
    Str token = token_create(&world->ctx.arena, SECRET, &claims);
    assert_int_equal(bearer(world, token, &session), STATUS_OK);
}

static void the_header_must_say_bearer(void **state)
{
    World *world = *state;
    TokenPair pair = tokens_of(world, STR("alice"));
    static const struct {
        const char *before;
        Status status;
    } CASES[] = {
        {"Bearer ", STATUS_OK},
        {"bearer  ", STATUS_OK},
        {"Basic ", STATUS_INVALID_CREDENTIALS},
        {"", STATUS_INVALID_CREDENTIALS},
        {"Bearer", STATUS_INVALID_CREDENTIALS},
        {"Bearer Bearer ", STATUS_INVALID_CREDENTIALS},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Session session;
        Str header =
            arena_printf(&world->ctx.arena, "%s%.*s", CASES[i].before, STR_ARG(pair.access));
        assert_int_equal(
            auth_verify_header(&world->ctx, world->auth, world->catalog, header, &session),
            CASES[i].status);
    }
    Session session;
    assert_int_equal(
        auth_verify_header(&world->ctx, world->auth, world->catalog, STR(""), &session),
        STATUS_INVALID_CREDENTIALS);
    assert_int_equal(
        auth_verify_header(&world->ctx, world->auth, world->catalog, STR("Bearer "), &session),
        STATUS_INVALID_CREDENTIALS);
}

static void refused_refresh(World *world, Str token, const char *message)
{
    const User *user;
    assert_int_equal(auth_verify_refresh(&world->ctx, world->auth, world->catalog, token, &user),
                     STATUS_INVALID_CREDENTIALS);
    assert_str(world->ctx.message, message);
}

static void a_refresh_token_is_good_for_new_tokens_only(void **state)
{
    World *world = *state;
    TokenPair pair = tokens_of(world, STR("alice"));
    const User *user;
    assert_int_equal(
        auth_verify_refresh(&world->ctx, world->auth, world->catalog, pair.refresh, &user),
        STATUS_OK);
    assert_str(user->id, "alice");
    refused_refresh(world, pair.access, "Refresh endpoint requires a refresh token");
    User alice = {.id = STR("alice"), .role = ROLE_USER};
    put(world, &alice);
    refused_refresh(world, pair.refresh, "Token role does not match user role");
    alice.deleted_at_us = 1;
    put(world, &alice);
    refused_refresh(world, pair.refresh, "User no longer valid");
}

static void a_session_ends_when_it_expires_or_the_account_changes(void **state)
{
    World *world = *state;
    Session session;
    assert_int_equal(bearer(world, tokens_of(world, STR("alice")).access, &session), STATUS_OK);
    int64_t end_us = session.expires_at_us;
    assert_int_equal(auth_session_state(&session, world->catalog, end_us - 1), SESSION_ALIVE);
    assert_int_equal(auth_session_state(&session, world->catalog, end_us), SESSION_EXPIRED);

    CLEANUP(user_unref) User *alice = user_copy(catalog_user(world->catalog, STR("alice")));
    alice->email = STR("a@example.com");
    put(world, alice);
    assert_int_equal(auth_session_state(&session, world->catalog, test_now_us), SESSION_ALIVE);
    alice->password_hash = STR("another");
    put(world, alice);
    assert_int_equal(auth_session_state(&session, world->catalog, test_now_us), SESSION_REVOKED);
    assert_int_equal(auth_session_state(&session, world->catalog, end_us), SESSION_REVOKED);
}

/* ---- the root account ---- */

static const User *root_with(World *world, Str password)
{
    const User *root;
    assert_int_equal(auth_root_account(&world->ctx, world->auth, world->catalog, password, &root),
                     STATUS_OK);
    return root;
}

static void root_is_made_once_and_follows_the_configured_password(void **state)
{
    World *world = *state;
    LoginAttempt attempt;
    const User *root = root_with(world, STR(""));
    assert_non_null(root);
    assert_str(root->id, "root");
    assert_str(root->email, "root@localhost");
    assert_int_equal(root->role, ROLE_SYSTEM);
    assert_int_equal(root->auth_type, AUTH_INTERNAL);
    assert_int_equal(root->password_hash.len, 0);
    put(world, root);
    assert_true(auth_needs_setup(world->catalog));
    assert_null(root_with(world, STR("")));

    put(world, root_with(world, STR("first password")));
    assert_null(root_with(world, STR("first password")));
    assert_null(root_with(world, STR("")));
    assert_int_equal(login(world, "root", "first password", &attempt), STATUS_OK);
    put(world, root_with(world, STR("second password")));
    assert_int_equal(login(world, "root", "second password", &attempt), STATUS_OK);
    assert_refused(world, "root", "first password");
}

static void setup_is_open_only_while_root_never_had_a_password(void **state)
{
    World *world = *state;
    put(world, root_with(world, STR("")));
    assert_true(auth_needs_setup(world->catalog));
    CLEANUP(user_unref) User *root = user_copy(catalog_user(world->catalog, ROOT_USER_ID));
    root->deleted_at_us = test_now_us;
    put(world, root);
    assert_false(auth_needs_setup(world->catalog));

    root->deleted_at_us = 0;
    put(world, root);
    put(world, root_with(world, STR("first password")));
    assert_false(auth_needs_setup(world->catalog));
    root->password_hash = STR("");
    put(world, root);
    assert_false(auth_needs_setup(world->catalog));
}

static void a_dropped_root_comes_back_with_its_password(void **state)
{
    World *world = *state;
    LoginAttempt attempt;
    put(world, root_with(world, STR("first password")));
    CLEANUP(user_unref) User *root = user_copy(catalog_user(world->catalog, ROOT_USER_ID));
    root->deleted_at_us = test_now_us;
    put(world, root);
    assert_refused(world, "root", "first password");
    put(world, root_with(world, STR("")));
    assert_false(auth_needs_setup(world->catalog));
    assert_int_equal(login(world, "root", "first password", &attempt), STATUS_OK);
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(the_right_password_logs_in),
        IN_A_WORLD(whatever_is_wrong_the_answer_is_the_same),
        IN_A_WORLD(five_failures_lock_even_the_right_password_out),
        IN_A_WORLD(an_empty_password_for_root_asks_for_setup_only_while_there_is_none),
        IN_A_WORLD(a_pair_of_tokens_lives_a_day_and_a_week),
        IN_A_WORLD(tokens_of_a_changed_account_are_refused),
        IN_A_WORLD(old_tokens_end_with_the_password_and_with_the_account),
        IN_A_WORLD(a_token_of_others_need_not_know_the_version),
        IN_A_WORLD(the_header_must_say_bearer),
        IN_A_WORLD(a_refresh_token_is_good_for_new_tokens_only),
        IN_A_WORLD(a_session_ends_when_it_expires_or_the_account_changes),
        IN_A_WORLD(root_is_made_once_and_follows_the_configured_password),
        IN_A_WORLD(setup_is_open_only_while_root_never_had_a_password),
        IN_A_WORLD(a_dropped_root_comes_back_with_its_password),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("auth", tests, stop_the_clock, NULL);
}
