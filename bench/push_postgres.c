/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LISTEN and NOTIFY; `detail` is the statement that publishes.  NOTIFY alone writes
 * nothing that lasts; the INSERT fires a trigger that notifies with the row, at commit.
 * libpq's own environment (PGHOST, PGPORT, ..) says which server.
 */
#include "push_target.h"

#include "base/memory.h"
#include "samples.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct PostgresPush {
    PGconn *publisher;
    PGconn *subscriber;
} PostgresPush;

static PGconn *postgres_connect(void)
{
    PGconn *connection = PQconnectdb("");
    if (PQstatus(connection) != CONNECTION_OK)
        die("postgres: %s", PQerrorMessage(connection));
    return connection;
}

static void check_result(PGconn *connection, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        die("postgres: %s", PQerrorMessage(connection));
    PQclear(result);
}

static void *postgres_open(const char *statement)
{
    PostgresPush *push = NEW(PostgresPush);
    push->publisher = postgres_connect();
    push->subscriber = postgres_connect();
    check_result(push->publisher, PQprepare(push->publisher, "publish", statement, 1, NULL));
    check_result(push->subscriber, PQexec(push->subscriber, "LISTEN bench"));
    return push;
}

/* Has the subscriber been told? */
static bool take_notification(PGconn *subscriber)
{
    bool told = false;
    if (!PQconsumeInput(subscriber))
        die("postgres: %s", PQerrorMessage(subscriber));
    for (PGnotify *notify; (notify = PQnotifies(subscriber)) != NULL;) {
        PQfreemem(notify);
        told = true;
    }
    return told;
}

/* Is the statement done? */
static bool take_answer(PGconn *publisher)
{
    if (!PQconsumeInput(publisher))
        die("postgres: %s", PQerrorMessage(publisher));
    while (!PQisBusy(publisher)) {
        PGresult *result = PQgetResult(publisher);
        if (!result)
            return true;
        check_result(publisher, result);
    }
    return false;
}

static int64_t postgres_push(void *state)
{
    PostgresPush *push = state;
    const char *parameters[] = {PUSH_BODY};
    int64_t started = now_ns();
    int64_t arrived = 0;
    bool answered = false;
    if (!PQsendQueryPrepared(push->publisher, "publish", 1, parameters, NULL, NULL, 0))
        die("postgres: %s", PQerrorMessage(push->publisher));
    while (!arrived || !answered) {
        if (push_wait(PQsocket(push->subscriber), PQsocket(push->publisher))) {
            if (take_notification(push->subscriber) && !arrived)
                arrived = now_ns();
        } else {
            answered = take_answer(push->publisher);
        }
    }
    return arrived - started;
}

static void postgres_close(void *state)
{
    PostgresPush *push = state;
    PQfinish(push->publisher);
    PQfinish(push->subscriber);
    free(push);
}

const PushTarget PUSH_POSTGRES[] = {
    {"postgres-notify",
     "SELECT pg_notify('bench', $1)",
     postgres_open,
     postgres_push,
     postgres_close},
    {"postgres-insert",
     "INSERT INTO push (body) VALUES ($1)",
     postgres_open,
     postgres_push,
     postgres_close},
    {.name = NULL},
};
