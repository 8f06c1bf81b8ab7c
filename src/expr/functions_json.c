/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON: a document, then a path of keys and indexes.  A missing path is NULL,
 * and so is a value of another kind than the function gives.
 */
#include "expr/functions.h"

#include "value/json.h"

/*
 * The parsed tree is scratch memory of one call: what is given back is copied
 * or lies in the document's own text, so the arena can be rewound.
 */
typedef struct Found {
    ArenaMark mark;
    const Json *json; /* NULL = no such path */
} Found;

static const Json *step(const Json *json, const Value *key)
{
    return key->kind == TYPE_TEXT ? json_member(json, key->text) : json_element(json, key->integer);
}

static Status find(Context *ctx, const Value *args, size_t count, Found *ret_found)
{
    Found found = {.mark = arena_mark(&ctx->arena)};
    TRY(json_parse(ctx, args[0].text, &found.json));
    for (size_t i = 1; i < count && found.json; i++)
        found.json = step(found.json, &args[i]);
    *ret_found = found;
    return STATUS_OK;
}

/* Ends the use of what was found; a text made by the parser stays in the arena. */
static void give_text(Context *ctx, const Value *document, Found found, Value value, Value *ret)
{
    const char *begin = document->text.ptr;
    bool borrowed = value.kind == TYPE_NULL || value.text.len == 0 ||
                    (value.text.ptr >= begin && value.text.ptr < begin + document->text.len);
    if (borrowed)
        arena_rewind(&ctx->arena, found.mark);
    if (value.kind != TYPE_NULL && value.text.len == 0)
        value.text = STR("");
    *ret = value;
}

static Value json_value(Str source)
{
    return (Value){.kind = TYPE_JSON, .text = source};
}

static Status eval_json_get(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Found found;
    TRY(find(ctx, args, count, &found));
    Value value = found.json ? json_value(found.json->source) : VALUE_NULL;
    give_text(ctx, &args[0], found, value, ret_value);
    return STATUS_OK;
}

static Status eval_json_get_array(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Found found;
    TRY(find(ctx, args, count, &found));
    bool is_array = found.json && found.json->kind == JSON_ARRAY;
    Value value = is_array ? json_value(found.json->source) : VALUE_NULL;
    give_text(ctx, &args[0], found, value, ret_value);
    return STATUS_OK;
}

static Status eval_json_get_str(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Found found;
    TRY(find(ctx, args, count, &found));
    bool is_string = found.json && found.json->kind == JSON_STRING;
    Value value = is_string ? value_text(found.json->text) : VALUE_NULL;
    give_text(ctx, &args[0], found, value, ret_value);
    return STATUS_OK;
}

/* ->>: a string without its quotes, anything else as it is written; null is NULL. */
static Status eval_json_as_text(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Found found;
    TRY(find(ctx, args, count, &found));
    Value value = VALUE_NULL;
    if (found.json && found.json->kind == JSON_STRING)
        value = value_text(found.json->text);
    else if (found.json && found.json->kind != JSON_NULL)
        value = value_text(found.json->source);
    give_text(ctx, &args[0], found, value, ret_value);
    return STATUS_OK;
}

static Status eval_json_get_int(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Found found;
    int64_t integer;
    TRY(find(ctx, args, count, &found));
    *ret_value = json_to_int64(found.json, &integer) ? value_bigint(integer) : VALUE_NULL;
    arena_rewind(&ctx->arena, found.mark);
    return STATUS_OK;
}

static Status eval_json_get_float(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Found found;
    double real;
    TRY(find(ctx, args, count, &found));
    *ret_value = json_to_double(found.json, &real) ? value_double(real) : VALUE_NULL;
    arena_rewind(&ctx->arena, found.mark);
    return STATUS_OK;
}

static Status eval_json_get_bool(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Found found;
    TRY(find(ctx, args, count, &found));
    bool is_boolean =
        found.json && (found.json->kind == JSON_TRUE || found.json->kind == JSON_FALSE);
    *ret_value = is_boolean ? value_boolean(found.json->kind == JSON_TRUE) : VALUE_NULL;
    arena_rewind(&ctx->arena, found.mark);
    return STATUS_OK;
}

static bool array_has_string(const Json *json, Str text)
{
    for (const Json *item = json->kind == JSON_ARRAY ? json->first : NULL; item;
         item = item->next) {
        if (item->kind == JSON_STRING && str_equal(item->text, text))
            return true;
    }
    return false;
}

/* The path exists; a last key may also be a string in an array, as PostgreSQL's ? has it. */
static Status eval_json_contains(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Found found;
    TRY(find(ctx, args, count - 1, &found));
    const Value *key = &args[count - 1];
    bool has = found.json && (step(found.json, key) ||
                              (key->kind == TYPE_TEXT && array_has_string(found.json, key->text)));
    *ret_value = value_boolean(has);
    arena_rewind(&ctx->arena, found.mark);
    return STATUS_OK;
}

static Status eval_json_length(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Found found;
    TRY(find(ctx, args, count, &found));
    bool is_container =
        found.json && (found.json->kind == JSON_ARRAY || found.json->kind == JSON_OBJECT);
    *ret_value = is_container ? value_bigint((int64_t)found.json->count) : VALUE_NULL;
    arena_rewind(&ctx->arena, found.mark);
    return STATUS_OK;
}

static Status eval_json_object_keys(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    Found found;
    CLEANUP(buf_done) Buf out = {0};
    TRY(find(ctx, args, count, &found));
    if (!found.json || found.json->kind != JSON_OBJECT) {
        arena_rewind(&ctx->arena, found.mark);
        *ret_value = VALUE_NULL;
        return STATUS_OK;
    }
    buf_byte(&out, '[');
    for (const Json *member = found.json->first; member; member = member->next) {
        if (member != found.json->first)
            buf_byte(&out, ',');
        json_write_string(&out, member->key);
    }
    buf_byte(&out, ']');
    arena_rewind(&ctx->arena, found.mark);
    *ret_value = json_value(arena_str(&ctx->arena, buf_str(&out)));
    return STATUS_OK;
}

#define FUNCTION_JSON(name_, eval_, result_, min_)                                                 \
    {                                                                                              \
        .name = STR_INIT(name_), .eval = (eval_), .result = TYPE_##result_, .arg_min = (min_),     \
        .arg_max = FUNCTION_ANY_COUNT, .parameters = {                                             \
            PARAMETER_JSON,                                                                        \
            PARAMETER_PATH                                                                         \
        }                                                                                          \
    }

static const Function FUNCTIONS[] = {
    FUNCTION_JSON("json_get", eval_json_get, JSON, 2),
    FUNCTION_JSON("json_get_json", eval_json_get, JSON, 2),
    FUNCTION_JSON("json_get_array", eval_json_get_array, JSON, 2),
    FUNCTION_JSON("json_get_str", eval_json_get_str, TEXT, 2),
    FUNCTION_JSON("json_get_int", eval_json_get_int, BIGINT, 2),
    FUNCTION_JSON("json_get_float", eval_json_get_float, DOUBLE, 2),
    FUNCTION_JSON("json_get_bool", eval_json_get_bool, BOOLEAN, 2),
    FUNCTION_JSON("json_as_text", eval_json_as_text, TEXT, 1),
    FUNCTION_JSON("json_contains", eval_json_contains, BOOLEAN, 2),
    FUNCTION_JSON("json_length", eval_json_length, BIGINT, 1),
    FUNCTION_JSON("json_object_keys", eval_json_object_keys, JSON, 1),
};

const FunctionTable functions_json = {FUNCTIONS, sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0])};
