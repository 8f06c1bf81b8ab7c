// SPDX-License-Identifier: Apache-2.0
// Random statements, flushes, compactions, ALTERs, restarts and kills in any order against a naive
// model in memory: every SELECT agrees at every step, and every live query at the end of every phase.
// TEST_SEED repeats a run.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { canonical, dice, Watcher } from '../live/checker.mjs';

const LONG = Boolean(process.env.KALAMDB_TEST_LONG);
const SEED = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000_007);
const PHASES = LONG ? 40 : 6;
const STEPS = LONG ? 120 : 50;
const KEYS = 120;
const JOB_PATIENCE_MS = 30_000;

console.log(`# TEST_SEED=${SEED}`);

let server, root, users;
before(async () => {
    server = await startServer({ config: '[flush]\nmin_rows = 5\ncheck_interval_seconds = 1\n' });
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    users = [await newUser(server, 'ann', { role: 'service' }), await newUser(server, 'bob', { role: 'service' })];
});
after(() => server.stop());

/** A table of one owner: what the server should hold, kept in the simplest way. */
class Model {
    rows = new Map(); /* id -> {column: value} */

    constructor(client, table, shape) {
        Object.assign(this, { client, table, shape });
    }

    select(filter = () => true) {
        return [...this.rows.values()].filter(filter).sort((a, b) => a.id - b.id);
    }
}

/** The columns beyond id, as they are now; every owner of a table shares them. */
class Shape {
    columns = new Map([['n', 'INT'], ['tag', 'TEXT']]);
    serial = 0;
}

const literal = (value) => (value === null ? 'NULL' : typeof value === 'string' ? `'${value}'` : String(value));
const randomValue = (rng, type) => (rng(8) === 0 ? null : type === 'TEXT' ? `t${rng(6)}` : rng(100));

function randomRow(rng, { columns }) {
    const row = { id: rng(KEYS) };
    for (const [name, type] of columns)
        row[name] = randomValue(rng, type);
    return row;
}

const insertSql = (model, rows) => {
    const names = ['id', ...model.shape.columns.keys()];
    return `INSERT INTO ${model.table} (${names}) VALUES ${rows.map((row) => `(${names.map((name) => literal(row[name]))})`)}`;
};

// ---- steps: each does the same to server and model

async function insert(rng, model) {
    const rows = Array.from({ length: 1 + rng(4) }, () => randomRow(rng, model.shape));
    const fresh = new Set(rows.map(({ id }) => id)).size === rows.length && rows.every(({ id }) => !model.rows.has(id));
    if (!fresh) {
        const error = await model.client.error(insertSql(model, rows));
        assert.match(error.text, /Primary key violation/);
        return;
    }
    await model.client.sql(insertSql(model, rows));
    rows.forEach((row) => model.rows.set(row.id, row));
}

async function updateByKey(rng, model) {
    const id = rng(KEYS);
    const n = rng(100);
    const { results: [{ row_count }] } = await model.client.sql(`UPDATE ${model.table} SET n = ${n} WHERE id = ${id}`);
    assert.equal(row_count, Number(model.rows.has(id)));
    if (model.rows.has(id))
        model.rows.set(id, { ...model.rows.get(id), n });
}

async function updateRange(rng, model) {
    const from = rng(100);
    const hit = model.select(({ n }) => n !== null && n >= from && n < from + 20);
    const { results: [{ row_count }] } = await model.client.sql(
        `UPDATE ${model.table} SET tag = 'u${from}', n = n + 1 WHERE n >= ${from} AND n < ${from + 20}`);
    assert.equal(row_count, hit.length);
    hit.forEach((row) => model.rows.set(row.id, { ...row, tag: `u${from}`, n: row.n + 1 }));
}

async function remove(rng, model) {
    const id = rng(KEYS);
    const { results: [{ row_count }] } = await model.client.sql(`DELETE FROM ${model.table} WHERE id = ${id}`);
    assert.equal(row_count, Number(model.rows.delete(id)));
}

