// SPDX-License-Identifier: Apache-2.0
// Requirements R32 to R61, seen from outside: live queries and what they deliver.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { buildPreload, preloadEnv } from '../crash/trace.mjs';
import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

const COLUMNS = '(id BIGINT PRIMARY KEY, room INT NOT NULL, text TEXT)';

let server, root, alice, bob;
before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    [alice, bob] = [await newUser(server, 'alice'), await newUser(server, 'bob')];
});
after(() => server.stop());

const isChange = ({ type }) => type === 'change';
const changesOf = (live) => live.messages.filter(isChange);

async function stat(name) {
    const [row] = await root.rows('SELECT metric_value FROM system.stats WHERE metric_name = $1', [name]);
    assert.ok(row, `system.stats has ${name}`);
    return Number(row.metric_value);
}

/** Asks until the answer is as expected: what ends with a connection ends soon, not at once. */
async function becomes(ask, expected) {
    let answer;
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(10)) {
        answer = await ask();
        if (answer === expected)
            return;
    }
    assert.equal(answer, expected);
}

/** Waits until the connection was told the commit, on that subscription. */
const told = (live, id, seq) => live.waitFor((message) => message.subscription_id === id && BigInt(message.commit ?? 0) >= BigInt(seq));

const queries = (where = '') => root.rows(`SELECT * FROM system.live_queries ${where}`);

test('r32 a connection has many subscriptions, each with a live id of its own', async () => {
    await root.sql(`CREATE SHARED TABLE app.r32 ${COLUMNS}`);
    const live = await root.live();
    for (const id of ['a', 'b', 'c'])
        assert.equal((await live.subscribe(id, 'SELECT * FROM app.r32', { batch_size: 10 })).subscription_id, id);
    const listed = await queries("WHERE table_name = 'r32'");
    assert.equal(new Set(listed.map(({ live_id }) => live_id)).size, 3);
    for (const { live_id, connection_id, query_id, user_id, query, options } of listed) {
        assert.equal(live_id, `root-${connection_id}-${query_id}`);
        assert.match(connection_id, /^[0-9a-f]{32}$/);
        assert.equal(user_id, 'root');
        assert.equal(query, 'SELECT * FROM app.r32');
        assert.deepEqual(JSON.parse(options), { batch_size: 10 });
    }
    await live.close();
});

test('r33 a live query counts the changes it delivered; totals are counted, too', async () => {
    await root.sql(`CREATE SHARED TABLE app.r33 ${COLUMNS}`);
    const live = await root.live();
    await live.subscribe('counted', 'SELECT * FROM app.r33', {});
    await live.subscribe('second', 'SELECT * FROM app.r33 WHERE room = 7', {});
    for (let id = 0; id < 10; id++)
        await root.sql('INSERT INTO app.r33 VALUES ($1, 1, NULL)', [id]);
    await becomes(async () => (await queries("WHERE query_id = 'counted'"))[0].changes, '10');
    assert.equal((await queries("WHERE query_id = 'second'"))[0].changes, '0');
    assert.equal(await stat('total_live_queries'), 2);
    await live.close();
});

test('r34 a change goes to the subscribers of its table and to nobody else', async () => {
    await root.sql(`CREATE SHARED TABLE app.r34 ${COLUMNS}; CREATE SHARED TABLE app.r34_other ${COLUMNS}`);
    const lives = await Promise.all([root.live(), root.live(), root.live(), root.live()]);
    await Promise.all(lives.map((live, at) => live.subscribe('s', `SELECT * FROM app.r34${at < 3 ? '' : '_other'}`, {})));
    const sentBefore = await stat('live_rows_sent_total');
    await root.sql("INSERT INTO app.r34 VALUES (1, 1, 'for three')");
    await Promise.all(lives.slice(0, 3).map((live) => live.next(isChange)));
    assert.equal(await stat('live_rows_sent_total') - sentBefore, 3);
    await root.sql("INSERT INTO app.r34_other VALUES (2, 1, 'for one')");
    assert.equal((await lives[3].next(isChange)).rows[0].text, 'for one');
    assert.equal(changesOf(lives[3]).length, 1);
    await Promise.all(lives.map((live) => live.close()));
});

