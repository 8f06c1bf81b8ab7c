/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_live.h"

#include "base/clock.h"
#include "base/memory.h"
#include "client/client_socket.h"
#include "client/resume.h"

#include <poll.h>

enum { PAUSE_FIRST_MS = 200, PAUSE_MAX_MS = 5000, PAUSE_STEP_MS = 200 };

typedef struct Subscription Subscription;
struct Subscription {
    Subscription *next;
    Buf id;
    Buf sql;
    Buf options;
    Resume resume;
};

struct ClientLive {
    Client *client;
    ClientSocket *socket; /* NULL = lost */
    Subscription *subscriptions;
    Buf lost_reason;
    bool lost_told;
    int pause_ms; /* before the next attempt to connect */
    int64_t retry_at_us;
};

/* ---- subscriptions ---- */

static void subscription_free(Subscription *subscription)
{
    buf_done(&subscription->id);
    buf_done(&subscription->sql);
    buf_done(&subscription->options);
    free(subscription);
}

static Subscription *find(ClientLive *live, Str id)
{
    Subscription *subscription = live->subscriptions;
    while (subscription && !str_equal(buf_str(&subscription->id), id))
        subscription = subscription->next;
    return subscription;
}

static void forget(ClientLive *live, Str id)
{
    Subscription **place = &live->subscriptions;
    while (*place && !str_equal(buf_str(&(*place)->id), id))
        place = &(*place)->next;
    Subscription *found = *place;
    if (!found)
        return;
    *place = found->next;
    subscription_free(found);
}

static Status send_subscribe(Context *ctx, ClientLive *live, const Subscription *subscription)
{
    CLEANUP(buf_done) Buf message = {0};
    const Json *options = NULL;
    if (subscription->options.len)
        TRY(json_parse(ctx, buf_str(&subscription->options), &options));
    BUF_LIT(&message, "{\"type\":\"subscribe\",\"subscription\":{\"id\":");
    json_write_string(&message, buf_str(&subscription->id));
    BUF_LIT(&message, ",\"sql\":");
    json_write_string(&message, buf_str(&subscription->sql));
    BUF_LIT(&message, ",\"options\":");
    resume_write_options(&subscription->resume, options, &message);
    BUF_LIT(&message, "}}");
    return client_socket_send(ctx, live->socket, buf_str(&message));
}

/* ---- the connection ---- */

/* With a renewed token when the server refuses this one. */
static Status connect_socket(Context *ctx, ClientLive *live)
{
    Client *client = live->client;
    for (bool renewed = false;; renewed = true) {
        int64_t deadline = client_connect_deadline_us(client);
        Status status = client_socket_open(
            ctx, client_url(client), client_token(client), deadline, &live->socket);
        if (status != STATUS_INVALID_CREDENTIALS || renewed)
            return status;
        TRY(client_refresh(ctx, client));
    }
}

/* The reason goes into the event; the next receive goes on from here. */
static void lose(Context *ctx, ClientLive *live, Str reason)
{
    buf_clear(&live->lost_reason);
    buf_str_append(&live->lost_reason, reason);
    context_clear_error(ctx);
    client_socket_close(live->socket);
    live->socket = NULL;
    live->lost_told = false;
    live->pause_ms = PAUSE_FIRST_MS;
    live->retry_at_us = clock_monotonic_us() + live->pause_ms * INT64_C(1000);
}

/* A cut found while sending is told by the next receive. */
static Status keep_going(Context *ctx, ClientLive *live, Status sent)
{
    if (sent == STATUS_IO_ERROR || sent == STATUS_TIMEOUT) {
        lose(ctx, live, ctx->message);
        return STATUS_OK;
    }
    return sent;
}

Status client_live_open(Context *ctx, Client *client, ClientLive **ret_live)
{
    CLEANUP(client_live_close) ClientLive *live = NEW(ClientLive);
    live->client = client;
    TRY(connect_socket(ctx, live));
    *ret_live = TAKE(live);
    return STATUS_OK;
}

