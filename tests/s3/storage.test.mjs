// SPDX-License-Identifier: Apache-2.0
// Storages through SQL: directories, and S3 as OpenStack Swift speaks it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

const NOT_INSTALLED = 77;
const SECRET = 'a-very-secret-key';

/** Resolves to {endpoint, bucket, region, access_key, secret_key, stop}, or null when Swift is not installed. */
async function startSwift() {
    const child = spawn(fileURLToPath(new URL('swift', import.meta.url)), { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const line = await Promise.race([once(createInterface(child.stdout), 'line'), exited]);
    if (typeof line[0] !== 'string') {
        assert.equal(line[0], NOT_INSTALLED, 'tests/s3/swift failed');
        return null;
    }
    return { ...JSON.parse(line[0]), stop: async () => { child.stdin.end(); await exited; } };
}

const server = await startServer({ config: '[storage.remote_timeouts]\nconnect_timeout_secs = 2\n' });
const root = await login(server);
const directory = mkdtempSync(join(tmpdir(), 'kalamdb-storage-'));
after(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
});

const message = async (sql) => (await root.sql(sql)).results[0].message;

test('a directory is made, checked, altered and forgotten', async () => {
    assert.equal(await message(`CREATE STORAGE disk TYPE filesystem NAME 'Disk' PATH '${directory}/a/b'`),
        "Storage 'disk' created successfully");
    const [row] = await root.rows('STORAGE CHECK disk');
    assert.deepEqual(Object.keys(row), ['storage_id', 'status', 'readable', 'writable', 'listable', 'deletable',
        'latency_ms', 'total_bytes', 'used_bytes', 'error', 'tested_at']);
    assert.equal(row.status, 'healthy');
    assert.ok(row.readable && row.writable && row.listable && row.deletable);
    assert.equal(row.total_bytes, null);
    assert.equal(row.error, null);
    const [extended] = await root.rows('STORAGE CHECK disk EXTENDED');
    assert.ok(BigInt(extended.total_bytes) > BigInt(extended.used_bytes));
    assert.deepEqual(readdirSync(`${directory}/a/b`), [], 'the check leaves nothing behind');
    assert.equal(await message("ALTER STORAGE disk SET NAME 'Disk 2'"), "Storage 'disk' altered successfully");
    assert.equal(await message('DROP STORAGE disk'), "Storage 'disk' dropped successfully");
    assert.ok(existsSync(`${directory}/a/b`), 'files are not ours to delete');
});

test('what stands in the way of a directory is named', async () => {
    writeFileSync(`${directory}/file`, 'x');
    assert.match((await root.error(`CREATE STORAGE s TYPE filesystem PATH '${directory}/file/x'`)).text, /cannot create directory .*file\/x/);
    const data = join(server.dataDir, 'data');
    for (const path of [data, `${data}/rocksdb/x`, `${data}/storage`, `${data}/storage/archive`, '/tmp'])
        assert.match((await root.error(`CREATE STORAGE s TYPE filesystem PATH '${path}'`)).text, /data directory/);
    await root.sql(`CREATE STORAGE s TYPE filesystem PATH '${directory}/s'`);
    symlinkSync(`${directory}/s`, `${directory}/link`);
    for (const path of ['s', 's/below', 'link', 'link/below', '.'].map((name) => join(directory, name)))
        assert.match((await root.error(`CREATE STORAGE t TYPE filesystem PATH '${path}'`)).text, /that of storage 's'/);
    await root.sql(`CREATE STORAGE t TYPE filesystem PATH '${directory}/s2'`);
    await root.sql('DROP STORAGE s');
    await root.sql('DROP STORAGE t');
});

test('a directory that went away is unreachable, not an error', async () => {
    await root.sql(`CREATE STORAGE gone TYPE filesystem PATH '${directory}/gone'`);
    rmSync(`${directory}/gone`, { recursive: true });
    writeFileSync(`${directory}/gone`, 'x');
    const [row] = await root.rows('STORAGE CHECK gone');
    assert.equal(row.status, 'unreachable');
    assert.match(row.error, /gone/);
});

test('everybody sees the storages, administrators define them', async () => {
    const ann = await newUser(server, 'ann');
    assert.ok((await ann.rows('SHOW STORAGES')).some((row) => row.storage_id === 'local'));
    for (const sql of ["CREATE STORAGE x TYPE filesystem PATH '/tmp/x'", "ALTER STORAGE local SET NAME 'x'",
        'DROP STORAGE local', 'STORAGE CHECK local'])
        assert.equal((await ann.error(sql)).status, 403, sql);
});

const createS3 = (id, place, secret) => `CREATE STORAGE ${id} TYPE s3 BUCKET '${place.bucket}' REGION '${place.region}'
    CONFIG '{"endpoint":"${place.endpoint}"}'
    CREDENTIALS '{"access_key_id":"${place.access_key}","secret_access_key":"${secret}"}'`;

test('keys are shown to nobody and stored encrypted', async () => {
    const place = { endpoint: 'http://127.0.0.1:1', bucket: 'bucket', region: 'us-east-1', access_key: 'AKIASOMETHING' };
    await root.sql(createS3('away', place, SECRET));
    assert.equal((await root.rows("SELECT credentials FROM system.storages WHERE storage_id = 'away'"))[0].credentials, '"***"');
    const [row] = await root.rows('STORAGE CHECK away');
    assert.equal(row.status, 'unreachable');
    assert.match(row.error, /^Storage 'away': cannot write .*: no answer from http:\/\/127\.0\.0\.1:1: /);
    assert.ok(!JSON.stringify(row).includes(SECRET));
    assert.equal(statSync(join(server.dataDir, 'data', 'storage_key')).mode & 0o777, 0o600);

    await server.restart();
    const again = await login(server);
    root.token = again.token;
    assert.match((await root.rows('STORAGE CHECK away'))[0].error, /no answer/, 'the key still decrypts them');
    const files = readdirSync(server.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const file of files) {
        const text = readFileSync(join(file.path ?? file.parentPath, file.name), 'latin1');
        assert.ok(!text.includes(SECRET), `${file.name} holds the secret`);
    }
    assert.ok(!server.log().includes(SECRET));
});

test('a bucket works, and says what is wrong when it does not', async (t) => {
    const swift = await startSwift();
    assert.ok(swift, 'Swift does not start; ./dev setup installs it');
    t.after(swift.stop);
    await root.sql(createS3('swift', swift, swift.secret_key));
    const [healthy] = await root.rows('STORAGE CHECK swift EXTENDED');
    assert.equal(healthy.error, null);
    assert.equal(healthy.status, 'healthy');
    assert.equal(healthy.total_bytes, null, 'a bucket has no end');

    await root.sql(createS3('wrong', swift, SECRET));
    const [refused] = await root.rows('STORAGE CHECK wrong');
    assert.equal(refused.status, 'unreachable');
    assert.match(refused.error, /the secret key is wrong \(HTTP 403 SignatureDoesNotMatch\)/);
    assert.ok(!refused.error.includes(SECRET));
    await root.sql(`ALTER STORAGE wrong SET CREDENTIALS
        '{"access_key_id":"${swift.access_key}","secret_access_key":"${swift.secret_key}"}'`);
    assert.equal((await root.rows('STORAGE CHECK wrong'))[0].status, 'healthy');

    await root.sql(createS3('nobucket', { ...swift, bucket: 'nowhere' }, swift.secret_key));
    assert.match((await root.rows('STORAGE CHECK nobucket'))[0].error, /there is no such bucket/);
});
