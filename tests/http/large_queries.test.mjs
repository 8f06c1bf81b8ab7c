// SPDX-License-Identifier: Apache-2.0
// DuckDB behind the server: loaded by the first query that needs it, missed with a clear word.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { login, newUser } from './support/client.mjs';
import { startServer } from './support/server.mjs';

const JOIN = 'SELECT count(*) AS n FROM app.t a JOIN app.t b USING (id)';

const isLoaded = (server) => readFileSync(`/proc/${server.pid}/maps`, 'utf8').includes('libduckdb');
const residentKib = (server) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);

test('a server has nothing of DuckDB in memory before the first large query', async () => {
    const server = await startServer();
    try {
        const root = await login(server);
        await root.sql('CREATE NAMESPACE app; CREATE TABLE app.t (id BIGINT PRIMARY KEY, n INT)');
        await root.sql('INSERT INTO app.t VALUES (1, 1), (2, 2)');
        await root.rows('SELECT n, count(*) FROM app.t WHERE id > 0 GROUP BY n ORDER BY n');
        await root.rows('EXPLAIN SELECT a.id FROM app.t a JOIN app.t b USING (id)');
        assert.ok(!isLoaded(server), 'the library is mapped');
        const before = residentKib(server);
        assert.deepEqual(await root.rows(JOIN), [{ n: '2' }]);
        assert.ok(isLoaded(server));
        console.log(`# resident set: ${before} KiB before, ${residentKib(server)} KiB after the first join`);
    } finally {
        await server.stop();
    }
});

test('a missing library is named to administrators, and small queries go on', async () => {
    const server = await startServer({ config: '[duckdb]\nlibrary = "/nowhere/libduckdb.so"\n' });
    try {
        const root = await login(server);
        await root.sql('CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, n INT) WITH (ACCESS_LEVEL = PUBLIC)');
        const error = await root.error(JOIN);
        assert.equal(error.status, 500);
        assert.match(error.text, /cannot load \/nowhere\/libduckdb\.so/);
        const ann = await newUser(server, 'ann');
        assert.doesNotMatch((await ann.error(JOIN)).text, /nowhere/);
        assert.deepEqual(await root.rows('SELECT count(*) AS n FROM app.t'), [{ n: '0' }]);
    } finally {
        await server.stop();
    }
});
