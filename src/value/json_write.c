/* SPDX-License-Identifier: Apache-2.0 */
#include "value/json.h"

#include "value/json_scan.h"
#include "value/real.h"

static void write_escape(Buf *out, char c)
{
    static const char HEX[] = "0123456789abcdef";
    static const char SHORT[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    unsigned byte = (unsigned char)c;
    char letter = byte < 32 ? SHORT[byte] : c;
    if (letter)
        buf_append(out, (const char[]){'\\', letter}, 2);
    else
        buf_append(out, (const char[]){'\\', 'u', '0', '0', HEX[byte >> 4], HEX[byte & 15]}, 6);
}

void json_write_string(Buf *out, Str text)
{
    const char *at = text.ptr;
    const char *end = at + text.len;
    buf_byte(out, '"');
    while (at < end) {
        const char *plain_end = json_plain_end(at, end);
        buf_append(out, at, (size_t)(plain_end - at));
        if (plain_end == end)
            break;
        write_escape(out, *plain_end);
        at = plain_end + 1;
    }
    buf_byte(out, '"');
}

void json_write_key(Buf *out, Str name)
{
    json_write_string(out, name);
    buf_byte(out, ':');
}

void json_write_double(Buf *out, double value)
{
    real_digits_write(out, real_digits(value), true);
}

void json_write_float(Buf *out, float value)
{
    real_digits_write(out, real_digits_single(value), true);
}

static void write_container(Buf *out, const Json *json)
{
    bool object = json->kind == JSON_OBJECT;
    buf_byte(out, object ? '{' : '[');
    for (const Json *item = json->first; item; item = item->next) {
        if (item != json->first)
            buf_byte(out, ',');
        if (object)
            json_write_key(out, item->key);
        json_write(out, item);
    }
    buf_byte(out, object ? '}' : ']');
}

/* Recurses no deeper than the reader let the tree become. */
void json_write(Buf *out, const Json *json)
{
    switch (json->kind) {
    case JSON_STRING:
        json_write_string(out, json->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        write_container(out, json);
        break;
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
    case JSON_NUMBER:
        buf_str_append(out, json->source);
        break;
    }
}
