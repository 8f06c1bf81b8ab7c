/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a subscription between LOADING and LIVE (live_engine.h).
 *
 * Whatever reads the disk runs as a task on a worker; while it does, the
 * subscription is not in its group's members and its position stands still.  When
 * the task comes back with everything up to its snapshot, the ring of recent
 * commits bridges what arrived in the meantime; if the ring begins too late,
 * another round reads the change log.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "live/live_private.h"

enum { ROUND_BYTES_MAX = 256 * 1024, TASKS_PER_CLIENT_MAX = 4 };

struct LiveTask {
    WorkerTask work;
    MailboxItem item;
    LiveEngine *engine;
    Subscription *subscription;
    Context ctx;
    Status status;
    LiveLoad *load; /* else a catch-up round */
    LiveCatchUp round;
};

/* ---- life cycle ---- */

Subscription *
subscription_new(LiveClient *client, const LiveOptions *options, LiveGroup *group, LiveInfo *info)
{
    Subscription *subscription = NEW(Subscription);
    subscription->client = client;
    subscription->group = group;
    subscription->info = info;
    subscription->batch_size = options->batch_size;
    subscription->on_lag = options->on_lag;
    subscription->progress = options->progress;
    subscription->include_flush = options->include_flush;
    map_put(&client->subscriptions, info->subscription_id, subscription);
    atomic_fetch_add(&client->engine->subscription_count, 1);
    return subscription;
}

void subscription_move(Subscription *subscription, LiveGroup *group, LiveInfo *info)
{
    LiveEngine *engine = subscription->client->engine;
    LiveInfo *old_info = subscription->info;
    LiveGroup *old_group = subscription->group;
    Map *subscriptions = &subscription->client->subscriptions;
    map_remove(subscriptions, old_info->subscription_id);
    map_put(subscriptions, info->subscription_id, subscription);
    subscription->info = info;
    subscription->group = group;
    if (subscription->state == SUBSCRIPTION_LIVE) {
        live_group_remove_member(old_group, subscription);
        live_group_add_member(group, subscription);
    }
    live_group_leave(engine, old_group);
    live_registry_replace(engine->options.registry, old_info, info);
}

static Str id_of(const Subscription *subscription)
{
    return subscription->info->subscription_id;
}

/* The head of its change messages, until the next one is made: next to nothing beside the send,
 * and one that were kept would be a third of a subscription. */
static Str make_head(const Subscription *subscription)
{
    Buf *head = &subscription->client->engine->head;
    buf_clear(head);
    live_write_change_head(head, id_of(subscription));
    return buf_str(head);
}

/* ---- the client's list of subscriptions that want a worker ---- */

static void wait_for_worker(Subscription *subscription)
{
    LiveClient *client = subscription->client;
    if (subscription->waiting)
        return;
    subscription->waiting = true;
    subscription->next_waiting = NULL;
    if (client->waiting)
        client->waiting_last->next_waiting = subscription;
    else
        client->waiting = subscription;
    client->waiting_last = subscription;
}

static void stop_waiting(Subscription *subscription)
{
    LiveClient *client = subscription->client;
    if (!subscription->waiting)
        return;
    Subscription *previous = NULL;
    Subscription *at = client->waiting;
    for (; at != subscription; at = at->next_waiting)
        previous = at;
    if (previous)
        previous->next_waiting = subscription->next_waiting;
    else
        client->waiting = subscription->next_waiting;
    if (client->waiting_last == subscription)
        client->waiting_last = previous;
    subscription->waiting = false;
}

/* ---- the end ---- */

void subscription_close(Subscription *subscription)
{
    LiveClient *client = subscription->client;
    LiveEngine *engine = client->engine;
    uint32_t table_id = subscription->group->query->table->id;
    if (subscription->state == SUBSCRIPTION_LIVE)
        live_group_remove_member(subscription->group, subscription);
    stop_waiting(subscription);
    if (subscription->task) {
        client->task_count--;
        atomic_store(&subscription->task->ctx.cancelled, true);
    }
    map_remove(&client->subscriptions, id_of(subscription));
    live_load_free(TAKE(subscription->load));
    live_group_leave(engine, TAKE(subscription->group));
    sequencer_interest_remove(engine->options.sequencer, engine->options.index, table_id);
    live_registry_remove(engine->options.registry, TAKE(subscription->info));
    atomic_fetch_sub(&engine->subscription_count, 1);
    subscription->client = NULL;
    if (!subscription->task)
        free(subscription);
}

