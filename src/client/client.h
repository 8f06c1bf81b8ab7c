/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client: a blocking connection to a KalamDB server.
 *
 *     CLEANUP(client_close) Client *client = NULL;
 *     TRY(client_connect(ctx, &(ClientOptions){.url = STR("http://127.0.0.1:8080")}, &client));
 *     TRY(client_login(ctx, client, STR("alice"), password));
 *     TRY(client_sql(ctx, client, &(ClientStatement){.sql = STR("SELECT 1")}, &reply));
 *
 * One HTTP connection is kept alive and opened anew when the server has closed
 * it.  An access token that has expired is renewed with the refresh token and
 * the request sent once more; nothing else is ever sent twice, because a
 * statement whose answer is lost may have run.  Live queries have connections
 * of their own: client/client_live.h.
 *
 * Functions fail when there is no answer: STATUS_IO_ERROR, STATUS_TIMEOUT, or
 * STATUS_CANCELLED after someone set ctx->cancelled.  What the server says, an
 * error too, is a reply.  One thread at a time.
 */
#pragma once

#include "base/context.h"
#include "client/client_url.h"
#include "value/json.h"

typedef struct Client Client;

typedef struct ClientOptions {
    Str url;                /* client/client_url.h */
    int connect_timeout_ms; /* 0 = 10 s */
    int request_timeout_ms; /* 0 = 30 s */
} ClientOptions;

typedef struct ClientReply {
    int http_status;
    Str body;         /* in ctx's arena, as the rest */
    const Json *json; /* NULL when the body is none */
} ClientReply;

typedef struct ClientStatement {
    Str sql;
    Str params;    /* a JSON array; empty = none */
    Str namespace; /* empty = the server's default */
} ClientStatement;

/* Checks the address and that someone listens there. */
MUST_CHECK Status client_connect(Context *ctx, const ClientOptions *options, Client **ret_client);
void client_close(Client *client);
DEFINE_CLEANUP(Client, client_close)

/*
 * Exchanges user and password for tokens.  STATUS_INVALID_CREDENTIALS, STATUS_RATE_LIMITED and
 * STATUS_INVALID_OPERATION (the server is not set up yet) carry the server's words.
 */
MUST_CHECK Status client_login(Context *ctx, Client *client, Str user, Str password);

/* In the place of client_login(): an access token; there is no refreshing then. */
void client_set_token(Client *client, Str access_token);

/* GET /v1/api/auth/me: who the token speaks for, from then on in client_user(). */
MUST_CHECK Status client_identify(Context *ctx, Client *client);

/* Empty before client_login() or client_identify(). */
Str client_user(const Client *client);
Str client_role(const Client *client);
/* Borrowed until client_close(). */
const ClientUrl *client_url(const Client *client);
/* Until the next login or refresh. */
Str client_token(const Client *client);
int64_t client_connect_deadline_us(const Client *client);

/* The SQL envelope of protocol.md 1.6. */
MUST_CHECK Status client_sql(Context *ctx,
                             Client *client,
                             const ClientStatement *statement,
                             ClientReply *ret_reply);

/* GET of any path of the server. */
MUST_CHECK Status client_get(Context *ctx, Client *client, Str path, ClientReply *ret_reply);

/* New tokens for the refresh token; STATUS_INVALID_CREDENTIALS when there is none or it is refused.
 */
MUST_CHECK Status client_refresh(Context *ctx, Client *client);
