/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_live.h"

#include "scripted_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum { PATIENCE_MS = 20000 };

#define WELCOME "{\"type\":\"auth_success\",\"user\":\"alice\",\"role\":\"user\"}"

static Client *connect_to(Context *ctx, const ScriptedServer *server)
{
    Client *client = NULL;
    ClientOptions options = {
        .url = arena_printf(&ctx->arena, "http://127.0.0.1:%d", server->port),
    };
    assert_int_equal(client_connect(ctx, &options, &client), STATUS_OK);
    client_set_token(client, STR("secret"));
    return client;
}

static ClientEvent next(Context *ctx, ClientLive *live)
{
    ClientEvent event;
    assert_int_equal(client_live_receive(ctx, live, PATIENCE_MS, &event), STATUS_OK);
    return event;
}

static void assert_type(const ClientEvent *event, const char *type)
{
    assert_int_equal(event->kind, CLIENT_EVENT_MESSAGE);
    assert_true(str_equal(event->type, str_from_c(type)));
}

/* The client connects once for HTTP; that connection comes first. */
static void batches_are_continued_and_a_cut_is_resumed_behind_the_last_change(void **state)
{
    (void)state;
    static const Step STEPS[] = {
        {STEP_CUT, NULL},
        {STEP_UPGRADE, "Authorization: Bearer secret"},
        {STEP_PAUSE, NULL},
        {STEP_MESSAGE, WELCOME},
        {STEP_FRAME,
         "{\"type\":\"subscribe\",\"subscription\":{\"id\":\"s\",\"sql\":\"SELECT * FROM a.t\","
         "\"options\":{\"batch_size\":1}}}"},
        {STEP_MESSAGE, "{\"type\":\"subscription_ack\",\"subscription_id\":\"s\"}"},
        {STEP_PACKED,
         "{\"type\":\"initial_data_batch\",\"subscription_id\":\"s\",\"rows\":[{\"_seq\":\"4\"}],"
         "\"batch_control\":{\"has_more\":true,\"last_seq_id\":4}}"},
        {STEP_FRAME, "{\"type\":\"next_batch\",\"subscription_id\":\"s\",\"last_seq_id\":4}"},
        {STEP_MESSAGE,
         "{\"type\":\"change\",\"subscription_id\":\"s\",\"change_type\":\"insert\","
         "\"rows\":[{\"id\":1,\"_seq\":\"77\"}]}"},
        {STEP_CUT, NULL},
        {STEP_UPGRADE, "Bearer secret"},
        {STEP_MESSAGE, WELCOME},
        {STEP_FRAME, "\"options\":{\"batch_size\":1,\"from\":\"77\"}}}"},
        {STEP_MESSAGE, "{\"type\":\"progress\",\"subscription_id\":\"s\",\"seq\":\"80\"}"},
    };
    CLEANUP(context_done) Context ctx = {0};
    ScriptedServer server;
    scripted_server_start(&server, STEPS, COUNT(STEPS));
    CLEANUP(client_close) Client *client = connect_to(&ctx, &server);
    CLEANUP(client_live_close) ClientLive *live = NULL;
    assert_int_equal(client_live_open(&ctx, client, &live), STATUS_OK);
    assert_int_equal(client_live_subscribe(
                         &ctx, live, STR("s"), STR("SELECT * FROM a.t"), STR("{\"batch_size\":1}")),
                     STATUS_OK);
    ClientEvent event = next(&ctx, live);
    assert_type(&event, "subscription_ack");
    event = next(&ctx, live);
    assert_type(&event, "initial_data_batch");
    event = next(&ctx, live);
    assert_type(&event, "change");
    assert_int_equal(next(&ctx, live).kind, CLIENT_EVENT_LOST);
    assert_int_equal(next(&ctx, live).kind, CLIENT_EVENT_RESUMED);
    event = next(&ctx, live);
    assert_type(&event, "progress");
    scripted_server_finish(&server);
}

