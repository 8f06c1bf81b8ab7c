/* SPDX-License-Identifier: Apache-2.0 */
#include "net_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/connection_private.h"
#include "net/connection_table.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    atomic_int opens;
    atomic_int closes;
    atomic_int drains;
    atomic_int deadlines;
    atomic_int posts;
    atomic_int turns;
    atomic_int ticks;
} seen;

static TestServer server;

static void on_open(Connection *conn)
{
    connection_set_user(conn, &seen);
    atomic_fetch_add(&seen.opens, 1);
}

static void on_request(Connection *conn, HttpRequest *request)
{
    if (str_equal(request->path, STR("/deadline")))
        connection_set_deadline(conn, 50);
    else
        http_respond(conn, &(HttpResponse){.status = 200, .body = request->path});
}

static void on_drain(Connection *conn)
{
    (void)conn;
    atomic_fetch_add(&seen.drains, 1);
}

static void on_deadline(Connection *conn)
{
    atomic_fetch_add(&seen.deadlines, 1);
    http_respond_error(conn, 504, "deadline");
}

static void on_close(Connection *conn)
{
    if (connection_user(conn) == &seen)
        atomic_fetch_add(&seen.closes, 1);
}

static const ConnectionHandler handler = {
    .on_open = on_open,
    .on_request = on_request,
    .on_drain = on_drain,
    .on_deadline = on_deadline,
    .on_close = on_close,
};

static int start(void **state)
{
    (void)state;
    ReactorOptions options = {
        .connection_count_max = 300,
        .output_high_water = 50000,
        .output_low_water = 10000,
        .output_max = 30000000,
        .close_timeout_ms = 200,
    };
    memset(&seen, 0, sizeof(seen));
    server_start(&server, &options, &handler);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_stop(&server);
    return atomic_load(&seen.opens) == atomic_load(&seen.closes) ? 0 : -1;
}

static void an_idle_websocket_is_small(void **state)
{
    (void)state;
    printf(
        "# sizeof(Connection) = %zu, of it uv_tcp_t %zu\n", sizeof(Connection), sizeof(uv_tcp_t));
    /* The allocator's header and the reactor's table slot come on top. */
    assert_true(sizeof(Connection) + 16 + 2 * sizeof(ConnectionSlot) <= 512);
}

static void run_post(MailboxItem *item)
{
    atomic_fetch_add(&seen.posts, 1);
    free(item);
}

static void *post_many(void *data)
{
    for (int i = 0; i < 1000; i++) {
        MailboxItem *item = NEW(MailboxItem);
        item->run = run_post;
        if (!reactor_post(data, item))
            free(item);
    }
    return NULL;
}

static void many_threads_post_and_every_item_runs(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, post_many, server.reactor);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(wait_for(&seen.posts, 4000));
}

/* Queues `data` bytes on the first connection. */
static void queue_bytes(void *data)
{
    size_t at = 0;
    size_t size = *(size_t *)data;
    Connection *conn = reactor_next_connection(server.reactor, &at);
    Buf bytes = {0};
    memset(buf_reserve(&bytes, size), 'q', size);
    buf_advance(&bytes, size);
    CLEANUP(shared_unref) Shared *payload = shared_take(&bytes);
    connection_write_shared(conn, payload);
}

static void a_slow_reader_queues_and_drains(void **state)
{
    (void)state;
    enum { SIZE = 20000000 };
    static char bytes[1000000];
    size_t size = SIZE;
    int fd = client_connect_small(server.port, 8192);
    assert_true(wait_for(&seen.opens, 1));
    server_call(&server, queue_bytes, &size);
    sleep_ms(50);
    size_t queued = reactor_queued_bytes(server.reactor);
    printf("# %zu bytes queued before reading\n", queued);
    assert_true(queued > SIZE / 4);
    assert_int_equal(atomic_load(&seen.drains), 0);
    for (size_t got = 0; got < SIZE; got += sizeof(bytes))
        assert_true(client_read(fd, bytes, sizeof(bytes)));
    assert_true(wait_for(&seen.drains, 1));
    assert_int_equal(reactor_queued_bytes(server.reactor), 0);
    close(fd);
}

static void a_queue_beyond_the_limit_aborts_the_connection(void **state)
{
    (void)state;
    size_t size = 40000000;
    int fd = client_connect(server.port);
    assert_true(wait_for(&seen.opens, 1));
    server_call(&server, queue_bytes, &size);
    assert_true(wait_for(&seen.closes, 1));
    assert_int_equal(reactor_queued_bytes(server.reactor), 0);
    close(fd);
}