void subscription_end(Subscription *subscription, const char *code, Str message)
{
    LiveClient *client = subscription->client;
    CLEANUP(buf_done) Buf text = {0};
    live_write_end(&text, id_of(subscription), code, message, subscription->position);
    Shared *bytes = shared_take(&text);
    client->sink->send(client->sink_data, bytes, false);
    shared_unref(bytes);
    subscription_close(subscription);
}

void subscription_fail(Subscription *subscription, const Context *ctx)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *code = live_error_code(ctx->error);
    Audience audience = role_audience(subscription->client->role);
    subscription_end(subscription, code, live_error_message(&arena, ctx, audience));
}

/* ---- sending ---- */

/* When all together queue too much, those above the average give way first. */
static bool is_over_budget(const LiveClient *client)
{
    const LiveEngine *engine = client->engine;
    const LiveSink *sink = client->sink;
    size_t queued = sink->queued_bytes(client->sink_data);
    if (queued > engine->options.output_budget_bytes)
        return true;
    size_t total = sink->total_queued_bytes ? sink->total_queued_bytes(client->sink_data) : 0;
    return total > engine->options.output_total_bytes && queued > total / engine->client_count;
}

static void note_sent(Subscription *subscription, uint64_t row_count)
{
    LiveInfo *info = subscription->info;
    LiveClient *client = subscription->client;
    atomic_store_explicit(&info->position, subscription->position, memory_order_relaxed);
    if (row_count == 0)
        return;
    atomic_fetch_add_explicit(&info->sent, row_count, memory_order_relaxed);
    atomic_store_explicit(&info->last_update_us,
                          snowflake_to_ms(subscription->position) * 1000,
                          memory_order_relaxed);
    atomic_store_explicit(&info->origin->queued_bytes,
                          client->sink->queued_bytes(client->sink_data),
                          memory_order_relaxed);
    atomic_fetch_add_explicit(&client->engine->rows_sent, row_count, memory_order_relaxed);
}

void subscription_lag(Subscription *subscription, SeqNo position)
{
    if (subscription->state == SUBSCRIPTION_LIVE)
        live_group_remove_member(subscription->group, subscription);
    subscription->state = SUBSCRIPTION_LAGGING;
    subscription->position = position;
    wait_for_worker(subscription);
}

static void fall_behind(Subscription *subscription, SeqNo position)
{
    atomic_fetch_add(&subscription->client->engine->lag_count, 1);
    if (subscription->on_lag != LIVE_LAG_CLOSE) {
        subscription_lag(subscription, position);
        return;
    }
    subscription->position = position;
    subscription_end(
        subscription, "SLOW_CONSUMER", STR("The connection is slower than the changes"));
}

bool subscription_send(Subscription *subscription,
                       const LiveDelta *delta,
                       const CommitRecord *record)
{
    LiveClient *client = subscription->client;
    if (delta->tail_count > 0 && is_over_budget(client)) {
        fall_behind(subscription, record->first_seq - 1);
        return false;
    }
    Str head = delta->tail_count ? make_head(subscription) : STR_NULL;
    for (size_t i = 0; i < delta->tail_count; i++)
        client->sink->send_parts(client->sink_data, head, delta->tails[i]);
    subscription->position = record->seq;
    note_sent(subscription, delta->row_count);
    log_debug("live",
              "deliver live_id=%.*s-%.*s-%.*s rows=%llu messages=%zu commit=%llu first=%.40s",
              STR_ARG(client->origin->user_id),
              STR_ARG(client->origin->connection_id),
              STR_ARG(id_of(subscription)),
              (unsigned long long)delta->row_count,
              delta->tail_count,
              (unsigned long long)record->seq,
              delta->tail_count ? delta->tails[0]->bytes : "");
    return true;
}

void subscription_tell_flush(Subscription *subscription, Shared *tail)
{
    LiveClient *client = subscription->client;
    if (subscription->include_flush && !is_over_budget(client))
        client->sink->send_parts(client->sink_data, make_head(subscription), tail);
}

static void send_frames(Subscription *subscription, LiveFrames *frames)
{
    LiveClient *client = subscription->client;
    Str head = make_head(subscription);
    for (size_t i = 0; i < frames->count; i++) {
        LiveFrame *frame = &frames->items[i];
        if (frame->tail)
            client->sink->send_parts(client->sink_data, head, frame->bytes);
        else
            client->sink->send(client->sink_data, frame->bytes, frame->binary);
    }
    live_frames_done(frames);
}

/* ---- tasks ---- */

static void task_finished(LiveTask *task);

static void task_run_item(MailboxItem *item)
{
    LiveTask *task = CONTAINER_OF(item, LiveTask, item);
    task_finished(task);
}

