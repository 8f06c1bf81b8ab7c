// SPDX-License-Identifier: Apache-2.0
// What can be seen of the cold tier: SHOW STATS, SHOW MANIFEST, DESCRIBE.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { flush, maintain, parquetFiles } from './support/cold.mjs';

let server, root, ann, bob;

before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    ann = await newUser(server, 'ann');
    bob = await newUser(server, 'bob');
});
after(() => server.stop());

const makeTable = (name, kind = 'SHARED') =>
    root.sql(`CREATE ${kind} TABLE ${name} (id BIGINT PRIMARY KEY, body TEXT) WITH (FLUSH_POLICY = 'rows:0')`);
const insert = (client, table, from, to) => client.sql(
    `INSERT INTO ${table} VALUES ${Array.from({ length: to - from + 1 }, (_, at) => `(${from + at}, 'row')`)}`);
const stats = async (client, table) => (await client.rows(`SHOW STATS FOR TABLE ${table}`))[0];
const numbers = async (client, table) => {
    const { hot_rows, cold_rows, total_rows, tombstones, segments } = await stats(client, table);
    return [hot_rows, cold_rows, total_rows, tombstones, segments].map(Number);
};

test('r21 SHOW STATS counts hot and cold rows', async () => {
    await makeTable('app.r21');
    await insert(root, 'app.r21', 1, 60);
    await flush(root, 'app.r21');
    await insert(root, 'app.r21', 61, 100);
    const { table_name, namespace, schema_version, logical_rows, flushed_segments, ...more } = await stats(root, 'app.r21');
    assert.deepEqual({ table_name, namespace, schema_version, logical_rows, flushed_segments },
        { table_name: 'r21', namespace: 'app', schema_version: '1', logical_rows: '100', flushed_segments: '1' });
    assert.deepEqual([more.hot_rows, more.cold_rows, more.total_rows], ['40', '60', '100']);
    assert.ok(Number(more.hot_bytes) > 40 * 10 && Number(more.cold_bytes) > 100);
    assert.equal(more.live_queries, '0');
});

test('SHOW STATS counts what SELECT returns, through updates, deletes and compactions', async () => {
    await makeTable('app.counted');
    await insert(root, 'app.counted', 1, 100);
    await flush(root, 'app.counted');
    await root.sql("UPDATE app.counted SET body = 'again' WHERE id <= 10");
    assert.deepEqual(await numbers(root, 'app.counted'), [10, 90, 100, 0, 1]);
    await root.sql('DELETE FROM app.counted WHERE id > 5 AND id <= 25');
    assert.deepEqual(await numbers(root, 'app.counted'), [5, 75, 80, 20, 1]);
    await flush(root, 'app.counted');
    assert.deepEqual(await numbers(root, 'app.counted'), [0, 80, 80, 20, 2]);
    await insert(root, 'app.counted', 6, 7);
    assert.deepEqual(await numbers(root, 'app.counted'), [2, 80, 82, 18, 2]);
    await maintain(root, 'STORAGE COMPACT TABLE app.counted');
    assert.deepEqual(await numbers(root, 'app.counted'), [2, 80, 82, 18, 1]);
    assert.equal((await root.rows('SELECT count(*) AS n FROM app.counted'))[0].n, '82');
});

test('SHOW STATS of a user table: everybody\'s rows for administrators, one\'s own for others', async () => {
    await makeTable('app.each', 'USER');
    await insert(ann, 'app.each', 1, 30);
    await flush(root, 'app.each');
    await insert(ann, 'app.each', 31, 35);
    await insert(bob, 'app.each', 1, 7);
    assert.deepEqual(await numbers(ann, 'app.each'), [5, 30, 35, 0, 1]);
    assert.deepEqual(await numbers(bob, 'app.each'), [7, 0, 7, 0, 0]);
    assert.deepEqual(await numbers(root, 'app.each'), [12, 30, 42, 0, 1]);
    await flush(root, 'app.each');
    assert.deepEqual(await numbers(root, 'app.each'), [0, 42, 42, 0, 3]);
});

