/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text functions.  Positions and lengths count characters and start at 1, as in
 * PostgreSQL.  The parser makes TRIM, POSITION and their like plain calls.
 */
#include "expr/functions.h"

#include "expr/utf8.h"

/* The part of a text; the bytes stay where they are. */
static Str slice(Str text, size_t from, size_t to)
{
    return str_from(text.ptr + from, to - from);
}

/* Offset of the first `part` at or after `from`, or SIZE_MAX. */
static size_t find_text(Str text, Str part, size_t from)
{
    if (part.len == 0)
        return from;
    if (text.len == 0)
        return SIZE_MAX;
    const char *found = memmem(text.ptr + from, text.len - from, part.ptr, part.len);
    return found ? (size_t)(found - text.ptr) : SIZE_MAX;
}

static Status eval_lower(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)count;
    char *room;
    TRY(function_text_room(ctx, args[0].text.len, &room));
    utf8_lower(args[0].text, room);
    *ret_value = value_text(str_from(room, args[0].text.len));
    return STATUS_OK;
}

static Status eval_upper(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)count;
    char *room;
    TRY(function_text_room(ctx, args[0].text.len, &room));
    utf8_upper(args[0].text, room);
    *ret_value = value_text(str_from(room, args[0].text.len));
    return STATUS_OK;
}

static Status eval_char_length(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx, (void)count;
    *ret_value = value_bigint((int64_t)utf8_count(args[0].text));
    return STATUS_OK;
}

/* Text or bytes; any other value by its text. */
static Status eval_octet_length(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)count;
    bool has_bytes =
        args[0].kind == TYPE_TEXT || args[0].kind == TYPE_JSON || args[0].kind == TYPE_BYTES;
    Str text = has_bytes ? args[0].text : value_to_text(&ctx->arena, &args[0]);
    *ret_value = value_bigint((int64_t)text.len);
    return STATUS_OK;
}

/* substring('abc', 0, 2) is 'a': the window may begin before the text. */
static Status eval_substring(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Str text = args[0].text;
    int64_t from = args[1].integer, to = INT64_MAX;
    if (count == 3) {
        if (args[2].integer < 0)
            return fail(ctx, STATUS_OUT_OF_RANGE, "substring: the length must not be negative");
        if (__builtin_add_overflow(from, args[2].integer, &to))
            to = INT64_MAX;
    }
    if (from < 1)
        from = 1;
    if (to < from)
        to = from;
    size_t begin = utf8_offset(text, (size_t)from - 1);
    Str rest = slice(text, begin, text.len);
    *ret_value = value_text(slice(rest, 0, utf8_offset(rest, (size_t)(to - from))));
    return STATUS_OK;
}

static bool has_character(Str set, Str text, size_t at, size_t size)
{
    for (size_t i = 0, step; i < set.len; i += step) {
        step = utf8_size(set, i);
        if (step == size && memcmp(set.ptr + i, text.ptr + at, size) == 0)
            return true;
    }
    return false;
}

static Str trim_start(Str text, Str set)
{
    size_t at = 0;
    while (at < text.len && has_character(set, text, at, utf8_size(text, at)))
        at += utf8_size(text, at);
    return slice(text, at, text.len);
}

/* Goes forward and remembers where the last character that stays ends. */
static Str trim_end(Str text, Str set)
{
    size_t end = 0;
    for (size_t at = 0, size; at < text.len; at += size) {
        size = utf8_size(text, at);
        if (!has_character(set, text, at, size))
            end = at + size;
    }
    return slice(text, 0, end);
}

static Str trim_set(const Value *args, size_t count)
{
    return count == 2 ? args[1].text : STR(" ");
}

static Status eval_btrim(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx;
    Str set = trim_set(args, count);
    *ret_value = value_text(trim_end(trim_start(args[0].text, set), set));
    return STATUS_OK;
}

static Status eval_ltrim(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx;
    *ret_value = value_text(trim_start(args[0].text, trim_set(args, count)));
    return STATUS_OK;
}

static Status eval_rtrim(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx;
    *ret_value = value_text(trim_end(args[0].text, trim_set(args, count)));
    return STATUS_OK;
}

static size_t count_parts(Str text, Str part)
{
    size_t count = 0;
    for (size_t at = 0; (at = find_text(text, part, at)) != SIZE_MAX; at += part.len)
        count++;
    return count;
}

static Status eval_replace(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)count;
    Str text = args[0].text, from = args[1].text, to = args[2].text;
    size_t found = from.len > 0 ? count_parts(text, from) : 0;
    if (found == 0) {
        *ret_value = args[0];
        ret_value->kind = TYPE_TEXT;
        return STATUS_OK;
    }
    char *room;
    size_t size = text.len - found * from.len + found * to.len;
    TRY(function_text_room(ctx, size, &room));
    size_t done = 0;
    char *out = room;
    for (size_t at; (at = find_text(text, from, done)) != SIZE_MAX; done = at + from.len) {
        out = mempcpy(out, text.ptr + done, at - done);
        if (to.len > 0)
            out = mempcpy(out, to.ptr, to.len);
    }
    memcpy(out, text.ptr + done, text.len - done);
    *ret_value = value_text(str_from(room, size));
    return STATUS_OK;
}

