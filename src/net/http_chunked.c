/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_chunked.h"

enum {
    SIZE_DIGITS_MAX = 15,
    EXTENSION_MAX = 256,
    TRAILER_MAX = 4096,
};

/* In the order in which they follow each other. */
enum {
    SIZE_DIGITS,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_START,
    TRAILER_TEXT,
    TRAILER_LF,
    END_LF,
    BROKEN,
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int after_size_char(ChunkedDecoder *decoder, char c)
{
    int digit = hex_digit(c);
    if (digit >= 0) {
        decoder->left = decoder->left << 4 | (uint64_t)digit;
        return ++decoder->digit_count > SIZE_DIGITS_MAX ? BROKEN : SIZE_DIGITS;
    }
    if (decoder->digit_count == 0)
        return BROKEN;
    decoder->line_len = 0;
    if (c == '\r')
        return SIZE_LF;
    return c == ';' || c == ' ' || c == '\t' ? EXTENSION : BROKEN;
}

static int after_text_char(char c, uint32_t *len, uint32_t len_max, int stay, int next)
{
    if (c == '\r')
        return next;
    bool control = ((uint8_t)c < 0x20 && c != '\t') || c == 0x7f;
    return control || ++*len > len_max ? BROKEN : stay;
}

static int after_size_line(ChunkedDecoder *decoder, char c)
{
    decoder->digit_count = 0;
    if (c != '\n')
        return BROKEN;
    return decoder->left > 0 ? DATA : TRAILER_START;
}

/* The state after a byte of framing; DATA_LF's successor SIZE_DIGITS starts the next chunk. */
static int next_state(ChunkedDecoder *decoder, char c)
{
    switch (decoder->state) {
    case SIZE_DIGITS:
        return after_size_char(decoder, c);
    case EXTENSION:
        return after_text_char(c, &decoder->line_len, EXTENSION_MAX, EXTENSION, SIZE_LF);
    case SIZE_LF:
        return after_size_line(decoder, c);
    case DATA_CR:
        return c == '\r' ? DATA_LF : BROKEN;
    case DATA_LF:
        return c == '\n' ? SIZE_DIGITS : BROKEN;
    case TRAILER_START:
        if (c == '\r')
            return END_LF;
        return after_text_char(c, &decoder->trailer_len, TRAILER_MAX, TRAILER_TEXT, END_LF);
    case TRAILER_TEXT:
        return after_text_char(c, &decoder->trailer_len, TRAILER_MAX, TRAILER_TEXT, TRAILER_LF);
    case TRAILER_LF:
        return c == '\n' ? TRAILER_START : BROKEN;
    default:
        return BROKEN;
    }
}

static Str take_data(ChunkedDecoder *decoder, Str input)
{
    size_t size = decoder->left < input.len ? (size_t)decoder->left : input.len;
    decoder->left -= size;
    if (decoder->left == 0)
        decoder->state = DATA_CR;
    return str_from(input.ptr, size);
}

ChunkedProgress chunked_decode(ChunkedDecoder *decoder, Str input, size_t *ret_used, Str *ret_data)
{
    size_t used = 0;
    for (; used < input.len && decoder->state != BROKEN; used++) {
        if (decoder->state == DATA) {
            *ret_data = take_data(decoder, str_from(input.ptr + used, input.len - used));
            *ret_used = used + ret_data->len;
            return CHUNKED_DATA;
        }
        if (decoder->state == END_LF && input.ptr[used] == '\n') {
            *ret_used = used + 1;
            *decoder = (ChunkedDecoder){0};
            return CHUNKED_DONE;
        }
        decoder->state = (uint8_t)next_state(decoder, input.ptr[used]);
    }
    *ret_used = used;
    return decoder->state == BROKEN ? CHUNKED_BAD : CHUNKED_MORE;
}

Str chunk_head_format(char *text, size_t size)
{
    size_t len = 1;
    for (size_t rest = size >> 4; rest; rest >>= 4)
        len++;
    for (size_t at = len; at-- > 0; size >>= 4)
        text[at] = "0123456789abcdef"[size & 15];
    text[len] = '\r';
    text[len + 1] = '\n';
    return str_from(text, len + 2);
}
