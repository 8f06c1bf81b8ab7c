/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/functions.h"

#include "expr/nearest.h"

static const FunctionTable *const FAMILIES[] = {
    &functions_text,
    &functions_math,
    &functions_time,
    &functions_json,
    &functions_id,
};

enum { FAMILY_COUNT = sizeof(FAMILIES) / sizeof(FAMILIES[0]) };

static const Str AGGREGATES[] = {
    STR_INIT("count"), STR_INIT("sum"), STR_INIT("avg"), STR_INIT("min"), STR_INIT("max")};

const Function *function_find(Str name)
{
    for (size_t f = 0; f < FAMILY_COUNT; f++) {
        for (size_t i = 0; i < FAMILIES[f]->count; i++) {
            if (str_equal(FAMILIES[f]->items[i].name, name))
                return &FAMILIES[f]->items[i];
        }
    }
    return NULL;
}

Str function_nearest(Str name)
{
    Nearest nearest = {.wanted = name};
    for (size_t f = 0; f < FAMILY_COUNT; f++) {
        for (size_t i = 0; i < FAMILIES[f]->count; i++)
            nearest_offer(&nearest, FAMILIES[f]->items[i].name);
    }
    for (size_t i = 0; i < sizeof(AGGREGATES) / sizeof(AGGREGATES[0]); i++)
        nearest_offer(&nearest, AGGREGATES[i]);
    return nearest.best;
}

Parameter function_parameter(const Function *function, size_t index)
{
    size_t last = sizeof(function->parameters) - 1;
    if (index > last)
        index = last;
    while (index > 0 && function->parameters[index] == PARAMETER_AS_BEFORE)
        index--;
    return (Parameter)function->parameters[index];
}

Type function_result_first(const Expr *const *args, size_t count)
{
    return count == 0 || args[0]->type.kind == TYPE_NULL ? TYPE(DOUBLE) : args[0]->type;
}

Status function_text_room(Context *ctx, size_t size, char **ret_room)
{
    if (size > FUNCTION_TEXT_MAX)
        return fail(ctx,
                    STATUS_LIMIT_EXCEEDED,
                    "a function made a text of %zu bytes; at most %d are allowed",
                    size,
                    FUNCTION_TEXT_MAX);
    *ret_room = arena_alloc(&ctx->arena, size + 1);
    return STATUS_OK;
}

bool function_never_fails(const Function *function)
{
    static const Str NAMES[] = {
        STR_INIT("lower"),        STR_INIT("upper"),          STR_INIT("length"),
        STR_INIT("char_length"),  STR_INIT("octet_length"),   STR_INIT("character_length"),
        STR_INIT("btrim"),        STR_INIT("ltrim"),          STR_INIT("rtrim"),
        STR_INIT("strpos"),       STR_INIT("starts_with"),    STR_INIT("ends_with"),
        STR_INIT("reverse"),      STR_INIT("left"),           STR_INIT("right"),
        STR_INIT("greatest"),     STR_INIT("least"),          STR_INIT("json_get"),
        STR_INIT("json_get_str"), STR_INIT("json_as_text"),   STR_INIT("json_contains"),
        STR_INIT("json_length"),  STR_INIT("json_get_array"), STR_INIT("json_get_json"),
    };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        if (str_equal(function->name, NAMES[i]))
            return true;
    }
    return false;
}
