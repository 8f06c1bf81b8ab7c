// SPDX-License-Identifier: Apache-2.0
// HTTP as no client should speak it: the server answers, or closes, and lives.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { login, request } from './support/client.mjs';
import { Raw, exchange, statuses } from './support/raw.mjs';
import { startServer } from './support/server.mjs';

let server, root;
before(async () => {
    server = await startServer({ config: '[performance]\nclient_request_timeout = 1\n[rate_limit]\nrequest_body_limit_bytes = 1048576\n' });
    root = await login(server);
});
after(() => server.stop());

const alive = async () => assert.deepEqual(await root.rows('SELECT 1 AS n'), [{ n: '1' }]);
const get = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const post = (path, body, more = '') =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;

test('unknown paths are 404, known ones with another method 405 with Allow', async () => {
    for (const path of ['/', '/nope', '/v1/api', '/v1/api/sql/', '/v1/api/sqlx', '/health/../health', '/%68ealth']) {
        const { status, body } = await request(server.url + path);
        if (new URL(server.url + path).pathname === '/health')
            continue;
        assert.equal(status, 404, path);
        assert.equal(body.error, 'not_found');
    }
    const sql = await request(`${server.url}/v1/api/sql`);
    assert.equal(sql.status, 405);
    assert.match(sql.headers.get('allow'), /POST/);
    const health = await request(`${server.url}/health`, { method: 'DELETE' });
    assert.equal(health.status, 405);
    assert.match(health.headers.get('allow'), /GET/);
});

test('HEAD has the head of GET and no body', async () => {
    const text = await exchange(server.port, 'HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.deepEqual(statuses(text), [200]);
    assert.match(text, /Content-Length: \d\d/);
    assert.ok(text.endsWith('\r\n\r\n'));
});

test('malformed heads are refused with a 4xx or 5xx and the connection is closed', async () => {
    const heads = {
        'no version': 'GET /health\r\n\r\n',
        'another protocol': 'GET /health SPDY/3\r\nHost: x\r\n\r\n',
        'HTTP/2.0': 'GET /health HTTP/2.0\r\nHost: x\r\n\r\n',
        'no host': 'GET /health HTTP/1.1\r\n\r\n',
        'two hosts': 'GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
        'bare newline': 'GET /health HTTP/1.1\nHost: x\n\n',
        'blank before colon': 'GET /health HTTP/1.1\r\nHost : x\r\n\r\n',
        'folded': 'GET /health HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n',
        'control character': 'GET /health HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n',
        'NUL': 'GET /he\0alth HTTP/1.1\r\nHost: x\r\n\r\n',
        'two lengths': 'POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
        'length and chunks': 'POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        'negative length': 'POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
        'huge length': 'POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n',
        'gzip encoding': 'POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
        'bad chunk': 'POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
        'long head': `GET /health HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20000)}\r\n\r\n`,
        'long target': `GET /${'a'.repeat(20000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
        'TLS hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
    };
    for (const [name, head] of Object.entries(heads)) {
        const text = await exchange(server.port, Buffer.from(head, 'latin1'));
        const [status] = statuses(text);
        assert.ok(status >= 400 && status < 600, `${name}: ${text.slice(0, 100)}`);
    }
    await alive();
});

test('a body beyond the limit is 413, told or found out', async () => {
    const told = await exchange(server.port, `POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n`);
    assert.deepEqual(statuses(told), [413]);
    const { message, ...rest } = JSON.parse(told.slice(told.indexOf('\r\n\r\n')));
    assert.deepEqual(rest, { error: 'BODY_TOO_LARGE', size_bytes: 1048577, max_bytes: 1048576 });
    assert.match(message, /\(rate_limit\.request_body_limit_bytes\)/);
    assert.match(told, /^connection: close\r$/im);
    const raw = await Raw.open(server.port);
    await raw.send('POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let i = 0; i < 20 && !raw.ended; i++)
        await raw.send(chunk);
    const found = await raw.until((text) => text.includes('max_bytes'));
    assert.deepEqual(statuses(found), [413]);
    assert.match(found, /"error":"BODY_TOO_LARGE",.*"size_bytes":1\d{6},"max_bytes":1048576\}/);
    raw.destroy();
    await alive();
});

test('requests in a row are answered in order', async () => {
    const sql = (n) => post('/v1/api/sql', JSON.stringify({ sql: `SELECT ${n} AS n` }), `Authorization: Bearer ${root.token}\r\n`);
    const count = 50;
    const all = Array.from({ length: count }, (_, at) => sql(at)).join('') + get('/health', 'Connection: close\r\n');
    const text = await exchange(server.port, all);
    assert.equal(statuses(text).length, count + 1);
    assert.deepEqual([...text.matchAll(/"rows":\[\["(\d+)"\]\]/g)].map(([, n]) => Number(n)), Array.from({ length: count }, (_, at) => at));
});

test('a request in pieces is a request', async () => {
    const raw = await Raw.open(server.port, { noDelay: true });
    const bytes = post('/v1/api/sql', '{"sql":"SELECT 42"}', `Authorization: Bearer ${root.token}\r\nConnection: close\r\n`);
    for (const byte of bytes)
        await raw.send(byte);
    assert.ok((await raw.until()).includes('"rows":[["42"]]'));
});

test('chunks make a body', async () => {
    const text = await exchange(server.port,
        `POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${root.token}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`
        + '8\r\n{"sql":"\r\n9;ext=1\r\nSELECT 7"\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n');
    assert.ok(text.includes('"rows":[["7"]]'), text);
});

test('Expect: 100-continue is answered before the body', async () => {
    const raw = await Raw.open(server.port);
    const body = '{"sql":"SELECT 8"}';
    await raw.send(`POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${root.token}\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
    await raw.until((text) => text.includes('100 Continue'));
    await raw.send(body);
    await raw.until((text) => text.includes('"rows":[["8"]]'));
    raw.destroy();
});

test('a half-closed client still gets its answer', async () => {
    const raw = await Raw.open(server.port);
    await raw.send(post('/v1/api/sql', '{"sql":"SELECT 9"}', `Authorization: Bearer ${root.token}\r\n`));
    raw.finish();
    assert.ok((await raw.until()).includes('"rows":[["9"]]'));
});

test('a client that sends its head too slowly is told and closed', async () => {
    const raw = await Raw.open(server.port);
    await raw.send('GET /health HTTP/1.1\r\nHos');
    const text = await raw.until();
    assert.ok(text === '' || statuses(text)[0] === 408, text);
    raw.destroy();
    await alive();
});

test('a thousand connections that say nothing disturb nobody', async () => {
    const idle = await Promise.all(Array.from({ length: 1000 }, () => Raw.open(server.port)));
    await alive();
    idle.forEach((raw) => raw.destroy());
    await alive();
});

test('random bytes never get a 2xx and never hurt', async () => {
    const seed = Number(process.env.TEST_SEED ?? Date.now());
    console.log(`# TEST_SEED=${seed}`);
    let state = seed % 2147483647;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    for (let i = 0; i < 100; i++) {
        const raw = await Raw.open(server.port);
        const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 3000) }, () => Math.floor(random() * 256)));
        await raw.send(i % 2 ? bytes : Buffer.concat([Buffer.from('POST /v1/api/sql HTTP/1.1\r\n'), bytes]));
        raw.finish();
        const text = await raw.until();
        assert.ok(!statuses(text).some((status) => status < 400));
        raw.destroy();
    }
    await alive();
});
