/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recursive descent over text that was found to be UTF-8 as a whole first, so
 * that strings are scanned for their ends only.  Without a context it checks
 * and builds nothing: all values then share one node.
 */
#include "value/json.h"

#include "value/hex.h"
#include "value/json_scan.h"
#include "value/real.h"

/* How often a long text asks whether the request is still within its bounds. */
enum { NODES_PER_CHECK = 4096 };

typedef struct JsonReader {
    const char *begin;
    const char *at;
    const char *end;
    Context *ctx; /* NULL: only check */
    Status status;
    const char *problem; /* NULL when status says it all */
    int depth;
    unsigned node_count;
    Json shared;
} JsonReader;

static bool read_value(JsonReader *reader, Json *json);

static bool refuse(JsonReader *reader, const char *problem)
{
    reader->problem = problem;
    return false;
}

static void skip_space(JsonReader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

static bool accept(JsonReader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

/* As accept(), with white space on both sides. */
static bool accept_token(JsonReader *reader, char c)
{
    skip_space(reader);
    if (!accept(reader, c))
        return false;
    skip_space(reader);
    return true;
}

/* NULL when the request has used up what it may. */
static Json *node_new(JsonReader *reader)
{
    if (!reader->ctx)
        return &reader->shared;
    if (++reader->node_count % NODES_PER_CHECK == 0) {
        reader->status = context_check(reader->ctx);
        if (reader->status != STATUS_OK)
            return NULL;
    }
    return ARENA_NEW(&reader->ctx->arena, Json);
}

/* ---- strings ---- */

static bool read_hex4(JsonReader *reader, uint32_t *ret_code)
{
    uint32_t code = 0;
    if (reader->end - reader->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(reader->at[i]);
        if (digit < 0)
            return false;
        code = code << 4 | (unsigned)digit;
    }
    reader->at += 4;
    *ret_code = code;
    return true;
}

/* What follows \u, with the second half of a surrogate pair. */
static bool read_unicode(JsonReader *reader, uint32_t *ret_code)
{
    uint32_t high, low;
    if (!read_hex4(reader, &high))
        return refuse(reader, "\\u needs four hexadecimal digits");
    if (high >= 0xd800 && high <= 0xdfff) {
        if (high > 0xdbff || !accept(reader, '\\') || !accept(reader, 'u') ||
            !read_hex4(reader, &low) || low < 0xdc00 || low > 0xdfff)
            return refuse(reader, "a surrogate stands alone");
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    *ret_code = high;
    return true;
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *to++ = (char)(0xe0 | code >> 12);
        } else {
            *to++ = (char)(0xf0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* What follows a backslash.  `to` is NULL when only checking. */
static bool read_escape(JsonReader *reader, char **to)
{
    uint32_t code;
    char c = reader->at < reader->end ? *reader->at++ : '\0';
    switch (c) {
    case '"':
    case '\\':
    case '/':
        code = (uint32_t)c;
        break;
    case 'b':
        code = '\b';
        break;
    case 'f':
        code = '\f';
        break;
    case 'n':
        code = '\n';
        break;
    case 'r':
        code = '\r';
        break;
    case 't':
        code = '\t';
        break;
    case 'u':
        if (!read_unicode(reader, &code))
            return false;
        break;
    default:
        return refuse(reader, "unknown escape in a string");
    }
    if (*to)
        *to = put_utf8(*to, code);
    return true;
}

/* The quote that ends the string at `at`; escaped quotes are passed over. */
static const char *find_quote(const char *at, const char *end)
{
    while (at < end && *at != '"') {
        at += *at == '\\' && end - at > 1 ? 2 : 1;
        at = json_plain_end(at, end);
    }
    return at;
}

/* A string with escapes, from its first one on; no escape is shorter than what it stands for. */
static bool read_escaped(JsonReader *reader, const char *begin, Str *ret_text)
{
    char *text = NULL;
    size_t plain = (size_t)(reader->at - begin);
    if (reader->ctx) {
        size_t size_max = (size_t)(find_quote(reader->at, reader->end) - begin);
        text = arena_alloc(&reader->ctx->arena, size_max + 1);
        memcpy(text, begin, plain);
    }
    char *to = text ? text + plain : NULL;
    while (!accept(reader, '"')) {
        const char *from = reader->at;
        reader->at = json_plain_end(from, reader->end);
        if (to && reader->at > from)
            to = (char *)memcpy(to, from, (size_t)(reader->at - from)) + (reader->at - from);
        if (accept(reader, '\\')) {
            if (!read_escape(reader, &to))
                return false;
        } else if (reader->at == reader->end) {
            return refuse(reader, "a string has no end");
        } else if (*reader->at != '"') {
            return refuse(reader, "a control character in a string");
        }
    }
    *ret_text = text ? str_from(text, (size_t)(to - text)) : STR_NULL;
    return true;
}

/* Behind the opening quote. */
static bool read_string(JsonReader *reader, Str *ret_text)
{
    const char *begin = reader->at;
    reader->at = json_plain_end(begin, reader->end);
    if (reader->at < reader->end && *reader->at != '"')
        return read_escaped(reader, begin, ret_text);
    *ret_text = str_from(begin, (size_t)(reader->at - begin));
    return accept(reader, '"') || refuse(reader, "a string has no end");
}

/* ---- numbers and words ---- */

static bool skip_digits(JsonReader *reader)
{
    const char *begin = reader->at;
    while (reader->at < reader->end && (unsigned)(*reader->at - '0') < 10)
        reader->at++;
    return reader->at > begin;
}

static bool read_number(JsonReader *reader, Json *json)
{
    const char *begin = reader->at;
    accept(reader, '-');
    if (!accept(reader, '0') && !skip_digits(reader))
        return refuse(reader, "a value was expected");
    if (accept(reader, '.') && !skip_digits(reader))
        return refuse(reader, "a digit was expected behind the point");
    if (accept(reader, 'e') || accept(reader, 'E')) {
        if (!accept(reader, '+'))
            accept(reader, '-');
        if (!skip_digits(reader))
            return refuse(reader, "a digit was expected in the exponent");
    }
    json->kind = JSON_NUMBER;
    json->text = str_from(begin, (size_t)(reader->at - begin));
    return true;
}

static bool read_word(JsonReader *reader, Str word, JsonKind kind, Json *json)
{
    if (!str_starts_with(str_from(reader->at, (size_t)(reader->end - reader->at)), word))
        return refuse(reader, "a value was expected");
    reader->at += word.len;
    json->kind = kind;
    return true;
}

/* ---- containers ---- */

static bool read_array(JsonReader *reader, Json *array)
{
    const Json **link = &array->first;
    array->kind = JSON_ARRAY;
    skip_space(reader);
    if (accept(reader, ']'))
        return true;
    do {
        Json *item = node_new(reader);
        if (!item || !read_value(reader, item))
            return false;
        *link = item;
        link = &item->next;
        array->count++;
    } while (accept_token(reader, ','));
    return accept(reader, ']') || refuse(reader, "',' or ']' was expected");
}

static bool read_member(JsonReader *reader, Json *member)
{
    Str key;
    if (!accept(reader, '"'))
        return refuse(reader, "a member's name was expected");
    if (!read_string(reader, &key))
        return false;
    if (!accept_token(reader, ':'))
        return refuse(reader, "':' was expected");
    if (!read_value(reader, member))
        return false;
    member->key = key;
    return true;
}

static bool read_object(JsonReader *reader, Json *object)
{
    const Json **link = &object->first;
    object->kind = JSON_OBJECT;
    skip_space(reader);
    if (accept(reader, '}'))
        return true;
    do {
        Json *member = node_new(reader);
        if (!member || !read_member(reader, member))
            return false;
        *link = member;
        link = &member->next;
        object->count++;
    } while (accept_token(reader, ','));
    return accept(reader, '}') || refuse(reader, "',' or '}' was expected");
}

_Static_assert(JSON_DEPTH_MAX == 256, "the message below names the limit");

static bool read_container(JsonReader *reader, Json *json)
{
    if (reader->depth == JSON_DEPTH_MAX)
        return refuse(reader, "the nesting is deeper than 256");
    reader->depth++;
    bool object = *reader->at++ == '{';
    bool read = object ? read_object(reader, json) : read_array(reader, json);
    reader->depth--;
    return read;
}

static bool read_kind(JsonReader *reader, Json *json)
{
    switch (reader->at < reader->end ? *reader->at : '\0') {
    case '"':
        reader->at++;
        json->kind = JSON_STRING;
        return read_string(reader, &json->text);
    case '{':
    case '[':
        return read_container(reader, json);
    case 't':
        return read_word(reader, STR("true"), JSON_TRUE, json);
    case 'f':
        return read_word(reader, STR("false"), JSON_FALSE, json);
    case 'n':
        return read_word(reader, STR("null"), JSON_NULL, json);
    default:
        return read_number(reader, json);
    }
}

static bool read_value(JsonReader *reader, Json *json)
{
    const char *begin = reader->at;
    if (!read_kind(reader, json))
        return false;
    json->source = str_from(begin, (size_t)(reader->at - begin));
    return true;
}

static bool read_document(JsonReader *reader, Json *json)
{
    skip_space(reader);
    if (!read_value(reader, json))
        return false;
    skip_space(reader);
    return reader->at == reader->end || refuse(reader, "nothing more was expected");
}

static JsonReader reader_over(Context *ctx, Str text)
{
    const char *begin = text.ptr ? text.ptr : "";
    return (JsonReader){.begin = begin, .at = begin, .end = begin + text.len, .ctx = ctx};
}

bool json_is_valid(Str text)
{
    JsonReader reader = reader_over(NULL, text);
    return str_is_utf8(text) && read_document(&reader, &reader.shared);
}

Status json_parse(Context *ctx, Str text, const Json **ret_json)
{
    if (!str_is_utf8(text))
        return fail(ctx, STATUS_INVALID_VALUE, "invalid JSON: it is not UTF-8");
    JsonReader reader = reader_over(ctx, text);
    Json *json = ARENA_NEW(&ctx->arena, Json);
    if (!read_document(&reader, json)) {
        if (!reader.problem)
            return reader.status;
        return fail(ctx,
                    STATUS_INVALID_VALUE,
                    "invalid JSON at byte %zu: %s",
                    (size_t)(reader.at - reader.begin),
                    reader.problem);
    }
    *ret_json = json;
    return STATUS_OK;
}

/* ---- looking into the tree ---- */

const Json *json_member(const Json *json, Str key)
{
    const Json *found = NULL;
    if (!json || json->kind != JSON_OBJECT)
        return NULL;
    for (const Json *member = json->first; member; member = member->next)
        if (str_equal(member->key, key))
            found = member;
    return found;
}

const Json *json_element(const Json *json, int64_t index)
{
    if (!json || json->kind != JSON_ARRAY)
        return NULL;
    int64_t count = (int64_t)json->count;
    if (index < -count || index >= count)
        return NULL;
    const Json *element = json->first;
    for (int64_t left = index < 0 ? index + count : index; left > 0; left--)
        element = element->next;
    return element;
}

bool json_to_int64(const Json *json, int64_t *ret_value)
{
    return json && json->kind == JSON_NUMBER && str_to_int64(json->text, ret_value);
}

bool json_to_double(const Json *json, double *ret_value)
{
    return json && json->kind == JSON_NUMBER && real_parse(json->text, ret_value);
}
