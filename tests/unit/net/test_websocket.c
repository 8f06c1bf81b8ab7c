/* SPDX-License-Identifier: Apache-2.0 */
#include "net_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 100000 };

static struct {
    atomic_int opens;
    atomic_int closes;
    atomic_int ws_opens;
    atomic_int messages;
    atomic_int oversized;
} seen;

static void on_open(Connection *conn)
{
    (void)conn;
    atomic_fetch_add(&seen.opens, 1);
}

static void on_close(Connection *conn)
{
    (void)conn;
    atomic_fetch_add(&seen.closes, 1);
}

static void on_request(Connection *conn, HttpRequest *request)
{
    if (websocket_is_upgrade(request))
        websocket_accept(conn);
    else
        http_respond_error(conn, 404, "not here");
}

static void on_ws_open(Connection *conn)
{
    (void)conn;
    atomic_fetch_add(&seen.ws_opens, 1);
}

static void on_ws_message(Connection *conn, WebSocketOpcode opcode, Str payload)
{
    atomic_fetch_add(&seen.messages, 1);
    if (str_equal(payload, STR("close me"))) {
        websocket_close(conn, WS_CODE_POLICY_VIOLATION, STR("as you wish"));
        websocket_send_text(conn, STR("never sent"));
    } else if (str_equal(payload, STR("pause"))) {
        connection_pause_input(conn);
        connection_set_deadline(conn, 400);
    } else if (opcode == WS_TEXT) {
        websocket_send_text(conn, payload);
    } else {
        websocket_send_binary(conn, payload);
    }
}

static void on_deadline(Connection *conn)
{
    connection_resume_input(conn);
}

static void on_ws_oversized(Connection *conn)
{
    atomic_fetch_add(&seen.oversized, 1);
    websocket_send_text(conn, STR("too large"));
}

static const ConnectionHandler handler = {
    .on_open = on_open,
    .on_request = on_request,
    .on_ws_open = on_ws_open,
    .on_ws_message = on_ws_message,
    .on_ws_oversized = on_ws_oversized,
    .on_deadline = on_deadline,
    .on_close = on_close,
};

static TestServer server;
static Buf input;
static ClientMessage message;

static int start(void **state)
{
    (void)state;
    ReactorOptions options = {
        .ws_idle_timeout_ms = 300,
        .close_timeout_ms = 300,
        .ws_message_max = MESSAGE_MAX,
        .ws_discard_max = 1000000,
    };
    memset(&seen, 0, sizeof(seen));
    server_start(&server, &options, &handler);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_stop(&server);
    buf_done(&input);
    buf_done(&message.payload);
    return atomic_load(&seen.opens) == atomic_load(&seen.closes) ? 0 : -1;
}

static void expect_message(int fd, int opcode, Str payload)
{
    client_message(fd, &input, &message);
    assert_int_not_equal(message.kind, WS_EVENT_NONE);
    assert_int_equal(message.opcode, opcode);
    assert_true(str_equal(buf_str(&message.payload), payload));
}

static void expect_close(int fd, uint16_t code)
{
    client_message(fd, &input, &message);
    assert_int_equal(message.kind, WS_EVENT_CONTROL);
    assert_int_equal(message.opcode, WS_CLOSE);
    assert_int_equal(message.code, code);
    client_message(fd, &input, &message);
    assert_int_equal(message.kind, WS_EVENT_NONE);
}

static void messages_go_both_ways(void **state)
{
    (void)state;
    int fd = client_websocket(server.port);
    client_frame(fd, true, WS_TEXT, STR("hello"));
    expect_message(fd, WS_TEXT, STR("hello"));
    client_frame(fd, true, WS_BINARY, STR("\x00\xff"));
    expect_message(fd, WS_BINARY, STR("\x00\xff"));
    client_frame(fd, true, WS_TEXT, STR(""));
    expect_message(fd, WS_TEXT, STR(""));
    client_frame(fd, true, WS_CLOSE, STR("\x03\xe8"));
    expect_close(fd, 1000);
    close(fd);
    assert_true(wait_for(&seen.closes, 1));
    assert_int_equal(atomic_load(&seen.ws_opens), 1);
}

