/* SPDX-License-Identifier: Apache-2.0 */
/* PUBLISH and SUBSCRIBE; the server's port on this machine is in BENCH_REDIS_PORT. */
#include "push_target.h"

#include "base/memory.h"
#include "samples.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct RedisPush {
    redisContext *publisher;
    redisContext *subscriber;
} RedisPush;

static redisContext *redis_connect(void)
{
    const char *port = getenv("BENCH_REDIS_PORT");
    redisContext *redis = redisConnect("127.0.0.1", (int)argument_count(port ? port : "6379"));
    if (!redis || redis->err)
        die("redis: %s", redis ? redis->errstr : "no memory");
    return redis;
}

/* The reply that has come completely, or NULL. */
static redisReply *redis_reply_take(redisContext *redis)
{
    void *reply = NULL;
    if (redisBufferRead(redis) != REDIS_OK || redisGetReplyFromReader(redis, &reply) != REDIS_OK)
        die("redis: %s", redis->errstr);
    return reply;
}

static void *redis_open(const char *detail)
{
    (void)detail;
    RedisPush *push = NEW(RedisPush);
    push->publisher = redis_connect();
    push->subscriber = redis_connect();
    freeReplyObject(redisCommand(push->subscriber, "SUBSCRIBE bench"));
    return push;
}

static int64_t redis_push(void *state)
{
    RedisPush *push = state;
    int64_t started = now_ns();
    int64_t arrived = 0;
    bool answered = false;
    int written = 0;
    if (redisAppendCommand(push->publisher, "PUBLISH bench %s", PUSH_BODY) != REDIS_OK)
        die("redis: %s", push->publisher->errstr);
    while (!written) {
        if (redisBufferWrite(push->publisher, &written) != REDIS_OK)
            die("redis: %s", push->publisher->errstr);
    }
    while (!arrived || !answered) {
        bool is_subscriber = push_wait(push->subscriber->fd, push->publisher->fd);
        redisReply *reply = redis_reply_take(is_subscriber ? push->subscriber : push->publisher);
        if (reply && is_subscriber)
            arrived = now_ns();
        else if (reply)
            answered = true;
        freeReplyObject(reply);
    }
    return arrived - started;
}

static void redis_close(void *state)
{
    RedisPush *push = state;
    redisFree(push->publisher);
    redisFree(push->subscriber);
    free(push);
}

const PushTarget PUSH_REDIS[] = {
    {"redis", "", redis_open, redis_push, redis_close},
    {.name = NULL},
};
