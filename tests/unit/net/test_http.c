/* SPDX-License-Identifier: Apache-2.0 */
#include "net_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/worker.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* What happened in the reactor's thread. */
static struct {
    atomic_int opens;
    atomic_int closes;
    atomic_int requests;
    atomic_int drains;
    atomic_int late_answers;
    atomic_int answers;
    atomic_int worker_gate; /* tasks of /hold wait for it */
    atomic_size_t queued_max;
    WorkerPool *workers;
} seen;

/* Answers on another thread and come back by mailbox. */
typedef struct Job {
    WorkerTask task;
    MailboxItem item;
    ConnectionRef ref;
    HttpRequest *request;
    Buf body;
} Job;

static void finish_job(MailboxItem *item)
{
    Job *job = CONTAINER_OF(item, Job, item);
    Connection *conn = http_find_exchange(job->ref);
    if (conn) {
        http_respond(conn, &(HttpResponse){.status = 200, .body_buf = &job->body});
        atomic_fetch_add(&seen.answers, 1);
    } else {
        atomic_fetch_add(&seen.late_answers, 1);
    }
    http_request_unref(job->request);
    buf_done(&job->body);
    free(job);
}

static void work(WorkerTask *task)
{
    Job *job = CONTAINER_OF(task, Job, task);
    if (str_starts_with(job->request->path, STR("/hold")))
        wait_for(&seen.worker_gate, 1);
    else
        sleep_ms((int)(job->request->path.len % 3));
    /* The request's bytes are read here whatever became of the socket. */
    buf_str_append(&job->body, job->request->path);
    reactor_post(job->ref.reactor, &job->item); /* workers end before the reactor does */
}

static void answer_elsewhere(Connection *conn, HttpRequest *request)
{
    Job *job = NEW(Job);
    job->task.run = work;
    job->item.run = finish_job;
    job->ref = connection_ref(conn);
    job->request = http_request_ref(request);
    worker_pool_submit(seen.workers, &job->task);
}

/* /stream: STREAM_PIECES pieces, written as long as the queue is not congested. */
enum { STREAM_PIECE = 10000, STREAM_PIECES = 2000 };

static void stream_on(Connection *conn)
{
    static char piece[STREAM_PIECE];
    intptr_t left = (intptr_t)connection_user(conn);
    memset(piece, 's', sizeof(piece));
    for (; left > 0 && !connection_is_congested(conn); left--)
        http_stream_write(conn, str_from(piece, sizeof(piece)));
    connection_set_user(conn, (void *)left);
    if (connection_queued_bytes(conn) > atomic_load(&seen.queued_max))
        atomic_store(&seen.queued_max, connection_queued_bytes(conn));
    if (left == 0) {
        connection_set_user(conn, (void *)-1);
        http_stream_end(conn);
    }
}

static void echo(Connection *conn, const HttpRequest *request)
{
    HttpHeader headers[] = {
        {STR_INIT("X-Good"), STR_INIT("yes")},
        {STR_INIT("X-Bad"), STR_INIT("a\r\nInjected: 1")},
    };
    http_respond(conn,
                 &(HttpResponse){
                     .status = 200,
                     .content_type = STR("text/plain"),
                     .headers = headers,
                     .header_count = 2,
                     .body = request->body.len ? request->body : request->path,
                 });
}

static void on_request(Connection *conn, HttpRequest *request)
{
    atomic_fetch_add(&seen.requests, 1);
    if (str_starts_with(request->path, STR("/async")) ||
        str_starts_with(request->path, STR("/hold"))) {
        answer_elsewhere(conn, request);
    } else if (str_equal(request->path, STR("/stream"))) {
        connection_set_user(conn, (void *)(intptr_t)STREAM_PIECES);
        http_stream_begin(conn, &(HttpResponse){.status = 200});
        stream_on(conn);
    } else if (str_equal(request->path, STR("/twice"))) {
        answer_elsewhere(conn, request); /* comes too late: */
        http_respond_error(conn, 504, "too slow");
    } else if (str_equal(request->path, STR("/empty"))) {
        http_respond(conn, &(HttpResponse){.status = 204});
    } else if (str_equal(request->path, STR("/shared"))) {
        CLEANUP(shared_unref) Shared *payload = shared_copy(request->body);
        http_respond(conn, &(HttpResponse){.status = 200, .shared = payload});
    } else if (str_equal(request->path, STR("/abort"))) {
        connection_abort(conn);
        http_respond_error(conn, 500, "nobody hears this");
    } else {
        echo(conn, request);
    }
}

