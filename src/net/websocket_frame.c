/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame: FIN(1) RSV(3) opcode(4) | MASK(1) length(7) | [length 16 or 64] |
 * [mask 32] | payload.  Numbers are big-endian, lengths must be in their
 * shortest form.
 */
#include "net/websocket_frame.h"

#include <endian.h>

enum {
    FIN_BIT = 0x80,
    RESERVED_BITS = 0x70,
    OPCODE_BITS = 0x0f,
    CONTROL_BIT = 0x08,
    MASK_BIT = 0x80,
    LENGTH_BITS = 0x7f,
    LENGTH_16 = 126,
    LENGTH_64 = 127,
};

size_t websocket_header_encode(uint8_t header[WS_HEADER_MAX],
                               WebSocketOpcode opcode,
                               uint64_t payload_len,
                               const uint8_t *mask)
{
    size_t len = 2;
    uint8_t mask_bit = mask ? MASK_BIT : 0;
    header[0] = (uint8_t)(FIN_BIT | (unsigned)opcode);
    if (payload_len < LENGTH_16) {
        header[1] = (uint8_t)(mask_bit | payload_len);
    } else if (payload_len <= UINT16_MAX) {
        uint16_t length = htobe16((uint16_t)payload_len);
        header[1] = mask_bit | LENGTH_16;
        memcpy(header + 2, &length, sizeof(length));
        len += sizeof(length);
    } else {
        uint64_t length = htobe64(payload_len);
        header[1] = mask_bit | LENGTH_64;
        memcpy(header + 2, &length, sizeof(length));
        len += sizeof(length);
    }
    if (mask) {
        memcpy(header + len, mask, 4);
        len += 4;
    }
    return len;
}

/* Eight bytes at a time: compilers make vector code of the inner loop. */
void websocket_mask(char *bytes, size_t len, const uint8_t mask[4], uint64_t offset)
{
    uint8_t turned[8];
    for (unsigned i = 0; i < 8; i++)
        turned[i] = mask[(offset + i) & 3];
    uint64_t word_mask;
    memcpy(&word_mask, turned, sizeof(word_mask));
    size_t at = 0;
    for (; at + sizeof(word_mask) <= len; at += sizeof(word_mask)) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof(word));
        word ^= word_mask;
        memcpy(bytes + at, &word, sizeof(word));
    }
    for (; at < len; at++)
        bytes[at] = (char)((uint8_t)bytes[at] ^ turned[at & 7]);
}

