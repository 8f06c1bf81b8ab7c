// SPDX-License-Identifier: Apache-2.0
// Flush events of live queries (decision 15).

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { eventually, flush, jobIds, jobEnded } from './support/cold.mjs';

let server, root, ann, bob;

before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    ann = await newUser(server, 'ann', { role: 'service' });
    bob = await newUser(server, 'bob', { role: 'service' });
});
after(() => server.stop());

const makeTable = (name, kind = 'SHARED') =>
    root.sql(`CREATE ${kind} TABLE ${name} (id BIGINT PRIMARY KEY, body TEXT) WITH (FLUSH_POLICY = 'rows:0')`);
const insert = (client, table, from, to) => client.sql(
    `INSERT INTO ${table} VALUES ${Array.from({ length: to - from + 1 }, (_, at) => `(${from + at}, 'row')`)}`);

/** A Live that has the rows of the table and everything after. */
async function watch(client, table, options = { include_flush: true }) {
    const live = await client.live();
    await live.subscribe('s', `SELECT * FROM ${table}`, options);
    await live.waitFor(({ type, batch_control }) => type === 'initial_data_batch' && batch_control.status === 'ready');
    return live;
}
const changes = (live) => live.messages.filter(({ type }) => type === 'change');
const flushes = (live) => changes(live).filter(({ change_type }) => change_type === 'flush');
const flushArrived = (live) => eventually('a flush event', () => flushes(live)[0]);

test('r65 r87 a flush is told once, in the form of the specification', async () => {
    await makeTable('app.r65');
    const live = await watch(ann, 'app.r65');
    await insert(root, 'app.r65', 1, 1000);
    const [job] = await flush(root, 'app.r65');
    const event = await flushArrived(live);
    const { parquet_files, flushed_at } = event.row_data;
    assert.deepEqual(event, {
        type: 'change',
        subscription_id: 's',
        change_type: 'flush',
        table_name: 'app.r65',
        row_data: { row_count: 1000, parquet_files, flushed_at },
    });
    assert.equal(parquet_files.length, 1);
    assert.match(parquet_files[0], /^app\/r65\/batch-\d{13}\.parquet$/);
    assert.ok(Math.abs(flushed_at - job.finished_at / 1000) < 1000, `${flushed_at} ${job.finished_at}`);

    await flush(root, 'app.r65');
    await insert(root, 'app.r65', 1001, 1001);
    await eventually('the row', () => changes(live).some(({ rows }) => rows?.some(({ id }) => String(id) === '1001')));
    assert.equal(flushes(live).length, 1, 'a flush with nothing to do has no event');
    live.close();
});

test('r66 a flush of a user table is told to that user alone, under the user\'s name', async () => {
    await makeTable('app.r66', 'USER');
    const [ofAnn, ofBob] = [await watch(ann, 'app.r66'), await watch(bob, 'app.r66')];
    const other = await watch(ann, 'app.r65');
    const without = await watch(ann, 'app.r66', {});
    await insert(ann, 'app.r66', 1, 10);
    await flush(root, 'app.r66');
    const event = await flushArrived(ofAnn);
    assert.equal(event.table_name, 'ann.app.r66');
    assert.equal(event.row_data.row_count, 10);
    assert.match(event.row_data.parquet_files[0], /^app\/r66\/ann\/batch-/);
    await insert(bob, 'app.r66', 1, 5);
    await flush(root, 'app.r66');
    assert.equal((await flushArrived(ofBob)).table_name, 'bob.app.r66');
    assert.deepEqual([ofAnn, ofBob, other, without].map((live) => flushes(live).length), [1, 1, 0, 0]);
    for (const live of [ofAnn, ofBob, other, without])
        live.close();
});

test('r67 r68 a flush does not wait for its event: subscribers that read nothing cost it nothing', async () => {
    await makeTable('app.r68');
    const lives = await Promise.all(Array.from({ length: 20 }, () => watch(ann, 'app.r68')));
    lives.forEach((live) => live.pause());
    await insert(root, 'app.r68', 1, 100);
    const [id] = jobIds(await root.sql('STORAGE FLUSH TABLE app.r68'));
    assert.equal((await jobEnded(root, id)).status, 'completed');
    assert.ok(lives.every((live) => flushes(live).length === 0));
    lives.forEach((live) => live.resume());
    await Promise.all(lives.map(flushArrived));
    lives.forEach((live) => live.close());
});

test('r37 r71 the life of a row: inserted, updated, flushed, deleted, flushed again', async () => {
    await makeTable('app.r71');
    const live = await watch(ann, 'app.r71');
    await root.sql("INSERT INTO app.r71 VALUES (1, 'a')");
    await root.sql("UPDATE app.r71 SET body = 'b' WHERE id = 1");
    await flush(root, 'app.r71');
    await root.sql("UPDATE app.r71 SET body = 'c' WHERE id = 1");
    await root.sql('DELETE FROM app.r71 WHERE id = 1');
    await flush(root, 'app.r71');
    await eventually('both flushes', () => flushes(live).length === 2);
    assert.deepEqual(changes(live).map(({ change_type }) => change_type),
        ['insert', 'update', 'flush', 'update', 'delete', 'flush']);
    const [, first, , second, removed] = changes(live);
    assert.deepEqual([first.old_values[0].body, first.rows[0].body], ['a', 'b']);
    assert.deepEqual([second.old_values[0].body, second.rows[0].body], ['b', 'c'], 'the old values come from a file');
    assert.equal(removed.old_values[0].body, 'c');
    live.close();
});

test('r47 tables are written, read and flushed with nobody to tell', async () => {
    await makeTable('app.r47');
    await insert(root, 'app.r47', 1, 10);
    const [job] = await flush(root, 'app.r47');
    assert.equal(job.message, 'Flushed app.r47 successfully (10 rows, 1 files)');
    await sleep(50);
    assert.doesNotMatch(server.log(), / (warn|error) /);
});
