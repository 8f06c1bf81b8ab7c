// SPDX-License-Identifier: Apache-2.0
// R20: ALTER TABLE makes versions; rows of every version answer under the newest.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

let server, root, ann, bob;
before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    ann = await newUser(server, 'ann');
    bob = await newUser(server, 'bob');
});
after(() => server.stop());

test('r20 rows of both versions answer under the newest, and the history names both', async () => {
    await root.sql('CREATE SHARED TABLE app.r20 (id BIGINT PRIMARY KEY, a TEXT)');
    await root.sql("INSERT INTO app.r20 VALUES (1, 'old')");
    const { results: [{ message }] } = await root.sql("ALTER TABLE app.r20 ADD COLUMN b INT DEFAULT 5");
    assert.equal(message, 'Table app.r20 altered successfully: ADD COLUMN b INT (version 2)');
    await root.sql("INSERT INTO app.r20 VALUES (2, 'new', 6)");
    assert.deepEqual((await root.rows('SELECT id, a, b FROM app.r20')).map(Object.values), [['1', 'old', 5], ['2', 'new', 6]]);

    const { results: [, versions] } = await root.sql('DESCRIBE TABLE app.r20 HISTORY');
    assert.deepEqual(versions.rows.map((row) => row.slice(0, 2)), [[1, 2], [2, 3]]);
    const schemas = await root.rows("SELECT schema_version, is_latest FROM system.schemas WHERE table_id = 'app:r20' ORDER BY schema_version");
    assert.deepEqual(schemas.map(Object.values), [[1, false], [2, true]]);
});

test('r20 what is so already makes no version', async () => {
    await root.sql('CREATE SHARED TABLE app.r20_same (id BIGINT PRIMARY KEY, a TEXT)');
    const { results: [{ message }] } = await root.sql('ALTER TABLE app.r20_same ALTER COLUMN a DROP NOT NULL');
    assert.match(message, /^Table app.r20_same unchanged: .* \(version 1 - no changes needed\)$/);
});

test('r20 a demand on the rows that are there is checked against every owner', async () => {
    await root.sql('CREATE USER TABLE app.r20_user (id BIGINT PRIMARY KEY, a TEXT)');
    await ann.sql("INSERT INTO app.r20_user VALUES (1, 'x')");
    await bob.sql('INSERT INTO app.r20_user VALUES (1, NULL)');
    assert.match((await root.error('ALTER TABLE app.r20_user ALTER COLUMN a SET NOT NULL')).text, /has rows where it is NULL/);
    assert.match((await root.error('ALTER TABLE app.r20_user ADD COLUMN b INT NOT NULL')).text, /NOT NULL column without a literal DEFAULT/);
    await bob.sql("UPDATE app.r20_user SET a = 'y' WHERE id = 1");
    await root.sql('ALTER TABLE app.r20_user ALTER COLUMN a SET NOT NULL');
    assert.match((await ann.error('INSERT INTO app.r20_user (id) VALUES (2)')).text, /NOT NULL constraint violation/);
});

test('r20 writers go on while a table is altered, and no row is lost', async () => {
    await root.sql('CREATE SHARED TABLE app.r20_busy (id BIGINT PRIMARY KEY, w INT NOT NULL)');
    let writing = true;
    const written = await Promise.all([
        ...Array.from({ length: 8 }, async (_, writer) => {
            let count = 0;
            for (; writing; count++)
                await root.sql(`INSERT INTO app.r20_busy (id, w) VALUES (${writer * 1_000_000 + count}, ${writer})`);
            return count;
        }),
        (async () => {
            for (let i = 0; i < 5; i++) {
                await root.sql(`ALTER TABLE app.r20_busy ADD COLUMN c${i} TEXT DEFAULT 'd${i}'`);
                await root.sql(`ALTER TABLE app.r20_busy ALTER COLUMN c${i} SET NOT NULL`);
            }
            writing = false;
            return 0;
        })(),
    ]);
    const total = written.reduce((sum, count) => sum + count);
    const [{ n }] = await root.rows("SELECT COUNT(*) AS n FROM app.r20_busy WHERE c0 = 'd0' AND c4 = 'd4'");
    assert.equal(Number(n), total);
});

test('r20 only its creator or a dba alters a table', async () => {
    await ann.sql('CREATE USER TABLE app.r20_ann (id BIGINT PRIMARY KEY)');
    assert.equal((await bob.error('ALTER TABLE app.r20_ann ADD COLUMN a INT')).status, 403);
    await ann.sql('ALTER TABLE app.r20_ann ADD COLUMN a INT');
});