void client_live_close(ClientLive *live)
{
    if (!live)
        return;
    client_socket_close(live->socket);
    while (live->subscriptions) {
        Subscription *first = live->subscriptions;
        live->subscriptions = first->next;
        subscription_free(first);
    }
    buf_done(&live->lost_reason);
    free(live);
}

Status client_live_send(Context *ctx, ClientLive *live, Str json)
{
    if (!live->socket)
        return fail(ctx, STATUS_IO_ERROR, "there is no connection at the moment");
    return client_socket_send(ctx, live->socket, json);
}

Status client_live_subscribe(Context *ctx, ClientLive *live, Str id, Str sql, Str options)
{
    const Json *parsed = NULL;
    if (!str_is_utf8(sql) || !str_is_utf8(id))
        return fail(ctx, STATUS_INVALID_INPUT, "the live query is not UTF-8");
    if (options.len)
        TRY(json_parse(ctx, options, &parsed));
    if (parsed && parsed->kind != JSON_OBJECT)
        return fail(ctx, STATUS_INVALID_INPUT, "subscription options must be a JSON object");

    Subscription *subscription = NEW(Subscription);
    buf_str_append(&subscription->id, id);
    buf_str_append(&subscription->sql, sql);
    buf_str_append(&subscription->options, options);
    forget(live, id);
    subscription->next = live->subscriptions;
    live->subscriptions = subscription;
    if (!live->socket)
        return STATUS_OK;
    return keep_going(ctx, live, send_subscribe(ctx, live, subscription));
}

Status client_live_unsubscribe(Context *ctx, ClientLive *live, Str id)
{
    CLEANUP(buf_done) Buf message = {0};
    forget(live, id);
    if (!live->socket)
        return STATUS_OK;
    BUF_LIT(&message, "{\"type\":\"unsubscribe\",\"subscription_id\":");
    json_write_string(&message, id);
    BUF_LIT(&message, "}");
    return keep_going(ctx, live, client_socket_send(ctx, live->socket, buf_str(&message)));
}

/* ---- receiving ---- */

static Str member_text(const Json *message, Str name)
{
    const Json *member = json_member(message, name);
    return member && member->kind == JSON_STRING ? member->text : STR_NULL;
}

/* Asks for the next batch when this one says that there is more. */
static Status continue_batches(Context *ctx, ClientLive *live, const ClientEvent *event)
{
    CLEANUP(buf_done) Buf message = {0};
    const Json *control = json_member(event->message, STR("batch_control"));
    const Json *more = json_member(control, STR("has_more"));
    const Json *last = json_member(control, STR("last_seq_id"));
    if (!more || more->kind != JSON_TRUE)
        return STATUS_OK;
    BUF_LIT(&message, "{\"type\":\"next_batch\",\"subscription_id\":");
    json_write_string(&message, event->subscription_id);
    if (last && last->kind == JSON_NUMBER) {
        BUF_LIT(&message, ",\"last_seq_id\":");
        buf_str_append(&message, last->text);
    }
    BUF_LIT(&message, "}");
    return keep_going(ctx, live, client_socket_send(ctx, live->socket, buf_str(&message)));
}

/*
 * An expired token ends all subscriptions at a known place: go on there with a new one.
 * A refresh that cannot be answered now is tried again when connecting.
 */
static Status renew(Context *ctx, ClientLive *live, ClientEvent *ret_event)
{
    Status status = client_refresh(ctx, live->client);
    if (status == STATUS_CANCELLED || status == STATUS_INVALID_CREDENTIALS)
        return status;
    lose(ctx, live, STR("the token has expired"));
    *ret_event = (ClientEvent){.kind = CLIENT_EVENT_NONE};
    return STATUS_OK;
}

static Status
take_message(Context *ctx, ClientLive *live, const Json *message, ClientEvent *ret_event)
{
    ClientEvent event = {
        .kind = CLIENT_EVENT_MESSAGE,
        .message = message,
        .type = member_text(message, STR("type")),
        .subscription_id = member_text(message, STR("subscription_id")),
    };
    Subscription *subscription = find(live, event.subscription_id);
    if (subscription)
        resume_observe(&subscription->resume, message);
    if (subscription && str_equal(event.type, STR("initial_data_batch")))
        TRY(continue_batches(ctx, live, &event));
    if (str_equal(event.type, STR("error"))) {
        if (str_equal(member_text(message, STR("code")), STR("TOKEN_EXPIRED")))
            return renew(ctx, live, ret_event);
        forget(live, event.subscription_id);
    }
    *ret_event = event;
    return STATUS_OK;
}

