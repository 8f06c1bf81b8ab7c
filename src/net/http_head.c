/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_head.h"

static HttpRefusal refuse(int status, const char *reason)
{
    return (HttpRefusal){status, reason};
}

static const HttpRefusal accepted = {0, NULL};

static HttpRefusal check_limits(const HeadScanner *scanner, size_t end)
{
    if (scanner->line_count == 0 && end - scanner->line_start > scanner->first_line_max)
        return refuse(414, "URI Too Long");
    if (end > scanner->head_max)
        return refuse(431, "Request Header Fields Too Large");
    return accepted;
}

/* Accounts for the line that ends with the LF at `at`; true when it ends the head. */
static bool end_line(HeadScanner *scanner, Str bytes, size_t at, HttpRefusal *ret_refusal)
{
    *ret_refusal = check_limits(scanner, at + 1);
    if (ret_refusal->status)
        return false;
    if (at == scanner->line_start || bytes.ptr[at - 1] != '\r') {
        *ret_refusal = refuse(400, "line does not end in CR LF");
        return false;
    }
    bool empty = at - 1 == scanner->line_start;
    scanner->line_start = at + 1;
    if (!empty) {
        scanner->line_count++;
        return false;
    }
    if (scanner->line_count > 0)
        return true;
    if (scanner->skipped > 0)
        *ret_refusal = refuse(400, "empty request line");
    scanner->skipped = at + 1;
    return false;
}

size_t head_scan(HeadScanner *scanner, Str bytes, HttpRefusal *ret_refusal)
{
    *ret_refusal = accepted;
    while (scanner->scanned < bytes.len) {
        const char *from = bytes.ptr + scanner->scanned;
        const char *lf = memchr(from, '\n', bytes.len - scanner->scanned);
        if (!lf) {
            scanner->scanned = bytes.len;
            break;
        }
        size_t at = (size_t)(lf - bytes.ptr);
        scanner->scanned = at + 1;
        if (end_line(scanner, bytes, at, ret_refusal))
            return scanner->scanned;
        if (ret_refusal->status)
            return 0;
    }
    *ret_refusal = check_limits(scanner, bytes.len);
    return 0;
}

Str head_take_line(Str *rest)
{
    size_t end = str_find_byte(*rest, '\n');
    Str line = str_from(rest->ptr, end > 0 ? end - 1 : 0);
    size_t used = end < rest->len ? end + 1 : end;
    *rest = str_from(rest->ptr + used, rest->len - used);
    return line;
}

static bool is_token_char(char c)
{
    static const char extra[] = "!#$%&'*+-.^_`|~";
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != 0 && memchr(extra, c, sizeof(extra) - 1);
}

bool http_is_token(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char(text.ptr[i]))
            return false;
    }
    return text.len > 0;
}

bool http_is_field_value(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static Str trim_blanks(Str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = str_from(text.ptr + 1, text.len - 1);
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* A folded line starts with a blank and a blank before the colon ends the name: no tokens. */
static HttpRefusal parse_field(Str line, HttpHeader *ret_header)
{
    size_t colon = str_find_byte(line, ':');
    Str name = str_from(line.ptr, colon);
    if (colon == line.len || !http_is_token(name))
        return refuse(400, "malformed header name");
    Str value = trim_blanks(str_from(line.ptr + colon + 1, line.len - colon - 1));
    if (!http_is_field_value(value))
        return refuse(400, "malformed header value");
    *ret_header = (HttpHeader){name, value};
    return accepted;
}

HttpRefusal head_parse_fields(Str lines, HttpHeader *headers, size_t count_max, size_t *ret_count)
{
    size_t count = 0;
    for (;;) {
        Str line = head_take_line(&lines);
        if (line.len == 0)
            break;
        if (count == count_max)
            return refuse(431, "too many header fields");
        HttpRefusal refusal = parse_field(line, &headers[count]);
        if (refusal.status)
            return refusal;
        count++;
    }
    *ret_count = count;
    return accepted;
}

const HttpHeader *http_header_find(const HttpHeader *headers, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_nocase(headers[i].name, name))
            return &headers[i];
    }
    return NULL;
}

bool http_value_has_token(Str value, Str token)
{
    for (Str part; str_split(&value, ',', &part);) {
        if (str_equal_nocase(trim_blanks(part), token))
            return true;
    }
    return false;
}

static HttpRefusal frame_by_length(Str value, HttpFraming *framing)
{
    uint64_t length;
    bool digit = value.len > 0 && value.ptr[0] >= '0' && value.ptr[0] <= '9';
    if (!digit || !str_to_uint64(value, &length))
        return refuse(400, "malformed Content-Length");
    if (framing->has_length)
        return refuse(400, "repeated Content-Length");
    framing->has_length = true;
    framing->length = length;
    return accepted;
}

static HttpRefusal frame_by_encoding(Str value, HttpFraming *framing)
{
    if (framing->chunked)
        return refuse(400, "repeated Transfer-Encoding");
    if (!str_equal_nocase(value, STR("chunked")))
        return refuse(501, "unknown Transfer-Encoding");
    framing->chunked = true;
    return accepted;
}

HttpRefusal http_framing(const HttpHeader *headers, size_t count, HttpFraming *ret_framing)
{
    HttpFraming framing = {0};
    for (size_t i = 0; i < count; i++) {
        HttpRefusal refusal = accepted;
        if (str_equal_nocase(headers[i].name, STR("content-length")))
            refusal = frame_by_length(headers[i].value, &framing);
        else if (str_equal_nocase(headers[i].name, STR("transfer-encoding")))
            refusal = frame_by_encoding(headers[i].value, &framing);
        if (refusal.status)
            return refusal;
    }
    if (framing.chunked && framing.has_length)
        return refuse(400, "Content-Length beside Transfer-Encoding");
    *ret_framing = framing;
    return accepted;
}