test('SHOW STATS of a stream counts its events', async () => {
    await root.sql('CREATE STREAM TABLE app.events (id BIGINT) WITH (TTL_SECONDS = 600, MAX_BUFFER = 10)');
    await ann.sql('INSERT INTO app.events VALUES (1), (2), (3)');
    await bob.sql(`INSERT INTO app.events VALUES ${Array.from({ length: 25 }, (_, at) => `(${at})`)}`);
    const events = async (client) => Number((await stats(client, 'app.events')).buffered_events);
    assert.deepEqual([await events(ann), await events(bob), await events(root)], [3, 10, 13]);
    assert.match((await root.error('SHOW STATS FOR TABLE system.users')).text, /not supported for system table/);
});

test('SHOW MANIFEST and system.manifest list what manifest.json says, for administrators', async () => {
    await makeTable('app.listed', 'USER');
    await insert(ann, 'app.listed', 1, 3);
    await insert(bob, 'app.listed', 1, 2);
    await flush(root, 'app.listed');
    await insert(bob, 'app.listed', 3, 3);
    const all = await root.rows('SHOW MANIFEST');
    const rows = all.filter(({ table_name }) => table_name === 'listed').sort((a, b) => (a.scope < b.scope ? -1 : 1));
    assert.deepEqual(rows.map(({ cache_key, namespace_id, scope, sync_state }) => [cache_key, namespace_id, scope, sync_state]),
        [['app:listed:ann', 'app', 'ann', 'in_sync'], ['app:listed:bob', 'app', 'bob', 'pending_write']]);
    const file = readFileSync(join(server.dataDir, 'data/storage/app/listed/ann/manifest.json'), 'utf8');
    assert.deepEqual(JSON.parse(rows[0].manifest_json), JSON.parse(file));
    const { table_id, user_id, segments } = JSON.parse(file);
    assert.deepEqual([table_id, user_id, segments.length], ['app.listed', 'ann', 1]);
    assert.equal(segments[0].path, parquetFiles(server, 'app/listed/ann')[0]);
    const shared = await root.rows("SELECT scope FROM system.manifest WHERE table_name = 'r21'");
    assert.deepEqual(shared, [{ scope: 'shared' }]);
    await assert.rejects(ann.sql('SHOW MANIFEST'), { status: 403 });
    await assert.rejects(ann.sql('SELECT * FROM system.manifest'), { status: 403 });
});

const describe = async (client, table) => Object.fromEntries((await client.sql(`DESCRIBE TABLE ${table}`)).results[1].rows);

test('r19 DESCRIBE tells where the files of a table go, and when it was flushed', async () => {
    await root.sql("CREATE STORAGE other TYPE filesystem NAME 'o' PATH './other' USER_TABLES_TEMPLATE 'u/{namespace}/{tableName}/{userId}'");
    await makeTable('app.r19');
    await root.sql(`CREATE USER TABLE app.r19u (id BIGINT PRIMARY KEY)
        WITH (STORAGE_ID = 'other', FLUSH_POLICY = 'rows:10,interval:60')`);
    const fresh = await describe(root, 'app.r19');
    assert.deepEqual([fresh.storage, fresh.path_template, fresh.flush_policy, fresh.last_flush],
        ['local', '{namespace}/{tableName}', 'rows:0', null]);
    const other = await describe(ann, 'app.r19u');
    assert.deepEqual([other.storage, other.path_template, other.flush_policy],
        ['other', 'u/{namespace}/{tableName}/{userId}', 'rows:10,interval:60']);
    await insert(root, 'app.r19', 1, 3);
    await flush(root, 'app.r19');
    const at = (await describe(root, 'app.r19')).last_flush;
    assert.ok(Math.abs(Date.parse(`${at}Z`) - Date.now()) < 60_000, at);
});