async function removeRange(rng, model) {
    const from = rng(KEYS);
    const hit = model.select(({ id }) => id >= from && id < from + 5);
    const { results: [{ row_count }] } = await model.client.sql(`DELETE FROM ${model.table} WHERE id >= ${from} AND id < ${from + 5}`);
    assert.equal(row_count, hit.length);
    hit.forEach(({ id }) => model.rows.delete(id));
}

async function transaction(rng, model) {
    const id = rng(KEYS);
    const row = { ...randomRow(rng, model.shape), id };
    await model.client.sql(`BEGIN; DELETE FROM ${model.table} WHERE id = ${id}; ${insertSql(model, [row])};
        UPDATE ${model.table} SET n = 7 WHERE id = ${id}; COMMIT`);
    model.rows.set(id, { ...row, n: 7 });
}

const JOB_ID = /Job IDs?: \[?([A-Z]{2}-[0-9a-f]{12}(?:, [A-Z]{2}-[0-9a-f]{12})*)/;

export async function jobDone(client, { results: [{ message }] }) {
    const ids = JOB_ID.exec(message)?.[1].split(', ') ?? [];
    for (const deadline = Date.now() + JOB_PATIENCE_MS; ; await sleep(20)) {
        const jobs = await Promise.all(ids.map((id) => client.rows(`SELECT status, message FROM system.jobs WHERE job_id = '${id}'`)));
        if (jobs.every(([job]) => ['completed', 'skipped'].includes(job?.status)))
            return jobs.map(([{ message: text }]) => text);
        const failed = jobs.find(([job]) => ['failed', 'cancelled'].includes(job?.status));
        assert.equal(failed, undefined, `job failed: ${JSON.stringify(failed)}`);
        assert.ok(Date.now() < deadline, `jobs ${ids} did not end: ${JSON.stringify(jobs)}`);
    }
}

async function flush(rng, model) {
    const answer = await root.sql(`STORAGE FLUSH TABLE ${model.table}`);
    if (rng(3) > 0)
        await jobDone(root, answer);
}

async function compact(rng, model) {
    const answer = await root.sql(`STORAGE COMPACT TABLE ${model.table}`);
    if (rng(3) > 0)
        await jobDone(root, answer);
}

async function alter(rng, model, models) {
    const { shape, table } = model;
    const mine = models.filter((other) => other.shape === shape);
    const added = [...shape.columns.keys()].filter((name) => name.startsWith('c'));
    const every = (change) => mine.forEach(({ rows }) => rows.forEach((row) => change(row)));
    const choice = rng(4);
    if (choice === 0 || added.length === 0) {
        const name = `c${shape.serial++}`;
        const type = rng(2) ? 'TEXT' : 'INT';
        const value = rng(3) === 0 ? null : type === 'TEXT' ? `default ${name}` : shape.serial;
        await root.sql(`ALTER TABLE ${table} ADD COLUMN ${name} ${type}${value === null ? '' : ` DEFAULT ${literal(value)}`}`);
        shape.columns.set(name, type);
        every((row) => { row[name] = value; });
        return;
    }
    const name = added[rng(added.length)];
    if (choice === 1) {
        await root.sql(`ALTER TABLE ${table} DROP COLUMN ${name}`);
        shape.columns.delete(name);
        every((row) => { delete row[name]; });
    } else if (choice === 2) {
        const renamed = `c${shape.serial++}`;
        await root.sql(`ALTER TABLE ${table} RENAME COLUMN ${name} TO ${renamed}`);
        shape.columns.set(renamed, shape.columns.get(name));
        shape.columns.delete(name);
        every((row) => { row[renamed] = row[name]; delete row[name]; });
    } else if (shape.columns.get(name) === 'INT') {
        await root.sql(`ALTER TABLE ${table} MODIFY COLUMN ${name} DOUBLE`);
        shape.columns.set(name, 'DOUBLE');
    }
}

// ---- agreeing

const normal = (cell) => (cell === null ? null : String(cell));

async function agree(rng, model) {
    const names = ['id', ...model.shape.columns.keys()];
    const { results: [{ rows }] } = await model.client.sql(`SELECT ${names} FROM ${model.table} ORDER BY id`);
    const expected = model.select().map((row) => names.map((name) => normal(row[name])));
    assert.deepEqual(rows.map((row) => row.map(normal)), expected, `${model.table}: SELECT of everything`);

    const at = rng(KEYS);
    const [one] = await model.client.rows(`SELECT n FROM ${model.table} WHERE id = ${at}`);
    assert.deepEqual(one && normal(one.n), model.rows.has(at) ? normal(model.rows.get(at).n) : undefined, `${model.table}: id ${at}`);

    const [{ count, sum }] = await model.client.rows(`SELECT count(*) AS count, sum(n) AS sum FROM ${model.table} WHERE n > 30`);
    const hit = model.select(({ n }) => n > 30);
    assert.equal(Number(count), hit.length, `${model.table}: count`);
    assert.equal(normal(sum), hit.length ? String(hit.reduce((total, { n }) => total + n, 0)) : null, `${model.table}: sum`);

    const grouped = await model.client.rows(`WITH g AS (SELECT tag, count(*) AS c FROM ${model.table} GROUP BY tag)
        SELECT tag, c FROM g WHERE c > 1 ORDER BY c DESC, tag`);
    const counts = new Map();
    model.select().forEach(({ tag }) => counts.set(tag, (counts.get(tag) ?? 0) + 1));
    const wanted = [...counts].filter(([, count_]) => count_ > 1)
        .sort(([a, x], [b, y]) => y - x || (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1)).map(([tag, c]) => `${tag}|${c}`);
    assert.deepEqual(grouped.map(({ tag, c }) => `${tag}|${c}`), wanted, `${model.table}: groups`);
}

// ---- the test

const STEPS_BY_WEIGHT = [[insert, 10], [updateByKey, 8], [updateRange, 4], [remove, 6], [removeRange, 3], [transaction, 3],
    [flush, 4], [compact, 1], [alter, 1]].flatMap(([step, weight]) => Array(weight).fill(step));

async function comeBack(rng) {
    if (rng(2))
        await server.kill();
    else
        await server.stop();
    await server.start();
}

async function reattach(watchers) {
    for (const { model, watcher, live } of watchers) {
        live.value?.close();
        live.value = await model.client.live();
        await watcher.attach(live.value);
    }
}

async function watchersAgree(watchers) {
    for (const { model, watcher } of watchers) {
        const wanted = () => canonical(model.select(watcher.filter).map(({ id, n, tag }) => ({ id: String(id), n, tag })));
        for (const deadline = Date.now() + 20_000; canonical(watcher.rows.values()) !== wanted() && Date.now() < deadline;)
            await sleep(10);
        assert.equal(watcher.violation, undefined);
        assert.equal(canonical(watcher.rows.values()), wanted(), watcher.name);
    }
}

test('r20 r37 r56 every SELECT and every live query agrees with a naive model through flushes, compactions, ALTERs and kills', async () => {
    const rng = dice(SEED);
    await root.sql(`CREATE USER TABLE app.mine (id BIGINT PRIMARY KEY, n INT, tag TEXT) WITH (FLUSH_POLICY = 'rows:0');
        CREATE SHARED TABLE app.ours (id BIGINT PRIMARY KEY, n INT, tag TEXT) WITH (FLUSH_POLICY = 'rows:60')`);
    const mine = new Shape();
    const models = [...users.map((user) => new Model(user, 'app.mine', mine)), new Model(users[0], 'app.ours', new Shape())];
    const watchers = models.flatMap((model, at) => [
        ['all', '', () => true],
        ['few', ' WHERE n > 40', ({ n }) => n !== null && n > 40],
    ].map(([name, where, filter]) => ({ model, live: {}, watcher: new Watcher(`${name}${at}`, `SELECT id, n, tag FROM ${model.table}${where}`, { filter }) })));

    for (let phase = 0; phase < PHASES; phase++) {
        await reattach(watchers);
        for (let step = 0; step < STEPS; step++) {
            const model = models[rng(models.length)];
            await STEPS_BY_WEIGHT[rng(STEPS_BY_WEIGHT.length)](rng, model, models);
            if (step % 3 === 0)
                await agree(rng, model);
        }
        await watchersAgree(watchers);
        await comeBack(rng);
        for (const model of models)
            await agree(rng, model);
    }
    watchers.forEach(({ live }) => live.value?.close());
});
