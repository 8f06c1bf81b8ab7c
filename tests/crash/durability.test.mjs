// SPDX-License-Identifier: Apache-2.0
// kill -9 leaves the page cache alive, so what survives it says nothing about the disk.  Here the
// server's system calls are written down (syscalls.c), and every acknowledgement is held against
// the fdatasync that must precede it; then the disk fails.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { login } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { buildPreload, coverage, preloadEnv, readTrace } from './trace.mjs';

const WRITERS = 8;
const WRITES_EACH = 40;
const PATIENCE_MS = 20_000;

let directory, library;
before(() => {
    directory = mkdtempSync(join(tmpdir(), 'kalamdb-trace-'));
    library = buildPreload(directory);
});
after(() => rmSync(directory, { recursive: true, force: true }));

let servers = 0;
async function tracedServer(config = '') {
    const trace = join(directory, `trace-${++servers}`);
    const failSync = join(directory, `fail-${servers}`);
    const server = await startServer({ config, env: preloadEnv(library, { KALAMDB_TRACE: trace, KALAMDB_FAIL_SYNC: failSync }) });
    const root = await login(server);
    await root.sql(`CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, body TEXT NOT NULL);
        CREATE SHARED TABLE app.loose (id BIGINT PRIMARY KEY, body TEXT NOT NULL) WITH (DURABILITY = 'async')`);
    return { server, root, trace: () => coverage(readTrace(trace)), failSync };
}

const body = (id) => `token-${id}-end`;
const insert = (client, table, id) => client.send(`INSERT INTO ${table} (id, body) VALUES ($1, $2)`, [id, body(id)]);

/** Concurrent writers; resolves to the ids that were acknowledged and the errors of the others. */
async function insertMany(client, table, firstId, count = WRITES_EACH) {
    const acknowledged = [], refused = [];
    await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => {
        for (let i = 0; i < count; i++) {
            const id = firstId + writer * 10_000 + i;
            const envelope = await insert(client, table, id);
            if (envelope.status === 'success')
                acknowledged.push(String(id));
            else
                refused.push(envelope.error);
        }
    }));
    return { acknowledged, refused };
}

function assertCovered(rows, ids) {
    for (const id of ids) {
        const { logged, sync, acknowledged } = rows.get(id) ?? {};
        assert.ok(logged, `row ${id}: not in the log`);
        assert.ok(acknowledged, `row ${id}: its reply is not in the trace`);
        assert.ok(sync, `row ${id}: no sync of its log after it was written`);
        assert.ok(sync.end <= acknowledged.begin,
            `row ${id}: acknowledged ${sync.end - acknowledged.begin} ns before the sync that covers it ended`);
    }
}

test('every acknowledgement of a sync write follows the fdatasync that covers it', async () => {
    const { server, root, trace } = await tracedServer();
    const { acknowledged, refused } = await insertMany(root, 'app.t', 1_000_000);
    assert.deepEqual(refused, []);
    const rows = trace();
    assertCovered(rows, acknowledged);
    const syncs = new Set(acknowledged.map((id) => rows.get(id).sync));
    console.log(`# ${acknowledged.length} acknowledged writes of ${WRITERS} writers shared ${syncs.size} syncs`);
    assert.ok(syncs.size < acknowledged.length, 'writers that wait together share a sync');
    await server.stop();
});

test('an async write is acknowledged before the fdatasync that covers it, which follows by itself', async () => {
    const { server, root, trace } = await tracedServer('[storage]\nasync_interval_ms = 500\n');
    const { acknowledged } = await insertMany(root, 'app.loose', 1_000_000, 5);
    assert.equal(acknowledged.length, 5 * WRITERS);
    let rows = trace();
    for (const deadline = Date.now() + PATIENCE_MS; !acknowledged.every((id) => rows.get(id)?.sync); rows = trace()) {
        assert.ok(Date.now() < deadline, 'async writes never reached the disk');
        await sleep(50);
    }
    const before = acknowledged.filter((id) => rows.get(id).acknowledged.begin < rows.get(id).sync.begin);
    assert.ok(before.length > 0, 'no async write was acknowledged before its sync');
    await server.stop();
});

test('a sync write waits for its own sync also when async writes came before it', async () => {
    const { server, root, trace } = await tracedServer('[storage]\nasync_interval_ms = 60000\n');
    const loose = await insertMany(root, 'app.loose', 1_000_000, 5);
    const strict = await insertMany(root, 'app.t', 2_000_000, 5);
    const rows = trace();
    assertCovered(rows, strict.acknowledged);
    assert.ok(loose.acknowledged.every((id) => rows.get(id).sync), 'one log, one order: they are on disk too');
    await server.stop();
});

test('after a failed fdatasync all writes are refused with the reason, reads go on, nothing acknowledged is lost', async () => {
    const { server, root, trace, failSync } = await tracedServer();
    const writing = insertMany(root, 'app.t', 1_000_000, 200);
    while (!(await root.rows('SELECT count(*) FROM app.t')).some((row) => BigInt(row['count(*)']) > 100n))
        await sleep(5);
    writeFileSync(failSync, '');
    const { acknowledged, refused } = await writing;
    assert.ok(acknowledged.length > 100 && refused.length > 0);
    assertCovered(trace(), acknowledged);
    for (const { message } of refused)
        assert.match(message, /sync|read.only|no more writes|Input\/output/i);

    rmSync(failSync); /* the disk is well again, but what it lost is not known: still no writes */
    const strict = await insert(root, 'app.t', 1), loose = await insert(root, 'app.loose', 1);
    for (const envelope of [strict, loose]) {
        assert.equal(envelope.status, 'error');
        assert.match(envelope.error.message, /Input\/output error/, 'the reason is named');
    }
    const ddl = await root.error('CREATE NAMESPACE later');
    assert.match(ddl.text, /Input\/output error/);
    const visible = await root.rows('SELECT id, body FROM app.t');
    assert.deepEqual(visible.map(({ id }) => id).filter((id) => !acknowledged.includes(id)), [], 'nothing is shown that is not durable');
    assert.equal(visible.length, acknowledged.length);

    await server.kill('SIGKILL');
    assert.ok(!existsSync(failSync));
    await server.start();
    const rows = new Map((await root.rows('SELECT id, body FROM app.t')).map((row) => [row.id, row.body]));
    for (const id of acknowledged)
        assert.equal(rows.get(id), body(id));
    assert.equal((await insert(root, 'app.t', 2)).status, 'success', 'it writes again');
    await server.stop();
});