/* strpos(text, part), which POSITION(part IN text) is too: 0 when it is not there. */
static Status eval_strpos(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx, (void)count;
    size_t at = find_text(args[0].text, args[1].text, 0);
    int64_t position = at == SIZE_MAX ? 0 : (int64_t)utf8_count(slice(args[0].text, 0, at)) + 1;
    *ret_value = value_bigint(position);
    return STATUS_OK;
}

/* The texts of all values that are not NULL, with a separator between them. */
static Status join(Context *ctx, Str separator, const Value *values, size_t count, Value *ret_value)
{
    CLEANUP(buf_done) Buf text = {.limit = FUNCTION_TEXT_MAX};
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (value_is_null(&values[i]))
            continue;
        if (!first)
            buf_str_append(&text, separator);
        first = false;
        value_write_text(&text, &values[i]);
    }
    if (text.overflowed)
        return fail(ctx,
                    STATUS_LIMIT_EXCEEDED,
                    "a function made a text of more than %d bytes",
                    FUNCTION_TEXT_MAX);
    *ret_value = value_text(arena_str(&ctx->arena, buf_str(&text)));
    return STATUS_OK;
}

static Status eval_concat(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    return join(ctx, STR(""), args, count, ret_value);
}

static Status eval_concat_ws(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    if (value_is_null(&args[0])) {
        *ret_value = VALUE_NULL;
        return STATUS_OK;
    }
    return join(ctx, args[0].text, args + 1, count - 1, ret_value);
}

/* How many characters `wanted` means: a negative number leaves so many out. */
static size_t wanted_characters(Str text, int64_t wanted)
{
    size_t have = utf8_count(text);
    if (wanted >= 0)
        return (uint64_t)wanted < have ? (size_t)wanted : have;
    uint64_t dropped = -(uint64_t)wanted;
    return dropped < have ? have - (size_t)dropped : 0;
}

static Status eval_left(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx, (void)count;
    Str text = args[0].text;
    size_t keep = wanted_characters(text, args[1].integer);
    *ret_value = value_text(slice(text, 0, utf8_offset(text, keep)));
    return STATUS_OK;
}

static Status eval_right(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx, (void)count;
    Str text = args[0].text;
    size_t keep = wanted_characters(text, args[1].integer);
    *ret_value = value_text(slice(text, utf8_offset(text, utf8_count(text) - keep), text.len));
    return STATUS_OK;
}

static Status eval_repeat(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)count;
    Str text = args[0].text;
    size_t times = args[1].integer > 0 ? (size_t)args[1].integer : 0;
    size_t size;
    char *room;
    if (__builtin_mul_overflow(text.len, times, &size))
        size = SIZE_MAX;
    TRY(function_text_room(ctx, size, &room));
    for (size_t at = 0; at < size; at += text.len)
        memcpy(room + at, text.ptr, text.len);
    *ret_value = value_text(str_from(room, size));
    return STATUS_OK;
}

static Status eval_starts_with(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx, (void)count;
    *ret_value = value_boolean(str_starts_with(args[0].text, args[1].text));
    return STATUS_OK;
}

static Status eval_ends_with(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx, (void)count;
    *ret_value = value_boolean(str_ends_with(args[0].text, args[1].text));
    return STATUS_OK;
}

static Status eval_reverse(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)count;
    Str text = args[0].text;
    char *room;
    TRY(function_text_room(ctx, text.len, &room));
    for (size_t at = 0, size; at < text.len; at += size) {
        size = utf8_size(text, at);
        memcpy(room + text.len - at - size, text.ptr + at, size);
    }
    *ret_value = value_text(str_from(room, text.len));
    return STATUS_OK;
}

/* The n-th part (from 1) between separators; from the end when n is negative. */
static Status eval_split_part(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)count;
    Str text = args[0].text, separator = args[1].text;
    int64_t wanted = args[2].integer;
    if (wanted == 0)
        return fail(ctx, STATUS_OUT_OF_RANGE, "split_part: the position must not be zero");

    int64_t parts = separator.len > 0 ? (int64_t)count_parts(text, separator) + 1 : 1;
    int64_t index = wanted > 0 ? wanted - 1 : parts + wanted;
    Str part = STR("");
    size_t from = 0;
    for (int64_t i = 0; i < parts && i <= index; i++) {
        size_t end = separator.len > 0 ? find_text(text, separator, from) : SIZE_MAX;
        if (end == SIZE_MAX)
            end = text.len;
        if (i == index)
            part = slice(text, from, end);
        from = end + separator.len;
    }
    *ret_value = value_text(part);
    return STATUS_OK;
}

/* `count` characters of the filling, over and over. */
typedef struct Padding {
    Str fill;
    size_t whole; /* times the whole filling */
    size_t rest;  /* bytes of it after that */
} Padding;

static Padding padding_of(Str fill, size_t characters)
{
    size_t each = utf8_count(fill);
    return (Padding){fill, characters / each, utf8_offset(fill, characters % each)};
}

