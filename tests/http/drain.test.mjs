// SPDX-License-Identifier: Apache-2.0
// Stopping, starting again, and being killed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { login, request } from './support/client.mjs';
import { Raw, statuses } from './support/raw.mjs';
import { ROOT_PASSWORD, startServer } from './support/server.mjs';

async function withTable(server) {
    const root = await login(server);
    await root.sql('CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, body TEXT)');
    return root;
}

test('a stop closes WebSockets with 1001 and ends with status 0', async () => {
    const server = await startServer();
    const root = await withTable(server);
    const [idle, subscribed] = [await root.live(), await root.live()];
    await subscribed.subscribe('s', 'SELECT * FROM app.t');
    await server.stop();
    for (const live of [idle, subscribed]) {
        while (!live.closed)
            await live.next().catch(() => {});
        assert.deepEqual(live.closed, { code: 1001, reason: 'Server shutting down' });
    }
});

test('what is under way at a stop is answered, what comes then is refused', async () => {
    const server = await startServer({ config: '[shutdown]\ngrace = "2s"\n' });
    const root = await withTable(server);
    for (let from = 0; from < 20000; from += 1000)
        await root.sql(`INSERT INTO app.t VALUES ${Array.from({ length: 1000 }, (_, at) => `(${from + at}, '${'x'.repeat(500)}')`).join(',')}`);

    const idle = await Raw.open(server.port); /* has sent nothing yet */
    const late = await Raw.open(server.port);
    const busy = await Raw.open(server.port);
    const sql = JSON.stringify({ sql: 'SELECT id, body, body, body FROM app.t' }); /* 30 MB */
    await busy.send(`POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${root.token}\r\nContent-Length: ${sql.length}\r\n\r\n${sql}`);
    await busy.until((so_far) => so_far.includes('200 OK'));
    busy.pause();
    const live = await root.live();
    const exited = server.kill('SIGTERM');
    while (!live.closed)
        await live.next().catch(() => {});
    await idle.send('GET /v1/api/auth/me HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.deepEqual(statuses(await idle.until()), [503]);
    await late.send(`POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nContent-Length: ${sql.length}\r\n\r\n${sql}`);
    const refused = await late.until();
    assert.deepEqual(statuses(refused), [503]);
    const { status, error } = JSON.parse(refused.slice(refused.indexOf('\r\n\r\n')));
    assert.deepEqual({ status, code: error.code }, { status: 'error', code: 'INTERNAL_ERROR' });
    await assert.rejects(Raw.open(server.port));
    busy.resume();
    const text = await busy.until();
    assert.deepEqual(statuses(text), [200]);
    assert.ok(text.includes('"row_count":20000') && text.endsWith('0\r\n\r\n'));
    assert.equal((await exited).code, 0);
});

test('writes under way at a stop are either acknowledged and there, or not acknowledged', async () => {
    const server = await startServer();
    const root = await withTable(server);
    const acknowledged = [];
    let next = 0;
    const writers = Array.from({ length: 8 }, async () => {
        for (;;) {
            const id = next++;
            const answer = await root.send(`INSERT INTO app.t VALUES (${id}, 'x')`).catch(() => null);
            if (answer?.status !== 'success')
                return;
            acknowledged.push(id);
        }
    });
    while (acknowledged.length < 200)
        await root.send('SELECT 1');
    await server.stop();
    await Promise.all(writers);
    await server.start();
    const again = await login(server);
    const there = new Set((await again.rows('SELECT id FROM app.t')).map(({ id }) => Number(id)));
    assert.deepEqual(acknowledged.filter((id) => !there.has(id)), []);
    await server.stop();
});

test('kill -9 loses nothing that was acknowledged', async () => {
    const server = await startServer();
    let root = await withTable(server);
    const acknowledged = new Set();
    let next = 0;
    for (let round = 0; round < 3; round++) {
        let alive = true;
        const goal = acknowledged.size + 150;
        const writers = Array.from({ length: 8 }, async () => {
            while (alive) {
                const id = next++;
                const answer = await root.send(`INSERT INTO app.t VALUES (${id}, 'x')`).catch(() => null);
                if (answer?.status === 'success')
                    acknowledged.add(id);
                if (!answer)
                    return;
            }
        });
        while (acknowledged.size < goal)
            await root.send('SELECT 1');
        await server.kill('SIGKILL');
        alive = false;
        await Promise.all(writers);
        await server.start();
        root = await login(server);
        const there = new Set((await root.rows('SELECT id FROM app.t')).map(({ id }) => Number(id)));
        assert.deepEqual([...acknowledged].filter((id) => !there.has(id)), []);
    }
    await server.stop();
});

test('tokens, users and tables survive a restart', async () => {
    const server = await startServer();
    const root = await withTable(server);
    await root.sql("CREATE USER 'alice' WITH PASSWORD 'a long password' ROLE user");
    await server.restart();
    assert.deepEqual(await root.rows('SELECT count(*) AS n FROM app.t'), [{ n: '0' }]);
    await login(server, 'alice', 'a long password');
    assert.equal(statSync(join(server.dataDir, 'data', 'jwt_secret')).mode & 0o777, 0o600);
    await server.stop();
});

test('a new root password is applied at the next start, and only then', async () => {
    const server = await startServer();
    await login(server);
    await server.restart({ KALAMDB_ROOT_PASSWORD: 'another long password' });
    await login(server, 'root', 'another long password');
    const old = await request(`${server.url}/v1/api/auth/login`, { json: { user: 'root', password: ROOT_PASSWORD } });
    assert.equal(old.status, 401);
    await server.restart({ KALAMDB_ROOT_PASSWORD: '' });
    await login(server, 'root', 'another long password');
    await server.stop();
});

test('a second signal ends the process at once, and nothing is lost', async () => {
    const server = await startServer({ config: '[shutdown]\ngrace = "30s"\n' });
    const root = await withTable(server);
    await root.sql("INSERT INTO app.t VALUES (1, 'kept')");
    const idle = await Raw.open(server.port);
    const exited = server.kill('SIGTERM');
    for (;;) { /* until the first signal was noticed */
        const ready = await request(`${server.url}/readyz`).catch(() => null);
        if (ready?.status !== 200)
            break;
    }
    void server.kill('SIGINT');
    assert.equal((await exited).code, 1);
    idle.destroy();
    await server.start();
    assert.deepEqual(await (await login(server)).rows('SELECT body FROM app.t'), [{ body: 'kept' }]);
    await server.stop();
});

test('two servers cannot share a data directory or a port', async () => {
    const server = await startServer();
    const environment = { ...process.env, KALAMDB_LOGS_DIR: join(server.dataDir, 'logs2'), KALAMDB_SERVER_HOST: '127.0.0.1' };
    const binary = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').split('\0')[0];
    const run = (more) => spawnSync(binary, [server.configFile], { env: { ...environment, ...more }, cwd: server.dataDir, encoding: 'utf8' });
    const sameData = run({ KALAMDB_DATA_DIR: join(server.dataDir, 'data'), KALAMDB_SERVER_PORT: '1' });
    assert.equal(sameData.status, 1);
    assert.match(sameData.stderr, /in use/);
    const samePort = run({ KALAMDB_DATA_DIR: join(server.dataDir, 'data2'), KALAMDB_SERVER_PORT: String(server.port) });
    assert.equal(samePort.status, 1);
    assert.match(samePort.stderr, new RegExp(`${server.port}`));
    await server.stop();
});

test('a server that listens to others refuses a weak secret', async () => {
    const server = await startServer();
    const binary = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').split('\0')[0];
    await server.stop();
    const { status, stderr } = spawnSync(binary, [server.configFile], {
        cwd: server.dataDir, encoding: 'utf8',
        env: { ...process.env, KALAMDB_SERVER_HOST: '0.0.0.0', KALAMDB_SERVER_PORT: String(server.port), KALAMDB_JWT_SECRET: 'secret',
            KALAMDB_DATA_DIR: join(server.dataDir, 'data'), KALAMDB_SECURITY_CORS_ALLOWED_ORIGINS: '*' },
    });
    assert.equal(status, 1);
    assert.match(stderr, /auth\.jwt_secret is too weak/);
});

test('a configuration can be checked without starting', async () => {
    const server = await startServer({ config: '[server]\nprot = 1\n' });
    const binary = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').split('\0')[0];
    assert.match(server.log(), /unknown key server\.prot; did you mean server\.port\?/);
    const check = spawnSync(binary, ['--check-config', server.configFile], { encoding: 'utf8' });
    assert.equal(check.status, 0);
    assert.match(check.stdout, /warning: line 2: unknown key server\.prot/);
    assert.match(spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout, /^kalamdb \d+\.\d+\.\d+ \(/);
    assert.match(spawnSync(binary, ['--help'], { encoding: 'utf8' }).stdout, /^usage: kalamdb/);
    assert.match(spawnSync(binary, ['--list-keys'], { encoding: 'utf8' }).stdout, /\| `server\.port` \| `KALAMDB_SERVER_PORT` \| `8080` \|/);
    assert.equal(spawnSync(binary, ['--nonsense']).status, 2);
    assert.equal(spawnSync(binary, ['/nowhere/server.toml'], { encoding: 'utf8' }).status, 1);
    await server.stop();
});
