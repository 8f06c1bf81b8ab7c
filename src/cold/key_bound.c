/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bound is a key, or a key's successor (its last byte counted up), or the
 * beginning of a text's key without its end.  As no key is the beginning of
 * another, nothing lies between a key and its successor.
 */
#include "cold/key_bound.h"

#include "value/key.h"

static const Str TEXT_END = STR_INIT("\0\1");

/*
 * A successor may read as some value, too: of a FLOAT, whose key is as wide as a
 * DOUBLE's, or of a DECIMAL with more digits than the type has.  It is not what
 * that value is written as.
 */
static bool is_written_so(Context *ctx, Type type, const Value *value, Str key)
{
    CLEANUP(buf_done) Buf written = {0};
    Value of_type;
    if (value_cast(ctx, value, type, &of_type) != STATUS_OK) {
        context_clear_error(ctx);
        return false;
    }
    if (type.kind == TYPE_FLOAT)
        of_type.real = (float)of_type.real;
    key_append(&written, &of_type);
    return str_equal(buf_str(&written), key);
}

/* Exactly one key of the type. */
static bool decode(Context *ctx, Type type, Str key, Value *ret_value)
{
    Reader reader = reader_from(key);
    if (key_read(ctx, &reader, type, ret_value) != STATUS_OK) {
        context_clear_error(ctx);
        return false;
    }
    bool is_text = ret_value->kind == TYPE_TEXT || ret_value->kind == TYPE_JSON;
    return reader_left(&reader) == 0 && (!is_text || str_is_utf8(ret_value->text)) &&
           is_written_so(ctx, type, ret_value, key);
}

static bool decode_predecessor(Context *ctx, Type type, Str successor, Value *ret_value)
{
    CLEANUP(buf_done) Buf key = {0};
    buf_str_append(&key, successor);
    key.ptr[key.len - 1] = (char)(key.ptr[key.len - 1] - 1);
    return decode(ctx, type, arena_str(&ctx->arena, buf_str(&key)), ret_value);
}

static bool decode_beginning(Context *ctx, Type type, Str beginning, Value *ret_value)
{
    if (type.kind != TYPE_TEXT && type.kind != TYPE_JSON && type.kind != TYPE_BYTES)
        return false;
    CLEANUP(buf_done) Buf key = {0};
    buf_str_append(&key, beginning);
    buf_str_append(&key, TEXT_END);
    return decode(ctx, type, arena_str(&ctx->arena, buf_str(&key)), ret_value);
}

/* at_value: is the value itself on the bound's inner side when the bound is its very key? */
static KeyBound read_bound(Context *ctx, Type type, Str bound, bool at_value)
{
    KeyBound result = {0};
    if (bound.len == 0)
        return result;
    result.known = true;
    result.inclusive = at_value;
    if (decode(ctx, type, bound, &result.value) ||
        decode_beginning(ctx, type, bound, &result.value))
        return result;
    result.inclusive = !at_value;
    if (decode_predecessor(ctx, type, bound, &result.value))
        return result;
    return (KeyBound){0};
}

KeyBound key_bound_lower(Context *ctx, Type type, Str bound)
{
    return read_bound(ctx, type, bound, true);
}

KeyBound key_bound_upper(Context *ctx, Type type, Str bound)
{
    return read_bound(ctx, type, bound, false);
}
