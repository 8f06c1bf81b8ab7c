/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"

#include "scripted_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A 200 with a JSON body that is told by its end of chunks. */
#define OK_HEAD         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define ANSWER(n, body) OK_HEAD "Content-Length: " #n "\r\n\r\n" body
#define EXPIRED                                                                                    \
    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 51\r\n\r\n"                                      \
    "{\"status\":\"error\",\"error\":{\"code\":\"TOKEN_"                                           \
    "EXPIRED\"}}"
#define TOKENS(access)                                                                             \
    OK_HEAD                                                                                        \
    "Transfer-Encoding: chunked\r\n\r\n"                                                           \
    "3f\r\n{\"user\":{\"id\":\"alice\",\"role\":\"dba\"},\"refresh_token\":\"renewing\",\r\n"      \
    "17\r\n\"access_token\":\"" access "\"}\r\n0\r\n\r\n"

static Client *connect_to(Context *ctx, const ScriptedServer *server)
{
    Client *client = NULL;
    ClientOptions options = {
        .url = arena_printf(&ctx->arena, "http://127.0.0.1:%d", server->port),
        .request_timeout_ms = 5000,
    };
    assert_int_equal(client_connect(ctx, &options, &client), STATUS_OK);
    return client;
}

static void an_expired_token_is_renewed_and_the_statement_sent_once_more(void **state)
{
    (void)state;
    static const Step STEPS[] = {
        {STEP_EXPECT, "{\"user\":\"alice\",\"password\":\"s3\\\"cret\"}"},
        {STEP_SEND, TOKENS("first")},
        {STEP_EXPECT, "{\"sql\":\"SELECT 1\",\"params\":[1],\"namespace_id\":\"app\"}"},
        {STEP_SEND, EXPIRED},
        {STEP_EXPECT, "Bearer renewing"},
        {STEP_SEND, TOKENS("newer")},
        {STEP_EXPECT, "Bearer newer"},
        {STEP_SEND, ANSWER(20, "{\"status\":\"success\"}")},
    };
    CLEANUP(context_done) Context ctx = {0};
    ScriptedServer server;
    ClientReply reply;
    scripted_server_start(&server, STEPS, COUNT(STEPS));
    CLEANUP(client_close) Client *client = connect_to(&ctx, &server);
    assert_int_equal(client_login(&ctx, client, STR("alice"), STR("s3\"cret")), STATUS_OK);
    assert_true(str_equal(client_user(client), STR("alice")));
    assert_true(str_equal(client_role(client), STR("dba")));
    ClientStatement statement = {STR("SELECT 1"), STR("[1]"), STR("app")};
    assert_int_equal(client_sql(&ctx, client, &statement, &reply), STATUS_OK);
    assert_int_equal(reply.http_status, 200);
    assert_non_null(json_member(reply.json, STR("status")));
    scripted_server_finish(&server);
}

static void a_connection_the_server_closed_is_opened_anew(void **state)
{
    (void)state;
    static const Step STEPS[] = {
        {STEP_EXPECT, "GET /one"},
        {STEP_SEND, ANSWER(2, "{}")},
        {STEP_CUT, NULL},
        {STEP_EXPECT, "GET /two"},
        {STEP_SEND, ANSWER(2, "[]")},
        {STEP_EXPECT, "GET /three"},
        {STEP_SEND, OK_HEAD "Content-Length: 4\r\n\r\n"},
        {STEP_PAUSE, NULL},
        {STEP_SEND, "null"},
    };
    CLEANUP(context_done) Context ctx = {0};
    ScriptedServer server;
    ClientReply reply;
    scripted_server_start(&server, STEPS, COUNT(STEPS));
    CLEANUP(client_close) Client *client = connect_to(&ctx, &server);
    assert_int_equal(client_get(&ctx, client, STR("/one"), &reply), STATUS_OK);
    /* The close may still be on its way: the second request then says so, and the next works. */
    Status status = client_get(&ctx, client, STR("/two"), &reply);
    if (status != STATUS_OK)
        status = client_get(&ctx, client, STR("/two"), &reply);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(client_get(&ctx, client, STR("/three"), &reply), STATUS_OK);
    assert_int_equal(reply.json->kind, JSON_NULL);
    scripted_server_finish(&server);
}

static void a_refused_login_carries_the_servers_words(void **state)
{
    (void)state;
    static const Step STEPS[] = {
        {STEP_EXPECT, "/v1/api/auth/login"},
        {STEP_SEND,
         "HTTP/1.1 401 Unauthorized\r\nContent-Length: 56\r\n\r\n"
         "{\"error\":\"unauthorized\",\"message\":\"Invalid credentials\"}"},
    };
    CLEANUP(context_done) Context ctx = {0};
    ScriptedServer server;
    scripted_server_start(&server, STEPS, COUNT(STEPS));
    CLEANUP(client_close) Client *client = connect_to(&ctx, &server);
    assert_int_equal(client_login(&ctx, client, STR("a"), STR("b")), STATUS_INVALID_CREDENTIALS);
    assert_true(str_equal(ctx.message, STR("Invalid credentials")));
    scripted_server_finish(&server);
}

static void a_cut_or_senseless_answer_is_an_error_and_no_crash(void **state)
{
    (void)state;
    static const Step STEPS[] = {
        {STEP_EXPECT, "GET"},
        {STEP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"},
        {STEP_CUT, NULL},
        {STEP_EXPECT, "GET"},
        {STEP_SEND, "SMTP ready\r\n\r\n"},
        {STEP_CUT, NULL},
        {STEP_EXPECT, "GET"},
        {STEP_SEND, ANSWER(9, "not JSON!")},
    };
    CLEANUP(context_done) Context ctx = {0};
    ScriptedServer server;
    ClientReply reply;
    scripted_server_start(&server, STEPS, COUNT(STEPS));
    CLEANUP(client_close) Client *client = connect_to(&ctx, &server);
    assert_int_equal(client_get(&ctx, client, STR("/"), &reply), STATUS_IO_ERROR);
    assert_int_equal(client_get(&ctx, client, STR("/"), &reply), STATUS_IO_ERROR);
    assert_int_equal(client_get(&ctx, client, STR("/"), &reply), STATUS_OK);
    assert_null(reply.json);
    assert_true(str_equal(reply.body, STR("not JSON!")));
    scripted_server_finish(&server);
}

static void nobody_listening_is_told_with_the_address(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Client *client = NULL;
    ClientOptions options = {.url = STR("http://127.0.0.1:1")};
    assert_int_equal(client_connect(&ctx, &options, &client), STATUS_IO_ERROR);
    assert_true(str_starts_with(ctx.message, STR("could not connect to http://127.0.0.1:1: ")));
}

static void a_cancelled_context_ends_the_waiting(void **state)
{
    (void)state;
    static const Step STEPS[] = {{STEP_EXPECT, "GET"}, {STEP_EXPECT, "never"}};
    CLEANUP(context_done) Context ctx = {0};
    ScriptedServer server;
    ClientReply reply;
    scripted_server_start(&server, STEPS, 1);
    CLEANUP(client_close) Client *client = connect_to(&ctx, &server);
    atomic_store(&ctx.cancelled, true);
    assert_int_equal(client_get(&ctx, client, STR("/"), &reply), STATUS_CANCELLED);
    scripted_server_finish(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expired_token_is_renewed_and_the_statement_sent_once_more),
        cmocka_unit_test(a_connection_the_server_closed_is_opened_anew),
        cmocka_unit_test(a_refused_login_carries_the_servers_words),
        cmocka_unit_test(a_cut_or_senseless_answer_is_an_error_and_no_crash),
        cmocka_unit_test(nobody_listening_is_told_with_the_address),
        cmocka_unit_test(a_cancelled_context_ends_the_waiting),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("client/client", tests, NULL, NULL);
}
