// SPDX-License-Identifier: Apache-2.0
// Death as by kill -9 at every step of a flush, a compaction and the removal of a dropped table: after the
// next start the rows are what they were, whatever a file, a manifest or the hot tier has of it.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { login } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { eventually, flush, maintain } from './support/cold.mjs';

const ROWS = 600; /* more than two commits of a settling */

const FLUSH_POINTS = [
    'segment.before_put', 'object.sync', 'object.rename', 'object.sync_directory',
    'manifest.before_commit', 'manifest.after_commit', 'settle.begin', 'settle.before_chunk', 'settle.before_chunk:2',
    'settle.before_end', 'manifest.before_commit:2', 'manifest.after_commit:2',
];
const COMPACT_POINTS = [
    'object.fetch', 'segment.before_put', 'object.rename', 'manifest.before_commit', 'manifest.after_commit', 'object.remove',
];

let server, root;
before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
});
after(() => server.stop());

/** Starts the server so that it dies at the point, runs the statement, and starts it again. */
async function dieAt(point, sql) {
    await server.restart({ KALAMDB_CRASH_AT: point });
    root = await login(server);
    const died = server.exited();
    await root.sql(sql).catch(() => {}); /* it may be gone before it has answered */
    assert.equal((await died).signal, 'SIGKILL', `it never came to ${point}`);
    await server.start();
    root = await login(server);
}

const contents = (table) => root.rows(`SELECT id, n FROM ${table}`);


/** A third is changed, some go, some come. */
async function change(table, round) {
    const from = 1000 + round * 50;
    const values = Array.from({ length: 50 }, (_, at) => `(${from + at}, ${round})`);
    await root.sql(`UPDATE ${table} SET n = ${round} WHERE id % 3 = ${round % 3}; DELETE FROM ${table} WHERE id % 97 = ${round};
        INSERT INTO ${table} VALUES ${values}`);
}

async function makeTable(name, options) {
    await root.sql(`CREATE SHARED TABLE app.${name} (id BIGINT PRIMARY KEY, n INT) WITH (FLUSH_POLICY = 'rows:0'${options})`);
    await root.sql(`INSERT INTO app.${name} VALUES ${Array.from({ length: ROWS }, (_, id) => `(${id}, 0)`)}`);
}

for (const [name, options] of [['soft', ''], ['hard', ', DELETED_RETENTION_HOURS = 0']]) {
    test(`a death at any step of a flush loses nothing and brings nothing back (${name})`, async () => {
        const table = `app.${name}`;
        await makeTable(name, options);
        for (const [round, point] of FLUSH_POINTS.entries()) {
            await change(table, round);
            const expected = await contents(table);
            await dieAt(point, `STORAGE FLUSH TABLE ${table}`);
            assert.deepEqual(await contents(table), expected, point);
            await root.sql(`UPDATE ${table} SET n = -${round} WHERE id < 20`);
            const changed = await contents(table);
            await flush(root, table);
            assert.deepEqual(await contents(table), changed, point);
        }
    });
}

test('a death at any step of a compaction loses nothing and brings nothing back', async () => {
    await makeTable('merged', '');
    for (const [round, point] of COMPACT_POINTS.entries()) {
        await change('app.merged', round);
        await flush(root, 'app.merged');
        await change('app.merged', 50 + round);
        await flush(root, 'app.merged');
        const expected = await contents('app.merged');
        await dieAt(point, 'STORAGE COMPACT TABLE app.merged');
        assert.deepEqual(await contents('app.merged'), expected, point);
        await maintain(root, 'STORAGE COMPACT TABLE app.merged');
        assert.deepEqual(await contents('app.merged'), expected, point);
    }
});

test('a death while a dropped table is removed leaves nothing of it', async () => {
    for (const point of ['object.remove', 'object.remove:2', 'drop.between']) {
        await makeTable('dropped', '');
        await flush(root, 'app.dropped');
        await dieAt(point, 'DROP TABLE app.dropped');
        await eventually('the directory is gone', () =>
            !readdirSync(join(server.dataDir, 'data', 'storage', 'app')).includes('dropped'));
    }
});
