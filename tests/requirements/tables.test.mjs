// SPDX-License-Identifier: Apache-2.0
// Requirements R1 to R17, R83 and R86, seen from outside: kinds of tables, names, system columns,
// DML, DROP, DESCRIBE, row ids, the default namespace.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

let server, root, alice;
before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    alice = await newUser(server, 'alice', { role: 'service' });
});
after(() => server.stop());

const seconds = (micros) => Math.abs(Date.now() - micros / 1000) / 1000;

test('r1 there are four kinds of tables, and each says so', async () => {
    await root.sql(`CREATE USER TABLE app.r1_user (id BIGINT PRIMARY KEY); CREATE SHARED TABLE app.r1_shared (id BIGINT PRIMARY KEY);
        CREATE STREAM TABLE app.r1_stream (id BIGINT); CREATE TABLE app.r1_with (id BIGINT PRIMARY KEY) WITH (TYPE = 'USER')`);
    const kinds = new Map((await root.rows('SELECT namespace_id, table_name, table_type FROM system.tables'))
        .map(({ namespace_id, table_name, table_type }) => [`${namespace_id}.${table_name}`, table_type]));
    assert.equal(kinds.get('app.r1_user'), 'user');
    assert.equal(kinds.get('app.r1_shared'), 'shared');
    assert.equal(kinds.get('app.r1_stream'), 'stream');
    assert.equal(kinds.get('app.r1_with'), 'user');
    assert.equal(kinds.get('system.users'), 'system');
});

test('r1 what a statement does depends on the kind', async () => {
    await root.sql("INSERT INTO app.r1_user VALUES (1); INSERT INTO app.r1_shared VALUES (1); INSERT INTO app.r1_stream VALUES (1)");
    assert.equal((await alice.rows('SELECT id FROM app.r1_user')).length, 0);
    assert.equal((await alice.rows('SELECT id FROM app.r1_shared')).length, 1);
    assert.match((await root.error('UPDATE app.r1_stream SET id = 2 WHERE id = 1')).text, /not supported for STREAM tables/);
    assert.match((await root.error("INSERT INTO system.users (user_id) VALUES ('x')")).text, /Cannot insert system table 'system.users'/);
});

test('r2 a table name is lower case and begins with a letter', async () => {
    for (const name of ['"Foo"', '1foo', '_foo', '"foo bar"', '"föö"', 'x'.repeat(65)]) {
        const error = await root.error(`CREATE SHARED TABLE app.${name} (id BIGINT PRIMARY KEY)`);
        assert.equal(error.status, 400, name);
        assert.match(error.text, /name|syntax|expected/i, name);
    }
    await root.sql('CREATE SHARED TABLE app.foo_1 (id BIGINT PRIMARY KEY)');
    await root.sql('CREATE SHARED TABLE app.FOO_2 (id BIGINT PRIMARY KEY)');
    assert.deepEqual(await root.rows('SELECT * FROM app.foo_2'), []);
});

test('r9 a fresh table is found in the system tables', async () => {
    await root.sql('CREATE SHARED TABLE events (id BIGINT PRIMARY KEY, body TEXT)');
    assert.equal((await root.rows("SELECT * FROM system.tables WHERE table_name = 'events'")).length, 1);
    const [schema, ...others] = await root.rows("SELECT * FROM system.table_schemas WHERE table_id = 'default:events'");
    assert.equal(others.length, 0);
    assert.equal(schema.schema_version, 1);
    assert.equal(schema.is_latest, true);
    assert.deepEqual(JSON.parse(schema.columns).map(({ column_name, data_type }) => [column_name, data_type]),
        [['id', 'BigInt'], ['body', 'Text']]);
});

test('r86 an unqualified name lives in the default namespace', async () => {
    await root.sql("INSERT INTO events VALUES (1, 'here')");
    assert.deepEqual(await root.rows('SELECT body FROM default.events'), [{ body: 'here' }]);
    const [{ table_id }] = await root.rows("SELECT table_id FROM system.schemas WHERE table_name = 'events'");
    assert.equal(table_id, 'default:events');
});

