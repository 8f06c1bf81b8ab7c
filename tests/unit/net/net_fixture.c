/* SPDX-License-Identifier: Apache-2.0 */
#include "net_fixture.h"

#include "base/clock.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 10 };

void sleep_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

bool wait_for(atomic_int *count, int wanted)
{
    int64_t deadline = clock_monotonic_us() + PATIENCE_SECONDS * 1000000;
    while (atomic_load(count) < wanted) {
        if (clock_monotonic_us() > deadline)
            return false;
        sleep_ms(1);
    }
    return true;
}

static void *run_reactor(void *data)
{
    reactor_run(data);
    return NULL;
}

void server_start(TestServer *server,
                  const ReactorOptions *options,
                  const ConnectionHandler *handler)
{
    signal(SIGPIPE, SIG_IGN);
    *server = (TestServer){0};
    ListenerOptions listen_options = {.handler = handler};
    Status status = reactor_new(&server->ctx, options, &server->reactor);
    assert(status == STATUS_OK);
    status = listener_open(&server->ctx, server->reactor, &listen_options, &server->listener);
    assert(status == STATUS_OK);
    server->port = listener_port(server->listener);
    pthread_create(&server->thread, NULL, run_reactor, server->reactor);
}

void server_stop(TestServer *server)
{
    reactor_stop(server->reactor);
    pthread_join(server->thread, NULL);
    reactor_free(server->reactor);
    context_done(&server->ctx);
}

typedef struct Call {
    MailboxItem item;
    void (*run)(void *data);
    void *data;
    atomic_int done;
} Call;

static void run_call(MailboxItem *item)
{
    Call *call = CONTAINER_OF(item, Call, item);
    call->run(call->data);
    atomic_store(&call->done, 1);
}

void server_call(TestServer *server, void (*run)(void *data), void *data)
{
    Call call = {.item = {.run = run_call}, .run = run, .data = data};
    bool posted = reactor_post(server->reactor, &call.item);
    assert(posted);
    bool done = wait_for(&call.done, 1);
    assert(done);
}

int client_connect_small(uint16_t port, int receive_buffer)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (receive_buffer)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    int error = connect(fd, (struct sockaddr *)&address, sizeof(address));
    assert(error == 0);
    return fd;
}

int client_connect(uint16_t port)
{
    return client_connect_small(port, 0);
}

void client_send(int fd, Str bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the peer has closed; what it sent before tells why */
        bytes = str_from(bytes.ptr + sent, bytes.len - (size_t)sent);
    }
}

bool client_read_to_end(int fd, Buf *out)
{
    for (;;) {
        ssize_t count = recv(fd, buf_reserve(out, 4096), 4096, 0);
        if (count <= 0)
            return count == 0;
        buf_advance(out, (size_t)count);
    }
}

bool client_read(int fd, char *bytes, size_t size)
{
    return recv(fd, bytes, size, MSG_WAITALL) == (ssize_t)size;
}

void client_reset(int fd)
{
    struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it));
    close(fd);
}

static bool read_more(int fd, Buf *input)
{
    ssize_t count = recv(fd, buf_reserve(input, 65536), 65536, 0);
    if (count <= 0)
        return false;
    buf_advance(input, (size_t)count);
    return true;
}

bool client_response(int fd, Buf *input, HttpResponseParser *parser, bool no_body)
{
    HttpResponseOptions options = {.no_body = no_body};
    HttpProgress progress = HTTP_PARSE_MORE;
    http_response_parser_init(parser, &options);
    while (progress == HTTP_PARSE_MORE || progress == HTTP_PARSE_HEAD) {
        size_t used;
        if (progress == HTTP_PARSE_MORE && input->len == 0 && !read_more(fd, input))
            return http_response_parser_end(parser) == HTTP_PARSE_DONE;
        progress = http_response_parser_feed(parser, buf_str(input), &used);
        buf_consume(input, used);
    }
    return progress == HTTP_PARSE_DONE;
}

int client_status(int fd, Buf *input, Buf *ret_body)
{
    CLEANUP(http_response_parser_done) HttpResponseParser parser;
    if (!client_response(fd, input, &parser, false))
        return -1;
    buf_clear(ret_body);
    buf_str_append(ret_body, buf_str(&parser.body));
    return parser.status;
}

int client_websocket(uint16_t port)
{
    int fd = client_connect(port);
    CLEANUP(buf_done) Buf input = {0};
    CLEANUP(buf_done) Buf body = {0};
    client_send(fd,
                STR("GET /v1/ws HTTP/1.1\r\nHost: h\r\nUpgrade: WebSocket\r\n"
                    "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    int status = client_status(fd, &input, &body);
    assert(status == 101 && input.len == 0);
    return fd;
}

void client_frame(int fd, bool fin, int opcode, Str payload)
{
    static const uint8_t mask[4] = {0x11, 0x22, 0x33, 0x44};
    CLEANUP(buf_done) Buf wire = {0};
    uint8_t header[WS_HEADER_MAX];
    size_t len = websocket_header_encode(header, (WebSocketOpcode)opcode, payload.len, mask);
    if (!fin)
        header[0] &= 0x7f;
    buf_append(&wire, header, len);
    buf_str_append(&wire, payload);
    websocket_mask(wire.ptr + len, payload.len, mask, 0);
    client_send(fd, buf_str(&wire));
}

void client_message(int fd, Buf *input, ClientMessage *ret_message)
{
    static const WebSocketLimits limits = {100000000, 100000000, false};
    CLEANUP(websocket_decoder_done) WebSocketDecoder decoder = {0};
    WebSocketEvent event = {0};
    while (event.kind == WS_EVENT_NONE) {
        size_t used;
        if (input->len == 0 && !read_more(fd, input))
            break;
        event = websocket_decode(&decoder, &limits, input->ptr, input->len, &used);
        ret_message->kind = event.kind;
        ret_message->opcode = event.opcode;
        ret_message->code = event.code;
        buf_clear(&ret_message->payload);
        buf_str_append(&ret_message->payload, event.payload);
        buf_consume(input, used);
    }
    ret_message->kind = event.kind;
}
