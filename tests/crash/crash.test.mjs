// SPDX-License-Identifier: Apache-2.0
// Rounds of: load, sudden death, restart, judgement; one data directory through all of them.
//
// The server dies by kill -9 at a random moment, at a fault point inside of it, while it starts, or
// it is stopped politely.  Afterwards every acknowledged write must be there with its last value,
// the one under way of each writer wholly or not at all, sequence numbers go on above all that were
// seen, and live queries resumed from earlier points must fold to what SELECT says, so that the
// change log has no entry without its row and no row without its entry.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { canonical as canonicalRows, dice, Watcher } from '../live/checker.mjs';
import { KEYS_PER_WRITER, Writer } from './writer.mjs';

const ROUNDS = process.env.KALAMDB_TEST_LONG ? 200 : 20;
const SEED = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000_007);
const FAULT_POINTS = ['store.write', 'store.sync'];
const PLACES_KEPT = 6;

let server, root, alice;
const roll = dice(SEED);

before(async () => {
    console.log(`# TEST_SEED=${SEED}, ${ROUNDS} rounds`);
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    alice = await newUser(server, 'alice');
    const columns = '(id BIGINT PRIMARY KEY, w INT NOT NULL, n BIGINT NOT NULL, body TEXT NOT NULL)';
    await root.sql(`CREATE SHARED TABLE app.a ${columns}; CREATE SHARED TABLE app.b ${columns};
        CREATE USER TABLE app.mine_a ${columns}; CREATE USER TABLE app.mine_b ${columns};
        CREATE SHARED TABLE app.loose_a ${columns} WITH (DURABILITY = 'async');
        CREATE SHARED TABLE app.loose_b ${columns} WITH (DURABILITY = 'async');
        CREATE SHARED TABLE app.probe (id BIGINT PRIMARY KEY)`);
});
after(() => server.stop());

/** What the rounds know about the database. */
class Record {
    greatestSeq = 0n;
    contents = new Map(); /* sequence number -> what had it: a number is never used twice */

    see(seq, what) {
        seq = BigInt(seq);
        if (seq > this.greatestSeq)
            this.greatestSeq = seq;
        if (what === undefined)
            return;
        const before = this.contents.get(seq);
        assert.ok(before === undefined || before === what, `number ${seq} was of ${before}, now of ${what}`);
        this.contents.set(seq, what);
    }
}

/** Reads a table and gives each writer of it what it finds in its range of keys. */
async function readTable(client, table, record) {
    const rows = await client.rows(`SELECT id, n, body, _seq FROM ${table}`);
    const byWriter = new Map();
    for (const { id, n, body, _seq } of rows) {
        record.see(_seq, `${table} ${client.user} ${id} ${n}`);
        const number = Math.floor(Number(id) / KEYS_PER_WRITER);
        if (!byWriter.has(number))
            byWriter.set(number, new Map());
        byWriter.get(number).set(Number(id), { n: Number(n), body });
    }
    return byWriter;
}

async function judgeWriters(client, writers, record) {
    for (const tables of new Set(writers.map((writer) => writer.tables))) {
        const found = [await readTable(client, tables[0], record), await readTable(client, tables[1], record)];
        for (const writer of writers.filter((one) => one.tables === tables)) {
            record.see(writer.lastSeq);
            writer.recover(found.map((byWriter) => byWriter.get(writer.number) ?? new Map()));
        }
    }
}

/** The first number given out after a restart is above all that anybody has seen. */
async function judgeSequence(round, record) {
    const seq = BigInt((await root.sql('INSERT INTO app.probe VALUES ($1)', [round])).results[0].seq);
    assert.ok(seq > record.greatestSeq, `number ${seq} after ${record.greatestSeq} had been seen`);
    record.see(seq);
}

async function mustEqualSelect(watcher, client) {
    assert.equal(watcher.violation, undefined, watcher.violation?.message);
    assert.equal(watcher.resyncs, 0, `${watcher.name}: the change log must reach back this far`);
    assert.equal(canonicalRows(watcher.rows.values()), canonicalRows(await client.rows(watcher.sql)), `${watcher.name} ${watcher.sql}`);
}

/** A live query that is cut with each death and resumes from where it was, or from an earlier place. */
class Subscription {
    places = []; /* {seq, rows}: states it once held */

    constructor(client, table) {
        Object.assign(this, { client, table, sql: `SELECT id, w, n, body FROM ${table}` });
        this.watcher = new Watcher(`live-${table}`, this.sql);
    }