static size_t body_limit(Connection *conn, const HttpRequest *request)
{
    (void)conn;
    return str_equal(request->path, STR("/large")) ? 5000000 : 1000;
}

static void on_open(Connection *conn)
{
    (void)conn;
    atomic_fetch_add(&seen.opens, 1);
}

static void on_drain(Connection *conn)
{
    atomic_fetch_add(&seen.drains, 1);
    if ((intptr_t)connection_user(conn) > 0)
        stream_on(conn);
}

static void on_close(Connection *conn)
{
    (void)conn;
    atomic_fetch_add(&seen.closes, 1);
}

static const ConnectionHandler handler = {
    .on_open = on_open,
    .body_limit = body_limit,
    .on_request = on_request,
    .on_drain = on_drain,
    .on_close = on_close,
};

static TestServer server;

static int start(void **state)
{
    (void)state;
    ReactorOptions options = {
        .header_timeout_ms = 300,
        .body_timeout_ms = 300,
        .keep_alive_timeout_ms = 700,
        .close_timeout_ms = 300,
        .send_timeout_ms = 5000,
        .output_high_water = 100000,
        .output_low_water = 20000,
    };
    memset(&seen, 0, sizeof(seen));
    seen.workers = worker_pool_new(4);
    server_start(&server, &options, &handler);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    atomic_store(&seen.worker_gate, 1);
    worker_pool_free(seen.workers);
    server_stop(&server);
    return atomic_load(&seen.opens) == atomic_load(&seen.closes) ? 0 : -1;
}