test('r11 user and shared tables get system columns that nobody else writes', async () => {
    for (const kind of ['USER', 'SHARED']) {
        const name = `app.r11_${kind.toLowerCase()}`;
        await root.sql(`CREATE ${kind} TABLE ${name} (id BIGINT PRIMARY KEY)`);
        const { seq } = (await root.sql(`INSERT INTO ${name} VALUES (1)`)).results[0];
        const [row] = await root.rows(`SELECT * FROM ${name}`);
        assert.deepEqual(Object.keys(row), ['id', '_seq', '_updated', '_deleted']);
        assert.equal(row._seq, seq);
        assert.equal(row._deleted, false);
        assert.ok(seconds(row._updated) < 60, `_updated is near now: ${row._updated}`);
        for (const [column, value] of [['_seq', '1'], ['_updated', 'NOW()'], ['_deleted', 'true']]) {
            assert.match((await root.error(`INSERT INTO ${name} (id, ${column}) VALUES (2, ${value})`)).text, new RegExp(column));
            assert.match((await root.error(`UPDATE ${name} SET ${column} = ${value} WHERE id = 1`)).text, new RegExp(column));
        }
        assert.match((await root.error(`CREATE ${kind} TABLE app.r11_bad (id BIGINT PRIMARY KEY, _updated TIMESTAMP)`)).text, /_updated/);
    }
});

test('r12 a shared table: insert, update bumps the version, delete hides the row', async () => {
    await root.sql('CREATE SHARED TABLE app.r12 (id BIGINT PRIMARY KEY, n INT)');
    await root.sql('INSERT INTO app.r12 VALUES (1, 10), (2, 20)');
    const [before] = await root.rows('SELECT * FROM app.r12 WHERE id = 1');
    const { results: [updated] } = await root.sql('UPDATE app.r12 SET n = n + 1 WHERE id = 1');
    const [now] = await root.rows('SELECT * FROM app.r12 WHERE id = 1');
    assert.equal(now.n, 11);
    assert.equal(now._seq, updated.seq);
    assert.ok(BigInt(now._seq) > BigInt(before._seq) && now._updated >= before._updated);
    assert.equal((await root.sql('UPDATE app.r12 SET n = 11 WHERE id = 1')).results[0].row_count, 1);
    assert.equal((await root.rows('SELECT _seq FROM app.r12 WHERE id = 1'))[0]._seq, now._seq, 'what changes nothing makes no version');

    assert.equal((await root.sql('DELETE FROM app.r12 WHERE id = 1')).results[0].row_count, 1);
    assert.deepEqual(await root.rows('SELECT id FROM app.r12'), [{ id: '2' }]);
    assert.deepEqual(await root.rows('SELECT id, n FROM app.r12 WHERE _deleted = true'), [{ id: '1', n: 11 }]);
    await root.sql('INSERT INTO app.r12 VALUES (1, 100)');
    assert.deepEqual(await root.rows('SELECT id, n FROM app.r12'), [{ id: '1', n: 100 }, { id: '2', n: 20 }]);
});

test('r12 without retention a delete removes the row', async () => {
    await root.sql('CREATE SHARED TABLE app.r12_hard (id BIGINT PRIMARY KEY) WITH (DELETED_RETENTION_HOURS = 0); INSERT INTO app.r12_hard VALUES (1)');
    await root.sql('DELETE FROM app.r12_hard WHERE id = 1');
    assert.deepEqual(await root.rows('SELECT id FROM app.r12_hard WHERE _deleted = true'), []);
});

test('r13 a shared table is a relation like any other, the same for everybody', async () => {
    await root.sql(`CREATE SHARED TABLE app.r13 (id BIGINT PRIMARY KEY, word TEXT, n INT);
        INSERT INTO app.r13 VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3), (4, 'four', NULL)`);
    for (const [sql, expected] of [
        ['SELECT word FROM app.r13 WHERE n >= 2', [['two'], ['three']]],
        ['SELECT upper(word) AS w, n * 2 FROM app.r13 WHERE id = 2', [['TWO', 4]]],
        ['SELECT id FROM app.r13 ORDER BY word DESC', [['2'], ['3'], ['1'], ['4']]],
        ['SELECT id FROM app.r13 ORDER BY n DESC LIMIT 2 OFFSET 1', [['3'], ['2']]],
        ['SELECT count(*), sum(n), min(word), avg(n) FROM app.r13', [['4', '6', 'four', 2]]],
        ['SELECT n IS NULL, count(*) FROM app.r13 GROUP BY n IS NULL ORDER BY 2', [[true, '1'], [false, '3']]],
    ])
        for (const client of [root, alice])
            assert.deepEqual((await client.sql(sql)).results[0].rows, expected, `${client.user}: ${sql}`);
});

