/* SPDX-License-Identifier: Apache-2.0 */
#include "net/websocket_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/websocket_handshake.h"

#include <stdio.h>

enum { MESSAGE_MAX = 70000, DISCARD_MAX = 200000 };

static const WebSocketLimits server_limits = {MESSAGE_MAX, DISCARD_MAX, true};
static uint64_t dice_state;

static uint64_t dice(uint64_t sides)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (dice_state >> 33) % sides;
}

static void seed_dice(void)
{
    const char *seed = getenv("TEST_SEED");
    dice_state = seed ? strtoull(seed, NULL, 10) : random_u64();
    printf("# TEST_SEED=%llu\n", (unsigned long long)dice_state);
}

/* The naive encoder: straight from the RFC's picture, a byte at a time. */
static void put_frame(Buf *wire, bool fin, WebSocketOpcode opcode, Str payload)
{
    uint8_t mask[4];
    for (int i = 0; i < 4; i++)
        mask[i] = (uint8_t)dice(256);
    buf_byte(wire, (char)((fin ? 0x80 : 0) | (int)opcode));
    if (payload.len < 126) {
        buf_byte(wire, (char)(0x80 | payload.len));
    } else if (payload.len < 65536) {
        buf_byte(wire, (char)(0x80 | 126));
        buf_u16be(wire, (uint16_t)payload.len);
    } else {
        buf_byte(wire, (char)(0x80 | 127));
        buf_u64be(wire, payload.len);
    }
    buf_append(wire, mask, 4);
    for (size_t i = 0; i < payload.len; i++)
        buf_byte(wire, (char)(payload.ptr[i] ^ mask[i % 4]));
}

/* What happened, one line an event. */
static void note(Buf *story, const char *what, WebSocketOpcode opcode, Str payload)
{
    buf_printf(story, "%s %d %zu ", what, (int)opcode, payload.len);
    buf_str_append(story, payload);
    buf_byte(story, '\n');
}

static void put_control(Buf *wire, Buf *story)
{
    char bytes[WS_CONTROL_MAX];
    size_t len = dice(sizeof(bytes) + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)dice(256);
    WebSocketOpcode opcode = dice(2) ? WS_PING : WS_PONG;
    put_frame(wire, true, opcode, str_from(bytes, len));
    note(story, "control", opcode, str_from(bytes, len));
}

static size_t roll_size(void)
{
    static const size_t maxima[] = {1, 10, 130, 400, 66000, 80000, 100000};
    return dice(maxima[dice(7)]);
}

/* One message in random fragments with control frames between; returns nothing the story lacks. */
static void put_message(Buf *wire, Buf *story)
{
    CLEANUP(buf_done) Buf payload = {0};
    WebSocketOpcode opcode = dice(2) ? WS_TEXT : WS_BINARY;
    size_t size = roll_size();
    for (size_t i = 0; i < size; i++)
        buf_byte(&payload, (char)(opcode == WS_TEXT ? dice(128) : dice(256)));
    bool told = false;
    size_t at = 0;
    for (bool fin = false, first = true; !fin; first = false) {
        size_t step = dice(2) ? size - at : dice(size - at + 1);
        fin = at + step == size && dice(2);
        if (!first && dice(2))
            put_control(wire, story);
        put_frame(wire, fin, first ? opcode : WS_CONTINUATION, str_from(payload.ptr + at, step));
        at += step;
        if (at > MESSAGE_MAX && !told) {
            note(story, "oversized", opcode, STR_NULL);
            told = true;
        }
    }
    if (!told)
        note(story, "message", opcode, buf_str(&payload));
}

static void note_event(Buf *story, const WebSocketEvent *event)
{
    static const char *const names[] = {"none", "message", "control", "oversized", "failed"};
    if (event->kind != WS_EVENT_NONE)
        note(story, names[event->kind], event->opcode, event->payload);
}

