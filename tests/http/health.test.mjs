// SPDX-License-Identifier: Apache-2.0
// Health, statistics, CORS, and what is said to clients elsewhere.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { login, newUser, request } from './support/client.mjs';
import { startServer } from './support/server.mjs';

let server, root;
before(async () => {
    server = await startServer({ config: '[security.cors]\nallowed_origins = ["https://app.example"]\nexpose_headers = ["X-Request-ID"]\n' });
    root = await login(server);
});
after(() => server.stop());

const elsewhere = { headers: { 'x-forwarded-for': '203.0.113.7' } };
const get = (path, options) => request(server.url + path, options);

test('health says who it is, to this machine only', async () => {
    for (const path of ['/health', '/v1/api/healthcheck']) {
        const { status, body } = await get(path);
        assert.equal(status, 200);
        assert.deepEqual(Object.keys(body), ['status', 'version', 'api_version', 'build_date']);
        assert.equal(body.status, 'healthy');
        assert.equal(body.api_version, 'v1');
        assert.match(body.version, /^\d+\.\d+\.\d+/);
        const refused = await get(path, elsewhere);
        assert.equal(refused.status, 403);
        assert.deepEqual(refused.body, { error: 'Access denied. Health endpoint is localhost-only.' });
    }
});

test('a header cannot pretend to be this machine', async () => {
    for (const name of ['127.0.0.1', '::1', 'localhost'])
        assert.equal((await get('/health', { headers: { 'x-forwarded-for': name } })).status, 403);
});

test('the cluster is one healthy node that leads everything', async () => {
    const { status, body } = await get('/v1/api/cluster/health');
    assert.equal(status, 200);
    assert.equal(body.status, 'healthy');
    assert.equal(body.is_cluster_mode, false);
    assert.equal(body.groups_leading, body.total_groups);
    assert.equal(body.nodes.length, 1);
    assert.deepEqual([body.nodes[0].role, body.nodes[0].status, body.nodes[0].is_self], ['leader', 'active', true]);
    assert.equal(body.nodes[0].api_addr, `127.0.0.1:${server.port}`);
    assert.equal((await get('/v1/api/cluster/health', elsewhere)).status, 403);
});

test('probes answer everybody', async () => {
    assert.equal((await get('/healthz', elsewhere)).status, 200);
    const ready = await get('/readyz', elsewhere);
    assert.equal(ready.status, 200);
    assert.equal(ready.text, 'ready\n');
});

test('metrics are for this machine or an administrator', async () => {
    const { status, text } = await get('/metrics');
    assert.equal(status, 200);
    assert.match(text, /^# TYPE kalamdb_http_requests_total counter\nkalamdb_http_requests_total \d+$/m);
    assert.equal((await get('/metrics', elsewhere)).status, 403);
    assert.equal((await get('/metrics', { ...elsewhere, token: root.token })).status, 200);
    const alice = await newUser(server, 'alice');
    assert.equal((await get('/metrics', { ...elsewhere, token: alice.token })).status, 403);
});

test('system.stats tells true numbers', async () => {
    await root.sql('CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY)');
    const live = await root.live();
    await live.subscribe('a', 'SELECT * FROM app.t');
    await live.subscribe('b', 'SELECT * FROM app.t');
    const stats = Object.fromEntries((await root.rows('SELECT metric_name, metric_value FROM system.stats'))
        .map(({ metric_name, metric_value }) => [metric_name, metric_value]));
    assert.equal(stats.total_tables, '1');
    assert.equal(stats.total_live_queries, '2');
    assert.equal(stats.active_subscriptions, '2');
    assert.equal(stats.websocket_sessions, '1');
    assert.equal(stats.pid, String(server.pid));
    assert.equal(stats.server_version, (await get('/health')).body.version);
    assert.ok(Number(stats.active_connections) >= 2);
    assert.ok(Number(stats.memory_usage_mb) > 1);
    assert.ok(Number(stats.open_files_total) > 5);
    for (const name of ['total_users', 'total_namespaces', 'total_storages', 'server_workers_effective', 'max_connections',
        'cpu_usage_percent', 'open_files_regular', 'server_uptime_seconds'])
        assert.ok(name in stats, name);
    await live.close();
});

test('OPTIONS tells what a path takes', async () => {
    const answer = await get('/v1/api/sql', { method: 'OPTIONS' });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get('allow'), 'POST, OPTIONS');
    assert.equal((await get('/nowhere', { method: 'OPTIONS' })).status, 404);
});

test('pages of allowed origins may talk to the server, others are told nothing', async () => {
    const preflight = (origin) => get('/v1/api/sql', { method: 'OPTIONS', headers: {
        origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } });
    const allowed = await preflight('https://app.example');
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://app.example');
    assert.equal(allowed.headers.get('access-control-allow-credentials'), 'true');
    assert.match(allowed.headers.get('access-control-allow-methods'), /POST/);
    assert.match(allowed.headers.get('access-control-allow-headers'), /Authorization/);
    assert.equal(allowed.headers.get('access-control-max-age'), '3600');
    assert.equal((await preflight('https://evil.example')).headers.get('access-control-allow-origin'), null);

    const answer = await get('/health', { headers: { origin: 'https://app.example' } });
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://app.example');
    assert.equal(answer.headers.get('access-control-expose-headers'), 'X-Request-ID');
    assert.equal(answer.headers.get('vary'), 'Origin');
    assert.equal((await get('/health', { headers: { origin: 'https://evil.example' } })).headers.get('access-control-allow-origin'), null);
});

test('WebSockets of other origins are refused', async () => {
    await assert.rejects(root.live({ headers: { origin: 'https://evil.example' } }), { status: 403 });
    await (await root.live({ headers: { origin: 'https://app.example' } })).close();
    await (await root.live()).close();
});
