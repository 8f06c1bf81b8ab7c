// SPDX-License-Identifier: Apache-2.0
// Requirement R72: background jobs can be followed, survive the server, and can be killed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

const DEADLINE_MS = 30_000;

let server, root, alice;

before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    alice = await newUser(server, 'alice');
});
after(() => server.stop());

const job = async (id) => (await root.rows(`SELECT * FROM system.jobs WHERE job_id = '${id}'`))[0];

/** Polls as existing clients do. */
async function ended(id) {
    for (const until = Date.now() + DEADLINE_MS; Date.now() < until; await sleep(20)) {
        const now = await job(id);
        if (now && ['completed', 'failed', 'cancelled', 'skipped'].includes(now.status))
            return now;
    }
    assert.fail(`job ${id} does not end`);
}

async function dropTable(name) {
    await root.sql(`CREATE SHARED TABLE ${name} (id BIGINT PRIMARY KEY); INSERT INTO ${name} VALUES (1), (2)`);
    return (await root.sql(`DROP TABLE ${name}`)).results[0].message.match(/Cleanup job: (CL-[0-9a-f]{12})$/)[1];
}

test('r72 the job of a statement can be read at once and followed to its end', async () => {
    const id = await dropTable('app.r72');
    assert.ok(await job(id), 'it is there for whoever submitted it');
    const done = await ended(id);
    assert.equal(done.job_type, 'cleanup');
    assert.equal(done.status, 'completed');
    assert.equal(done.message, 'Cleaned up table app.r72');
    assert.equal(done.exception_trace, null);
    assert.ok(done.finished_at >= done.started_at && done.started_at >= done.created_at);
    const [node] = await root.rows(`SELECT * FROM system.job_nodes WHERE job_id = '${id}'`);
    assert.equal(node.status, 'completed');
    assert.equal(String(node.node_id), String(done.node_id));
});

test('r72 a job that was running when the server died has failed, and its work is done by another', async () => {
    await server.restart({ KALAMDB_CRASH_AT: 'job.run' });
    root = await login(server);
    await root.sql('CREATE SHARED TABLE app.dies (id BIGINT PRIMARY KEY)');
    await root.sql('DROP TABLE app.dies').catch(() => {}); /* the answer may come or not */
    await server.exited();
    await server.start();
    root = await login(server);
    const [failed] = await root.rows("SELECT * FROM system.jobs WHERE status = 'failed'");
    assert.deepEqual([failed.job_type, failed.message], ['cleanup', 'Server restarted']);
    const others = (await root.rows('SELECT job_id, created_at FROM system.jobs')).filter(({ created_at }) => BigInt(created_at) > BigInt(failed.created_at));
    assert.equal(others.length, 1);
    assert.equal((await ended(others[0].job_id)).message, 'Cleaned up 1 dropped tables');
    const metrics = Object.fromEntries((await root.rows('SELECT * FROM system.stats')).map((row) => [row.metric_name, row.metric_value]));
    assert.ok(Number(metrics.total_jobs) >= 3);
    assert.equal(metrics.jobs_running, '0');
});

test('r72 jobs are the business of administrators', async () => {
    await assert.rejects(alice.sql('SELECT * FROM system.jobs'));
    await assert.rejects(alice.sql("KILL JOB 'CL-0123456789ab'"), /PERMISSION_DENIED/);
    assert.match((await root.error("KILL JOB 'CL-0123456789ab'")).text, /Job 'CL-0123456789ab' does not exist/);
    const id = await dropTable('app.ended');
    await ended(id);
    assert.match((await root.error(`KILL JOB '${id}'`)).text, /is completed already, it cannot be killed/);
});
