// SPDX-License-Identifier: Apache-2.0
// M writers insert, update and delete at random while N subscribers with filters watch; sockets are
// cut, columns come and go, and the server is killed in between; what every subscriber folded must equal SELECT, at the end
// and at every commit boundary (checker.mjs).  TEST_SEED repeats a run as far as timing allows.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { canonical, checkBoundaries, dice, Watcher } from './checker.mjs';

const LONG = Boolean(process.env.KALAMDB_TEST_LONG);
const SEED = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000_007);
const KEYS = 60;
const WRITERS = 4;
const WRITES_PER_PHASE = LONG ? 400 : 60;

const FILTERS = [
    ['room = 1', (row) => row.room === 1],
    ['room IN (2, 3)', (row) => row.room === 2 || row.room === 3],
    ["room = 1 AND tag = 'a'", (row) => row.room === 1 && row.tag === 'a'],
    ['n > 50', (row) => row.n !== null && Number(row.n) > 50],
    ['n BETWEEN 10 AND 60 OR tag IS NULL', (row) => (row.n !== null && row.n >= 10 && row.n <= 60) || row.tag === null],
    ["NOT (tag = 'b')", (row) => row.tag !== null && row.tag !== 'b'],
    ["body LIKE '%x%'", (row) => row.body.includes('x')],
    ['id % 3 = 0', (row) => BigInt(row.id) % 3n === 0n],
];

let server, root, alice;

before(async () => {
    console.log(`# TEST_SEED=${SEED}`);
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    alice = await newUser(server, 'alice');
    const columns = '(id BIGINT PRIMARY KEY, room INT NOT NULL, tag TEXT, n INT, body TEXT NOT NULL)';
    await root.sql(`CREATE SHARED TABLE app.shared ${columns}; CREATE USER TABLE app.mine ${columns};
        CREATE SHARED TABLE app.loose ${columns} WITH (DURABILITY = 'async')`);
});
after(() => server.stop());

function randomRow(roll) {
    const tag = ['a', 'b', 'c', null][roll(4)];
    return [roll(5), tag, roll(8) ? roll(100) : null, ['x', 'y', 'xy', 'z'][roll(4)]];
}

/** One random statement (or transaction); refused ones (a key that exists, a conflict) are part of the game. */
async function writeOnce(client, table, roll) {
    const id = roll(KEYS);
    const [room, tag, n, body] = randomRow(roll);
    const statements = [
        [`INSERT INTO ${table} (id, room, tag, n, body) VALUES ($1, $2, $3, $4, $5)`, [id, room, tag, n, body]],
        [`INSERT INTO ${table} (id, room, tag, n, body) VALUES ($1, 1, 'a', 1, 'x'), ($2, 2, 'b', 2, 'y'), ($3, 3, NULL, NULL, 'z')`,
            [id, (id + 7) % KEYS, (id + 13) % KEYS]],
        [`UPDATE ${table} SET room = $2, n = $3 WHERE id = $1`, [id, room, n]],
        [`UPDATE ${table} SET tag = $2 WHERE room = $1`, [room, tag]],
        [`UPDATE ${table} SET n = n + 1, body = body || 'x' WHERE n < 20 AND octet_length(body) < 10`, []],
        [`DELETE FROM ${table} WHERE id = $1`, [id]],
        [`DELETE FROM ${table} WHERE id = $1 OR (room = $2 AND n > 90)`, [id, room]],
        [`BEGIN; UPDATE ${table} SET room = ${room} WHERE id = ${id}; DELETE FROM ${table} WHERE id = ${(id + 1) % KEYS};
          INSERT INTO ${table} (id, room, tag, n, body) VALUES (${(id + 2) % KEYS}, 1, 'c', 99, 'xx'); COMMIT`, undefined],
    ];
    const [sql, params] = statements[roll(statements.length)];
    const envelope = await client.send(sql, params);
    if (envelope.status === 'error')
        assert.match(envelope.error.message, /already exists|Conflict|NULL/i, sql);
}

async function write(client, table, roll, count, ignoreCuts) {
    for (let i = 0; i < count; i++) {
        try {
            await writeOnce(client, table, roll);
        } catch (error) {
            if (!ignoreCuts || error instanceof assert.AssertionError)
                throw error;
            await sleep(20);
        }
    }
}

function makeWatchers(table, roll) {
    return FILTERS.map(([where, filter], at) => new Watcher(`w${at}`,
        `SELECT ${at % 2 ? '*' : 'id, room, tag, n, body'} FROM ${table} WHERE ${where}`,
        { filter, options: { batch_size: 1 + roll(20), ...(roll(3) === 0 && { full: true }) } }));
}

/** All subscriptions on one or two connections. */
async function attachAll(client, watchers) {
    const lives = [await client.live(), await client.live({ query: '?compress=false' })];
    await Promise.all(watchers.map((watcher, at) => watcher.attach(lives[at % 2])));
    return lives;
}

