// SPDX-License-Identifier: Apache-2.0
// Requirements R3, R5, R6, R24 and R25, seen from outside: stream tables.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { login } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

let server, root;
before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
});
after(() => server.stop());

const schemaOf = async (table) => (await root.sql(`SELECT * FROM ${table}`)).results[0].schema.map(({ name, data_type }) => [name, data_type]);

test('r3 CREATE STREAM TABLE: simple, if not exists, names, types, schema, no system columns', async () => {
    await root.sql('CREATE STREAM TABLE app.simple (id TEXT)');
    await root.sql('CREATE STREAM TABLE IF NOT EXISTS app.simple (id TEXT)');
    assert.match((await root.error('CREATE STREAM TABLE app.simple (id TEXT)')).text, /^Already exists: /);
    assert.match((await root.error('CREATE STREAM TABLE app."Simple" (id TEXT)')).text, /name/i);
    await root.sql(`CREATE STREAM TABLE app.types (a BOOLEAN, b SMALLINT, c INT NOT NULL, d BIGINT, e FLOAT, f DOUBLE, g TEXT,
        h VARCHAR(10), i TIMESTAMP, j DATE, k TIME, l UUID, m DECIMAL(10, 2), n JSON, o BYTES)`);
    assert.deepEqual(await schemaOf('app.types'), [['a', 'Boolean'], ['b', 'SmallInt'], ['c', 'Int'], ['d', 'BigInt'], ['e', 'Float'],
        ['f', 'Double'], ['g', 'Text'], ['h', 'Text'], ['i', 'Timestamp'], ['j', 'Date'], ['k', 'Time'], ['l', 'Uuid'],
        ['m', { Decimal: { precision: 10, scale: 2 } }], ['n', 'Json'], ['o', 'Bytes']]);
    const { results: [columns] } = await root.sql('DESCRIBE TABLE app.types');
    assert.equal(columns.rows.find(([name]) => name === 'c')[4], false, 'NOT NULL is kept');
    assert.equal((await root.error('CREATE STREAM TABLE app.bad (id NOSUCHTYPE)')).status, 400);
});

test('r5 a stream has no system columns, neither in SELECT nor in what subscribers get', async () => {
    await root.sql("CREATE STREAM TABLE app.r5 (id TEXT, n INT) WITH (RETENTION = '1h')");
    const live = await root.live();
    await live.subscribe('s', 'SELECT * FROM app.r5', {});
    await root.sql("INSERT INTO app.r5 VALUES ('a', 1)");
    const { rows } = await live.next(({ type }) => type === 'change');
    assert.deepEqual(Object.keys(rows[0]).sort(), ['_seq', 'id', 'n'], 'the number to resume from, and no more');
    assert.deepEqual(await root.rows('SELECT * FROM app.r5'), [{ id: 'a', n: 1 }]);
    for (const column of ['_updated', '_deleted'])
        assert.match((await root.error(`SELECT ${column} FROM app.r5`)).text, /does not exist/);
    await live.close();
});

test('r6 creating a stream writes its metadata once, with nothing to store or flush', async () => {
    await root.sql("CREATE STREAM TABLE app.r6 (id TEXT, n INT) WITH (retention = '10s', ephemeral = true, max_buffer = 1000)");
    const metadata = async () => JSON.stringify([await root.rows("SELECT * FROM system.tables WHERE table_name = 'r6'"),
        await root.rows("SELECT * FROM system.schemas WHERE table_id = 'app:r6'")]);
    const before = await metadata();
    const [[table], [schema]] = JSON.parse(before);
    assert.equal(table.table_type, 'stream');
    const options = JSON.parse(schema.options);
    assert.equal(options.ttl_seconds, 10);
    assert.equal(options.ephemeral, true);
    assert.equal(options.max_buffer, 1000);
    assert.equal(options.flush_policy ?? null, null);
    assert.equal(options.deleted_retention_hours ?? 0, 0);
    assert.deepEqual(JSON.parse(schema.columns).map(({ column_name }) => column_name), ['id', 'n']);

    assert.match((await root.error('CREATE STREAM TABLE app.r6 (other INT)')).text, /^Already exists: /);
    await root.sql('CREATE STREAM TABLE IF NOT EXISTS app.r6 (other INT)');
    assert.equal(await metadata(), before, 'nothing changed');
});

test('r24 events are kept in the order of their time, which the insert tells', async () => {
    await root.sql("CREATE STREAM TABLE app.r24 (id TEXT, n INT NOT NULL) WITH (RETENTION = '1h')");
    const times = [];
    for (const id of ['c', 'a', 'b']) {
        const { timestamp_ms } = (await root.sql('INSERT INTO app.r24 VALUES ($1, 1)', [id])).results[0];
        assert.ok(Math.abs(Date.now() - timestamp_ms) < 60_000);
        times.push(timestamp_ms);
    }
    assert.deepEqual(times, [...times].sort((a, b) => a - b));
    assert.deepEqual((await root.rows('SELECT id FROM app.r24')).map(({ id }) => id), ['c', 'a', 'b']);
    const seqs = (await root.rows('SELECT _seq FROM app.r24')).map(({ _seq }) => BigInt(_seq));
    assert.deepEqual(seqs.map((seq) => Number(seq >> 22n) + 1704067200000), times, 'the key carries the time');
});

test('r24 what does not fit the schema is refused, and nothing of the statement is stored', async () => {
    for (const sql of ["INSERT INTO app.r24 VALUES ('x', 'not a number')", "INSERT INTO app.r24 VALUES ('y', 1), ('z', 'nor this')",
        "INSERT INTO app.r24 VALUES ('x', NULL)", "INSERT INTO app.r24 (id, nope) VALUES ('x', 1)"])
        assert.equal((await root.error(sql)).status, 400, sql);
    assert.equal((await root.rows('SELECT id FROM app.r24')).length, 3);
});

test('r25 put, get, scan, delete, evict and drop', async () => {
    await root.sql("CREATE STREAM TABLE app.r25 (id INT, body TEXT) WITH (RETENTION = '2s')");
    await root.sql("INSERT INTO app.r25 VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    const [, second] = await root.rows('SELECT id, _seq FROM app.r25');
    assert.deepEqual(await root.rows('SELECT id, body FROM app.r25 WHERE _seq = $1', [second._seq]), [{ id: 2, body: 'b' }]);
    assert.equal((await root.sql('DELETE FROM app.r25 WHERE id = 2')).results[0].row_count, 1);
    assert.deepEqual(await root.rows('SELECT id FROM app.r25'), [{ id: 1 }, { id: 3 }]);

    const born = (await root.sql("INSERT INTO app.r25 VALUES (4, 'late')")).results[0].timestamp_ms;
    while ((await root.rows('SELECT id FROM app.r25')).length > 0)
        assert.ok(Date.now() < born + 20_000, 'events expire without any job having to run');
    assert.ok(Date.now() >= born + 2000, 'and not before their time');

    await root.sql('DROP TABLE app.r25; CREATE STREAM TABLE app.r25 (id INT)');
    assert.deepEqual(await root.rows('SELECT * FROM app.r25'), []);
});