static Status
receive_connected(Context *ctx, ClientLive *live, int64_t deadline_us, ClientEvent *ret_event)
{
    Str text;
    const Json *message;
    Status status = client_socket_receive(ctx, live->socket, deadline_us, &text);
    if (status == STATUS_TIMEOUT) {
        context_clear_error(ctx);
        *ret_event = (ClientEvent){.kind = CLIENT_EVENT_NONE};
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = json_parse(ctx, text, &message);
    if (status == STATUS_CANCELLED)
        return status;
    if (status != STATUS_OK) {
        lose(ctx, live, ctx->message);
        *ret_event = (ClientEvent){.kind = CLIENT_EVENT_NONE};
        return STATUS_OK;
    }
    return take_message(ctx, live, message, ret_event);
}

static Status wait_for_retry(Context *ctx, const ClientLive *live, int64_t deadline_us)
{
    int64_t until = deadline_us < live->retry_at_us ? deadline_us : live->retry_at_us;
    for (;;) {
        TRY(context_check(ctx));
        int64_t left_ms = (until - clock_monotonic_us() + 999) / 1000;
        if (left_ms <= 0)
            return STATUS_OK;
        poll(NULL, 0, left_ms < PAUSE_STEP_MS ? (int)left_ms : PAUSE_STEP_MS);
    }
}

static Status reconnect(Context *ctx, ClientLive *live)
{
    TRY(connect_socket(ctx, live));
    for (Subscription *subscription = live->subscriptions; subscription;
         subscription = subscription->next)
        TRY(send_subscribe(ctx, live, subscription));
    return STATUS_OK;
}

/* One attempt; a failure that may pass only makes the next one later. */
static Status try_to_reconnect(Context *ctx, ClientLive *live, ClientEvent *ret_event)
{
    *ret_event = (ClientEvent){.kind = CLIENT_EVENT_NONE};
    Status status = reconnect(ctx, live);
    if (status == STATUS_CANCELLED || status == STATUS_INVALID_CREDENTIALS)
        return status;
    if (status == STATUS_OK) {
        ret_event->kind = CLIENT_EVENT_RESUMED;
        return STATUS_OK;
    }
    context_clear_error(ctx);
    client_socket_close(live->socket);
    live->socket = NULL;
    live->pause_ms = live->pause_ms * 2 < PAUSE_MAX_MS ? live->pause_ms * 2 : PAUSE_MAX_MS;
    live->retry_at_us = clock_monotonic_us() + live->pause_ms * INT64_C(1000);
    return STATUS_OK;
}

Status client_live_receive(Context *ctx, ClientLive *live, int timeout_ms, ClientEvent *ret_event)
{
    int64_t deadline_us = clock_monotonic_us() + timeout_ms * INT64_C(1000);
    do {
        ClientEvent event = {.kind = CLIENT_EVENT_NONE};
        if (live->socket) {
            TRY(receive_connected(ctx, live, deadline_us, &event));
        } else if (!live->lost_told) {
            live->lost_told = true;
            event = (ClientEvent){
                .kind = CLIENT_EVENT_LOST,
                .reason = arena_str(&ctx->arena, buf_str(&live->lost_reason)),
            };
        } else {
            TRY(wait_for_retry(ctx, live, deadline_us));
            if (clock_monotonic_us() >= live->retry_at_us)
                TRY(try_to_reconnect(ctx, live, &event));
        }
        if (event.kind != CLIENT_EVENT_NONE) {
            *ret_event = event;
            return STATUS_OK;
        }
    } while (clock_monotonic_us() < deadline_us);
    *ret_event = (ClientEvent){.kind = CLIENT_EVENT_NONE};
    return STATUS_OK;
}
