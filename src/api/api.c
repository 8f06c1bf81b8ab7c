/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_private.h"
#include "api/api_reactor.h"
#include "base/memory.h"

static Status open_reactors(Context *ctx, Api *api)
{
    for (size_t i = 0; i < api->reactor_count; i++)
        TRY(api_reactor_new(ctx, api, (unsigned)i, &api->reactors[i]));
    return STATUS_OK;
}

Status api_new(Context *ctx, const ApiOptions *options, Api **ret_api)
{
    CLEANUP(api_free)
    Api *api = mem_zalloc(sizeof(*api) + options->reactor_count * sizeof(ApiReactor *));
    api->options = *options;
    api->reactor_count = options->reactor_count;
    api->query_rates = rate_table_new(options->settings.queries_per_second);
    api->ip_guard = ip_guard_new(&options->settings.ip_limits);
    TRY(open_reactors(ctx, api));
    *ret_api = TAKE(api);
    return STATUS_OK;
}

void api_free(Api *api)
{
    if (!api)
        return;
    for (size_t i = 0; i < api->reactor_count; i++)
        api_reactor_free(api->reactors[i]);
    rate_table_free(api->query_rates);
    ip_guard_free(api->ip_guard);
    free(api);
}

ApiReactor *api_reactor(const Api *api, size_t index)
{
    return api->reactors[index];
}

Status
api_listen(Context *ctx, Api *api, const char *host, uint16_t port, int backlog, uint16_t *ret_port)
{
    ListenerOptions options = {.host = host, .port = port, .backlog = backlog};
    for (size_t i = 0; i < api->reactor_count; i++) {
        ApiReactor *home = api->reactors[i];
        options.handler = &home->handler;
        TRY(listener_open(ctx, home->reactor, &options, &home->listener));
        options.port = listener_port(home->listener);
        options.join_port = true;
    }
    *ret_port = options.port;
    return STATUS_OK;
}

void api_drain(Api *api)
{
    if (atomic_exchange(&api->draining, true))
        return;
    for (size_t i = 0; i < api->reactor_count; i++)
        reactor_post(api->reactors[i]->reactor, &api->reactors[i]->drain_item);
}

void api_cancel_all(Api *api)
{
    for (size_t i = 0; i < api->reactor_count; i++)
        reactor_post(api->reactors[i]->reactor, &api->reactors[i]->cancel_item);
}

void api_stop(Api *api)
{
    for (size_t i = 0; i < api->reactor_count; i++)
        reactor_stop(api->reactors[i]->reactor);
}

Snapshot *api_snapshot(const Api *api)
{
    return published_durable(sequencer_published(api->options.sequencer));
}
