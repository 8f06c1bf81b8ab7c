// SPDX-License-Identifier: Apache-2.0
// The WebSocket's own rules: upgrade, authentication, framing, messages, errors (protocol.md 2.1-2.5, 2.8).

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Live, login, newUser } from './support/client.mjs';
import { Raw, forgeToken, statuses, tokenClaims } from './support/raw.mjs';
import { startServer } from './support/server.mjs';

const SECRET = 'a secret that is long enough for every test of this file';

let server, root, alice;
before(async () => {
    server = await startServer({ env: { KALAMDB_JWT_SECRET: SECRET } });
    root = await login(server);
    await root.sql(`CREATE NAMESPACE app;
        CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, body TEXT, room INT) WITH (ACCESS_LEVEL = 'public');
        CREATE SHARED TABLE app.private (id BIGINT PRIMARY KEY) WITH (ACCESS_LEVEL = 'private')`);
    alice = await newUser(server, 'alice');
});
after(() => server.stop());

const open = (options) => Live.open(server.url, { auth: 'none', ...options });

async function closed(live) {
    while (!live.closed)
        await live.next().catch(() => {});
    return live.closed;
}

/** A raw connection after a successful upgrade. */
async function upgraded(token = root.token) {
    const raw = await Raw.open(server.port);
    const key = randomBytes(16).toString('base64');
    await raw.send(`GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`
        + `Sec-WebSocket-Key: ${key}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    const text = await raw.until((so_far) => so_far.includes('auth_success'));
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    assert.ok(text.includes(`Sec-WebSocket-Accept: ${accept}`));
    return raw;
}

/** A masked client frame. */
function frame(opcode, payload, { fin = true, masked = true, length = payload.length } = {}) {
    const bytes = Buffer.from(payload);
    const mask = masked ? randomBytes(4) : Buffer.alloc(0);
    const head = length < 126 ? Buffer.from([0, length]) : length < 65536
        ? Buffer.from([0, 126, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([0, 127]), Buffer.from(BigInt(length).toString(16).padStart(16, '0'), 'hex')]);
    head[0] = (fin ? 0x80 : 0) | opcode;
    head[1] |= masked ? 0x80 : 0;
    return Buffer.concat([head, mask, masked ? bytes.map((byte, at) => byte ^ mask[at & 3]) : bytes]);
}

/** The code of the close frame that ends the text, if one does. */
function closeCode(text) {
    const bytes = Buffer.from(text, 'latin1');
    const at = bytes.lastIndexOf(0x88);
    return at < 0 ? undefined : bytes.readUInt16BE(at + 2);
}

test('a header authenticates: auth_success comes unasked', async () => {
    const live = await open({ auth: 'header', token: root.token });
    assert.deepEqual(live.messages[0], {
        type: 'auth_success', user: 'root', role: 'system', protocol: { serialization: 'json', compression: 'gzip' },
    });
    assert.equal(live.messages[0].frame.binary, false);
    await live.close();
});

test('a header that does not: auth_error, then 1008', async () => {
    for (const authorization of ['Bearer nonsense', 'Basic cm9vdDp4', `Bearer ${root.session.refresh_token}`]) {
        const live = await open({ headers: { authorization } });
        assert.deepEqual(await live.next(), { type: 'auth_error', message: 'Invalid credentials' });
        assert.deepEqual(await closed(live), { code: 1008, reason: 'Authentication failed' });
    }
});

test('a first message authenticates, with or without protocol', async () => {
    const protocols = [
        [undefined, 'gzip'],
        [{ serialization: 'json', compression: 'gzip' }, 'gzip'],
        [{ serialization: 'json', compression: 'none' }, 'none'],
        [{ serialization: 'msgpack', compression: 'gzip' }, 'gzip'],
    ];
    for (const [protocol, compression] of protocols) {
        const live = await open();
        live.send({ type: 'authenticate', method: 'jwt', token: alice.token, protocol });
        assert.deepEqual(await live.next(), {
            type: 'auth_success', user: 'alice', role: 'user', protocol: { serialization: 'json', compression },
        });
        await live.close();
    }
});

test('compression can be declined in the address', async () => {
    for (const query of ['?compress=false', '?compression=none&unknown=1']) {
        const live = await open({ auth: 'header', token: root.token, query });
        assert.equal(live.messages[0].protocol.compression, 'none');
        await live.close();
    }
});

test('a first message that does not: auth_error, then 1008', async () => {
    const live = await open();
    live.send({ type: 'authenticate', method: 'jwt', token: forgeToken(tokenClaims(root.token), 'x') });
    assert.deepEqual(await live.next(), { type: 'auth_error', message: 'Invalid credentials' });
    assert.equal((await closed(live)).code, 1008);
});

test('before authentication nothing else is served', async () => {
    const live = await open();
    live.send({ type: 'ping' });
    live.send({ type: 'next_batch', subscription_id: 'a' });
    live.send({ type: 'unsubscribe', subscription_id: 'a' });
    live.send({ type: 'subscribe', subscription: { id: 'a', sql: 'SELECT * FROM app.t' } });
    const error = await live.next();
    assert.equal(error.subscription_id, 'subscribe');
    assert.equal(error.code, 'AUTH_REQUIRED');
    live.send({ type: 'sql', id: 'q', sql: 'SELECT 1' });
    assert.equal((await live.next()).code, 'AUTH_REQUIRED');
    live.send({ type: 'authenticate', method: 'jwt', token: root.token });
    assert.equal((await live.next()).type, 'auth_success');
    await live.close();
});

test('authenticating again is answered again, and only for the same account', async () => {
    const live = await alice.live();
    live.send({ type: 'authenticate', method: 'jwt', token: alice.token });
    assert.equal((await live.next()).type, 'auth_success');
    live.send({ type: 'authenticate', method: 'jwt', token: root.token });
    assert.equal((await live.next()).type, 'auth_error');
    live.send({ type: 'sql', id: 'q', sql: 'SELECT CURRENT_USER()' });
    assert.deepEqual((await live.next()).results[0].rows, [['alice']]);
    await live.close();
});

test('USE lasts for the connection, a transaction for one message', async () => {
    await root.sql('CREATE NAMESPACE IF NOT EXISTS used; CREATE SHARED TABLE used.things (id BIGINT PRIMARY KEY)');
    const [live, other] = [await root.live(), await root.live()];
    const sql = async (on, text, more = {}) => {
        on.send({ type: 'sql', id: 'q', sql: text, ...more });
        return await on.next(({ type }) => type === 'sql_result');
    };
    assert.equal((await sql(live, 'SELECT * FROM things')).status, 'error');
    assert.equal((await sql(live, 'USE used')).status, 'success');
    assert.equal((await sql(live, 'SELECT * FROM things')).status, 'success');
    assert.equal((await sql(other, 'SELECT * FROM things')).status, 'error');
    assert.equal((await sql(live, 'SELECT * FROM things', { namespace_id: 'default' })).status, 'error');
    assert.equal((await sql(live, 'SELECT * FROM things')).status, 'success');
    assert.equal((await sql(live, 'USE default; SELECT * FROM things')).status, 'error');
    assert.equal((await sql(live, 'SELECT * FROM things')).status, 'error');

    const { error } = await sql(live, 'BEGIN');
    assert.match(error.message, /open explicit transaction; rolled back automatically$/);
    assert.match(error.hint, /a transaction is one request/);
    assert.equal((await sql(live, 'INSERT INTO used.things VALUES (1)')).status, 'success');
    assert.match((await sql(live, 'COMMIT')).error.message, /transaction/);
    assert.equal((await sql(live, 'BEGIN; INSERT INTO used.things VALUES (2); COMMIT')).status, 'success');
    await Promise.all([live.close(), other.close()]);
});

test('a session ends with its token, unless it is extended', async () => {
    const now = Math.floor(Date.now() / 1000);
    const nearlyOver = forgeToken({ ...tokenClaims(alice.token), iat: now - 100, exp: now - 58 }, SECRET);
    const [ending, extended] = [await open({ auth: 'header', token: nearlyOver }), await open({ auth: 'header', token: nearlyOver })];
    for (const live of [ending, extended]) {
        await live.subscribe('s', 'SELECT * FROM app.t');
    }
    extended.send({ type: 'authenticate', method: 'jwt', token: alice.token });
    await extended.next(({ type }) => type === 'auth_success');
    const sql = async (live) => {
        live.send({ type: 'sql', id: 'q', sql: 'SELECT 1' });
        return await live.next(({ type }) => type === 'sql_result');
    };
    const timer = setInterval(() => [ending, extended].forEach((live) => live.send({ type: 'ping' })), 1000);
    await ending.waitFor(({ code }) => code === 'TOKEN_EXPIRED');
    clearInterval(timer);
    assert.equal((await sql(ending)).error.code, 'TOKEN_EXPIRED');
    assert.equal((await sql(extended)).status, 'success');
    await ending.close();
    await extended.close();
});

test('a changed account ends what its session may do', async () => {
    const bob = await newUser(server, 'bob');
    const live = await bob.live();
    await root.sql("ALTER USER 'bob' SET ROLE service");
    live.send({ type: 'sql', id: 'q', sql: 'SELECT 1' });
    assert.equal((await live.next(({ type }) => type === 'sql_result')).error.code, 'INVALID_CREDENTIALS');
    await assert.rejects(live.subscribe('s', 'SELECT * FROM app.t'));
    await live.close();
});

test('text that is no JSON closes with 1011, what is no text with 1007', async () => {
    const live = await root.live();
    live.send('hello');
    const how = await closed(live);
    assert.equal(how.code, 1011);
    assert.match(how.reason, /^Invalid message: /);
    const raw = await upgraded();
    await raw.send(frame(1, Buffer.from([0xff, 0xfe])));
    assert.equal(closeCode(await raw.until()), 1007);
});

test('an unknown message or a wrong field is PROTOCOL and the connection lives', async () => {
    const live = await root.live();
    for (const message of [{ type: 'nonsense' }, {}, [], 5, { type: 'subscribe' }, { type: 'subscribe', subscription: { id: 1, sql: 'x' } },
        { type: 'subscribe', subscription: { id: 'a' } }, { type: 'next_batch', subscription_id: 'a', last_seq_id: {} },
        { type: 'unsubscribe' }, { type: 'sql', sql: 'SELECT 1' }, { type: 'authenticate', method: 'basic', token: 'x' }]) {
        live.send(JSON.stringify(message));
        const error = await live.next();
        assert.equal(error.type, 'error');
        assert.equal(error.subscription_id, 'protocol');
        assert.equal(error.code, 'PROTOCOL', JSON.stringify(message));
    }
    live.send({ type: 'sql', id: 'q', sql: 'SELECT 1' });
    assert.equal((await live.next()).status, 'success');
    await live.close();
});

test('binary frames are not for JSON', async () => {
    const live = await root.live();
    live.send(Buffer.from('{"type":"ping"}'));
    assert.deepEqual(await live.next(), {
        type: 'error', subscription_id: 'protocol', code: 'UNSUPPORTED_DATA', message: 'Binary not supported',
    });
    await live.close();
});

test('a live filter may be long, but nests 64 levels', async () => {
    const live = await alice.live();
    const nested = (levels, open, close) => open.repeat(levels) + 'id = 1' + close.repeat(levels);
    const long = Array.from({ length: 200 }, (_, at) => `id <> ${at}`).join(' AND ');
    const accepted = [long, `id = ${Array(200).fill('id').join(' + ')}`, nested(64, '(', ')'), nested(64, 'NOT ', '')];
    for (const [at, where] of accepted.entries())
        await live.subscribe(`long${at}`, `SELECT * FROM app.t WHERE ${where}`);
    for (const where of [nested(65, '(', ')'), nested(65, 'NOT ', ''), nested(65, 'coalesce(', ')')]) {
        const error = await live.subscribe('deep', `SELECT * FROM app.t WHERE ${where}`).then(() => assert.fail(where), (problem) => problem);
        assert.equal(error.code, 'INVALID_SQL');
        assert.match(error.text, /nests 65 levels of parentheses, calls and NOT; it may nest 64/);
    }
    await live.close();
});

test('what cannot be subscribed is refused with its code', async () => {
    const cases = [
        [alice, 'INSERT INTO app.t VALUES (1)', 'INVALID_SQL', /Only SELECT queries are supported for subscriptions/],
        [alice, 'SELECT * FROM app.t; SELECT * FROM app.t', 'INVALID_SQL', /^Invalid SQL: Invalid SQL: Subscription query /],
        [alice, 'WITH x AS (SELECT 1) SELECT * FROM x', 'INVALID_SQL'],
        [alice, 'SELECT * FROM app.t ORDER BY id', 'INVALID_SQL', /supports only SELECT \.\.\. FROM \.\.\. \[WHERE \.\.\.\]/],
        [alice, 'SELECT * FROM app.t LIMIT 1', 'INVALID_SQL'],
        [alice, 'SELECT DISTINCT id FROM app.t', 'INVALID_SQL'],
        [alice, 'SELECT count(*) FROM app.t GROUP BY room', 'INVALID_SQL'],
        [alice, 'SELECT * FROM app.t a JOIN app.t b ON a.id = b.id', 'INVALID_SQL'],
        [alice, 'SELECT * FROM app.t, app.t', 'INVALID_SQL'],
        [alice, 'SELECT * FROM (SELECT 1) x', 'INVALID_SQL'],
        [alice, 'SELECT id, _seq FROM app.t', 'INVALID_SQL', /cannot project system columns '_seq' or '_deleted'/],
        [alice, 'SELECT * FROM t', 'INVALID_SQL', /Query must use namespace\.table format/],
        [alice, 'SELECT nope FROM app.t', 'INVALID_SQL'],
        [alice, 'SELECT * FROM app.t WHERE _deleted', 'INVALID_SQL'],
        [root, 'SELECT * FROM app.nope', 'NOT_FOUND', /^Not found: Table not found: app\.nope$/],
        [alice, 'SELECT * FROM app.nope', 'NOT_FOUND', /^Requested table is not available$/],
        [alice, 'SELECT * FROM app.private', 'UNAUTHORIZED'],
        [alice, 'SELECT * FROM system.users', 'UNAUTHORIZED', /^Permission denied: Cannot subscribe to system table/],
        [root, 'SELECT * FROM system.stats', 'UNSUPPORTED'],
        [root, 'SELECT * FROM app.t WHERE', 'INVALID_SQL', /^Invalid SQL: Invalid SQL: Subscription query does not parse: /],
        [alice, 'SELECT * FROM app.t WHERE', 'INVALID_SQL', /^SQL statement is invalid or not allowed$/],
    ];
    const lives = new Map([[root, await root.live()], [alice, await alice.live()]]);
    for (const [at, [client, sql, code, pattern = /./]] of cases.entries()) {
        const error = await lives.get(client).subscribe(`s${at}`, sql).then(() => assert.fail(sql), (problem) => problem);
        assert.equal(error.code, code, `${sql}: ${error.message}`);
        assert.match(error.text, pattern);
    }
    for (const live of lives.values())
        await live.close();
});

test('a blank id is refused as such', async () => {
    const live = await alice.live();
    for (const id of ['', '  \t']) {
        live.send({ type: 'subscribe', subscription: { id, sql: 'SELECT * FROM app.t' } });
        assert.deepEqual(await live.next(), {
            type: 'error', subscription_id: 'invalid_subscription', code: 'INVALID_SUBSCRIPTION_ID',
            message: 'Subscription ID cannot be empty',
        });
    }
    await live.close();
});

test('wrong options are UNSUPPORTED and name the option', async () => {
    const live = await alice.live();
    for (const [options, pattern] of [[{ batch_size: 0 }, /batch_size/], [{ batch_size: -1 }, /batch_size/], [{ batch_size: 'x' }, /batch_size/],
        [{ last_rows: 2000 }, /last_rows \(2000\) cannot exceed batch_size \(1000\)/], [{ from: -1 }, /from/], [{ on_lag: 'drop' }, /on_lag/],
        [{ full: 1 }, /full/], ['x', /options/]]) {
        const error = await live.subscribe('s', 'SELECT * FROM app.t', options).then(() => assert.fail(), (problem) => problem);
        assert.equal(error.code, 'UNSUPPORTED', JSON.stringify(options));
        assert.match(error.text, pattern);
    }
    await live.close();
});

test('options decide whether there is initial data', async () => {
    await root.sql("INSERT INTO app.t VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 2)");
    const live = await root.live();
    const ack = await live.subscribe('none', 'SELECT * FROM app.t', null);
    assert.deepEqual(ack.batch_control, { ...ack.batch_control, batch_num: 0, has_more: false, status: 'ready', last_seq_id: null });
    assert.equal(ack.total_rows, 0);
    const loaded = await live.subscribe('all', 'SELECT id, body FROM app.t WHERE room = $1', {}, { params: [1] });
    const batch = await live.waitFor(({ type, subscription_id }) => type === 'initial_data_batch' && subscription_id === 'all');
    assert.deepEqual(batch.batch_control, loaded.batch_control);
    assert.deepEqual(batch.rows.map(({ id, body }) => [id, body]), [['1', 'a'], ['2', 'b']]);
    assert.equal(typeof batch.rows[0]._seq, 'string');
    await live.close();
});

test('SQL over the WebSocket answers in order, each with its id', async () => {
    const live = await root.live();
    for (let i = 0; i < 100; i++)
        live.send({ type: 'sql', id: `q${i}`, sql: i % 2 ? 'SELECT $1' : `INSERT INTO app.t VALUES (${100 + i}, 'x', 9)`, params: i % 2 ? [i] : undefined });
    for (let i = 0; i < 100; i++) {
        const answer = await live.next(({ type }) => type === 'sql_result');
        assert.equal(answer.id, `q${i}`);
        assert.equal(answer.status, 'success');
        if (i % 2)
            assert.deepEqual(answer.results[0].rows, [[String(i)]]);
    }
    await live.close();
});

test('SQL over the WebSocket fails like SQL over HTTP, in the words for the role', async () => {
    const statements = ['SELECT * FROM app.nope', 'SELEC', 'SELECT (', 'SELECT 1; SELECT (', 'SELECT nope FROM app.t', 'SELECT 1/0',
        'SELECT nope(1)', 'DROP TABLE app.nope', 'BEGIN', 'KILL LIVE QUERY \'none\'', 'USE nowhere'];
    for (const client of [root, alice]) {
        const live = await client.live();
        for (const sql of statements) {
            live.send({ type: 'sql', id: 'q', sql });
            const { status, error } = await live.next(({ type }) => type === 'sql_result');
            assert.deepEqual({ status, error }, { status: 'error', error: (await client.error(sql)).envelope.error }, sql);
        }
        await live.close();
    }
});

test('requests over the WebSocket that are none are told why', async () => {
    const live = await alice.live();
    const cases = [
        [{ sql: 'SELECT * FROM app.nope' }, 'TABLE_NOT_FOUND', 'Requested table is not available'],
        [{ sql: '' }, 'EMPTY_SQL', 'No SQL statements provided'],
        [{}, 'INVALID_INPUT', 'Invalid JSON payload: "sql" must be a string'],
        [{ sql: 'SELECT $1', params: [[]] }, 'INVALID_PARAMETER', 'Parameter $1 invalid: an array is no SQL value'],
    ];
    for (const [request, code, message] of cases) {
        live.send({ type: 'sql', id: 'q', ...request });
        const answer = await live.next(({ type }) => type === 'sql_result');
        assert.equal(answer.status, 'error');
        assert.deepEqual([answer.error.code, answer.error.message], [code, message]);
    }
    await live.close();
});

test('a connection cut while SQL runs and waits does no harm', async () => {
    for (let i = 0; i < 10; i++) {
        const live = await root.live();
        for (let at = 0; at < 20; at++)
            live.send({ type: 'sql', id: `q${at}`, sql: at % 2 ? 'SELECT * FROM app.t' : `INSERT INTO app.t VALUES (${1000 + 100 * i + at}, 'x', 9)` });
        await live.subscribe('s', 'SELECT * FROM app.t').catch(() => {});
        await live.close({ cut: true });
    }
    assert.equal((await root.rows('SELECT 1 AS n'))[0].n, '1');
});

test('an upgrade that is none is told what is missing', async () => {
    const ask = async (headers) => {
        const raw = await Raw.open(server.port);
        await raw.send(`GET /v1/ws HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
        const text = await raw.until((so_far) => so_far.includes('\r\n\r\n'));
        raw.destroy();
        return statuses(text)[0];
    };
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    assert.equal(await ask(''), 400);
    assert.equal(await ask('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'), 400);
    assert.equal(await ask(`Connection: Upgrade\r\nUpgrade: websocket\r\n${key}Sec-WebSocket-Version: 8\r\n`), 426);
    assert.equal(await ask(`Connection: close\r\nUpgrade: websocket\r\n${key}Sec-WebSocket-Version: 13\r\n`), 400);
});

