// SPDX-License-Identifier: Apache-2.0
// Flushing: by statement, by policy, per user; the files, the jobs, the messages.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { eventually, flush, jobEnded, jobIds, maintain, parquetFiles } from './support/cold.mjs';

let server, root, ann, bob;

before(async () => {
    server = await startServer({ config: '[flush]\ncheck_interval_seconds = 1\n' });
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    ann = await newUser(server, 'ann');
    bob = await newUser(server, 'Bob');
});
after(() => server.stop());

const never = "WITH (FLUSH_POLICY = 'rows:0')";
const makeTable = (name, kind = 'SHARED', options = never) =>
    root.sql(`CREATE ${kind} TABLE ${name} (id BIGINT PRIMARY KEY, body TEXT) ${options}`);
const values = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => `(${from + at}, 'row ${from + at}')`);
const insert = (client, table, from, to) => client.sql(`INSERT INTO ${table} (id, body) VALUES ${values(from, to)}`);
const count = async (client, table) => Number((await client.rows(`SELECT count(*) AS n FROM ${table}`))[0].n);
const stats = async (client, table) => (await client.rows(`SHOW STATS FOR TABLE ${table}`))[0];
const flushesOf = (table) => root.rows(`SELECT * FROM system.jobs WHERE job_type = 'flush' AND idempotency_key = 'flush:${table}'`);

test('r14 r63 STORAGE FLUSH moves a shared table into one file, and reads stay the same', async () => {
    await makeTable('app.r14');
    await insert(root, 'app.r14', 1, 500);
    const before = await root.rows('SELECT id, body, _seq, _deleted FROM app.r14');
    const [job] = await flush(root, 'app.r14');
    assert.equal(job.message, 'Flushed app.r14 successfully (500 rows, 1 files)');
    const { hot_rows, cold_rows } = await stats(root, 'app.r14');
    assert.deepEqual([hot_rows, cold_rows], ['0', '500']);
    assert.deepEqual(await root.rows('SELECT id, body, _seq, _deleted FROM app.r14'), before);
    assert.equal(await count(root, 'app.r14'), 500);
    assert.deepEqual(await root.rows('SELECT body FROM app.r14 WHERE id = 77'), [{ body: 'row 77' }]);
});

test('r62 a flush of a user table writes a directory for each user', async () => {
    await makeTable('app.r62', 'USER');
    await insert(ann, 'app.r62', 1, 20);
    await insert(bob, 'app.r62', 1, 30);
    const [job] = await flush(root, 'app.r62');
    assert.equal(job.message, 'Flushed app.r62 successfully (50 rows, 2 files)');
    const files = parquetFiles(server, 'app/r62');
    assert.deepEqual(files.map((name) => name.split('/')[0]), ['_42ob', 'ann']);
    assert.equal(await count(ann, 'app.r62'), 20);
    assert.equal(await count(bob, 'app.r62'), 30);
    assert.deepEqual([(await stats(ann, 'app.r62')).hot_rows, (await stats(bob, 'app.r62')).hot_rows], ['0', '0']);
    await assert.rejects(ann.sql('STORAGE FLUSH TABLE app.r62'), { status: 403 });
});

test('r64 files are named batch-<ms>.parquet', async () => {
    await makeTable('app.r64');
    for (const from of [1, 2, 3]) {
        await insert(root, 'app.r64', from, from);
        await flush(root, 'app.r64');
    }
    const files = parquetFiles(server, 'app/r64');
    assert.equal(files.length, 3);
    for (const name of files) {
        const [, ms] = /^batch-(\d{13})\.parquet$/.exec(name);
        assert.ok(Math.abs(Number(ms) - Date.now()) < 60_000);
    }
});

test('r69 the job of a flush says what it did', async () => {
    await makeTable('app.r69');
    await insert(root, 'app.r69', 1, 3);
    const [job] = await flush(root, 'app.r69');
    assert.match(job.job_id, /^FL-[0-9a-f]{12}$/);
    assert.equal(job.job_type, 'flush');
    assert.deepEqual(JSON.parse(job.parameters), { table_id: 'app.r69', table_type: 'Shared', flush_threshold: null });
    const result = JSON.parse(job.result);
    assert.deepEqual({ ...result, parquet_files: [] }, { rows: 3, files: 1, owners: 1, parquet_files: [] });
    assert.match(result.parquet_files[0], /^app\/r69\/batch-\d{13}\.parquet$/);
    assert.equal(job.node_id, '1');
});