test('r35 counters are exact under concurrency', async () => {
    const WRITERS = 8, INSERTS = 1000, SUBSCRIBERS = 4, PER_REQUEST = 50;
    await root.sql(`CREATE SHARED TABLE app.r35 ${COLUMNS}`);
    const lives = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => root.live()));
    await Promise.all(lives.map((live) => live.subscribe('r35', 'SELECT id, room FROM app.r35', {})));
    await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => {
        for (let at = 0; at < INSERTS; at += PER_REQUEST)
            await root.sql(Array.from({ length: PER_REQUEST }, (_, i) => `INSERT INTO app.r35 VALUES (${writer * INSERTS + at + i}, ${writer}, NULL)`).join(';'));
    }));
    const counts = async () => (await queries("WHERE query_id = 'r35'")).map(({ changes }) => changes).join();
    await becomes(counts, Array(SUBSCRIBERS).fill(String(WRITERS * INSERTS)).join());
    for (const live of lives) {
        await live.waitFor(() => changesOf(live).reduce((sum, { rows }) => sum + rows.length, 0) === WRITERS * INSERTS);
        await live.close();
    }
});

test('r36 r40 a change says its kind, its rows, and what was before', async () => {
    await root.sql(`CREATE SHARED TABLE app.r36 ${COLUMNS}; CREATE SHARED TABLE app.r36_hard ${COLUMNS} WITH (DELETED_RETENTION_HOURS = 0)`);
    const live = await root.live();
    await live.subscribe('soft', 'SELECT * FROM app.r36', {});
    await live.subscribe('hard', 'SELECT * FROM app.r36_hard', {});
    const seqOf = async (sql) => (await root.sql(sql)).results[0].seq;
    const next = async () => JSON.parse(JSON.stringify(await live.next(isChange)));

    const first = await seqOf("INSERT INTO app.r36 VALUES (1, 2, 'a')");
    assert.deepEqual(await next(), { type: 'change', subscription_id: 'soft', change_type: 'insert', commit: first,
        rows: [{ id: '1', room: 2, text: 'a', _seq: first, _deleted: false }] });
    const second = await seqOf("UPDATE app.r36 SET text = 'b' WHERE id = 1");
    assert.deepEqual(await next(), { type: 'change', subscription_id: 'soft', change_type: 'update', commit: second,
        rows: [{ _seq: second, id: '1', room: 2, text: 'b' }], old_values: [{ _seq: first, id: '1', text: 'a' }] });
    const third = await seqOf('UPDATE app.r36 SET text = NULL WHERE id = 1');
    assert.deepEqual(await next(), { type: 'change', subscription_id: 'soft', change_type: 'update', commit: third,
        rows: [{ _seq: third, id: '1', room: 2 }], old_values: [{ _seq: second, id: '1', text: 'b' }] });
    const fourth = await seqOf('DELETE FROM app.r36 WHERE id = 1');
    assert.deepEqual(await next(), { type: 'change', subscription_id: 'soft', change_type: 'delete', commit: fourth,
        old_values: [{ id: '1', room: 2, text: null, _seq: fourth, _deleted: true }] });
    await seqOf("INSERT INTO app.r36_hard VALUES (1, 2, 'a')");
    await next();
    const last = await seqOf('DELETE FROM app.r36_hard WHERE id = 1');
    assert.deepEqual(await next(), { type: 'change', subscription_id: 'hard', change_type: 'delete', commit: last, hard: true,
        old_values: [{ id: '1', room: 2, text: 'a', _seq: last, _deleted: true }] });
    await live.close();
});