/* Decodes a copy of the wire in pieces of 1..piece_max bytes. */
static void decode_in_pieces(Str wire, size_t piece_max, Buf *story)
{
    CLEANUP(websocket_decoder_done) WebSocketDecoder decoder = {0};
    WebSocketEvent event = {0};
    for (size_t at = 0; at < wire.len && event.kind != WS_EVENT_FAILED;) {
        size_t size = piece_max == SIZE_MAX ? wire.len : dice(piece_max) + 1;
        size = size < wire.len - at ? size : wire.len - at;
        char *piece = malloc(size);
        memcpy(piece, wire.ptr + at, size);
        for (size_t used = 0, step; used < size && event.kind != WS_EVENT_FAILED; used += step) {
            event = websocket_decode(&decoder, &server_limits, piece + used, size - used, &step);
            note_event(story, &event);
        }
        free(piece);
        at += size;
    }
}

static void messages_arrive_however_they_are_split(void **state)
{
    (void)state;
    static const size_t piece_maxima[] = {SIZE_MAX, 1, 7, 1000, 65536};
    seed_dice();
    for (int round = 0; round < 60; round++) {
        CLEANUP(buf_done) Buf wire = {0};
        CLEANUP(buf_done) Buf expected = {0};
        for (uint64_t n = dice(8) + 1; n > 0; n--)
            put_message(&wire, &expected);
        for (size_t i = 0; i < sizeof(piece_maxima) / sizeof(piece_maxima[0]); i++) {
            CLEANUP(buf_done) Buf story = {0};
            decode_in_pieces(buf_str(&wire), piece_maxima[i], &story);
            assert_true(str_equal(buf_str(&story), buf_str(&expected)));
        }
    }
}

static void what_is_encoded_is_decoded_by_the_other_end(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 70000};
    static const uint8_t mask[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int masked = 0; masked < 2; masked++) {
            CLEANUP(buf_done) Buf wire = {0};
            CLEANUP(websocket_decoder_done) WebSocketDecoder decoder = {0};
            WebSocketLimits limits = {MESSAGE_MAX, DISCARD_MAX, masked};
            uint8_t header[WS_HEADER_MAX];
            size_t used;
            buf_append(&wire,
                       header,
                       websocket_header_encode(header, WS_BINARY, sizes[i], masked ? mask : NULL));
            size_t start = wire.len;
            for (size_t n = 0; n < sizes[i]; n++)
                buf_byte(&wire, (char)n);
            if (masked)
                websocket_mask(wire.ptr + start, sizes[i], mask, 0);
            WebSocketEvent event = websocket_decode(&decoder, &limits, wire.ptr, wire.len, &used);
            assert_int_equal(event.kind, WS_EVENT_MESSAGE);
            assert_int_equal(event.payload.len, sizes[i]);
            assert_int_equal(used, wire.len);
            for (size_t n = 0; n < sizes[i]; n++)
                assert_true(event.payload.ptr[n] == (char)n);
            assert_true(websocket_decoder_is_idle(&decoder));
        }
    }
}

static void masking_equals_the_bytewise_rule_at_any_offset(void **state)
{
    (void)state;
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    for (size_t len = 0; len < 40; len++) {
        for (uint64_t offset = 0; offset < 9; offset++) {
            char bytes[40] = {0};
            websocket_mask(bytes, len, mask, offset);
            for (size_t i = 0; i < len; i++)
                assert_int_equal(bytes[i], mask[(offset + i) % 4]);
        }
    }
}