static void check_close_in_call(void *data)
{
    size_t at = 0;
    Connection *conn = reactor_next_connection(server.reactor, &at);
    ConnectionRef ref = connection_ref(conn);
    bool *fine = data;
    *fine = connection_find(ref) == conn && connection_is_open(conn);
    connection_write_copy(conn, STR("last words"));
    connection_close(conn);
    connection_write_copy(conn, STR("not sent"));
    *fine = *fine && !connection_find(ref) && connection_queued_bytes(conn) == 10;
    connection_close(conn);
}

static void a_close_sends_what_is_queued_and_nothing_more(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf out = {0};
    bool fine;
    int fd = client_connect(server.port);
    assert_true(wait_for(&seen.opens, 1));
    server_call(&server, check_close_in_call, &fine);
    assert_true(fine);
    assert_true(client_read_to_end(fd, &out));
    assert_true(str_equal(buf_str(&out), STR("last words")));
    close(fd);
    assert_true(wait_for(&seen.closes, 1));
}

static void find_stale(void *data)
{
    ConnectionRef *ref = data;
    size_t at = 0;
    if (!ref->id)
        *ref = connection_ref(reactor_next_connection(server.reactor, &at));
    else if (connection_find(*ref))
        ref->reactor = NULL;
}

static void a_reference_does_not_find_the_next_tenant_of_its_slot(void **state)
{
    (void)state;
    ConnectionRef ref = {0};
    int first = client_connect(server.port);
    assert_true(wait_for(&seen.opens, 1));
    server_call(&server, find_stale, &ref);
    client_reset(first);
    assert_true(wait_for(&seen.closes, 1));
    int second = client_connect(server.port);
    assert_true(wait_for(&seen.opens, 2));
    server_call(&server, find_stale, &ref);
    assert_non_null(ref.reactor);
    close(second);
}