static void task_run(WorkerTask *work)
{
    LiveTask *task = CONTAINER_OF(work, LiveTask, work);
    task->status = task->load ? live_load_run(&task->ctx, task->load)
                              : live_catch_up_run(&task->ctx, &task->round);
    task->engine->options.post(task->engine->options.post_data, &task->item);
}

static void task_start(Subscription *subscription, LiveTask *task)
{
    LiveEngine *engine = subscription->client->engine;
    task->work.run = task_run;
    task->item.run = task_run_item;
    task->engine = engine;
    task->subscription = subscription;
    subscription->task = task;
    subscription->client->task_count++;
    engine->away_count++;
    worker_pool_submit(engine->options.workers, &task->work);
}

static void task_free(LiveTask *task)
{
    live_load_free(task->load);
    live_frames_done(&task->round.frames);
    live_query_unref(task->round.query);
    context_done(&task->ctx);
    free(task);
}

/* ---- loading ---- */

Snapshot *subscription_snapshot(LiveEngine *engine, const Table *table)
{
    Published *published = sequencer_published(engine->options.sequencer);
    return table_is_sync(table) ? published_durable(published) : published_applied(published);
}

static LiveLoadMode load_mode(const LiveOptions *options)
{
    return options->resume          ? LIVE_LOAD_RESUME
           : options->has_last_rows ? LIVE_LOAD_LAST
                                    : LIVE_LOAD_ALL;
}

/* What every load needs; how it loads is the caller's. */
static LiveLoadOptions load_options(const Subscription *subscription, Snapshot *snapshot)
{
    return (LiveLoadOptions){
        .sequencer = subscription->client->engine->options.sequencer,
        .cold = subscription->client->engine->options.cold,
        .query = subscription->group->query,
        .snapshot = snapshot,
        .subscription_id = id_of(subscription),
        .gzip = subscription->client->gzip,
        .batch_size = subscription->batch_size,
    };
}

static void run_load(Subscription *subscription)
{
    LiveTask *task = NEW(LiveTask);
    task->load = TAKE(subscription->load);
    task_start(subscription, task);
}

static void begin_load(Subscription *subscription, const LiveLoadOptions *options)
{
    subscription->state = SUBSCRIPTION_LOADING;
    subscription->ack_due = false; /* it begins with one */
    subscription->position = options->snapshot->seq;
    subscription->load = live_load_new(options);
    subscription->load_deadline_us = INT64_MAX;
    wait_for_worker(subscription);
}

static void load_initial(Subscription *subscription, Snapshot *snapshot, const LiveOptions *options)
{
    LiveLoadOptions load = load_options(subscription, snapshot);
    load.mode = load_mode(options);
    load.last_rows = options->last_rows;
    load.from = options->from;
    load.from_time = options->from_time;
    begin_load(subscription, &load);
    client_feed_waiting(subscription->client);
}

static void send_plain_ack(Subscription *subscription)
{
    CLEANUP(live_frames_done) LiveFrames frames = {0};
    CLEANUP(buf_done) Buf message = {0};
    LiveBatchControl control = {0};
    live_write_ack(&message, id_of(subscription), subscription->group->query, &control, false);
    live_frames_add_message(&frames, &message, subscription->client->gzip);
    send_frames(subscription, &frames);
    subscription->ack_due = false;
}

void subscription_tell_columns(Subscription *subscription)
{
    if (subscription->ack_due && !subscription->task && !subscription->load)
        send_plain_ack(subscription);
}

static void go_live(Subscription *subscription)
{
    subscription->state = SUBSCRIPTION_LIVE;
    live_group_add_member(subscription->group, subscription);
    note_sent(subscription, 0);
}

void subscription_start(Subscription *subscription, Snapshot *snapshot, const LiveOptions *options)
{
    if (options->initial) {
        load_initial(subscription, snapshot, options);
        return;
    }
    subscription->position = snapshot->seq;
    send_plain_ack(subscription);
    go_live(subscription);
}

/* JavaScript clients give the number back as a double. */
static bool same_as_double(SeqNo a, SeqNo b)
{
    return (double)a >= (double)b && (double)a <= (double)b;
}

void subscription_next_batch(Subscription *subscription, bool has_last, SeqNo last)
{
    LiveLoad *load = subscription->load;
    if (!load || subscription->waiting)
        return; /* still running, or all was sent: a repeated request */
    if (has_last && !same_as_double(last, live_load_last_seq(load)))
        live_load_rewind(load, last);
    subscription->load_deadline_us = INT64_MAX;
    wait_for_worker(subscription);
    client_feed_waiting(subscription->client);
}

/* ---- catching up ---- */