    async resume(live) {
        await this.watcher.attach(live);
        await mustEqualSelect(this.watcher, this.client);
        this.watcher.boundaries.clear();
        this.places.push({ seq: this.watcher.seq, rows: new Map(this.watcher.rows) });
        if (this.places.length > PLACES_KEPT)
            this.places.splice(roll(PLACES_KEPT), 1);
    }

    async resumeFromBefore(live) {
        const { seq, rows } = this.places[roll(this.places.length)];
        const again = Object.assign(new Watcher(`again-${this.table}`, this.sql), { seq, rows: new Map(rows) });
        await again.attach(live);
        await mustEqualSelect(again, this.client);
        live.unsubscribe(again.name);
    }
}

async function resumeAll(subscriptions) {
    const lives = new Map([[root, await root.live()], [alice, await alice.live()]]);
    for (const subscription of subscriptions) {
        const live = lives.get(subscription.client);
        await subscription.resume(live);
        await subscription.resumeFromBefore(live);
    }
    return [...lives.values()];
}

/* ---- ways to die ---- */

async function killAtRandom() {
    await sleep(10 + roll(300));
    await server.kill('SIGKILL');
}

async function stopPolitely() {
    await sleep(10 + roll(300));
    await server.stop();
}

/** The server was started to die at a fault point; should the load never lead there, it is killed. */
async function dieAtFaultPoint() {
    const patience = new AbortController();
    const killed = sleep(5000, undefined, { signal: patience.signal }).then(() => server.kill('SIGKILL'), () => {});
    const { signal } = await server.exited();
    patience.abort();
    await killed;
    assert.equal(signal, 'SIGKILL');
}

/** The start after a death; it may be shot down, too. */
async function startAgain() {
    if (roll(6) === 0) {
        const doomed = server.start().catch(() => {});
        await sleep(roll(150));
        await server.kill('SIGKILL');
        await doomed;
    }
    await server.start();
}

/** One more start, after which the server will die at a fault point, at the latest under the next load. */
async function arm(subscriptions) {
    await server.kill('SIGKILL');
    const point = FAULT_POINTS[roll(FAULT_POINTS.length)];
    try {
        await server.start({ KALAMDB_CRASH_AT: `${point}:${1 + roll(100)}` });
        return await resumeAll(subscriptions);
    } catch (error) {
        const how = await Promise.race([server.exited(), sleep(1000)]);
        assert.equal(how?.signal, 'SIGKILL', error.stack);
        return [];
    }
}

const DEATHS = [killAtRandom, killAtRandom, killAtRandom, dieAtFaultPoint, dieAtFaultPoint, stopPolitely];

test(`after ${ROUNDS} sudden deaths under load every acknowledged write is there and no other half`, async () => {
    const shared = ['app.a', 'app.b'], mine = ['app.mine_a', 'app.mine_b'], loose = ['app.loose_a', 'app.loose_b'];
    const ofRoot = [0, 1, 2].map((number) => new Writer(number, root, shared, roll));
    ofRoot.push(new Writer(3, root, loose, roll, { isAsync: true }));
    const ofAlice = [4, 5].map((number) => new Writer(number, alice, mine, roll));
    const subscriptions = [...shared.map((table) => new Subscription(root, table)),
        ...mine.map((table) => new Subscription(alice, table))];
    const record = new Record();
    const deaths = new Map();

    let death = killAtRandom;
    let lives = await resumeAll(subscriptions);
    for (let round = 1; round <= ROUNDS; round++) {
        let isOver = false;
        const writers = [...ofRoot, ...ofAlice].map((writer) => writer.writeUntil(() => isOver));
        await Promise.all([death().then(() => { isOver = true; }), ...writers]);
        deaths.set(death.name, (deaths.get(death.name) ?? 0) + 1);
        await Promise.all(lives.map((live) => live.close({ cut: true })));

        subscriptions.forEach(({ watcher }) => record.see(watcher.seq));
        await startAgain();
        await judgeWriters(root, ofRoot, record);
        await judgeWriters(alice, ofAlice, record);
        await judgeSequence(round, record);
        lives = await resumeAll(subscriptions);
        death = DEATHS[roll(DEATHS.length)];
        if (death === dieAtFaultPoint)
            lives = await arm(subscriptions);
    }
    await server.kill('SIGKILL'); /* it may be armed still */
    await server.start();
    const acknowledged = [...ofRoot, ...ofAlice].reduce((sum, writer) => sum + writer.acknowledged, 0);
    console.log(`# ${acknowledged} statements acknowledged, seed ${SEED}: ${JSON.stringify([...deaths])}`);
    assert.ok(acknowledged > ROUNDS);
});
