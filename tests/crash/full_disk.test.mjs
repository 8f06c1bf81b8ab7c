// SPDX-License-Identifier: Apache-2.0
// The disk takes no more.  A limit on the size of files (RLIMIT_FSIZE, which needs no privilege and
// no file system of its own) makes the kernel cut a write of the log short and refuse the rest, as
// a full disk does.  What was acknowledged must stay, what was not is there wholly or not at all,
// and whoever only reads notices nothing.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { login, newUser, request } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

const FILE_BYTES_MAX = 2 << 20;
const WRITERS = 4;
const ROWS_EACH = 4;
const ROW_BYTES = 4000;
const STATEMENTS_MAX = Math.ceil(10 * FILE_BYTES_MAX / (ROWS_EACH * ROW_BYTES));

const TOLD_TO_ALL = 'The server accepts no writes at the moment: its storage failed; its log says why';
const REASON = /File too large|No space left on device/;
const SELECT = 'SELECT id, statement, body FROM app.mine';

const options = { wrapper: ['prlimit', `--fsize=${FILE_BYTES_MAX}`] };
const acknowledged = new Set(), refused = new Map(); /* statement -> its envelope */
let server, alice, dba, live, replica;

before(async () => {
    server = await startServer(options);
    const root = await login(server);
    await root.sql(`CREATE NAMESPACE app;
        CREATE USER TABLE app.mine (id BIGINT PRIMARY KEY, statement INT NOT NULL, body TEXT NOT NULL);
        CREATE USER TABLE app.loose (id BIGINT PRIMARY KEY) WITH (DURABILITY = 'async');
        CREATE STREAM TABLE app.events (kind TEXT) WITH (TTL_SECONDS = 60)`);
    alice = await newUser(server, 'alice');
    dba = await newUser(server, 'keeper', { role: 'dba' });
    live = await alice.live();
    replica = await live.replicate('before', SELECT, 'id');
    await fill();
});
after(() => server.stop());

const bodyOf = (statement, row) => `${statement}/${row}/`.padEnd(ROW_BYTES, 'x');

async function insert(statement) {
    const rows = Array.from({ length: ROWS_EACH }, (_, row) =>
        `(${statement * ROWS_EACH + row}, ${statement}, '${bodyOf(statement, row)}')`);
    const envelope = await alice.send(`INSERT INTO app.mine VALUES ${rows}`);
    if (envelope.status === 'success')
        acknowledged.add(statement);
    else
        refused.set(statement, envelope);
}

/** Several writers at once, until one is refused and the others have their answers. */
async function fill() {
    let next = 0;
    await Promise.all(Array.from({ length: WRITERS }, async () => {
        while (refused.size === 0 && next < STATEMENTS_MAX)
            await insert(next++);
    }));
}

/** Statements by number, each with the rows of it that are there. */
function byStatement(rows) {
    const found = new Map();
    for (const { id, statement, body } of rows) {
        assert.equal(body, bodyOf(statement, Number(id) % ROWS_EACH));
        found.set(statement, (found.get(statement) ?? 0) + 1);
    }
    return found;
}

function mustBeTheAcknowledged(rows) {
    const found = byStatement(rows);
    assert.deepEqual([...found.keys()].sort(), [...acknowledged].sort());
    for (const [statement, count] of found)
        assert.equal(count, ROWS_EACH, `statement ${statement}`);
}

test('writes are refused with 503 READ_ONLY, from the first that fails', async () => {
    assert.ok(acknowledged.size > 20, `${acknowledged.size} were acknowledged`);
    assert.ok(refused.size > 0, 'the limit was never met');
    for (const { httpStatus, error } of refused.values()) {
        assert.equal(httpStatus, 503);
        assert.deepEqual(error, { code: 'READ_ONLY', message: TOLD_TO_ALL });
    }
    for (const sql of ['INSERT INTO app.mine VALUES (-1, -1, \'\')', 'INSERT INTO app.loose VALUES (1)',
        'INSERT INTO app.events VALUES (\'x\')', 'UPDATE app.mine SET body = \'\' WHERE id = 0']) {
        const { status, code, text } = await alice.error(sql);
        assert.deepEqual({ status, code, text }, { status: 503, code: 'READ_ONLY', text: TOLD_TO_ALL }, sql);
    }
    live.send({ type: 'sql', id: 'q', sql: 'DELETE FROM app.mine WHERE id = 0' });
    const { error } = await live.next(({ type }) => type === 'sql_result');
    assert.deepEqual(error, { code: 'READ_ONLY', message: TOLD_TO_ALL });
});

test('administrators are told the reason', async () => {
    for (const sql of ['CREATE NAMESPACE later', 'INSERT INTO app.mine VALUES (1, 1, \'\')']) {
        const { status, code, text } = await dba.error(sql);
        assert.deepEqual({ status, code }, { status: 503, code: 'READ_ONLY' });
        assert.match(text, /^Execution error: the server accepts no more writes until it is restarted: /);
        assert.match(text, REASON);
        assert.ok(text.includes(server.dataDir), `${text} names the place`);
    }
});

test('the log has one line about it, with the reason', () => {
    for (const log of [server.log(), readFileSync(join(server.dataDir, 'logs', 'server.log'), 'utf8')]) {
        const lines = log.split('\n').filter((line) => line.includes('read-only'));
        assert.equal(lines.length, 1, lines.join('\n'));
        assert.match(lines[0], / error server: read-only .*reason=/);
        assert.match(lines[0], REASON);
    }
});

test('reads, health and live queries go on, and show what was acknowledged and nothing else', async () => {
    mustBeTheAcknowledged(await alice.rows(SELECT));
    assert.equal((await request(`${server.url}/health`)).status, 200);
    assert.equal((await request(`${server.url}/healthz`)).status, 200);
    assert.equal((await request(`${server.url}/readyz`)).status, 503);
    const [{ metric_value }] = await dba.rows('SELECT metric_value FROM system.stats WHERE metric_name = \'writable\'');
    assert.equal(metric_value, '0');
    const late = await live.replicate('after', SELECT, 'id');
    mustBeTheAcknowledged(late.rows.values());
    await live.waitFor(() => replica.rows.size >= ROWS_EACH * acknowledged.size);
    mustBeTheAcknowledged(replica.rows.values());
});

test('after kill -9 and a restart with space it writes again, and nothing acknowledged is missing', async () => {
    await live.close();
    await server.kill('SIGKILL');
    delete options.wrapper;
    await server.start();

    const found = byStatement(await alice.rows(SELECT));
    for (const statement of acknowledged)
        assert.equal(found.get(statement), ROWS_EACH, `statement ${statement} was acknowledged`);
    for (const [statement, count] of found) {
        assert.ok(acknowledged.has(statement) || refused.has(statement), `statement ${statement} was never sent`);
        assert.equal(count, ROWS_EACH, `statement ${statement} is there in part`);
    }
    const again = await alice.live();
    const whole = await again.replicate('again', SELECT, 'id');
    await insert(STATEMENTS_MAX);
    assert.ok(acknowledged.has(STATEMENTS_MAX));
    await again.waitFor(() => whole.rows.size === ROWS_EACH * (found.size + 1));
    await again.close();
});