static void a_deadline_is_told_once(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    int fd = client_connect(server.port);
    client_send(fd, STR("GET /deadline HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_int_equal(client_status(fd, &input, &body), 504);
    assert_int_equal(atomic_load(&seen.deadlines), 1);
    close(fd);
}

static void connections_beyond_the_limit_wait(void **state)
{
    (void)state;
    enum { COUNT = 310, MAX = 300 };
    int fds[COUNT];
    for (int i = 0; i < COUNT; i++)
        fds[i] = client_connect(server.port);
    assert_true(wait_for(&seen.opens, MAX));
    sleep_ms(50);
    assert_int_equal(atomic_load(&seen.opens), MAX);
    assert_int_equal(reactor_connection_count(server.reactor), MAX);
    for (int i = 0; i < COUNT - MAX; i++)
        client_reset(fds[i]);
    assert_true(wait_for(&seen.opens, COUNT));
    for (int i = COUNT - MAX; i < COUNT; i++)
        close(fds[i]);
}

static void accepting_goes_on_when_descriptors_are_free_again(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = open("/dev/null", O_RDONLY);
    close(next);
    struct rlimit tight = {.rlim_cur = (rlim_t)next + 1, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int fd = client_connect(server.port); /* takes the last descriptor */
    sleep_ms(150);
    assert_int_equal(atomic_load(&seen.opens), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(wait_for(&seen.opens, 1));
    close(fd);
}

static void a_second_reactor_shares_the_port_and_a_second_server_does_not(void **state)
{
    (void)state;
    Context ctx = {0};
    Reactor *other = NULL;
    Listener *listener = NULL;
    ListenerOptions options = {.port = server.port, .handler = &handler};
    assert_int_equal(reactor_new(&ctx, &(ReactorOptions){.index = 1}, &other), STATUS_OK);
    assert_int_equal(listener_open(&ctx, other, &options, &listener), STATUS_IO_ERROR);
    options.join_port = true;
    assert_int_equal(listener_open(&ctx, other, &options, &listener), STATUS_OK);
    assert_int_equal(listener_port(listener), server.port);
    options.host = "no host of this name";
    assert_int_equal(listener_open(&ctx, other, &options, &listener), STATUS_INVALID_INPUT);
    reactor_free(other); /* one that never ran */
    context_done(&ctx);
}

typedef struct Tick {
    ReactorTimer *timer;
    ReactorHook hook;
    int fired;
} Tick;

static void on_tick(ReactorTimer *timer, void *data)
{
    Tick *tick = data;
    if (++tick->fired == 3) {
        reactor_timer_free(timer); /* from its own callback */
        reactor_remove_hook(server.reactor, &tick->hook);
    }
    atomic_fetch_add(&seen.ticks, 1);
}

static void on_once(ReactorTimer *timer, void *data)
{
    (void)data;
    (void)timer; /* left to the reactor to free */
    atomic_fetch_add(&seen.ticks, 100);
}

static void on_turn(ReactorHook *hook)
{
    (void)hook;
    atomic_fetch_add(&seen.turns, 1);
}

static void start_timers(void *data)
{
    Tick *tick = data;
    tick->hook.run = on_turn;
    reactor_add_hook(server.reactor, &tick->hook);
    tick->timer = reactor_timer_new(server.reactor, on_tick, tick);
    reactor_timer_start(tick->timer, 5, 5);
    reactor_timer_start(reactor_timer_new(server.reactor, on_once, NULL), 1, 0);
}

static void timers_fire_and_hooks_end_turns(void **state)
{
    (void)state;
    Tick tick = {0};
    server_call(&server, start_timers, &tick);
    assert_true(wait_for(&seen.ticks, 103));
    sleep_ms(30);
    assert_int_equal(atomic_load(&seen.ticks), 103);
    assert_true(atomic_load(&seen.turns) >= 3);
}

static int64_t thread_cpu_us(pthread_t thread)
{
    clockid_t clock;
    struct timespec time;
    pthread_getcpuclockid(thread, &clock);
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void an_idle_reactor_sleeps(void **state)
{
    (void)state;
    int fd = client_connect(server.port);
    assert_true(wait_for(&seen.opens, 1));
    sleep_ms(20);
    int64_t before = thread_cpu_us(server.thread);
    sleep_ms(500);
    int64_t used = thread_cpu_us(server.thread) - before;
    printf("# %lld us of processor time in 500 ms\n", (long long)used);
    assert_true(used < 2000);
    close(fd);
}

static void misbehave(int round)
{
    static const char *const texts[] = {"",
                                        "GET",
                                        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
                                        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab",
                                        "rubbish\r\n\r\n"};
    int fd = client_connect(server.port);
    client_send(fd, str_from_c(texts[round % 5]));
    if (round % 4 == 1)
        shutdown(fd, SHUT_WR);
    if (round % 4 == 2)
        shutdown(fd, SHUT_RDWR);
    if (round % 4 == 3)
        client_reset(fd);
    else
        close(fd);
}

static void every_connection_is_closed_exactly_once(void **state)
{
    (void)state;
    enum { ROUNDS = 400 };
    for (int round = 0; round < ROUNDS; round++)
        misbehave(round);
    assert_true(wait_for(&seen.closes, atomic_load(&seen.opens)));
    int fd = client_connect(server.port);
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    client_send(fd, STR("GET /alive HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_int_equal(client_status(fd, &input, &body), 200);
    close(fd);
}

static void a_stop_closes_what_is_open(void **state)
{
    (void)state;
    int fds[20];
    for (int i = 0; i < 20; i++)
        fds[i] = client_connect(server.port);
    assert_true(wait_for(&seen.opens, 20));
    reactor_stop(server.reactor);
    assert_true(wait_for(&seen.closes, 20));
    for (int i = 0; i < 20; i++)
        close(fds[i]);
}

#define NET_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_websocket_is_small),
        NET_TEST(many_threads_post_and_every_item_runs),
        NET_TEST(a_slow_reader_queues_and_drains),
        NET_TEST(a_queue_beyond_the_limit_aborts_the_connection),
        NET_TEST(a_close_sends_what_is_queued_and_nothing_more),
        NET_TEST(a_reference_does_not_find_the_next_tenant_of_its_slot),
        NET_TEST(a_deadline_is_told_once),
        NET_TEST(connections_beyond_the_limit_wait),
        NET_TEST(accepting_goes_on_when_descriptors_are_free_again),
        NET_TEST(a_second_reactor_shares_the_port_and_a_second_server_does_not),
        NET_TEST(timers_fire_and_hooks_end_turns),
        NET_TEST(an_idle_reactor_sleeps),
        NET_TEST(every_connection_is_closed_exactly_once),
        NET_TEST(a_stop_closes_what_is_open),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net/connection", tests, NULL, NULL);
}