test('STORAGE FLUSH says what it starts, and when there is nothing to start', async () => {
    await root.sql('CREATE NAMESPACE many');
    await makeTable('many.a');
    await makeTable('many.b', 'USER');
    const nothing = await root.sql('STORAGE FLUSH TABLE many.a');
    assert.equal(nothing.results[0].message, "Storage flush skipped: no pending writes for table 'many.a'");
    const none = await root.sql('STORAGE FLUSH ALL IN NAMESPACE many');
    assert.equal(none.results[0].message, "Storage flush skipped: no pending writes in namespace 'many'");

    await insert(root, 'many.a', 1, 1);
    const one = await root.sql('STORAGE FLUSH TABLE many.a');
    assert.match(one.results[0].message, /^Storage flush started for table 'many\.a'\. Job ID: FL-[0-9a-f]{12}$/);
    await jobEnded(root, jobIds(one)[0]);

    await insert(root, 'many.a', 2, 2);
    await insert(ann, 'many.b', 1, 1);
    const both = await root.sql('STORAGE FLUSH ALL IN many');
    assert.match(both.results[0].message,
        /^Storage flush started for 2 table\(s\) in namespace 'many'\. Job IDs: \[FL-[0-9a-f]{12}, FL-[0-9a-f]{12}\]$/);
    for (const id of jobIds(both))
        assert.equal((await jobEnded(root, id)).status, 'completed');
});

test('r29 a stream is never flushed', async () => {
    await root.sql('CREATE STREAM TABLE app.r29 (id BIGINT, body TEXT) WITH (TTL_SECONDS = 60)');
    await insert(ann, 'app.r29', 1, 10);
    const error = await root.error('STORAGE FLUSH TABLE app.r29');
    assert.match(error.text, /not supported for stream table/);
    assert.match((await root.error('STORAGE COMPACT TABLE app.r29')).text, /not supported for stream table/);
    await maintain(root, 'STORAGE FLUSH ALL');
    assert.deepEqual(parquetFiles(server, 'app/r29'), []);
    assert.equal(await count(ann, 'app.r29'), 10);
});

test('r70 the row of the threshold starts a flush within a second', async () => {
    await makeTable('app.r70', 'SHARED', "WITH (FLUSH_POLICY = 'rows:100')");
    await insert(root, 'app.r70', 1, 99);
    await sleep(1500);
    assert.deepEqual(await flushesOf('app.r70'), []);
    await insert(root, 'app.r70', 100, 100);
    const began = Date.now();
    const [job] = await eventually('a flush', async () => {
        const jobs = await flushesOf('app.r70');
        return jobs.length && jobs;
    });
    assert.ok(Date.now() - began < 1500, `after ${Date.now() - began} ms`);
    assert.equal((await jobEnded(root, job.job_id)).message, 'Flushed app.r70 successfully (100 rows, 1 files)');
    assert.deepEqual(JSON.parse(job.parameters), { table_id: 'app.r70', table_type: 'Shared', flush_threshold: 100 });
});

test('r84 kinds of policies: rows and interval flush, rows:0 never does', async () => {
    const policies = { r84r: 'rows:50', r84i: 'interval:1', r84b: 'rows:100000,interval:1', r84n: 'rows:0' };
    for (const [name, policy] of Object.entries(policies)) {
        await makeTable(`app.${name}`, 'SHARED', `WITH (FLUSH_POLICY = '${policy}')`);
        const { results: [, properties] } = await root.sql(`DESCRIBE TABLE app.${name}`);
        assert.equal(properties.rows.find(([property]) => property === 'flush_policy')[1], policy);
        await insert(root, `app.${name}`, 1, 1200);
    }
    for (const name of ['r84r', 'r84i', 'r84b'])
        await eventually(`a flush of ${name}`, async () => (await flushesOf(`app.${name}`)).some(({ status }) => status === 'completed'));
    await sleep(1500);
    assert.deepEqual(await flushesOf('app.r84n'), []);
    assert.deepEqual(parquetFiles(server, 'app/r84n'), []);
});

test('an owner with few rows is left alone by a policy', async () => {
    await makeTable('app.few', 'USER', "WITH (FLUSH_POLICY = 'rows:1500')");
    await insert(ann, 'app.few', 1, 1400);
    await insert(bob, 'app.few', 1, 200);
    await eventually('a flush', async () => (await flushesOf('app.few')).some(({ status }) => status === 'completed'));
    assert.deepEqual(parquetFiles(server, 'app/few').map((name) => name.split('/')[0]), ['ann']);
    assert.deepEqual([await count(ann, 'app.few'), await count(bob, 'app.few')], [1400, 200]);
});