test('r38 a write that the disk refused is not notified', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kalamdb-r38-'));
    const trigger = join(directory, 'fail');
    const ill = await startServer({ env: preloadEnv(buildPreload(directory), { KALAMDB_FAIL_SYNC: trigger }) });
    const client = await login(ill);
    await client.sql(`CREATE NAMESPACE app; CREATE SHARED TABLE app.r38 ${COLUMNS}`);
    const live = await client.live();
    await live.subscribe('s', 'SELECT * FROM app.r38', {});
    await client.sql("INSERT INTO app.r38 VALUES (1, 1, 'stored')");
    assert.equal((await live.next(isChange)).rows[0].text, 'stored');
    writeFileSync(trigger, '');
    assert.match((await client.error("INSERT INTO app.r38 VALUES (2, 1, 'lost')")).text, /Input\/output error/);
    await live.subscribe('probe', 'SELECT * FROM app.r38', {});
    assert.equal(changesOf(live).length, 1, 'no notification');
    assert.deepEqual(live.messages.filter(({ subscription_id, rows }) => subscription_id === 'probe' && rows).flatMap(({ rows }) => rows.map(({ id }) => id)), ['1']);
    await live.close();
    await ill.kill();
    rmSync(directory, { recursive: true });
});

test('r38 r39 r40 r41 a user table notifies inserts, batches, updates and deletes', async () => {
    await root.sql(`CREATE USER TABLE app.r41 ${COLUMNS}`);
    const live = await alice.live();
    await live.subscribe('s', 'SELECT * FROM app.r41', {});
    await alice.sql("INSERT INTO app.r41 VALUES (1, 1, 'one')");
    await alice.sql("INSERT INTO app.r41 VALUES (2, 1, 'two'), (3, 1, 'three')");
    await alice.sql("UPDATE app.r41 SET text = 'zwei' WHERE id = 2");
    const { seq } = (await alice.sql('DELETE FROM app.r41 WHERE id = 1')).results[0];
    await told(live, 's', seq);
    const events = changesOf(live).flatMap(({ change_type, rows = [], old_values = [] }) =>
        Array.from({ length: Math.max(rows.length, old_values.length) }, (_, at) => [change_type, rows[at]?.id ?? old_values[at].id,
            rows[at]?.text, old_values[at]?.text]));
    assert.deepEqual(events, [['insert', '1', 'one', undefined], ['insert', '2', 'two', undefined], ['insert', '3', 'three', undefined],
        ['update', '2', 'zwei', 'two'], ['delete', '1', undefined, 'one']]);
    await live.close();
});

test('r44 both users who watch a shared table get its changes', async () => {
    await root.sql(`CREATE SHARED TABLE app.r44 ${COLUMNS} WITH (ACCESS_LEVEL = 'PUBLIC')`);
    const lives = [await alice.live(), await bob.live()];
    await Promise.all(lives.map((live) => live.subscribe('s', 'SELECT * FROM app.r44', {})));
    await root.sql("INSERT INTO app.r44 VALUES (1, 1, 'both')");
    for (const live of lives) {
        assert.equal((await live.next(isChange)).rows[0].text, 'both');
        await live.close();
    }
});

test('r46 writes succeed whatever becomes of the subscribers', async () => {
    await root.sql(`CREATE SHARED TABLE app.r46 ${COLUMNS}`);
    const lives = await Promise.all(Array.from({ length: 6 }, () => root.live()));
    await Promise.all(lives.map((live) => live.subscribe('s', 'SELECT * FROM app.r46', {})));
    lives.slice(3).forEach((live) => live.pause());
    const closing = [];
    for (let id = 0; id < 120; id++) {
        await root.sql('INSERT INTO app.r46 VALUES ($1, 1, $2)', [id, 'x'.repeat(10_000)]);
        if (id % 20 === 10)
            closing.push(lives[id / 20 | 0].close({ cut: true }));
    }
    await Promise.all(closing);
    assert.deepEqual(await root.rows('SELECT count(*) AS n FROM app.r46'), [{ n: '120' }]);
    await becomes(async () => (await queries("WHERE table_name = 'r46'")).length, 0);
});

