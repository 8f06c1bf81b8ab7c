// SPDX-License-Identifier: Apache-2.0
// Every type as a primary key: two tables with the same rows, one flushed, one not, answer alike.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { login } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

let server, root;
before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE keys');
});
after(() => server.stop());

const KEYS = {
    SMALLINT: ['-32768', '-1', '0', '7', '32767'],
    INT: ['-2147483648', '-1', '0', '7', '2147483647'],
    BIGINT: ['-9223372036854775808', '-1', '0', '7', '9223372036854775807'],
    FLOAT: ['-1.5', '-0.25', '0', '0.1', '1.5', '3e30'],
    DOUBLE: ['-1e300', '-1.5', '0', '0.1', '1.5', '1e300'],
    'DECIMAL(4,2)': ['-99.99', '-0.01', '0', '1.50', '99.98', '99.99'],
    'DECIMAL(38,10)': ['-12345678901234567890.5', '0', '0.0000000001', '7', '12345678901234567890'],
    TEXT: ["''", "'a'", "'a b'", "'ä'", "'b'", "'𝄞'", `'${'x'.repeat(300)}'`],
    JSON: [`'1'`, `'{"a":1}'`, `'{"a": 1}'`, `'[1,2]'`],
    BYTES: ["X'00'", "X'0000'", "X'0001'", "X'61'", "X'ff'"],
    BOOLEAN: ['false', 'true'],
    DATE: ["DATE '0001-01-01'", "DATE '1969-12-31'", "DATE '2026-11-20'", "DATE '9999-12-31'"],
    TIME: ["TIME '00:00:00'", "TIME '12:30:00.5'", "TIME '23:59:59.999999'"],
    TIMESTAMP: ["TIMESTAMP '0001-01-01 00:00:00'", "TIMESTAMP '1969-12-31 23:59:59.999999'", "TIMESTAMP '2026-11-20 16:20:00'"],
    DATETIME: ["TIMESTAMP '1969-12-31 23:59:59.999999'", "TIMESTAMP '2026-11-20 16:20:00'"],
    UUID: ["'00000000-0000-0000-0000-000000000000'", "'7fffffff-0000-7000-8000-000000000001'", "'80000000-0000-0000-0000-000000000000'",
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
};

async function flushed(table) {
    await root.sql(`STORAGE FLUSH TABLE ${table}`);
    for (let turn = 0; turn < 500; turn++, await sleep(20)) {
        const jobs = await root.rows('SELECT status FROM system.jobs');
        if (jobs.every(({ status }) => ['completed', 'skipped'].includes(status)))
            return;
        assert.ok(jobs.every(({ status }) => !['failed', 'cancelled'].includes(status)), JSON.stringify(jobs));
    }
    assert.fail(`${table} was not flushed`);
}

async function answer(sql) {
    const { results, error } = await root.send(sql);
    return error ? `${error.code}: ${error.message}` : JSON.stringify(results.map(({ rows, row_count }) => rows ?? row_count));
}

/** The statement gives the same on both tables. */
async function alike(name, sql) {
    const [hot, cold] = [await answer(sql(`keys.${name}_hot`)), await answer(sql(`keys.${name}_cold`))];
    assert.equal(cold, hot, sql('t'));
}

for (const [type, values] of Object.entries(KEYS))
    test(`a key of type ${type}`, async () => {
        const name = type.toLowerCase().replace(/\W+/g, '_').replace(/_$/, '');
        for (const table of [`${name}_hot`, `${name}_cold`]) {
            await root.sql(`CREATE SHARED TABLE keys.${table} (id ${type} PRIMARY KEY, n INT) WITH (FLUSH_POLICY = 'rows:0')`);
            await root.sql(`INSERT INTO keys.${table} VALUES ${values.map((value, at) => `(${value}, ${at})`)}`);
        }
        await flushed(`keys.${name}_cold`);

        await alike(name, (t) => `SELECT id, n FROM ${t}`);
        await alike(name, (t) => `SELECT id, n FROM ${t} ORDER BY id DESC`);
        for (const value of values) {
            for (const compare of ['=', '<', '<=', '>', '>=', '<>'])
                await alike(name, (t) => `SELECT n FROM ${t} WHERE id ${compare} ${value} ORDER BY n`);
            await alike(name, (t) => `UPDATE ${t} SET n = n + 10 WHERE id <= ${value}`);
            await alike(name, (t) => `INSERT INTO ${t} VALUES (${value}, 99)`.replace(t, t));
        }
        await alike(name, (t) => `SELECT id, n FROM ${t}`);
        await flushed(`keys.${name}_cold`);
        await alike(name, (t) => `DELETE FROM ${t} WHERE id >= ${values.at(-1)}`);
        await alike(name, (t) => `SELECT id, n FROM ${t}`);
    });