static char *padding_write(const Padding *padding, char *out)
{
    for (size_t i = 0; i < padding->whole; i++)
        out = mempcpy(out, padding->fill.ptr, padding->fill.len);
    return mempcpy(out, padding->fill.ptr, padding->rest);
}

static Status pad(Context *ctx, const Value *args, size_t count, bool left, Value *ret_value)
{
    Str text = args[0].text, fill = count == 3 ? args[2].text : STR(" ");
    size_t width = args[1].integer > 0 ? (size_t)args[1].integer : 0;
    size_t have = utf8_count(text);
    if (width <= have || fill.len == 0) {
        *ret_value = value_text(slice(text, 0, utf8_offset(text, width)));
        return STATUS_OK;
    }
    char *room;
    Padding padding = padding_of(fill, width - have);
    size_t size;
    if (__builtin_mul_overflow(padding.whole, fill.len, &size) ||
        __builtin_add_overflow(size, padding.rest + text.len, &size))
        size = SIZE_MAX;
    TRY(function_text_room(ctx, size, &room));
    char *out = left ? padding_write(&padding, room) : room;
    if (text.len > 0)
        out = mempcpy(out, text.ptr, text.len);
    if (!left)
        padding_write(&padding, out);
    *ret_value = value_text(str_from(room, size));
    return STATUS_OK;
}

static Status eval_lpad(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    return pad(ctx, args, count, true, ret_value);
}

static Status eval_rpad(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    return pad(ctx, args, count, false, ret_value);
}

#define TEXT    PARAMETER_TEXT
#define INTEGER PARAMETER_INTEGER
#define FUNCTION_TEXT(name_, eval_, result_, min_, max_, ...)                                      \
    {                                                                                              \
        .name = STR_INIT(name_), .eval = (eval_), .result = TYPE_##result_, .arg_min = (min_),     \
        .arg_max = (max_), .parameters = {                                                         \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const Function FUNCTIONS[] = {
    FUNCTION_TEXT("lower", eval_lower, TEXT, 1, 1, TEXT),
    FUNCTION_TEXT("upper", eval_upper, TEXT, 1, 1, TEXT),
    FUNCTION_TEXT("length", eval_char_length, BIGINT, 1, 1, TEXT),
    FUNCTION_TEXT("char_length", eval_char_length, BIGINT, 1, 1, TEXT),
    FUNCTION_TEXT("character_length", eval_char_length, BIGINT, 1, 1, TEXT),
    FUNCTION_TEXT("octet_length", eval_octet_length, BIGINT, 1, 1, PARAMETER_ANY),
    FUNCTION_TEXT("substring", eval_substring, TEXT, 2, 3, TEXT, INTEGER),
    FUNCTION_TEXT("substr", eval_substring, TEXT, 2, 3, TEXT, INTEGER),
    FUNCTION_TEXT("btrim", eval_btrim, TEXT, 1, 2, TEXT),
    FUNCTION_TEXT("ltrim", eval_ltrim, TEXT, 1, 2, TEXT),
    FUNCTION_TEXT("rtrim", eval_rtrim, TEXT, 1, 2, TEXT),
    FUNCTION_TEXT("replace", eval_replace, TEXT, 3, 3, TEXT),
    FUNCTION_TEXT("strpos", eval_strpos, BIGINT, 2, 2, TEXT),
    FUNCTION_TEXT("left", eval_left, TEXT, 2, 2, TEXT, INTEGER),
    FUNCTION_TEXT("right", eval_right, TEXT, 2, 2, TEXT, INTEGER),
    FUNCTION_TEXT("repeat", eval_repeat, TEXT, 2, 2, TEXT, INTEGER),
    FUNCTION_TEXT("starts_with", eval_starts_with, BOOLEAN, 2, 2, TEXT),
    FUNCTION_TEXT("ends_with", eval_ends_with, BOOLEAN, 2, 2, TEXT),
    FUNCTION_TEXT("reverse", eval_reverse, TEXT, 1, 1, TEXT),
    FUNCTION_TEXT("split_part", eval_split_part, TEXT, 3, 3, TEXT, TEXT, INTEGER),
    FUNCTION_TEXT("lpad", eval_lpad, TEXT, 2, 3, TEXT, INTEGER, TEXT),
    FUNCTION_TEXT("rpad", eval_rpad, TEXT, 2, 3, TEXT, INTEGER, TEXT),
    {.name = STR_INIT("concat"),
     .eval = eval_concat,
     .result = TYPE_TEXT,
     .arg_min = 1,
     .arg_max = FUNCTION_ANY_COUNT,
     .takes_null = true,
     .parameters = {PARAMETER_ANY}},
    {.name = STR_INIT("concat_ws"),
     .eval = eval_concat_ws,
     .result = TYPE_TEXT,
     .arg_min = 2,
     .arg_max = FUNCTION_ANY_COUNT,
     .takes_null = true,
     .parameters = {PARAMETER_TEXT, PARAMETER_ANY}},
};

const FunctionTable functions_text = {FUNCTIONS, sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0])};