static void requests_on_one_connection_are_answered(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf input = {0};
    int fd = client_connect(server.port);
    for (int i = 0; i < 3; i++) {
        CLEANUP(http_response_parser_done) HttpResponseParser response;
        client_send(fd, STR("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_true(client_response(fd, &input, &response, false));
        assert_int_equal(response.status, 200);
        assert_true(response.keep_alive);
        assert_true(str_equal(buf_str(&response.body), STR("/hello")));
        assert_true(str_equal(http_response_header(&response, STR("server")), STR("kalamdb")));
        assert_int_equal(http_response_header(&response, STR("date")).len, 29);
        assert_true(str_equal(http_response_header(&response, STR("x-good")), STR("yes")));
        assert_int_equal(http_response_header(&response, STR("x-bad")).len, 0);
        assert_int_equal(http_response_header(&response, STR("injected")).len, 0);
    }
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    CLEANUP(buf_done) Buf wire = {0};
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    int fd = client_connect(server.port);
    for (int i = 0; i < COUNT; i++)
        buf_printf(&wire, "GET /%s%d HTTP/1.1\r\nHost: h\r\n\r\n", i % 3 ? "sync" : "async", i);
    client_send(fd, buf_str(&wire));
    for (int i = 0; i < COUNT; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "/%s%d", i % 3 ? "sync" : "async", i);
        assert_int_equal(client_status(fd, &input, &body), 200);
        assert_true(str_equal(buf_str(&body), str_from_c(expected)));
    }
    close(fd);
}

/* Sends on a thread of its own, because it will block. */
typedef struct Sender {
    int fd;
    Str bytes;
} Sender;

static void *send_all(void *data)
{
    const Sender *sender = data;
    client_send(sender->fd, sender->bytes);
    return NULL;
}

static void a_flood_of_pipelined_requests_waits_in_the_socket(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    CLEANUP(buf_done) Buf wire = {0};
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    int fd = client_connect(server.port);
    BUF_LIT(&wire, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < COUNT; i++)
        BUF_LIT(&wire, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    Sender sender = {.fd = fd, .bytes = buf_str(&wire)};
    pthread_t thread;
    pthread_create(&thread, NULL, send_all, &sender);
    assert_true(wait_for(&seen.requests, 1));
    sleep_ms(50);
    assert_int_equal(atomic_load(&seen.requests), 1);
    atomic_store(&seen.worker_gate, 1);
    for (int i = 0; i < COUNT + 1; i++)
        assert_int_equal(client_status(fd, &input, &body), 200);
    pthread_join(thread, NULL);
    close(fd);
}

static void a_request_may_come_a_byte_at_a_time(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    Str text = STR("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    int fd = client_connect(server.port);
    for (size_t i = 0; i < text.len; i++) {
        client_send(fd, str_from(text.ptr + i, 1));
        sleep_ms(1);
    }
    assert_int_equal(client_status(fd, &input, &body), 200);
    assert_true(str_equal(buf_str(&body), STR("body")));
    close(fd);
}

static void bad_requests_are_refused_and_the_connection_closed(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf long_line = {0};
    CLEANUP(buf_done) Buf long_head = {0};
    BUF_LIT(&long_line, "GET /");
    BUF_LIT(&long_head, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
    for (int i = 0; i < 20000; i++) {
        buf_byte(&long_line, 'x');
        buf_byte(&long_head, 'x');
    }
    const struct {
        Str text;
        int status;
    } cases[] = {
        {STR("GET / HTTP/1.1\r\n\r\n"), 400},
        {STR("nonsense\r\n\r\n"), 400},
        {STR("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n"), 413},
        {STR("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n"), 501},
        {buf_str(&long_line), 414},
        {buf_str(&long_head), 431},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(buf_done) Buf out = {0};
        int fd = client_connect(server.port);
        client_send(fd, cases[i].text);
        assert_true(client_read_to_end(fd, &out));
        char start[16];
        snprintf(start, sizeof(start), "HTTP/1.1 %d ", cases[i].status);
        assert_true(str_starts_with(buf_str(&out), str_from_c(start)));
        close(fd);
    }
    assert_int_equal(atomic_load(&seen.requests), 0);
}

static void the_upper_layer_sets_the_body_limit(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf wire = {0};
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    int fd = client_connect(server.port);
    BUF_LIT(&wire, "POST /large HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n");
    for (int i = 0; i < 3000000; i++)
        buf_byte(&wire, (char)('a' + i % 26));
    client_send(fd, buf_str(&wire));
    assert_int_equal(client_status(fd, &input, &body), 200);
    assert_int_equal(body.len, 3000000);
    assert_memory_equal(body.ptr, wire.ptr + wire.len - 3000000, 3000000);
    close(fd);
}

static void a_client_that_asks_first_is_told_to_continue(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    Str interim = STR("HTTP/1.1 100 Continue\r\n\r\n");
    char answer[25];
    int fd = client_connect(server.port);
    client_send(fd,
                STR("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                    "Content-Length: 3\r\n\r\n"));
    assert_true(client_read(fd, answer, interim.len));
    assert_memory_equal(answer, interim.ptr, interim.len);
    client_send(fd, STR("abc"));
    assert_int_equal(client_status(fd, &input, &body), 200);
    client_send(fd,
                STR("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                    "Content-Length: 3000\r\n\r\n"));
    assert_int_equal(client_status(fd, &input, &body), 413);
    close(fd);
}

static void head_and_204_have_no_body(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    int fd = client_connect(server.port);
    CLEANUP(http_response_parser_done) HttpResponseParser response;
    client_send(fd,
                STR("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n"
                    "GET /empty HTTP/1.1\r\nHost: h\r\n\r\n"
                    "HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n"
                    "GET /last HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_true(client_response(fd, &input, &response, true));
    assert_true(str_equal(http_response_header(&response, STR("content-length")), STR("6")));
    assert_int_equal(client_status(fd, &input, &body), 204);
    http_response_parser_done(&response);
    assert_true(client_response(fd, &input, &response, true));
    assert_int_equal(client_status(fd, &input, &body), 200);
    assert_true(str_equal(buf_str(&body), STR("/last")));
    close(fd);
}

static void http_1_0_closes_unless_asked_not_to(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf out = {0};
    int fd = client_connect(server.port);
    client_send(fd,
                STR("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                    "GET /b HTTP/1.0\r\n\r\n"));
    assert_true(client_read_to_end(fd, &out));
    buf_byte(&out, 0);
    assert_non_null(strstr(out.ptr, "Connection: keep-alive\r\n\r\n/a"));
    assert_non_null(strstr(out.ptr, "Connection: close\r\n\r\n/b"));
    close(fd);
}

static void check_stream(Str request, int pause_every)
{
    CLEANUP(http_response_parser_done) HttpResponseParser response;
    HttpProgress progress = HTTP_PARSE_MORE;
    size_t total = 0;
    char bytes[16384];
    int fd = client_connect_small(server.port, 8192);
    client_send(fd, request);
    http_response_parser_init(&response, NULL);
    for (int i = 1; progress == HTTP_PARSE_MORE || progress == HTTP_PARSE_HEAD; i++) {
        if (i % pause_every == 0)
            sleep_ms(1);
        ssize_t count = recv(fd, bytes, sizeof(bytes), 0);
        if (count <= 0) {
            assert_int_equal(http_response_parser_end(&response), HTTP_PARSE_DONE);
            break;
        }
        for (size_t at = 0, used; at < (size_t)count; at += used)
            progress = http_response_parser_feed(
                &response, str_from(bytes + at, (size_t)count - at), &used);
        total += response.body.len;
        buf_clear(&response.body);
    }
    assert_int_equal(total, (size_t)STREAM_PIECE * STREAM_PIECES);
    close(fd);
}

static void a_stream_goes_at_the_pace_of_its_reader(void **state)
{
    (void)state;
    check_stream(STR("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"), 20);
    assert_true(atomic_load(&seen.drains) > 10);
    assert_true(atomic_load(&seen.queued_max) < 100000 + 3 * STREAM_PIECE);
    printf("# %d drains, at most %zu bytes queued\n",
           atomic_load(&seen.drains),
           atomic_load(&seen.queued_max));
}

static void a_stream_to_http_1_0_ends_with_the_connection(void **state)
{
    (void)state;
    check_stream(STR("GET /stream HTTP/1.0\r\n\r\n"), 1000);
}

static void an_answer_to_a_closed_connection_is_harmless(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    for (int i = 0; i < COUNT; i++) {
        int fd = client_connect(server.port);
        client_send(fd, STR("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_true(wait_for(&seen.requests, i + 1));
        client_reset(fd);
    }
    assert_true(wait_for(&seen.closes, COUNT));
    atomic_store(&seen.worker_gate, 1);
    assert_true(wait_for(&seen.late_answers, COUNT));
    assert_int_equal(atomic_load(&seen.answers), 0);
}

static void an_answer_to_an_earlier_request_is_dropped(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    int fd = client_connect(server.port);
    client_send(fd,
                STR("GET /twice HTTP/1.1\r\nHost: h\r\n\r\n"
                    "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_int_equal(client_status(fd, &input, &body), 504);
    assert_true(wait_for(&seen.late_answers, 1));
    atomic_store(&seen.worker_gate, 1);
    assert_int_equal(client_status(fd, &input, &body), 200);
    assert_true(str_equal(buf_str(&body), STR("/hold")));
    close(fd);
}

static void a_client_that_half_closes_gets_its_answers(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf out = {0};
    int fd = client_connect(server.port);
    client_send(fd,
                STR("GET /async1 HTTP/1.1\r\nHost: h\r\n\r\n"
                    "GET /async22 HTTP/1.1\r\nHost: h\r\n\r\n"));
    shutdown(fd, SHUT_WR);
    assert_true(client_read_to_end(fd, &out));
    buf_byte(&out, 0);
    assert_non_null(strstr(out.ptr, "/async1"));
    assert_non_null(strstr(out.ptr, "/async22"));
    close(fd);
    assert_true(wait_for(&seen.closes, 1));
}

static void slow_requests_time_out(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *answer; /* "" = closed without a word */
    } cases[] = {
        {"", ""},
        {"GET / HT", "HTTP/1.1 408 "},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab", "HTTP/1.1 408 "},
        {"GET /x HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(buf_done) Buf out = {0};
        int fd = client_connect(server.port);
        client_send(fd, str_from_c(cases[i].text));
        assert_true(client_read_to_end(fd, &out));
        assert_true(str_starts_with(buf_str(&out), str_from_c(cases[i].answer)));
        assert_int_equal(out.len == 0, cases[i].answer[0] == 0);
        close(fd);
    }
}

static void a_peer_that_does_not_close_is_dropped(void **state)
{
    (void)state;
    int fd = client_connect(server.port);
    client_send(fd, STR("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    assert_true(wait_for(&seen.closes, 1));
    close(fd);
}

static void an_abort_inside_the_handler_closes_once(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf out = {0};
    int fd = client_connect(server.port);
    client_send(fd, STR("GET /abort HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read_to_end(fd, &out);
    assert_int_equal(out.len, 0);
    close(fd);
    assert_true(wait_for(&seen.closes, 1));
    assert_int_equal(atomic_load(&seen.requests), 1);
}

static void a_refusal_reaches_a_client_that_is_still_sending(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    char rubbish[50000];
    int fd = client_connect(server.port);
    memset(rubbish, 'x', sizeof(rubbish));
    client_send(fd, STR("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n"));
    sleep_ms(20);
    client_send(fd, str_from(rubbish, sizeof(rubbish)));
    assert_int_equal(client_status(fd, &input, &body), 413);
    close(fd);
}

static void a_shared_body_is_sent(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    CLEANUP(buf_done) Buf wire = {0};
    int fd = client_connect(server.port);
    BUF_LIT(&wire, "POST /shared HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
    for (int i = 0; i < 900; i++)
        buf_byte(&wire, 'z');
    client_send(fd, buf_str(&wire));
    assert_int_equal(client_status(fd, &input, &body), 200);
    assert_int_equal(body.len, 900);
    close(fd);
}

#define HTTP_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(requests_on_one_connection_are_answered),
        HTTP_TEST(pipelined_requests_are_answered_in_order),
        HTTP_TEST(a_flood_of_pipelined_requests_waits_in_the_socket),
        HTTP_TEST(a_request_may_come_a_byte_at_a_time),
        HTTP_TEST(bad_requests_are_refused_and_the_connection_closed),
        HTTP_TEST(the_upper_layer_sets_the_body_limit),
        HTTP_TEST(a_client_that_asks_first_is_told_to_continue),
        HTTP_TEST(head_and_204_have_no_body),
        HTTP_TEST(http_1_0_closes_unless_asked_not_to),
        HTTP_TEST(a_stream_goes_at_the_pace_of_its_reader),
        HTTP_TEST(a_stream_to_http_1_0_ends_with_the_connection),
        HTTP_TEST(an_answer_to_a_closed_connection_is_harmless),
        HTTP_TEST(an_answer_to_an_earlier_request_is_dropped),
        HTTP_TEST(a_client_that_half_closes_gets_its_answers),
        HTTP_TEST(slow_requests_time_out),
        HTTP_TEST(a_peer_that_does_not_close_is_dropped),
        HTTP_TEST(an_abort_inside_the_handler_closes_once),
        HTTP_TEST(a_refusal_reaches_a_client_that_is_still_sending),
        HTTP_TEST(a_shared_body_is_sent),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net/http", tests, NULL, NULL);
}