static void an_idle_connection_is_kept_alive_by_pings(void **state)
{
    (void)state;
    static const Step STEPS[] = {
        {STEP_CUT, NULL},
        {STEP_UPGRADE, "GET /v1/ws"},
        {STEP_MESSAGE, WELCOME},
        {STEP_FRAME, "ping"},
        {STEP_MESSAGE, "{\"type\":\"late\"}"},
    };
    CLEANUP(context_done) Context ctx = {0};
    ScriptedServer server;
    ClientEvent event;
    scripted_server_start(&server, STEPS, COUNT(STEPS));
    CLEANUP(client_close) Client *client = connect_to(&ctx, &server);
    CLEANUP(client_live_close) ClientLive *live = NULL;
    assert_int_equal(client_live_open(&ctx, client, &live), STATUS_OK);
    assert_int_equal(client_live_receive(&ctx, live, 10, &event), STATUS_OK);
    assert_int_equal(event.kind, CLIENT_EVENT_NONE);
    event = next(&ctx, live);
    assert_type(&event, "late");
    scripted_server_finish(&server);
}

static void a_refused_token_is_final(void **state)
{
    (void)state;
    static const Step STEPS[] = {
        {STEP_CUT, NULL},
        {STEP_UPGRADE, "GET /v1/ws"},
        {STEP_MESSAGE, "{\"type\":\"auth_error\",\"message\":\"Invalid credentials\"}"},
    };
    CLEANUP(context_done) Context ctx = {0};
    ScriptedServer server;
    scripted_server_start(&server, STEPS, COUNT(STEPS));
    CLEANUP(client_close) Client *client = connect_to(&ctx, &server);
    ClientLive *live = NULL;
    assert_int_equal(client_live_open(&ctx, client, &live), STATUS_INVALID_CREDENTIALS);
    assert_null(live);
    scripted_server_finish(&server);
}

static void a_subscription_that_failed_is_not_asked_for_again(void **state)
{
    (void)state;
    static const Step STEPS[] = {
        {STEP_CUT, NULL},
        {STEP_UPGRADE, "GET /v1/ws"},
        {STEP_MESSAGE, WELCOME},
        {STEP_FRAME, "\"id\":\"bad\""},
        {STEP_FRAME, "\"id\":\"good\""},
        {STEP_MESSAGE, "{\"type\":\"error\",\"subscription_id\":\"bad\",\"code\":\"INVALID_SQL\"}"},
        {STEP_CUT, NULL},
        {STEP_UPGRADE, "GET /v1/ws"},
        {STEP_MESSAGE, WELCOME},
        {STEP_FRAME, "{\"type\":\"subscribe\",\"subscription\":{\"id\":\"good\""},
    };
    CLEANUP(context_done) Context ctx = {0};
    ScriptedServer server;
    scripted_server_start(&server, STEPS, COUNT(STEPS));
    CLEANUP(client_close) Client *client = connect_to(&ctx, &server);
    CLEANUP(client_live_close) ClientLive *live = NULL;
    assert_int_equal(client_live_open(&ctx, client, &live), STATUS_OK);
    assert_int_equal(client_live_subscribe(&ctx, live, STR("bad"), STR("SELEC"), STR_NULL), 0);
    assert_int_equal(client_live_subscribe(&ctx, live, STR("good"), STR("SELECT"), STR_NULL), 0);
    ClientEvent event = next(&ctx, live);
    assert_type(&event, "error");
    assert_int_equal(next(&ctx, live).kind, CLIENT_EVENT_LOST);
    assert_int_equal(next(&ctx, live).kind, CLIENT_EVENT_RESUMED);
    scripted_server_finish(&server);
}

static void options_must_be_an_object(void **state)
{
    (void)state;
    static const Step STEPS[] = {
        {STEP_CUT, NULL}, {STEP_UPGRADE, "GET /v1/ws"}, {STEP_MESSAGE, WELCOME}};
    CLEANUP(context_done) Context ctx = {0};
    ScriptedServer server;
    scripted_server_start(&server, STEPS, COUNT(STEPS));
    CLEANUP(client_close) Client *client = connect_to(&ctx, &server);
    CLEANUP(client_live_close) ClientLive *live = NULL;
    assert_int_equal(client_live_open(&ctx, client, &live), STATUS_OK);
    assert_int_equal(client_live_subscribe(&ctx, live, STR("s"), STR("SELECT"), STR("[1]")),
                     STATUS_INVALID_INPUT);
    scripted_server_finish(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_are_continued_and_a_cut_is_resumed_behind_the_last_change),
        cmocka_unit_test(an_idle_connection_is_kept_alive_by_pings),
        cmocka_unit_test(a_refused_token_is_final),
        cmocka_unit_test(a_subscription_that_failed_is_not_asked_for_again),
        cmocka_unit_test(options_must_be_an_object),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("client/client_live", tests, NULL, NULL);
}
