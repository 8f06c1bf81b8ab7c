/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is asking, and new identifiers.
 */
#include "expr/functions.h"

#include "value/ids.h"

enum { UUID_TEXT_SIZE = 36, ULID_TEXT_SIZE = 26 };

static Value user_of(const ExprEnvironment *environment)
{
    return value_text(environment->user_id);
}

static Value role_of(const ExprEnvironment *environment)
{
    return value_text(str_from_c(role_word(environment->role)));
}

static Status eval_snowflake_id(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)ctx, (void)args, (void)count;
    *ret_value = value_bigint(snowflake_next());
    return STATUS_OK;
}

static Status eval_uuid_v7(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)args, (void)count;
    uint8_t uuid[16];
    char *text = arena_alloc(&ctx->arena, UUID_TEXT_SIZE);
    uuid_v7_next(uuid);
    uuid_format(uuid, text);
    *ret_value = value_text(str_from(text, UUID_TEXT_SIZE));
    return STATUS_OK;
}

static Status eval_ulid(Context *ctx, const Value *args, size_t count, Value *ret_value)
{
    (void)args, (void)count;
    char *text = arena_alloc(&ctx->arena, ULID_TEXT_SIZE);
    ulid_next(text);
    *ret_value = value_text(str_from(text, ULID_TEXT_SIZE));
    return STATUS_OK;
}

#define FUNCTION_SESSION_VALUE(name_, of_)                                                         \
    {                                                                                              \
        .name = STR_INIT(name_), .volatility = FUNCTION_SESSION, .of_environment = (of_),          \
        .result = TYPE_TEXT                                                                        \
    }
#define FUNCTION_NEW_ID(name_, eval_, result_)                                                     \
    {                                                                                              \
        .name = STR_INIT(name_), .volatility = FUNCTION_VOLATILE, .eval = (eval_),                 \
        .result = TYPE_##result_                                                                   \
    }

static const Function FUNCTIONS[] = {
    FUNCTION_SESSION_VALUE("current_user", user_of),
    FUNCTION_SESSION_VALUE("current_user_id", user_of),
    FUNCTION_SESSION_VALUE("current_role", role_of),
    FUNCTION_NEW_ID("snowflake_id", eval_snowflake_id, BIGINT),
    FUNCTION_NEW_ID("uuid_v7", eval_uuid_v7, TEXT),
    FUNCTION_NEW_ID("ulid", eval_ulid, TEXT),
};

const FunctionTable functions_id = {FUNCTIONS, sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0])};
