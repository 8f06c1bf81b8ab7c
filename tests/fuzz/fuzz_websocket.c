/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSocket frames: whole input against split input.
 *
 * The first byte says which end decodes and how long the pieces are.  Events must
 * not depend on the pieces, and text that is handed out is UTF-8.
 */
#include "net/websocket_frame.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_MAX = 300, DISCARD_MAX = 2000 };

static void note_event(Buf *story, const WebSocketEvent *event)
{
    if (event->kind == WS_EVENT_NONE)
        return;
    if (event->kind == WS_EVENT_MESSAGE) {
        assert(event->payload.len <= MESSAGE_MAX);
        assert(event->opcode == WS_BINARY ||
               (event->opcode == WS_TEXT && str_is_utf8(event->payload)));
    }
    assert(event->kind != WS_EVENT_CONTROL || event->payload.len <= WS_CONTROL_MAX);
    buf_printf(story,
               "%d %d %u %zu ",
               (int)event->kind,
               (int)event->opcode,
               event->code,
               event->payload.len);
    buf_str_append(story, event->payload);
}

static void decode(Str wire, const WebSocketLimits *limits, size_t piece, Buf *story)
{
    CLEANUP(websocket_decoder_done) WebSocketDecoder decoder = {0};
    WebSocketEvent event = {0};
    for (size_t at = 0; at < wire.len && event.kind != WS_EVENT_FAILED;) {
        size_t size = wire.len - at < piece ? wire.len - at : piece;
        char *copy = malloc(size);
        memcpy(copy, wire.ptr + at, size);
        for (size_t used = 0, step; used < size && event.kind != WS_EVENT_FAILED; used += step) {
            event = websocket_decode(&decoder, limits, copy + used, size - used, &step);
            assert(step <= size - used && (event.kind != WS_EVENT_NONE || step == size - used));
            note_event(story, &event);
        }
        assert(decoder.message.len <= MESSAGE_MAX);
        free(copy);
        at += size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    WebSocketLimits limits = {MESSAGE_MAX, DISCARD_MAX, data[0] & 0x80};
    Str wire = str_from((const char *)data + 1, size - 1);
    CLEANUP(buf_done) Buf whole = {0};
    CLEANUP(buf_done) Buf split = {0};
    decode(wire, &limits, wire.len, &whole);
    decode(wire, &limits, (size_t)(data[0] & 0x1f) + 1, &split);
    assert(str_equal(buf_str(&whole), buf_str(&split)));
    return 0;
}