test('rows of before a restart are pending after it', async () => {
    await makeTable('app.restart', 'USER');
    await insert(ann, 'app.restart', 1, 10);
    await insert(bob, 'app.restart', 1, 5);
    await server.kill();
    await server.start();
    const [job] = await flush(root, 'app.restart');
    assert.equal(job.message, 'Flushed app.restart successfully (15 rows, 2 files)');
    const again = await root.sql('STORAGE FLUSH TABLE app.restart');
    assert.equal(again.results[0].message, "Storage flush skipped: no pending writes for table 'app.restart'");
});

test('STORAGE COMPACT merges files, and everybody reads the same', async () => {
    await makeTable('app.compact');
    for (let round = 0; round < 5; round++) {
        await insert(root, 'app.compact', round * 10 + 1, round * 10 + 10);
        await root.sql(`UPDATE app.compact SET body = 'again' WHERE id = ${round + 1}`);
        await flush(root, 'app.compact');
    }
    const before = await root.rows('SELECT * FROM app.compact');
    const [job] = await maintain(root, 'STORAGE COMPACT TABLE app.compact');
    assert.match(job.job_id, /^CO-/);
    assert.match(job.message, /^Compaction completed for app\.compact/);
    assert.deepEqual(await root.rows('SELECT * FROM app.compact'), before);
    await eventually('one file is left', () => parquetFiles(server, 'app/compact').length === 1);
});

test('a table with many files is compacted without being asked', async () => {
    await makeTable('app.auto');
    for (let round = 0; round < 8; round++) {
        await insert(root, 'app.auto', round * 10 + 1, round * 10 + 10);
        await flush(root, 'app.auto');
    }
    await eventually('fewer files', () => parquetFiles(server, 'app/auto').length < 8);
    assert.equal(await count(root, 'app.auto'), 80);
});

test('r15 DROP TABLE removes the files, and a new table of the name begins empty', async () => {
    for (const kind of ['SHARED', 'USER', 'STREAM']) {
        const table = `app.r15_${kind.toLowerCase()}`;
        await makeTable(table, kind, kind === 'STREAM' ? 'WITH (TTL_SECONDS = 60)' : never);
        await insert(ann, table, 1, 10).catch(() => insert(root, table, 1, 10));
        if (kind !== 'STREAM')
            await flush(root, table);
        const { results: [{ message }] } = await root.sql(`DROP TABLE ${table}`);
        await jobEnded(root, /CL-[0-9a-f]{12}/.exec(message)[0]);
        assert.match((await root.error(`SELECT * FROM ${table}`)).text, /not found/);
        assert.deepEqual(parquetFiles(server, table.replace('.', '/')), []);
        assert.deepEqual(await root.rows(`SELECT * FROM system.schemas WHERE table_name = '${table.slice(4)}'`), []);
        await makeTable(table, kind, kind === 'STREAM' ? 'WITH (TTL_SECONDS = 60)' : never);
        assert.equal(await count(root, table), 0);
    }
});

test('a flush that cannot write fails with the reason, loses nothing, and succeeds later', async () => {
    await root.sql("CREATE STORAGE gone TYPE filesystem NAME 'gone' PATH '" + server.dataDir + "/gone'");
    await makeTable('app.gone', 'SHARED', "WITH (STORAGE_ID = 'gone', FLUSH_POLICY = 'rows:0')");
    await insert(root, 'app.gone', 1, 10);
    const { rmSync, writeFileSync } = await import('node:fs');
    rmSync(`${server.dataDir}/gone`, { recursive: true });
    writeFileSync(`${server.dataDir}/gone`, 'no directory');
    const job = await jobEnded(root, jobIds(await root.sql('STORAGE FLUSH TABLE app.gone'))[0]);
    assert.equal(job.status, 'failed');
    assert.ok(job.exception_trace.length > 0);
    assert.equal(await count(root, 'app.gone'), 10);
    rmSync(`${server.dataDir}/gone`);
    const [done] = await flush(root, 'app.gone');
    assert.equal(done.message, 'Flushed app.gone successfully (10 rows, 1 files)');
    assert.equal(await count(root, 'app.gone'), 10);
});