test('broken frames close with 1002, too large ones are passed over', async () => {
    const broken = {
        'not masked': frame(1, '{}', { masked: false }),
        'unknown opcode': frame(3, 'x'),
        'reserved bits': Buffer.concat([Buffer.from([0xf1]), frame(1, '{}').subarray(1)]),
        'fragmented ping': frame(9, 'x', { fin: false }),
        'long ping': frame(9, 'x'.repeat(126)),
        'continuation of nothing': frame(0, 'x'),
        'text inside a message': Buffer.concat([frame(1, '{', { fin: false }), frame(1, '}')]),
    };
    for (const [name, bytes] of Object.entries(broken)) {
        const raw = await upgraded();
        await raw.send(bytes);
        assert.equal(closeCode(await raw.until()), 1002, name);
        raw.destroy();
    }
});

test('pings are answered and fragments are joined', async () => {
    const raw = await upgraded();
    await raw.send(frame(9, 'are you there'));
    await raw.until((text) => text.includes('\x8a\x0dare you there'));
    const message = '{"type":"sql","id":"frag","sql":"SELECT 5"}';
    for (let at = 0; at < message.length; at += 7) {
        const last = at + 7 >= message.length;
        await raw.send(Buffer.concat([frame(at ? 0 : 1, message.slice(at, at + 7), { fin: last }), last ? Buffer.alloc(0) : frame(9, 'p')]));
    }
    await raw.until((text) => text.includes('"id":"frag"') && text.includes('[["5"]]'));
    raw.destroy();
});