static void frames_right_behind_the_handshake_are_heard(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf body = {0};
    int fd = client_connect(server.port);
    client_send(fd,
                STR("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                    "\x81\x82\0\0\0\0ab"));
    assert_int_equal(client_status(fd, &input, &body), 101);
    expect_message(fd, WS_TEXT, STR("ab"));
    close(fd);
}

static void a_bad_handshake_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Connection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
         426},
        {"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 426},
        {"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: abc\r\n", 400},
        {"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", 400},
        {"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(buf_done) Buf wire = {0};
        CLEANUP(buf_done) Buf body = {0};
        int fd = client_connect(server.port);
        buf_printf(
            &wire, "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n%s\r\n", cases[i].headers);
        client_send(fd, buf_str(&wire));
        assert_int_equal(client_status(fd, &input, &body), cases[i].status);
        close(fd);
    }
    assert_int_equal(atomic_load(&seen.ws_opens), 0);
}

static void pings_are_answered_between_fragments(void **state)
{
    (void)state;
    int fd = client_websocket(server.port);
    client_frame(fd, false, WS_TEXT, STR("one "));
    client_frame(fd, true, WS_PING, STR("still there?"));
    expect_message(fd, WS_PONG, STR("still there?"));
    client_frame(fd, true, WS_PONG, STR("unasked"));
    client_frame(fd, false, WS_CONTINUATION, STR("two "));
    client_frame(fd, true, WS_CONTINUATION, STR("three"));
    expect_message(fd, WS_TEXT, STR("one two three"));
    close(fd);
}

static void a_message_may_come_a_byte_at_a_time(void **state)
{
    (void)state;
    Str wire = STR("\x01\x85\0\0\0\0hello\x89\x81\0\0\0\0!\x80\x86\0\0\0\0 world");
    int fd = client_websocket(server.port);
    for (size_t i = 0; i < wire.len; i++) {
        client_send(fd, str_from(wire.ptr + i, 1));
        sleep_ms(1);
    }
    expect_message(fd, WS_PONG, STR("!"));
    expect_message(fd, WS_TEXT, STR("hello world"));
    close(fd);
}

static void broken_rules_close_with_their_code(void **state)
{
    (void)state;
    static const struct {
        Str wire;
        uint16_t code;
    } cases[] = {
        {STR_INIT("\x81\x02hi"), 1002},
        {STR_INIT("\x81\x82\0\0\0\0\xc3\x28"), 1007},
        {STR_INIT("\xf1\x80\0\0\0\0"), 1002},
        {STR_INIT("\x88\x82\0\0\0\0\x03\xec"), 1002},
        {STR_INIT("\x82\xff\0\0\0\0\0\x10\0\0\0\0\0\0"), 1009},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int fd = client_websocket(server.port);
        client_send(fd, cases[i].wire);
        expect_close(fd, cases[i].code);
        close(fd);
    }
}

static void an_oversized_message_is_told_and_the_connection_lives(void **state)
{
    (void)state;
    char *bytes = calloc(1, 3 * MESSAGE_MAX);
    int fd = client_websocket(server.port);
    client_frame(fd, true, WS_BINARY, str_from(bytes, 3 * MESSAGE_MAX));
    expect_message(fd, WS_TEXT, STR("too large"));
    client_frame(fd, false, WS_BINARY, str_from(bytes, MESSAGE_MAX));
    client_frame(fd, false, WS_CONTINUATION, str_from(bytes, 1));
    client_frame(fd, true, WS_CONTINUATION, str_from(bytes, 1));
    expect_message(fd, WS_TEXT, STR("too large"));
    client_frame(fd, true, WS_BINARY, str_from(bytes, MESSAGE_MAX));
    expect_message(fd, WS_BINARY, str_from(bytes, MESSAGE_MAX));
    assert_int_equal(atomic_load(&seen.oversized), 2);
    assert_int_equal(atomic_load(&seen.messages), 1);
    close(fd);
    free(bytes);
}

static void the_server_closes_with_code_and_reason(void **state)
{
    (void)state;
    int fd = client_websocket(server.port);
    client_frame(fd, true, WS_TEXT, STR("close me"));
    client_message(fd, &input, &message);
    assert_int_equal(message.code, WS_CODE_POLICY_VIOLATION);
    assert_true(str_equal(buf_str(&message.payload), STR("as you wish")));
    client_frame(fd, true, WS_TEXT, STR("too late"));
    client_frame(fd, true, WS_CLOSE, STR("\x03\xf0"));
    client_message(fd, &input, &message);
    assert_int_equal(message.kind, WS_EVENT_NONE);
    close(fd);
    assert_true(wait_for(&seen.closes, 1));
    assert_int_equal(atomic_load(&seen.messages), 1);
}

static void a_silent_client_is_closed_and_a_pinging_one_is_not(void **state)
{
    (void)state;
    int fd = client_websocket(server.port);
    for (int i = 0; i < 5; i++) {
        sleep_ms(120);
        client_frame(fd, true, WS_PING, STR(""));
        expect_message(fd, WS_PONG, STR(""));
    }
    client_message(fd, &input, &message);
    assert_int_equal(message.code, WS_CODE_NORMAL);
    assert_true(str_equal(buf_str(&message.payload), STR("Heartbeat timeout")));
    assert_true(wait_for(&seen.closes, 1)); /* although it never answers */
    close(fd);
}

static void a_paused_connection_keeps_its_messages_and_does_not_time_out(void **state)
{
    (void)state;
    int fd = client_websocket(server.port);
    client_frame(fd, true, WS_TEXT, STR("pause"));
    client_frame(fd, true, WS_TEXT, STR("one"));
    client_frame(fd, true, WS_TEXT, STR("two"));
    sleep_ms(100);
    assert_int_equal(atomic_load(&seen.messages), 1);
    expect_message(fd, WS_TEXT, STR("one"));
    expect_message(fd, WS_TEXT, STR("two"));
    close(fd);
}

static void a_client_that_only_pings_and_never_reads_costs_little(void **state)
{
    (void)state;
    char ping[WS_CONTROL_MAX] = {0};
    struct timeval patience = {.tv_usec = 200000};
    int fd = client_connect_small(server.port, 4096);
    client_send(fd,
                STR("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    for (int i = 0; i < 100000; i++)
        client_frame(fd, true, WS_PING, str_from(ping, sizeof(ping)));
    assert_true(reactor_queued_bytes(server.reactor) < 512 * 1024);
    client_reset(fd);
    assert_true(wait_for(&seen.closes, 1));
    assert_int_equal(reactor_queued_bytes(server.reactor), 0);
}

/* Fan-out: a head of its own for each receiver, one tail for all. */
enum { RECEIVERS = 200, TAIL = 5000 };

static void fan_out(void *data)
{
    Shared *tail = data;
    Connection *conn;
    int number = 0;
    for (size_t at = 0; (conn = reactor_next_connection(server.reactor, &at)); number++) {
        char head[32];
        int len = snprintf(head, sizeof(head), "receiver %d:", number);
        for (int i = 0; i < 3; i++)
            websocket_send_parts(conn, WS_TEXT, str_from(head, (size_t)len), tail);
    }
}

static void one_payload_goes_to_many_connections(void **state)
{
    (void)state;
    int fds[RECEIVERS];
    char bytes[TAIL];
    memset(bytes, 't', sizeof(bytes));
    Shared *tail = shared_copy(str_from(bytes, sizeof(bytes)));
    for (int i = 0; i < RECEIVERS; i++)
        fds[i] = client_websocket(server.port);
    server_call(&server, fan_out, tail);
    for (int i = 0; i < RECEIVERS; i++) {
        char head[32];
        size_t len = (size_t)snprintf(head, sizeof(head), "receiver %d:", i);
        for (int n = 0; n < 3; n++) {
            client_message(fds[i], &input, &message);
            assert_int_equal(message.payload.len, len + TAIL);
            assert_memory_equal(message.payload.ptr, head, len);
            assert_memory_equal(message.payload.ptr + len, bytes, TAIL);
        }
        close(fds[i]);
    }
    assert_true(wait_for(&seen.closes, RECEIVERS));
    assert_int_equal(atomic_load(&tail->refs), 1);
    shared_unref(tail);
}

#define WS_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WS_TEST(messages_go_both_ways),
        WS_TEST(frames_right_behind_the_handshake_are_heard),
        WS_TEST(a_bad_handshake_is_refused),
        WS_TEST(pings_are_answered_between_fragments),
        WS_TEST(a_message_may_come_a_byte_at_a_time),
        WS_TEST(broken_rules_close_with_their_code),
        WS_TEST(an_oversized_message_is_told_and_the_connection_lives),
        WS_TEST(the_server_closes_with_code_and_reason),
        WS_TEST(a_silent_client_is_closed_and_a_pinging_one_is_not),
        WS_TEST(a_paused_connection_keeps_its_messages_and_does_not_time_out),
        WS_TEST(a_client_that_only_pings_and_never_reads_costs_little),
        WS_TEST(one_payload_goes_to_many_connections),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net/websocket", tests, NULL, NULL);
}