test('r49 only rows that match the filter arrive', async () => {
    await root.sql('CREATE SHARED TABLE app.r49 (id BIGINT PRIMARY KEY, user_id TEXT, n INT)');
    const live = await root.live();
    await live.subscribe('s', "SELECT * FROM app.r49 WHERE user_id = 'a' AND n BETWEEN 1 AND 5", {});
    await root.sql("INSERT INTO app.r49 VALUES (1, 'a', 1), (2, 'b', 1), (3, 'a', 9), (4, NULL, 1), (5, 'a', NULL), (6, 'a', 5)");
    await root.sql("UPDATE app.r49 SET n = 2 WHERE id = 3");
    const { seq } = (await root.sql("UPDATE app.r49 SET user_id = 'b' WHERE id = 1")).results[0];
    await told(live, 's', seq);
    assert.deepEqual(changesOf(live).flatMap(({ change_type, rows, old_values }) => (rows ?? old_values).map(({ id }) => [change_type, id])),
        [['insert', '1'], ['insert', '6'], ['insert', '3'], ['delete', '1']]);
    const left = changesOf(live).at(-1);
    assert.equal(left.left, true, 'the row still exists, it only left the filter');
    await live.close();
});

test('r50 a filter is compiled once, evaluated ten thousand times, and gone after unsubscribe', async () => {
    await root.sql(`CREATE SHARED TABLE app.r50 ${COLUMNS}`);
    await becomes(() => stat('live_filters_cached'), 0);
    const [compiled, evaluated] = [await stat('live_filters_compiled_total'), await stat('live_evaluations_total')];
    const live = await root.live();
    await live.subscribe('s', 'SELECT * FROM app.r50 WHERE room % 2 = 1 AND length(text) < 3', {});
    assert.equal(await stat('live_filters_cached'), 1);
    for (let at = 0; at < 10_000; at += 1000)
        await root.sql(`INSERT INTO app.r50 VALUES ${Array.from({ length: 1000 }, (_, i) => `(${at + i}, 2, 'x')`)}`);
    const { seq } = (await root.sql("INSERT INTO app.r50 VALUES (10000, 1, 'y')")).results[0];
    await told(live, 's', seq);
    assert.equal(changesOf(live).length, 1);
    assert.equal(await stat('live_filters_compiled_total') - compiled, 1);
    assert.ok(await stat('live_evaluations_total') - evaluated >= 10_001);
    live.unsubscribe('s');
    await becomes(() => stat('live_filters_cached'), 0);
    await live.close();
});

test('r51 notifications go over the socket of the connection that asked, and each connection is its own', async () => {
    await root.sql(`CREATE SHARED TABLE app.r51 ${COLUMNS}`);
    const lives = [await root.live(), await root.live({ auth: 'message' })];
    await lives[0].subscribe('first', 'SELECT * FROM app.r51 WHERE room = 1', {});
    await lives[1].subscribe('second', 'SELECT * FROM app.r51 WHERE room = 2', {});
    await root.sql('INSERT INTO app.r51 VALUES (1, 1, NULL), (2, 2, NULL)');
    for (const [at, live] of lives.entries()) {
        const change = await live.next(isChange);
        assert.equal(change.subscription_id, ['first', 'second'][at]);
        assert.deepEqual(change.rows.map(({ id }) => id), [String(at + 1)]);
    }
    await lives[0].close();
    await root.sql('INSERT INTO app.r51 VALUES (3, 2, NULL)');
    assert.equal((await lives[1].next(isChange)).rows[0].id, '3');
    await lives[1].close();
});

test('r54 a subscription begins with what changed since a time, a number, or the last rows, and goes on live', async () => {
    await root.sql(`CREATE SHARED TABLE app.r54 ${COLUMNS}`);
    const insert = (from, count) => root.sql(`INSERT INTO app.r54 VALUES ${Array.from({ length: count }, (_, i) => `(${from + i}, 1, NULL)`)}`);
    const { seq } = (await insert(0, 10)).results[0];
    const [{ _updated }] = await root.rows('SELECT _updated FROM app.r54 WHERE id = 9');
    const since = Math.floor(_updated / 1000);
    await becomes(async () => Date.now() > since + 5, true);
    await insert(10, 5);
    const live = await root.live();
    const initial = async (id, options) => {
        await live.subscribe(id, 'SELECT * FROM app.r54', options);
        const { rows, batch_control } = await live.next(({ type, subscription_id }) => type === 'initial_data_batch' && subscription_id === id);
        assert.equal(batch_control.has_more, false);
        assert.ok(batch_control.last_seq);
        return rows.map((row) => Number(row.id));
    };
    assert.deepEqual(await initial('since', { since: since + 1 }), [10, 11, 12, 13, 14]);
    assert.deepEqual(await initial('from', { from: seq }), [10, 11, 12, 13, 14]);
    assert.deepEqual(await initial('last', { last_rows: 3 }), [12, 13, 14]);
    assert.equal((await initial('all', {})).length, 15);
    const commit = (await insert(15, 1)).results[0].seq;
    for (const id of ['since', 'from', 'last', 'all']) {
        await told(live, id, commit);
        assert.deepEqual(changesOf(live).filter(({ subscription_id }) => subscription_id === id).flatMap(({ rows }) => rows.map((row) => row.id)), ['15'], id);
    }
    await live.close();
});

