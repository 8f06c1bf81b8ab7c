// SPDX-License-Identifier: Apache-2.0
// What is tidied up by itself, and `kalamdb check`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { login } from './support/client.mjs';
import { startServer } from './support/server.mjs';

/** Waits until condition() is true. */
async function eventually(condition) {
    for (const deadline = Date.now() + 20_000; !(await condition()); await sleep(50))
        assert.ok(Date.now() < deadline, 'it did not happen in time');
}

const binaryOf = (server) => readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').split('\0')[0];

function check(binary, server) {
    return spawnSync(binary, ['check', server.configFile], {
        encoding: 'utf8', cwd: server.dataDir,
        env: { ...process.env, KALAMDB_DATA_DIR: join(server.dataDir, 'data'), KALAMDB_LOGS_DIR: join(server.dataDir, 'logs') },
    });
}

test('r27 expired events are removed by a job, and it says why', async () => {
    const server = await startServer({ env: { KALAMDB_LOG_LEVEL: 'debug' }, config: '[stream]\neviction_interval_seconds = 1\n' });
    const root = await login(server);
    await root.sql("CREATE NAMESPACE app; CREATE STREAM TABLE app.s (id BIGINT, body TEXT) WITH (TTL_SECONDS = 1)");
    await root.sql("INSERT INTO app.s VALUES (1, 'x'), (2, 'y')");
    await eventually(async () => (await root.rows('SELECT count(*) AS n FROM app.s'))[0].n === '0');
    await eventually(() => /evicted table=app\.s .*reason="TTL expired"/.test(server.log()));
    const binary = binaryOf(server);
    await eventually(() => server.log().match(/evicted table=app\.s/g).length >= 3); /* a round began after the expiry */
    await server.stop();
    assert.match(check(binary, server).stdout, /1 tables, 0 rows, 0 events/);
});

test('the change log is cut, and a resume from before is told to start over', async () => {
    const server = await startServer({ config: '[stream]\neviction_interval_seconds = 1\n[change_log]\nretention = "1s"\n' });
    const root = await login(server);
    await root.sql("CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY)");
    const { results: [{ seq: from }] } = await root.sql('INSERT INTO app.t VALUES (1)');
    const live = await root.live();
    let n = 2;
    await eventually(async () => {
        await root.sql(`INSERT INTO app.t VALUES (${n++})`);
        const ack = await live.subscribe(`s${n}`, 'SELECT * FROM app.t', { from });
        live.unsubscribe(`s${n}`);
        live.send({ type: 'ping' });
        return ack.resync === true;
    });
    await live.close();
    await server.stop();
});

test('a table that asks for more keeps its change log, and check is content with the gaps', async () => {
    const server = await startServer({ config: '[stream]\neviction_interval_seconds = 1\n[change_log]\nretention = "1s"\n' });
    const root = await login(server);
    const binary = binaryOf(server);
    await root.sql("CREATE NAMESPACE app; CREATE SHARED TABLE app.short (id BIGINT PRIMARY KEY); CREATE SHARED TABLE app.long (id BIGINT PRIMARY KEY) WITH (CHANGE_LOG_RETENTION = '7d')");
    const insert = async (table, id) => (await root.sql(`INSERT INTO app.${table} VALUES (${id})`)).results[0].seq;
    const from = { short: await insert('short', 1), long: await insert('long', 1) };
    const live = await root.live();
    let n = 2;
    const ack = async (table) => {
        const answer = await live.subscribe(`s${n++}`, `SELECT * FROM app.${table}`, { from: from[table] });
        live.unsubscribe(`s${n - 1}`);
        return answer;
    };
    await eventually(async () => {
        await insert('short', n);
        await insert('long', n);
        return (await ack('short')).resync === true;
    });
    assert.equal((await ack('long')).resync, undefined);
    await live.close();
    await server.stop();
    const fine = check(binary, server);
    assert.equal(fine.status, 0, fine.stderr);
});

test('an idle server does not work', async () => {
    const server = await startServer();
    const root = await login(server);
    await root.sql('SELECT 1');
    const ticks = () => readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).map(Number).reduce((a, b) => a + b);
    const before = ticks();
    await sleep(2000);
    assert.ok(ticks() - before <= 5, `${ticks() - before} hundredths of a second in two seconds`);
    await server.stop();
});

test('check finds what is there, and what is broken', async () => {
    const server = await startServer();
    const root = await login(server);
    const binary = binaryOf(server);
    await root.sql("CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, body TEXT)");
    for (let i = 0; i < 10; i++)
        await root.sql(`INSERT INTO app.t VALUES (${i}, '${'x'.repeat(100)}')`);
    const running = check(binary, server);
    assert.equal(running.status, 1);
    assert.match(running.stderr, /in use/);
    await server.stop();

    const fine = check(binary, server);
    assert.equal(fine.status, 0, fine.stderr);
    assert.match(fine.stdout, /fine; 1 tables, 10 rows, 0 events, \d+ commits/);

    const directory = join(server.dataDir, 'data', 'rocksdb');
    for (const name of readdirSync(directory).filter((file) => /\.(sst|log)$/.test(file))) {
        const path = join(directory, name);
        const bytes = readFileSync(path);
        for (let at = 200; at < bytes.length; at += 100)
            bytes[at] ^= 0x55;
        writeFileSync(path, bytes);
    }
    const broken = check(binary, server);
    assert.equal(broken.status, 1, broken.stdout);

    const nowhere = spawnSync(binary, ['check'], { encoding: 'utf8', cwd: server.dataDir, env: { ...process.env, KALAMDB_DATA_DIR: '/nowhere/data' } });
    assert.equal(nowhere.status, 1);
    assert.match(nowhere.stderr, /there is no data directory/);
});
