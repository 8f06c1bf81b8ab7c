/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ws_message.h"

static Status bad(Context *ctx, const char *why)
{
    return fail(ctx, STATUS_INVALID_INPUT, "%s", why);
}

/* Missing and null are the same. */
static const Json *given(const Json *json, Str name)
{
    const Json *member = json_member(json, name);
    return member && member->kind != JSON_NULL ? member : NULL;
}

static Status read_text(Context *ctx, const Json *json, const char *name, Str *ret_text)
{
    const Json *member = given(json, str_from_c(name));
    if (!member || member->kind != JSON_STRING)
        return fail(ctx, STATUS_INVALID_INPUT, "\"%s\" must be a string", name);
    *ret_text = member->text;
    return STATUS_OK;
}

/* A word that may be missing, then the first; else one of the two. */
static Status read_choice(
    Context *ctx, const Json *json, const char *name, const char *const words[2], int *ret_choice)
{
    const Json *member = given(json, str_from_c(name));
    *ret_choice = 0;
    if (!member)
        return STATUS_OK;
    for (int i = 0; i < 2; i++) {
        *ret_choice = i;
        if (member->kind == JSON_STRING && str_equal(member->text, str_from_c(words[i])))
            return STATUS_OK;
    }
    return fail(
        ctx, STATUS_INVALID_INPUT, "\"%s\" must be \"%s\" or \"%s\"", name, words[0], words[1]);
}

static Status read_authenticate(Context *ctx, const Json *json, WsAuthenticate *ret_authenticate)
{
    static const char *const SERIALIZATIONS[] = {"json", "msgpack"};
    static const char *const COMPRESSIONS[] = {"gzip", "none"};
    const Json *protocol = given(json, STR("protocol"));
    int serialization = 0; /* we always answer json, and clients adopt what we answer */
    int compression = 0;
    Str method = STR_NULL;
    TRY(read_text(ctx, json, "method", &method));
    if (!str_equal(method, STR("jwt")))
        return bad(ctx, "the only \"method\" is \"jwt\"");
    TRY(read_text(ctx, json, "token", &ret_authenticate->token));
    if (protocol && protocol->kind != JSON_OBJECT)
        return bad(ctx, "\"protocol\" must be an object");
    TRY(read_choice(ctx, protocol, "serialization", SERIALIZATIONS, &serialization));
    TRY(read_choice(ctx, protocol, "compression", COMPRESSIONS, &compression));
    ret_authenticate->gzip = compression == 0;
    return STATUS_OK;
}

static Status read_subscribe(Context *ctx, const Json *json, WsMessage *message)
{
    const Json *subscription = given(json, STR("subscription"));
    WsSubscribe *subscribe = &message->subscribe;
    if (!subscription || subscription->kind != JSON_OBJECT)
        return bad(ctx, "\"subscription\" must be an object");
    TRY(read_text(ctx, subscription, "id", &message->id));
    TRY(read_text(ctx, subscription, "sql", &subscribe->sql));
    subscribe->options = given(subscription, STR("options"));
    subscribe->parameters = given(subscription, STR("params"));
    if (subscribe->parameters && subscribe->parameters->kind != JSON_ARRAY)
        return bad(ctx, "\"params\" must be an array");
    return STATUS_OK;
}

/* A number, or a string that holds one (decision 47). */
static bool read_seq(const Json *json, SeqNo *ret_seq)
{
    bool is_number = json->kind == JSON_NUMBER || json->kind == JSON_STRING;
    return is_number && str_to_uint64(json->text, ret_seq);
}

static Status read_next_batch(Context *ctx, const Json *json, WsMessage *message)
{
    const Json *last = given(json, STR("last_seq_id"));
    TRY(read_text(ctx, json, "subscription_id", &message->id));
    message->next_batch = (WsNextBatch){.has_last = last != NULL};
    if (last && !read_seq(last, &message->next_batch.last))
        return bad(ctx, "\"last_seq_id\" must be a sequence number");
    return STATUS_OK;
}

static Status read_sql(Context *ctx, const Json *json, WsMessage *message)
{
    TRY(read_text(ctx, json, "id", &message->id));
    message->sql = json;
    return STATUS_OK;
}

static const Str KIND_WORDS[] = {
    [MESSAGE_AUTHENTICATE] = STR_INIT("authenticate"),
    [MESSAGE_SUBSCRIBE] = STR_INIT("subscribe"),
    [MESSAGE_NEXT_BATCH] = STR_INIT("next_batch"),
    [MESSAGE_UNSUBSCRIBE] = STR_INIT("unsubscribe"),
    [MESSAGE_PING] = STR_INIT("ping"),
    [MESSAGE_SQL] = STR_INIT("sql"),
};

static Status read_kind(Context *ctx, const Json *json, WsMessageKind *ret_kind)
{
    Str type = STR_NULL;
    TRY(read_text(ctx, json, "type", &type));
    for (int i = 0; i <= MESSAGE_SQL; i++) {
        if (str_equal(type, KIND_WORDS[i])) {
            *ret_kind = (WsMessageKind)i;
            return STATUS_OK;
        }
    }
    return fail(ctx, STATUS_INVALID_INPUT, "there is no message type \"%.*s\"", STR_ARG(type));
}

Status ws_message_parse(Context *ctx, Str text, WsMessage *ret_message)
{
    WsMessage message = {0};
    const Json *json;
    TRY(json_parse(ctx, text, &json));
    if (json->kind != JSON_OBJECT)
        return bad(ctx, "a message must be an object");
    TRY(read_kind(ctx, json, &message.kind));
    switch (message.kind) {
    case MESSAGE_AUTHENTICATE:
        TRY(read_authenticate(ctx, json, &message.authenticate));
        break;
    case MESSAGE_SUBSCRIBE:
        TRY(read_subscribe(ctx, json, &message));
        break;
    case MESSAGE_NEXT_BATCH:
        TRY(read_next_batch(ctx, json, &message));
        break;
    case MESSAGE_UNSUBSCRIBE:
        TRY(read_text(ctx, json, "subscription_id", &message.id));
        break;
    case MESSAGE_PING:
        break;
    case MESSAGE_SQL:
        TRY(read_sql(ctx, json, &message));
        break;
    }
    *ret_message = message;
    return STATUS_OK;
}