test('r58 r59 live queries are rows of a system table while they are open', async () => {
    await root.sql(`CREATE SHARED TABLE app.r58 ${COLUMNS} WITH (ACCESS_LEVEL = 'PUBLIC')`);
    const count = async () => Number((await root.rows('SELECT count(*) AS n FROM system.live_queries'))[0].n);
    await becomes(count, 0);
    const lives = [await alice.live(), await bob.live(), await root.live()];
    for (const [at, live] of lives.entries())
        for (let i = 0; i <= at; i++)
            await live.subscribe(`s${i}`, 'SELECT * FROM app.r58', {});
    assert.equal(await count(), 6);
    assert.equal(await stat('total_live_queries'), 6);
    lives[2].unsubscribe('s1');
    await becomes(count, 5);
    await lives[0].close({ cut: true });
    await becomes(count, 4);
    await lives[1].close();
    await becomes(count, 2);
    await lives[2].close();
    await becomes(count, 0);
    await becomes(() => stat('total_live_queries'), 0);
    await becomes(() => stat('websocket_sessions'), 0);
});

test('r60 a delivery is a line of the log at level debug, and none at info', async () => {
    const deliver = async (level) => {
        const talkative = await startServer({ env: { KALAMDB_LOG_LEVEL: level } });
        const client = await login(talkative);
        await client.sql(`CREATE NAMESPACE app; CREATE SHARED TABLE app.r60 ${COLUMNS}`);
        const live = await client.live();
        await live.subscribe('r60', 'SELECT * FROM app.r60', {});
        const [{ live_id }] = await client.rows('SELECT live_id FROM system.live_queries');
        await client.sql('INSERT INTO app.r60 VALUES (1, 1, NULL); DELETE FROM app.r60 WHERE id = 1');
        await live.waitFor(({ change_type }) => change_type === 'delete');
        await live.close();
        await talkative.stop();
        return talkative.log().split('\n').filter((line) => line.includes(live_id));
    };
    const lines = (await deliver('debug')).join('\n');
    assert.match(lines, /debug.*insert/i);
    assert.match(lines, /debug.*delete/i);
    assert.deepEqual(await deliver('info'), []);
});

test('live queries that mean the same are listed in their own words', async () => {
    await root.sql(`CREATE SHARED TABLE app.words ${COLUMNS}`);
    const spellings = { a: 'SELECT * FROM app.words WHERE room = 7', b: 'select * from app.words where room=7', c: 'SELECT * FROM app.words WHERE room = 7' };
    const live = await root.live();
    for (const [id, sql] of Object.entries(spellings))
        await live.subscribe(id, sql);
    const listed = async () => Object.fromEntries((await queries("WHERE table_name = 'words'")).map(({ query_id, query }) => [query_id, query]));
    assert.deepEqual(await listed(), spellings);
    live.unsubscribe('a');
    delete spellings.a;
    await becomes(async () => Object.keys(await listed()).length, 2);
    assert.deepEqual(await listed(), spellings);
    await live.close();
});

test('r61 a live query names the node that owns its socket', async () => {
    await root.sql(`CREATE SHARED TABLE app.r61 ${COLUMNS}`);
    const live = await root.live();
    await live.subscribe('s', 'SELECT * FROM app.r61', {});
    const [{ node_id }] = await root.rows("SELECT node_id FROM system.live WHERE table_name = 'r61'");
    const [{ node }] = await queries("WHERE table_name = 'r61'");
    assert.equal(node_id, '1');
    assert.equal(node, node_id);
    await live.close();
});