test('ten megabytes of nonsense are survived', async () => {
    const nonsense = randomBytes(1 << 20);
    const raw = await upgraded();
    for (let i = 0; i < 10 && !raw.ended; i++)
        await raw.send(nonsense);
    await raw.until();
    const polite = await upgraded();
    for (let i = 0; i < 10 && !polite.ended; i++)
        await polite.send(frame(1, nonsense));
    await polite.until((text) => text.includes('MESSAGE_TOO_LARGE') || closeCode(text));
    polite.destroy();
    const live = await root.live();
    live.send({ type: 'sql', id: 'q', sql: 'SELECT 1' });
    assert.equal((await live.waitFor(({ type }) => type === 'sql_result')).status, 'success');
    await live.close();
});

test('r52 connections come and go without a trace', async () => {
    const count = 500;
    for (let round = 0; round < 3; round++) {
        const lives = await Promise.all(Array.from({ length: count }, () => root.live()));
        await lives[0].subscribe('s', 'SELECT * FROM app.t WHERE room = 77');
        await Promise.all(lives.map((live, at) => live.close({ cut: at % 2 === 0 })));
    }
    for (;;) {
        const [{ metric_value }] = await root.rows("SELECT metric_value FROM system.stats WHERE metric_name = 'websocket_sessions'");
        if (metric_value === '0')
            break;
    }
    assert.deepEqual(await root.rows('SELECT count(*) AS n FROM system.live_queries'), [{ n: '0' }]);
});
