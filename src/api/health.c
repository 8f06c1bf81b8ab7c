/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it alive?  /health and its siblings for clients on this machine, /healthz
 * and /readyz for whoever starts and stops it, /metrics for whoever watches.
 */
#include "api/auth_reply.h"
#include "api/server_stats.h"
#include "base/clock.h"

#include <unistd.h>

static bool refuse_remote(const ApiRequest *request, const char *what)
{
    if (api_is_local(request))
        return false;
    reply_error_text(request->conn, 403, what);
    return true;
}

static void write_text_member(Buf *out, Str name, Str text)
{
    BUF_LIT(out, ",");
    json_write_key(out, name);
    json_write_string(out, text);
}

void api_get_health(const ApiRequest *request)
{
    if (refuse_remote(request, "Access denied. Health endpoint is localhost-only."))
        return;
    const ApiSettings *settings = &request->home->api->options.settings;
    Buf body = {0};
    BUF_LIT(&body, "{\"status\":\"healthy\"");
    write_text_member(&body, STR("version"), settings->version);
    write_text_member(&body, STR("api_version"), STR("v1"));
    write_text_member(&body, STR("build_date"), settings->build_date);
    BUF_LIT(&body, "}");
    reply_json(request->conn, 200, &body, NULL);
}

/* ---- the cluster of one (decision 61) ---- */

typedef struct NodeFacts {
    char hostname[65];
    long long uptime_s;
    int port;
} NodeFacts;

static NodeFacts node_facts(const ApiRequest *request)
{
    NodeFacts facts = {0};
    const ApiReactor *home = request->home;
    int64_t up_us = clock_wall_us() - home->api->options.settings.started_at_us;
    if (gethostname(facts.hostname, sizeof(facts.hostname) - 1) != 0 || !facts.hostname[0])
        memcpy(facts.hostname, "localhost", sizeof("localhost"));
    facts.uptime_s = up_us / 1000000;
    facts.port = home->listener ? listener_port(home->listener) : 0;
    return facts;
}

static void write_node(Buf *out, const NodeFacts *facts)
{
    BUF_LIT(out, "{\"node_id\":1,\"role\":\"leader\",\"status\":\"active\",");
    buf_printf(out, "\"api_addr\":\"127.0.0.1:%d\",", facts->port);
    BUF_LIT(out, "\"is_self\":true,\"is_leader\":true,\"replication_lag\":null,");
    BUF_LIT(out, "\"catchup_progress_pct\":null,\"hostname\":");
    json_write_string(out, str_from_c(facts->hostname));
    BUF_LIT(out, ",\"memory_usage_mb\":null,\"cpu_usage_percent\":null,");
    buf_printf(out,
               "\"uptime_seconds\":%lld,\"uptime_human\":\"%llds\"}",
               facts->uptime_s,
               facts->uptime_s);
}

static void write_cluster(Buf *out, const ApiSettings *settings, const NodeFacts *facts, SeqNo seq)
{
    BUF_LIT(out, "{\"status\":\"healthy\"");
    write_text_member(out, STR("version"), settings->version);
    write_text_member(out, STR("build_date"), settings->build_date);
    BUF_LIT(out, ",\"is_cluster_mode\":false");
    write_text_member(out, STR("cluster_id"), str_from_c(facts->hostname));
    BUF_LIT(out, ",\"node_id\":1,\"is_leader\":true,\"total_groups\":3,\"groups_leading\":3,");
    buf_printf(out, "\"current_term\":1,\"last_applied\":%llu,", (unsigned long long)seq);
    BUF_LIT(out, "\"millis_since_quorum_ack\":0,\"nodes\":[");
    write_node(out, facts);
    BUF_LIT(out, "]}");
}

void api_get_cluster_health(const ApiRequest *request)
{
    if (refuse_remote(request, "Access denied. Cluster health is localhost-only."))
        return;
    const Api *api = request->home->api;
    NodeFacts facts = node_facts(request);
    Buf body = {0};
    write_cluster(&body,
                  &api->options.settings,
                  &facts,
                  published_durable_seq(sequencer_published(api->options.sequencer)));
    reply_json(request->conn, 200, &body, NULL);
}

/* ---- probes ---- */

void api_get_healthz(const ApiRequest *request)
{
    reply_text(request->conn, 200, STR("ok\n"));
}

void api_get_readyz(const ApiRequest *request)
{
    const char *reason = sequencer_read_only_reason(request->home->api->options.sequencer);
    if (request->home->draining)
        reply_text(request->conn, 503, STR("shutting down\n"));
    else if (reason)
        reply_text(request->conn, 503, str_from_c(reason));
    else
        reply_text(request->conn, 200, STR("ready\n"));
}

/* ---- metrics: for this machine, or an administrator's token (decision 46) ---- */

static bool may_read_metrics(const ApiRequest *request, const Catalog *catalog)
{
    CLEANUP(context_done) Context ctx = {0};
    Session session;
    if (api_is_local(request))
        return true;
    return auth_verify_bearer(&ctx,
                              request->home->api->options.auth,
                              catalog,
                              auth_bearer(request->http),
                              &session) == STATUS_OK &&
           role_is_admin(session.principal.role);
}

void api_get_metrics(const ApiRequest *request)
{
    CLEANUP(snapshot_unref) Snapshot *snapshot = api_snapshot(request->home->api);
    if (!may_read_metrics(request, snapshot->catalog)) {
        reply_error_text(request->conn, 403, "Access denied. Metrics are for administrators.");
        return;
    }
    CLEANUP(buf_done) Buf text = {0};
    StatList stats = server_stats(request->home->api, snapshot->catalog);
    server_stats_write_metrics(&text, &stats);
    reply_text(request->conn, 200, buf_str(&text));
}
