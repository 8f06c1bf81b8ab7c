// SPDX-License-Identifier: Apache-2.0
// Limits (protocol.md 1.9, decision 43): each is a key, and hitting one names it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { login, newUser, request } from './support/client.mjs';
import { startServer } from './support/server.mjs';

let server, root;
before(async () => {
    server = await startServer({ config: `
[rate_limit]
max_queries_per_sec = 20
max_messages_per_sec = 50
max_auth_requests_per_ip_per_sec = 3
max_requests_per_ip_per_sec = 30
max_subscriptions_per_connection = 3
max_subscriptions_per_user = 5
[security]
max_ws_message_size = 2048
[websocket]
max_sql_result_bytes = 65536
auth_timeout_secs = 1
client_timeout_secs = 2
` });
    root = await login(server);
    await root.sql('CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, body TEXT)');
});
after(() => server.stop());

const from = (address) => ({ headers: { 'x-forwarded-for': address } });

/** root's own rate must not get in the way of what is tested. */
async function patiently(action) {
    for (;;) {
        try {
            return await action();
        } catch (error) {
            if (error.code !== 'RATE_LIMIT_EXCEEDED')
                throw error;
        }
    }
}

test('queries of one user are limited, those of another are not', async () => {
    const [a, b] = [await patiently(() => newUser(server, 'a')), await patiently(() => newUser(server, 'b'))];
    const answers = await Promise.all(Array.from({ length: 100 }, () => a.send('SELECT 1')));
    const refused = answers.filter(({ httpStatus }) => httpStatus === 429);
    assert.ok(refused.length > 0 && refused.length < 100);
    assert.equal(refused[0].error.code, 'RATE_LIMIT_EXCEEDED');
    assert.match(refused[0].error.message, /^Too many queries per second\. Please slow down\..*max_queries_per_sec/);
    assert.equal((await b.send('SELECT 1')).httpStatus, 200);
});

test('logins from one address are limited, those from this machine are not', async () => {
    const attempt = (options) => request(`${server.url}/v1/api/auth/login`, { json: { user: 'nobody', password: 'x' }, ...options });
    const statuses = [];
    for (let i = 0; i < 6; i++)
        statuses.push((await attempt(from('203.0.113.1'))));
    const refused = statuses.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0);
    assert.deepEqual(refused[0].body, { error: 'rate_limited', message: 'Too many authentication attempts. Please retry shortly.' });
    for (let i = 0; i < 6; i++)
        assert.equal((await attempt()).status, 401);
});

test('an address that asks too fast is told when to come back, and banned if it does not listen', async () => {
    const probe = () => request(`${server.url}/healthz`, from('203.0.113.2'));
    const answers = [];
    for (let i = 0; i < 80; i++)
        answers.push(await probe());
    const slow = answers.find(({ status }) => status === 429);
    assert.equal(slow.body.error, 'RATE_LIMIT_EXCEEDED');
    assert.equal(slow.body.retry_after_seconds, 1);
    assert.equal(slow.headers.get('retry-after'), '1');
    assert.equal(slow.headers.get('x-ratelimit-reset'), '1');
    const banned = await probe();
    assert.equal(banned.status, 429);
    assert.equal(banned.body.error, 'IP_BANNED');
    assert.ok(banned.body.retry_after_seconds >= 290);
    assert.equal((await request(`${server.url}/healthz`, from('203.0.113.3'))).status, 200);
    assert.equal((await request(`${server.url}/healthz`)).status, 200);
});

test('live queries are limited per connection and per user', async () => {
    const live = await root.live();
    for (let i = 0; i < 3; i++)
        await live.subscribe(`s${i}`, 'SELECT * FROM app.t');
    await assert.rejects(live.subscribe('s3', 'SELECT * FROM app.t'), { code: 'UNSUPPORTED' });
    const second = await root.live();
    await second.subscribe('s0', 'SELECT * FROM app.t');
    await second.subscribe('s1', 'SELECT * FROM app.t');
    await assert.rejects(second.subscribe('s2', 'SELECT * FROM app.t'), { code: 'SUBSCRIPTION_LIMIT_EXCEEDED' });
    live.unsubscribe('s0');
    live.send({ type: 'sql', id: 'behind', sql: 'SELECT 1' }); /* answered when the one before it is done */
    await live.waitFor(({ type }) => type === 'sql_result');
    await second.subscribe('s2', 'SELECT * FROM app.t');
    await live.close();
    await second.close();
});