/** Waits until every watcher has seen the commit that a last marker row makes. */
let markers = 0;
async function quiesce(client, table, watchers, reference) {
    const marker = { id: String(3_000_000 + 3 * markers++), room: 1, tag: 'a', n: 55, body: 'x' };
    const { results } = await client.sql(`INSERT INTO ${table} (id, room, tag, n, body) VALUES ($1, $2, $3, $4, $5)`, Object.values(marker));
    const seq = BigInt(results[0].seq);
    for (const watcher of [...watchers.filter(({ filter }) => filter(marker)), reference])
        await watcher.live.waitFor(() => watcher.seq >= seq || watcher.violation);
    await Promise.all(watchers.map((watcher) => settle(watcher)));
}

/** A ping to the same socket answers nothing; an unsubscribe-free way to know that all before arrived: a probe subscription. */
async function settle(watcher) {
    const probe = `probe-${watcher.name}-${performance.now()}`;
    await watcher.live.subscribe(probe, watcher.sql, null);
    watcher.live.unsubscribe(probe);
}

/** ADD and DROP of columns that no filter names, until told to stop. */
const extras = new Map(); /* table -> names of those that are there now */
let extraCount = 0;
async function alter(table, roll, until) {
    const there = extras.get(table) ?? [];
    extras.set(table, there);
    for (let done = false; !done; done = await Promise.race([until, sleep(10 + roll(40), false)])) {
        if (there.length === 3 || (there.length > 0 && roll(2))) {
            await root.sql(`ALTER TABLE ${table} DROP COLUMN ${there.shift()}`);
        } else {
            there.push(`extra${++extraCount}`);
            await root.sql(`ALTER TABLE ${table} ADD COLUMN ${there.at(-1)} INT DEFAULT ${roll(9)}`);
        }
    }
}

async function compareWithSelect(client, watchers) {
    for (const watcher of watchers) {
        assert.equal(watcher.violation, undefined, watcher.violation?.message);
        assert.equal(canonical(watcher.rows.values()), canonical(await client.rows(watcher.sql)), watcher.name);
    }
}

async function phase(client, table, watchers, reference, roll, disturb) {
    const lives = await attachAll(client, [...watchers, reference]);
    const writers = Array.from({ length: WRITERS }, () => write(client, table, roll, WRITES_PER_PHASE, Boolean(disturb)));
    const written = Promise.all(writers).then(() => true);
    const altered = disturb === killServer || alter(table, roll, written);
    await Promise.all([written, altered, disturb?.(lives)]);
    if (disturb)
        return 0;
    await quiesce(client, table, watchers, reference);
    await compareWithSelect(client, [...watchers, reference]);
    const compared = checkBoundaries(reference, watchers);
    await Promise.all(lives.map((live) => live.close({ cut: roll(2) === 0 })));
    return compared;
}

async function check(client, table, phases) {
    const roll = dice(SEED);
    const watchers = makeWatchers(table, roll);
    const reference = new Watcher('reference', `SELECT * FROM ${table}`, { keep: true, options: {} });
    let compared = 0;
    for (const disturb of phases)
        compared += await phase(client, table, watchers, reference, roll, disturb);
    const rows = watchers.reduce((sum, { rowsReceived }) => sum + rowsReceived, 0);
    const alters = watchers.reduce((sum, watcher) => sum + watcher.alters, 0);
    console.log(`# ${table}: ${compared} boundaries compared, ${rows} rows received, ${alters} times told of an ALTER, seed ${SEED}`);
    assert.ok(alters > 0, 'no live query was altered');
    assert.ok(compared > 50, `only ${compared} boundaries were compared`);
}

/** Cuts every socket in the middle of the writing. */
async function cutSockets(lives) {
    await sleep(100);
    await Promise.all(lives.map((live) => live.close({ cut: true })));
}

/** kill -9 and a restart in the middle of the writing. */
async function killServer() {
    await sleep(100);
    await server.kill('SIGKILL');
    await server.start();
}

const CALM_AND_CUT = [null, cutSockets, null, cutSockets, null];
const KILLED = LONG ? Array.from({ length: 20 }, (_, at) => (at % 2 ? null : killServer)) : [null, killServer, null, killServer, null];

test('r54 r49 what subscribers of a shared table hold equals SELECT at every commit, through cuts', async () => {
    await check(root, 'app.shared', CALM_AND_CUT);
});

test('r55 what subscribers of a user table hold equals SELECT at every commit, through cuts', async () => {
    await check(alice, 'app.mine', CALM_AND_CUT);
});

test('what subscribers of an async table hold equals SELECT at every commit, through cuts', async () => {
    await check(root, 'app.loose', CALM_AND_CUT);
});

test('what subscribers hold equals SELECT at every commit, through kills of the server', async () => {
    await check(root, 'app.shared', KILLED);
});