static void broken_rules_fail_with_their_code(void **state)
{
    (void)state;
    static const struct {
        Str wire;
        uint16_t code;
    } cases[] = {
        {STR_INIT("\x81\x00"), 1002}, /* not masked */
        {STR_INIT("\xc1\x80"
                  "abcd"),
         1002}, /* reserved bit */
        {STR_INIT("\x83\x80"
                  "abcd"),
         1002}, /* opcode 3 */
        {STR_INIT("\x8b\x80"
                  "abcd"),
         1002}, /* opcode 11 */
        {STR_INIT("\x80\x80"
                  "abcd"),
         1002}, /* continuation of nothing */
        {STR_INIT("\x01\x80"
                  "abcd"
                  "\x81\x80"
                  "abcd"),
         1002}, /* text inside text */
        {STR_INIT("\x09\x80"
                  "abcd"),
         1002}, /* fragmented ping */
        {STR_INIT("\x89\xfe\x00\x7e"
                  "abcd"),
         1002}, /* long ping */
        {STR_INIT("\x81\xfe\x00\x7d"
                  "abcd"),
         1002}, /* length not shortest */
        {STR_INIT("\x81\xff\0\0\0\0\0\0\xff\xff"
                  "abcd"),
         1002}, /* length not shortest */
        {STR_INIT("\x81\xff\xff\0\0\0\0\0\0\0"
                  "abcd"),
         1002}, /* length negative */
        {STR_INIT("\x81\xff\0\0\0\x01\0\0\0\0"
                  "abcd"),
         1009},                                           /* 4 GiB */
        {STR_INIT("\x81\x81\0\0\0\0\xff"), 1007},         /* no UTF-8 */
        {STR_INIT("\x88\x81\0\0\0\0\x03"), 1002},         /* half a close code */
        {STR_INIT("\x88\x82\0\0\0\0\x03\xed"), 1002},     /* close code 1005 */
        {STR_INIT("\x88\x82\0\0\0\0\x00\x00"), 1002},     /* close code 0 */
        {STR_INIT("\x88\x83\0\0\0\0\x03\xe8\xff"), 1007}, /* reason no UTF-8 */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t piece = 1; piece <= cases[i].wire.len; piece++) {
            CLEANUP(websocket_decoder_done) WebSocketDecoder decoder = {0};
            char bytes[32];
            WebSocketEvent event = {0};
            memcpy(bytes, cases[i].wire.ptr, cases[i].wire.len);
            for (size_t at = 0, step; at < cases[i].wire.len && event.kind == WS_EVENT_NONE;
                 at += step) {
                size_t left = cases[i].wire.len - at;
                event = websocket_decode(
                    &decoder, &server_limits, bytes + at, piece < left ? piece : left, &step);
            }
            assert_int_equal(event.kind, WS_EVENT_FAILED);
            assert_int_equal(event.code, cases[i].code);
        }
    }
}

static void a_close_frame_tells_code_and_reason(void **state)
{
    (void)state;
    CLEANUP(websocket_decoder_done) WebSocketDecoder decoder = {0};
    char with_code[] = "\x88\x85\0\0\0\0\x03\xe9"
                       "bye";
    char without[] = "\x88\x80\0\0\0\0";
    size_t used;
    WebSocketEvent event =
        websocket_decode(&decoder, &server_limits, with_code, sizeof(with_code) - 1, &used);
    assert_int_equal(event.opcode, WS_CLOSE);
    assert_int_equal(event.code, 1001);
    assert_true(str_equal(event.payload, STR("bye")));
    event = websocket_decode(&decoder, &server_limits, without, sizeof(without) - 1, &used);
    assert_int_equal(event.opcode, WS_CLOSE);
    assert_int_equal(event.code, WS_CODE_NONE);
}

static void the_accept_key_is_that_of_the_rfc(void **state)
{
    (void)state;
    char accept[WS_ACCEPT_LEN + 1];
    char key[WS_KEY_LEN + 1];
    websocket_accept_make(STR("dGhlIHNhbXBsZSBub25jZQ=="), accept);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    websocket_key_make(key);
    assert_int_equal(strlen(key), WS_KEY_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_arrive_however_they_are_split),
        cmocka_unit_test(what_is_encoded_is_decoded_by_the_other_end),
        cmocka_unit_test(masking_equals_the_bytewise_rule_at_any_offset),
        cmocka_unit_test(broken_rules_fail_with_their_code),
        cmocka_unit_test(a_close_frame_tells_code_and_reason),
        cmocka_unit_test(the_accept_key_is_that_of_the_rfc),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net/websocket_frame", tests, NULL, NULL);
}