test('r15 a dropped table is gone, and its name is free', async () => {
    for (const [kind, key] of [['USER', 'PRIMARY KEY'], ['SHARED', 'PRIMARY KEY'], ['STREAM', '']]) {
        const create = `CREATE ${kind} TABLE app.r15 (id BIGINT ${key})`;
        await root.sql(`${create}; INSERT INTO app.r15 VALUES (1), (2)`);
        assert.match((await root.sql('DROP TABLE app.r15')).results[0].message, /^Table app\.r15 dropped successfully\. Cleanup job: CL-[0-9a-f]{12}$/);
        assert.match((await root.error('SELECT * FROM app.r15')).text, /^Table not found: app\.r15/);
        assert.deepEqual(await root.rows("SELECT * FROM system.schemas WHERE table_id = 'app:r15'"), []);
        assert.deepEqual(await root.rows("SELECT * FROM system.tables WHERE table_name = 'r15'"), []);
        await root.sql(create);
        assert.deepEqual(await root.rows('SELECT id FROM app.r15'), [], `${kind}: recreated empty`);
        await root.sql('DROP TABLE app.r15');
    }
    assert.match((await root.sql('DROP TABLE IF EXISTS app.r15')).results[0].message, /does not exist \(skipped\)/);
});

test('r16 a table is not dropped while live queries are open on it', async () => {
    await root.sql("CREATE SHARED TABLE app.r16 (id BIGINT PRIMARY KEY)");
    const live = await alice.live();
    await live.subscribe('watching-r16', 'SELECT * FROM app.r16', {});
    const [{ connection_id }] = await root.rows("SELECT connection_id FROM system.live_queries WHERE query_id = 'watching-r16'");
    const error = await root.error('DROP TABLE app.r16');
    for (const word of ['watching-r16', 'alice', connection_id])
        assert.ok(error.text.includes(word), `${word} in: ${error.text}`);
    await root.sql('INSERT INTO app.r16 VALUES (1)');
    live.unsubscribe('watching-r16');
    await live.subscribe('other', 'SELECT * FROM app.r1_shared', {}); /* answered after the unsubscribe */
    await root.sql('DROP TABLE app.r16');
    await live.close();
});

test('r16 DROP TABLE .. FORCE ends the live queries', async () => {
    await root.sql('CREATE SHARED TABLE app.r16 (id BIGINT PRIMARY KEY)');
    const live = await alice.live();
    await live.subscribe('s', 'SELECT * FROM app.r16', {});
    await root.sql('DROP TABLE app.r16 FORCE');
    assert.equal((await live.next(({ type }) => type === 'error')).code, 'TABLE_DROPPED');
    await live.close();
});

test('r17 DESCRIBE TABLE, in any case, for each kind of table', async () => {
    const about = async (sql) => {
        const { results: [columns, properties] } = await root.sql(sql);
        assert.deepEqual(columns.schema.map(({ name }) => name), ['column_name', 'ordinal_position', 'column_id', 'data_type',
            'is_nullable', 'is_primary_key', 'column_default', 'column_comment', 'schema_version']);
        return { names: columns.rows.map(([name]) => name), properties: Object.fromEntries(properties.rows) };
    };
    for (const [sql, type] of [['DESCRIBE TABLE app.r1_user', 'user'], ['describe table APP.R1_SHARED', 'shared'], ['Desc Table app.r1_stream', 'stream']]) {
        const { names, properties } = await about(sql);
        assert.deepEqual(names, ['id']);
        assert.equal(properties.table_type, type);
        assert.equal(properties.schema_version, '1');
        assert.equal(properties.system_columns, type === 'stream' ? '_seq' : '_seq, _updated, _deleted');
    }
    assert.ok((await about('DESC TABLE system.users')).names.includes('user_id'));
    assert.equal((await root.error('DESCRIBE TABLE app.nothing')).code, 'TABLE_NOT_FOUND');
});

test('r83 a write names the rows it wrote, in order', async () => {
    await root.sql('CREATE USER TABLE app.r83 (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), body TEXT)');
    const one = (await root.sql("INSERT INTO app.r83 (body) VALUES ('a')")).results[0].row_ids;
    const five = (await root.sql("INSERT INTO app.r83 (body) VALUES ('b'), ('c'), ('d'), ('e'), ('f')")).results[0].row_ids;
    const ids = [...one, ...five];
    assert.equal(new Set(ids).size, 6);
    assert.deepEqual([...ids].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)), ids, 'generated ids grow');
    assert.deepEqual((await root.rows('SELECT id, body FROM app.r83')).map(({ id, body }) => id + body), ids.map((id, at) => id + 'abcdef'[at]));
    assert.deepEqual((await root.sql('UPDATE app.r83 SET body = $2 WHERE id = $1', [ids[3], 'x'])).results[0].row_ids, [ids[3]]);
    assert.deepEqual((await root.sql('DELETE FROM app.r83 WHERE id >= $1', [ids[4]])).results[0].row_ids, [ids[4], ids[5]]);

    await root.sql("CREATE STREAM TABLE app.r83_events (event_id TEXT PRIMARY KEY, body TEXT)");
    assert.deepEqual((await root.sql("INSERT INTO app.r83_events VALUES ('event_123', 'x')")).results[0].row_ids, ['event_123']);
});