test('messages of one WebSocket are limited; the connection lives', async () => {
    const live = await root.live();
    for (let i = 0; i < 100; i++)
        live.send({ type: 'ping' });
    const error = await live.waitFor(({ type }) => type === 'error');
    assert.deepEqual(error, { type: 'error', subscription_id: 'rate_limit', code: 'RATE_LIMIT_EXCEEDED', message: 'Too many messages' });
    await assert.doesNotReject(async () => {
        for (;;) {
            live.send({ type: 'sql', id: 'q', sql: 'SELECT 1' });
            const answer = await live.next(({ type, code }) => type === 'sql_result' || code === 'RATE_LIMIT_EXCEEDED');
            if (answer.type === 'sql_result')
                return;
        }
    });
    await live.close();
});

test('a message that is too long is passed over; the connection lives', async () => {
    const live = await root.live();
    live.send({ type: 'sql', id: 'big', sql: `SELECT '${'x'.repeat(5000)}'` });
    const error = await live.waitFor(({ type }) => type === 'error');
    assert.equal(error.subscription_id, 'protocol');
    assert.equal(error.code, 'MESSAGE_TOO_LARGE');
    assert.match(error.message, /max_ws_message_size/);
    live.send({ type: 'sql', id: 'small', sql: 'SELECT 1' });
    assert.equal((await live.waitFor(({ type }) => type === 'sql_result')).id, 'small');
    await live.close();
});

test('a result too large for a message is an error that says where to ask', async () => {
    const values = Array.from({ length: 2000 }, (_, at) => `(${at}, '${'x'.repeat(80)}')`).join(',');
    await patiently(() => root.sql(`INSERT INTO app.t VALUES ${values}`));
    const live = await root.live();
    live.send({ type: 'sql', id: 'q', sql: 'SELECT * FROM app.t' });
    const { status, error } = await live.waitFor(({ type }) => type === 'sql_result');
    assert.equal(status, 'error');
    assert.match(error.message, /ask for it over HTTP/);
    await live.close();
});

test('who does not authenticate in time is closed with 1008', async () => {
    const live = await root.live({ auth: 'none' });
    const error = await live.waitFor(({ type }) => type === 'auth_error');
    assert.equal(error.message, 'Authentication timeout - no auth message received within 1 seconds');
    while (!live.closed)
        await live.next().catch(() => {});
    assert.equal(live.closed.code, 1008);
});

test('a silent WebSocket is closed with 1000, one that pings is not', async () => {
    const silent = await root.live();
    const pinging = await root.live();
    const timer = setInterval(() => pinging.send({ type: 'ping' }), 300);
    while (!silent.closed)
        await silent.next().catch(() => {});
    clearInterval(timer);
    assert.deepEqual(silent.closed, { code: 1000, reason: 'Heartbeat timeout' });
    assert.equal(pinging.closed, null);
    await pinging.close();
});

test('one request stays below limits.max_query_memory, all together below memory.limit, and small ones go on', async (t) => {
    for (const [config, key] of [
        ['[limits]\nmax_query_memory = "8MiB"\n', 'limits.max_query_memory'],
        ['[memory]\nlimit = "64MiB"\n', 'memory.limit'],
    ]) {
        const small = await startServer({ config });
        t.after(() => small.stop());
        const client = await login(small);
        await client.sql('CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, body TEXT)');
        const body = 'x'.repeat(20_000);
        for (let at = 0; at < 1_500; at += 10)
            await client.sql(`INSERT INTO app.t VALUES ${Array.from({ length: 10 }, (_, i) => `(${at + i}, '${at + i}${body}')`).join()}`);
        for (const sql of ['SELECT * FROM app.t ORDER BY body', 'SELECT DISTINCT body FROM app.t', 'SELECT body, count(*) FROM app.t GROUP BY body']) {
            const { error } = await client.send(sql); /* DISTINCT has sent rows before */
            assert.ok(error?.message.includes(key), `${sql}: ${error?.message}`);
            assert.equal((await client.rows('SELECT count(*) AS n FROM app.t'))[0].n, '1500');
        }
        const [{ metric_value: held }] = await client.rows("SELECT metric_value FROM system.stats WHERE metric_name = 'request_memory_bytes'");
        assert.ok(Number(held) < 5e6, `${held} bytes are still held`);
        if (key === 'memory.limit')
            assert.match(small.log(), /caches and buffers made smaller/);
    }
});