static void start_round(Subscription *subscription)
{
    LiveClient *client = subscription->client;
    LiveTask *task = NEW(LiveTask);
    task->round = (LiveCatchUp){
        .sequencer = client->engine->options.sequencer,
        .cold = client->engine->options.cold,
        .query = live_query_ref(subscription->group->query),
        .newest_only = subscription->on_lag == LIVE_LAG_LATEST,
        .bytes_max = ROUND_BYTES_MAX,
        .position = subscription->position,
    };
    subscription->state = SUBSCRIPTION_CATCHING_UP;
    subscription->ring_mark = client->engine->ring->head;
    task_start(subscription, task);
}

void client_feed_waiting(LiveClient *client)
{
    while (client->waiting && client->task_count < TASKS_PER_CLIENT_MAX &&
           !is_over_budget(client)) {
        Subscription *subscription = client->waiting;
        stop_waiting(subscription);
        if (subscription->load)
            run_load(subscription);
        else
            start_round(subscription);
    }
}

/* Everything up to position was sent: bridges to now, or goes another round. */
static void join_feed(Subscription *subscription)
{
    CLEANUP(context_done) Context ctx = {0};
    Status status;
    bool gone;
    bool bridged = live_feed_replay(&ctx, subscription, &status, &gone);
    if (gone)
        return;
    if (status != STATUS_OK) {
        subscription_fail(subscription, &ctx);
    } else if (bridged) {
        go_live(subscription);
    } else {
        subscription_lag(subscription, subscription->position);
    }
}

/* The change log does not reach back: the client's set is replaced by a new snapshot. */
static void resync(Subscription *subscription)
{
    LiveEngine *engine = subscription->client->engine;
    subscription->ring_mark = engine->ring->head;
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = subscription_snapshot(engine, subscription->group->query->table);
    if (!subscription_follow(subscription, snapshot->catalog))
        return;
    LiveLoadOptions load = load_options(subscription, snapshot);
    load.mode = LIVE_LOAD_ALL;
    load.resync = true;
    begin_load(subscription, &load);
}

static void load_finished(Subscription *subscription, LiveTask *task)
{
    if (task->status != STATUS_OK) {
        subscription_fail(subscription, &task->ctx);
        return;
    }
    send_frames(subscription, live_load_frames(task->load));
    subscription->position = live_load_seq(task->load);
    if (live_load_is_ready(task->load)) {
        subscription_tell_columns(subscription);
        join_feed(subscription);
        return;
    }
    subscription->load = TAKE(task->load);
    subscription->load_deadline_us =
        clock_monotonic_us() + subscription->client->engine->options.snapshot_max_age_ms * 1000;
}

/* The round met a snapshot with rows of a newer definition: another one, under that. */
static void go_round_again(Subscription *subscription)
{
    const Table *table = subscription->group->query->table;
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = subscription_snapshot(subscription->client->engine, table);
    if (!subscription_follow(subscription, snapshot->catalog))
        return;
    subscription_tell_columns(subscription);
    subscription_lag(subscription, subscription->position);
}

static void round_finished(Subscription *subscription, LiveTask *task)
{
    if (task->status == STATUS_NOT_FOUND) {
        resync(subscription);
        return;
    }
    if (task->status == STATUS_STALE_PLAN) {
        go_round_again(subscription);
        return;
    }
    if (task->status != STATUS_OK) {
        subscription_fail(subscription, &task->ctx);
        return;
    }
    send_frames(subscription, &task->round.frames);
    subscription->position = task->round.position;
    note_sent(subscription, task->round.row_count);
    subscription_tell_columns(subscription);
    if (task->round.complete)
        join_feed(subscription);
    else
        subscription_lag(subscription, task->round.position);
}

/* A snapshot newer than a revocation must not be sent, whatever the feed has told so far. */
static bool is_still_allowed(LiveClient *client)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(client->engine->options.sequencer));
    if (client_check_session(&ctx, client, snapshot->catalog) == STATUS_OK)
        return true;
    client_end_all(
        client, ctx.error == STATUS_TOKEN_EXPIRED ? "TOKEN_EXPIRED" : "REVOKED", ctx.message);
    return false;
}

static void task_finished(LiveTask *task)
{
    Subscription *subscription = task->subscription;
    LiveClient *client = subscription->client;
    task->engine->away_count--;
    subscription->task = NULL;
    if (client) {
        client->task_count--;
        if (is_still_allowed(client)) {
            if (task->load)
                load_finished(subscription, task);
            else
                round_finished(subscription, task);
            client_feed_waiting(client);
        }
    } else {
        free(subscription);
    }
    task_free(task);
}
