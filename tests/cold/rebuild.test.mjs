// SPDX-License-Identifier: Apache-2.0
// `kalamdb check --rebuild-manifest`: the hot store is put back from an older copy, the files are newer.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { login } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { flush } from './support/cold.mjs';

const binaryOf = (server) => readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').split('\0')[0];

function rebuild(binary, server) {
    return spawnSync(binary, ['check', '--rebuild-manifest', server.configFile], {
        encoding: 'utf8', cwd: server.dataDir,
        env: { ...process.env, KALAMDB_DATA_DIR: join(server.dataDir, 'data'), KALAMDB_LOGS_DIR: join(server.dataDir, 'logs') },
    });
}

test('manifests are made again from the files when the hot store is an older copy', async () => {
    const server = await startServer();
    const binary = binaryOf(server);
    const store = join(server.dataDir, 'data', 'rocksdb');
    let root = await login(server);
    await root.sql("CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, body TEXT) WITH (FLUSH_POLICY = 'rows:0')");
    await root.sql("INSERT INTO app.t VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    await flush(root, 'app.t');
    await root.sql("UPDATE app.t SET body = 'hot' WHERE id = 2");
    await server.stop();
    cpSync(store, `${store}.copy`, { recursive: true });

    await server.start();
    root = await login(server);
    await root.sql("UPDATE app.t SET body = 'newer' WHERE id <= 2; DELETE FROM app.t WHERE id = 3; INSERT INTO app.t VALUES (4, 'd')");
    await flush(root, 'app.t');
    const expected = await root.rows('SELECT id, body FROM app.t');
    await server.stop();
    rmSync(store, { recursive: true });
    cpSync(`${store}.copy`, store, { recursive: true });

    const { status, stdout, stderr } = rebuild(binary, server);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /: 0 manifests fit, 1 were rebuilt with 7 row versions\n$/);
    await server.start();
    root = await login(server);
    assert.deepEqual(await root.rows('SELECT id, body FROM app.t'), expected);
    assert.deepEqual(expected.map(({ body }) => body), ['newer', 'newer', 'd']);
    await server.stop();

    assert.match(rebuild(binary, server).stdout, /: 1 manifests fit, 0 were rebuilt/);
    writeFileSync(join(server.dataDir, 'data', 'storage', 'app', 't', 'manifest.json'), '{"table_id": 7}');
    const damaged = rebuild(binary, server);
    assert.equal(damaged.status, 1);
    assert.match(damaged.stderr, /directory=app\/t reason="manifest\.json: "table_id" is no text"/);
    assert.match(damaged.stderr, /1 directories could not be used, 0 files are missing/);
});
