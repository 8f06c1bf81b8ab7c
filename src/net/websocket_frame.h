/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSocket frames (RFC 6455, section 5), for both ends.
 *
 * WebSocketDecoder turns bytes that arrive in any pieces into whole messages.
 * A message that lies complete in the input is unmasked in place and handed out
 * without a copy; only a cut or fragmented one is collected.  A message beyond
 * the size limit is told once and then passed over, so that its connection can
 * live on.
 *
 * Pure: no socket.  One thread at a time.
 */
#pragma once

#include "base/buf.h"

typedef enum WebSocketOpcode {
    WS_CONTINUATION = 0x0,
    WS_TEXT = 0x1,
    WS_BINARY = 0x2,
    WS_CLOSE = 0x8,
    WS_PING = 0x9,
    WS_PONG = 0xa
} WebSocketOpcode;

enum {
    WS_CODE_NORMAL = 1000,
    WS_CODE_GOING_AWAY = 1001,
    WS_CODE_PROTOCOL_ERROR = 1002,
    WS_CODE_UNSUPPORTED_DATA = 1003,
    WS_CODE_NONE = 1005, /* a close frame without a code; never sent */
    WS_CODE_INVALID_DATA = 1007,
    WS_CODE_POLICY_VIOLATION = 1008,
    WS_CODE_TOO_BIG = 1009,
    WS_CODE_INTERNAL_ERROR = 1011,
};

enum {
    WS_HEADER_MAX = 14,
    WS_CONTROL_MAX = 125, /* payload bytes of a control frame */
    WS_REASON_MAX = 123,
};

/* Writes a frame's header and returns its length; mask NULL = unmasked (servers). */
size_t websocket_header_encode(uint8_t header[WS_HEADER_MAX],
                               WebSocketOpcode opcode,
                               uint64_t payload_len,
                               const uint8_t *mask);

/* Masks or unmasks in place; `offset` = how many payload bytes came before. */
void websocket_mask(char *bytes, size_t len, const uint8_t mask[4], uint64_t offset);

/* May this code stand in a close frame? */
bool websocket_code_is_valid(uint16_t code);

typedef struct WebSocketLimits {
    size_t message_max; /* longer ones are passed over: WS_EVENT_OVERSIZED */
    size_t discard_max; /* longer still: WS_EVENT_FAILED with 1009 */
    bool from_client;   /* frames must be masked; else they must not be */
} WebSocketLimits;

typedef enum WebSocketEventKind {
    WS_EVENT_NONE,      /* all input was used */
    WS_EVENT_MESSAGE,   /* opcode WS_TEXT (valid UTF-8) or WS_BINARY */
    WS_EVENT_CONTROL,   /* WS_PING, WS_PONG, or WS_CLOSE (code, payload = reason) */
    WS_EVENT_OVERSIZED, /* once for each message that is too long */
    WS_EVENT_FAILED     /* the connection must be closed with `code` */
} WebSocketEventKind;

typedef struct WebSocketEvent {
    WebSocketEventKind kind;
    WebSocketOpcode opcode;
    uint16_t code;
    Str payload; /* in the input or the decoder; until the next call */
} WebSocketEvent;

/* A zeroed decoder is ready for use and holds no memory. */
typedef struct WebSocketDecoder {
    Buf message;       /* collected fragments */
    uint64_t total;    /* payload bytes of the message so far */
    uint64_t left;     /* payload bytes of the frame still to come */
    uint64_t frame_at; /* payload bytes of the frame so far */
    uint8_t header[WS_HEADER_MAX];
    uint8_t header_len;     /* collected */
    uint8_t opcode;         /* of the frame */
    uint8_t message_opcode; /* 0 = no message is under way */
    uint8_t control_len;
    uint8_t mask[4];
    bool in_payload;
    bool fin;
    bool discarding;
    bool failed;
    char control[WS_CONTROL_MAX];
} WebSocketDecoder;

void websocket_decoder_done(WebSocketDecoder *decoder);
DEFINE_CLEANUP_IN_PLACE(WebSocketDecoder, websocket_decoder_done)

/*
 * Uses ret_used bytes (unmasking them in place) up to the next event.  Call until
 * WS_EVENT_NONE; after WS_EVENT_FAILED no more.
 */
WebSocketEvent websocket_decode(WebSocketDecoder *decoder,
                                const WebSocketLimits *limits,
                                char *bytes,
                                size_t len,
                                size_t *ret_used);

/* Between two messages, nothing collected: the decoder can be thrown away. */
bool websocket_decoder_is_idle(const WebSocketDecoder *decoder);