bool websocket_code_is_valid(uint16_t code)
{
    if (code >= 3000)
        return code < 5000;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

void websocket_decoder_done(WebSocketDecoder *decoder)
{
    buf_done(&decoder->message);
}

bool websocket_decoder_is_idle(const WebSocketDecoder *decoder)
{
    return decoder->header_len == 0 && !decoder->in_payload && !decoder->message_opcode;
}

static WebSocketEvent event_none(void)
{
    return (WebSocketEvent){.kind = WS_EVENT_NONE};
}

static WebSocketEvent event_failed(WebSocketDecoder *decoder, uint16_t code, Str reason)
{
    decoder->failed = true;
    return (WebSocketEvent){.kind = WS_EVENT_FAILED, .code = code, .payload = reason};
}

static bool is_control(uint8_t opcode)
{
    return opcode & CONTROL_BIT;
}

/* How long the header is, as far as its first two bytes tell; 2 before they are there. */
static uint8_t header_size(const WebSocketDecoder *decoder)
{
    if (decoder->header_len < 2)
        return 2;
    uint8_t length = decoder->header[1] & LENGTH_BITS;
    uint8_t size = length == LENGTH_16 ? 4 : length == LENGTH_64 ? 10 : 2;
    return (uint8_t)(size + (decoder->header[1] & MASK_BIT ? 4 : 0));
}

/* Collects header bytes; true when the header is complete. */
static bool collect_header(WebSocketDecoder *decoder, const char *bytes, size_t len, size_t *used)
{
    uint8_t size;
    while ((size = header_size(decoder)) > decoder->header_len) {
        size_t missing = (size_t)(size - decoder->header_len);
        size_t step = missing < len - *used ? missing : len - *used;
        if (step == 0)
            return false;
        memcpy(decoder->header + decoder->header_len, bytes + *used, step);
        decoder->header_len = (uint8_t)(decoder->header_len + step);
        *used += step;
    }
    return true;
}

/* The payload length, or UINT64_MAX when it is not in its shortest form. */
static uint64_t header_length(const WebSocketDecoder *decoder)
{
    uint8_t short_length = decoder->header[1] & LENGTH_BITS;
    if (short_length == LENGTH_16) {
        uint16_t length;
        memcpy(&length, decoder->header + 2, sizeof(length));
        length = be16toh(length);
        return length < LENGTH_16 ? UINT64_MAX : length;
    }
    if (short_length == LENGTH_64) {
        uint64_t length;
        memcpy(&length, decoder->header + 2, sizeof(length));
        length = be64toh(length);
        return length <= UINT16_MAX || length > INT64_MAX ? UINT64_MAX : length;
    }
    return short_length;
}

/* NULL when the header's bits are legal. */
static const char *check_bits(const WebSocketDecoder *decoder, const WebSocketLimits *limits)
{
    uint8_t opcode = decoder->header[0] & OPCODE_BITS;
    bool fin = decoder->header[0] & FIN_BIT;
    bool masked = decoder->header[1] & MASK_BIT;
    if (decoder->header[0] & RESERVED_BITS)
        return "reserved bits are set";
    if (masked != limits->from_client)
        return masked ? "frame from a server is masked" : "frame from a client is not masked";
    if (is_control(opcode)) {
        if (opcode > WS_PONG)
            return "unknown opcode";
        return fin ? NULL : "fragmented control frame";
    }
    if (opcode > WS_BINARY)
        return "unknown opcode";
    if (opcode == WS_CONTINUATION && !decoder->message_opcode)
        return "continuation of nothing";
    if (opcode != WS_CONTINUATION && decoder->message_opcode)
        return "new message inside a fragmented one";
    return NULL;
}

static const char *check_length(const WebSocketDecoder *decoder, uint64_t length)
{
    if (length == UINT64_MAX)
        return "malformed length";
    if (is_control(decoder->header[0] & OPCODE_BITS) && length > WS_CONTROL_MAX)
        return "control frame is too long";
    return NULL;
}

static void start_frame(WebSocketDecoder *decoder, uint64_t length)
{
    decoder->fin = decoder->header[0] & FIN_BIT;
    decoder->opcode = decoder->header[0] & OPCODE_BITS;
    memset(decoder->mask, 0, sizeof(decoder->mask));
    if (decoder->header[1] & MASK_BIT)
        memcpy(decoder->mask, decoder->header + decoder->header_len - 4, 4);
    decoder->header_len = 0;
    decoder->in_payload = true;
    decoder->left = length;
    decoder->frame_at = 0;
    if (is_control(decoder->opcode)) {
        decoder->control_len = 0;
        return;
    }
    if (decoder->opcode != WS_CONTINUATION) {
        decoder->message_opcode = decoder->opcode;
        decoder->total = 0;
        buf_clear(&decoder->message);
    }
    decoder->total += length;
}

/* A frame's header is complete: checks it, and tells if it makes the message too long. */
static WebSocketEvent begin_frame(WebSocketDecoder *decoder, const WebSocketLimits *limits)
{
    uint64_t length = header_length(decoder);
    const char *error = check_bits(decoder, limits);
    if (!error)
        error = check_length(decoder, length);
    if (error)
        return event_failed(decoder, WS_CODE_PROTOCOL_ERROR, str_from_c(error));
    start_frame(decoder, length);
    if (is_control(decoder->opcode))
        return event_none();
    /* Neither sum overflows: lengths are below 2^63 and totals are checked at every frame. */
    if (decoder->total > limits->discard_max)
        return event_failed(decoder, WS_CODE_TOO_BIG, STR("message is too long"));
    if (decoder->total <= limits->message_max || decoder->discarding)
        return event_none();
    decoder->discarding = true;
    buf_done(&decoder->message);
    return (WebSocketEvent){.kind = WS_EVENT_OVERSIZED,
                            .opcode = (WebSocketOpcode)decoder->message_opcode};
}

static WebSocketEvent close_event(WebSocketDecoder *decoder, Str payload)
{
    WebSocketEvent event = {.kind = WS_EVENT_CONTROL, .opcode = WS_CLOSE, .code = WS_CODE_NONE};
    if (payload.len == 0)
        return event;
    if (payload.len == 1)
        return event_failed(decoder, WS_CODE_PROTOCOL_ERROR, STR("close code is cut off"));
    event.code = (uint16_t)((uint8_t)payload.ptr[0] << 8 | (uint8_t)payload.ptr[1]);
    event.payload = str_from(payload.ptr + 2, payload.len - 2);
    if (!websocket_code_is_valid(event.code))
        return event_failed(decoder, WS_CODE_PROTOCOL_ERROR, STR("close code is not allowed"));
    if (!str_is_utf8(event.payload))
        return event_failed(decoder, WS_CODE_INVALID_DATA, STR("close reason is not UTF-8"));
    return event;
}

static WebSocketEvent control_event(WebSocketDecoder *decoder, Str payload)
{
    decoder->in_payload = false;
    if (decoder->opcode == WS_CLOSE)
        return close_event(decoder, payload);
    return (WebSocketEvent){
        .kind = WS_EVENT_CONTROL, .opcode = (WebSocketOpcode)decoder->opcode, .payload = payload};
}

/* The last frame of a message is complete. */
static WebSocketEvent message_event(WebSocketDecoder *decoder, Str payload)
{
    WebSocketOpcode opcode = (WebSocketOpcode)decoder->message_opcode;
    bool discarded = decoder->discarding;
    decoder->message_opcode = 0;
    decoder->discarding = false;
    if (discarded)
        return event_none();
    if (opcode == WS_TEXT && !str_is_utf8(payload))
        return event_failed(decoder, WS_CODE_INVALID_DATA, STR("text is not UTF-8"));
    return (WebSocketEvent){.kind = WS_EVENT_MESSAGE, .opcode = opcode, .payload = payload};
}

static void keep_payload(WebSocketDecoder *decoder, Str bytes)
{
    if (is_control(decoder->opcode)) {
        if (bytes.len)
            memcpy(decoder->control + decoder->control_len, bytes.ptr, bytes.len);
        decoder->control_len = (uint8_t)(decoder->control_len + bytes.len);
    } else if (!decoder->discarding) {
        buf_str_append(&decoder->message, bytes);
    }
}

/* A single frame holds the whole payload, and all of it is here. */
static bool is_whole_in_input(const WebSocketDecoder *decoder, size_t size)
{
    if (size != decoder->left || decoder->frame_at > 0 || decoder->discarding)
        return false;
    return is_control(decoder->opcode) || (decoder->fin && decoder->opcode != WS_CONTINUATION);
}

static WebSocketEvent take_payload(WebSocketDecoder *decoder, char *bytes, size_t len, size_t *used)
{
    size_t size = decoder->left < len - *used ? (size_t)decoder->left : len - *used;
    Str part = str_from(bytes + *used, size);
    if (!decoder->discarding || is_control(decoder->opcode))
        websocket_mask(bytes + *used, size, decoder->mask, decoder->frame_at);
    *used += size;
    bool whole = is_whole_in_input(decoder, size);
    if (!whole)
        keep_payload(decoder, part);
    decoder->left -= size;
    decoder->frame_at += size;
    if (decoder->left > 0)
        return event_none();
    if (is_control(decoder->opcode))
        return control_event(decoder,
                             whole ? part : str_from(decoder->control, decoder->control_len));
    decoder->in_payload = false;
    return decoder->fin ? message_event(decoder, whole ? part : buf_str(&decoder->message))
                        : event_none();
}

WebSocketEvent websocket_decode(WebSocketDecoder *decoder,
                                const WebSocketLimits *limits,
                                char *bytes,
                                size_t len,
                                size_t *ret_used)
{
    size_t used = 0;
    WebSocketEvent event = event_none();
    while (event.kind == WS_EVENT_NONE && !decoder->failed) {
        if (!decoder->in_payload) {
            if (!collect_header(decoder, bytes, len, &used))
                break;
            event = begin_frame(decoder, limits);
            if (event.kind != WS_EVENT_NONE)
                break;
        }
        if (used == len && decoder->left > 0)
            break;
        event = take_payload(decoder, bytes, len, &used);
    }
    *ret_used = used;
    return event;
}
