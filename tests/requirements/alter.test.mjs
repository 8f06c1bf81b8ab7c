// SPDX-License-Identifier: Apache-2.0
// R20: ALTER TABLE makes versions; rows of every version answer under the newest.  Decision 17: live queries follow.

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

// ---- decision 17: live queries that are open meanwhile

const types = (ack) => Object.fromEntries(ack.schema.map(({ name, data_type }) => [name, data_type]));

test('d17 a live query is acknowledged anew between the changes before and after an ALTER', async () => {
    await root.sql('CREATE SHARED TABLE app.d17 (id BIGINT PRIMARY KEY, a TEXT, b INT)');
    const live = await root.live();
    await live.subscribe('all', 'SELECT * FROM app.d17');
    await live.next(({ type }) => type === 'initial_data_batch');
    await root.sql("INSERT INTO app.d17 VALUES (1, 'one', 1)");
    await root.sql("ALTER TABLE app.d17 ADD COLUMN c TEXT DEFAULT 'd'");
    await root.sql('ALTER TABLE app.d17 RENAME COLUMN a TO text');
    await root.sql('ALTER TABLE app.d17 MODIFY COLUMN b BIGINT');
    await root.sql("INSERT INTO app.d17 VALUES (2, 'two', 5000000000, 'c')");
    await root.sql('UPDATE app.d17 SET b = 6 WHERE id = 1');
    const strip = ({ _seq, _deleted, ...row }) => row;
    assert.deepEqual(strip((await live.next()).rows[0]), { id: '1', a: 'one', b: 1 });
    assert.deepEqual(types(await live.next()), { id: 'BigInt', a: 'Text', b: 'Int', c: 'Text' });
    assert.deepEqual(types(await live.next()), { id: 'BigInt', text: 'Text', b: 'Int', c: 'Text' });
    const ack = await live.next();
    assert.deepEqual(types(ack), { id: 'BigInt', text: 'Text', b: 'BigInt', c: 'Text' });
    assert.equal(ack.resync, undefined);
    assert.deepEqual(ack.batch_control, { batch_num: 0, has_more: false, status: 'ready', last_seq_id: null });
    assert.deepEqual(strip((await live.next()).rows[0]), { id: '2', text: 'two', b: '5000000000', c: 'c' });
    const update = await live.next();
    assert.deepEqual(strip(update.rows[0]), { id: '1', text: 'one', b: '6', c: 'd' });
    assert.deepEqual(strip(update.old_values[0]), { id: '1', b: '1' });
    await live.close();
});

test('d17 a query whose column goes ends with SCHEMA_CHANGED, others on the table go on', async () => {
    await root.sql('CREATE SHARED TABLE app.d17_gone (id BIGINT PRIMARY KEY, a TEXT, b INT)');
    const live = await root.live();
    await live.subscribe('filter', 'SELECT id FROM app.d17_gone WHERE b > 1 OR a IS NULL');
    await live.subscribe('column', 'SELECT id, b FROM app.d17_gone');
    await live.subscribe('other', 'SELECT id, a FROM app.d17_gone WHERE a = $1', {}, { params: ['x'] });
    const { results: [{ seq }] } = await root.sql("INSERT INTO app.d17_gone VALUES (1, 'x', 2)");
    await root.sql('ALTER TABLE app.d17_gone DROP COLUMN b');
    await root.sql("INSERT INTO app.d17_gone VALUES (2, 'x'), (3, 'y')");
    for (const id of ['filter', 'column']) {
        const end = await live.waitFor(({ type, subscription_id }) => type === 'error' && subscription_id === id);
        assert.equal(end.code, 'SCHEMA_CHANGED');
        assert.match(end.message, /^Table app\.d17_gone was altered \(version 2\): .*'b'/);
        assert.equal(end.seq, seq, 'complete up to the last change before');
    }
    const inserts = live.messages.filter(({ type }) => type === 'change').map((message) => message.subscription_id);
    await live.waitFor(({ type, rows }) => type === 'change' && rows?.[0].id === '2');
    assert.deepEqual(inserts.slice(0, 3).sort(), ['column', 'filter', 'other']);
    const rows = live.messages.filter(({ type, subscription_id }) => type === 'change' && subscription_id === 'other').flatMap((message) => message.rows);
    assert.deepEqual(rows.map(({ id }) => id), ['1', '2']);
    const open = await root.rows("SELECT subscription_id, query FROM system.live WHERE table_name = 'd17_gone'");
    assert.deepEqual(open.map(Object.values), [['other', 'SELECT id, a FROM app.d17_gone WHERE a = $1']]);
    await live.close();
});

test('d17 whoever may no longer read the table is revoked, options alone are not told', async () => {
    await root.sql("CREATE SHARED TABLE app.d17_access (id BIGINT PRIMARY KEY) WITH (ACCESS_LEVEL = 'PUBLIC')");
    const lives = [await root.live(), await ann.live()];
    for (const live of lives)
        await live.subscribe('s', 'SELECT * FROM app.d17_access', null);
    await root.sql("ALTER TABLE app.d17_access SET TBLPROPERTIES (DURABILITY = 'async')");
    await root.sql('INSERT INTO app.d17_access VALUES (1)');
    await root.sql('ALTER TABLE app.d17_access SET ACCESS LEVEL private');
    await root.sql('INSERT INTO app.d17_access VALUES (2)');
    await lives[0].waitFor(({ rows }) => rows?.[0].id === '2');
    assert.equal(lives[0].messages.filter(({ type }) => type === 'subscription_ack').length, 1);
    const end = await lives[1].waitFor(({ type }) => type === 'error');
    assert.equal(end.code, 'REVOKED');
    assert.ok(!lives[1].messages.some(({ rows }) => rows?.[0].id === '2'));
    await Promise.all(lives.map((live) => live.close()));
});

test('d17 a load under way ends as it began, then come the new columns', async () => {
    await root.sql('CREATE SHARED TABLE app.d17_load (id BIGINT PRIMARY KEY, n INT)');
    await root.sql(`INSERT INTO app.d17_load VALUES ${Array.from({ length: 50 }, (_, id) => `(${id}, ${id})`).join()}`);
    const live = await root.live({ autoNextBatch: false });
    await live.subscribe('s', 'SELECT * FROM app.d17_load', { batch_size: 20 });
    let batch = await live.next(({ type }) => type === 'initial_data_batch');
    await root.sql('ALTER TABLE app.d17_load MODIFY COLUMN n BIGINT; ALTER TABLE app.d17_load ADD COLUMN m INT DEFAULT 1; UPDATE app.d17_load SET n = 5000000000 WHERE id > 30');
    for (const expected of [20, 10]) {
        live.nextBatch(batch);
        batch = await live.next();
        assert.equal(batch.rows.length, expected);
        for (const { id, n, m } of batch.rows)
            assert.deepEqual([n, m], [Number(id), undefined]);
    }
    assert.deepEqual(types(await live.next()), { id: 'BigInt', n: 'BigInt', m: 'Int' });
    const update = await live.next();
    assert.deepEqual([update.rows.length, update.rows[0].n, update.rows[0].m], [19, '5000000000', 1]);
    await live.close();
});

test('d17 r54 after a cut a resume crosses the ALTER', async () => {
    await root.sql('CREATE SHARED TABLE app.d17_cut (id BIGINT PRIMARY KEY, n INT, old TEXT)');
    await root.sql("INSERT INTO app.d17_cut VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c')");
    const first = await root.live();
    const replica = await first.replicate('s', 'SELECT * FROM app.d17_cut', 'id');
    await first.close({ cut: true });
    await root.sql('ALTER TABLE app.d17_cut DROP COLUMN old; ALTER TABLE app.d17_cut MODIFY COLUMN n BIGINT; ALTER TABLE app.d17_cut ADD COLUMN m INT DEFAULT 7');
    await root.sql('DELETE FROM app.d17_cut WHERE id = 2; UPDATE app.d17_cut SET n = 6000000000 WHERE id = 3; INSERT INTO app.d17_cut VALUES (4, 4, 4)');
    const second = await root.live();
    replica.follow(second);
    assert.deepEqual(types(await second.subscribe('s', 'SELECT * FROM app.d17_cut', { from: String(replica.seq) })), { id: 'BigInt', n: 'BigInt', m: 'Int' });
    await second.waitFor(({ type, batch_control }) => type === 'initial_data_batch' && batch_control.status === 'ready');
    assert.deepEqual([...replica.rows.values()].map(({ id, n, m }) => [id, String(n), m]).sort(), [['1', '1', undefined], ['3', '6000000000', 7], ['4', '4', 4]]);
    await second.close();
});

/** What the replica holds, of these columns, is what the table holds. */
async function assertSame(replica, table, columns) {
    const pick = (row) => columns.map((name) => String(row[name]));
    const rows = await root.rows(`SELECT ${columns} FROM ${table}`);
    assert.deepEqual([...replica.rows.values()].map(pick).sort(), rows.map(pick).sort());
}

for (const options of [{}, { on_lag: 'latest' }])
    test(`d17 a slow reader catches up across ALTERs ${JSON.stringify(options)}`, async () => {
        const table = `app.d17_slow_${options.on_lag ?? 'all'}`;
        await root.sql(`CREATE SHARED TABLE ${table} (id BIGINT PRIMARY KEY, n INT, body TEXT)`);
        const live = await root.live({ query: '?compress=false' });
        const replica = await live.replicate('s', `SELECT * FROM ${table}`, 'id', options);
        live.pause();
        const body = 'x'.repeat(100_000); /* more in all than the budget and the kernel's buffers hold */
        for (let id = 0; id < 60; id++)
            await root.sql(`INSERT INTO ${table} (id, n, body) VALUES ($1, $1, $2)`, [id, body]);
        await root.sql(`ALTER TABLE ${table} MODIFY COLUMN n BIGINT; ALTER TABLE ${table} ADD COLUMN m INT DEFAULT 3`);
        for (let id = 0; id < 60; id++)
            await root.sql(`UPDATE ${table} SET n = n + 5000000000, m = $1 WHERE id = $1`, [id]);
        await root.sql(`ALTER TABLE ${table} DROP COLUMN m`);
        const { results: [{ seq }] } = await root.sql(`INSERT INTO ${table} VALUES (1000, 1, 'last')`);
        live.resume();
        await live.waitFor(({ commit }) => commit !== undefined && BigInt(commit) >= BigInt(seq), 60_000);
        assert.ok(!live.messages.some(({ type }) => type === 'error'));
        await assertSame(replica, table, ['id', 'n', 'body']);
        await live.close();
    });

test('d17 whoever subscribes while the table is altered gets rows of the columns he was told', async () => {
    await root.sql("CREATE SHARED TABLE app.d17_race (id BIGINT PRIMARY KEY, n0 SMALLINT); CREATE SHARED TABLE app.d17_loose (id BIGINT PRIMARY KEY, n0 SMALLINT) WITH (DURABILITY = 'async')");
    let altering = true;
    const subscribers = ['app.d17_race', 'app.d17_loose'].map(async (table) => {
        for (let count = 0; altering || count < 10; count++) {
            const live = await root.live();
            const replica = await live.replicate('s', `SELECT * FROM ${table}`, 'id', { batch_size: 7 });
            const { results: [{ seq }] } = await root.sql(`DELETE FROM ${table} WHERE id = ${count}`);
            if (seq !== undefined && replica.rows.has(String(count)))
                await live.waitFor(({ commit, type }) => type === 'error' || (commit !== undefined && BigInt(commit) >= BigInt(seq)));
            assert.deepEqual(live.messages.filter(({ type }) => type === 'error'), []);
            let columns;
            for (const { type, schema, rows = [] } of live.messages) {
                columns = type === 'subscription_ack' ? schema.map(({ name }) => name).sort() : columns;
                for (const row of type === 'initial_data_batch' ? rows : [])
                    assert.deepEqual(Object.keys(row).filter((name) => !name.startsWith('_')).sort(), columns);
            }
            await live.close();
        }
    });
    for (let round = 0, id = 0; round < 8; round++) {
        for (const table of ['app.d17_race', 'app.d17_loose']) {
            for (const [type, value] of [['SMALLINT', 30_000], ['INT', 2_000_000_000], ['BIGINT', 5_000_000_000]]) {
                if (type !== 'SMALLINT')
                    await root.sql(`ALTER TABLE ${table} MODIFY COLUMN n${round} ${type}`);
                await root.sql(`INSERT INTO ${table} (id, n${round}) VALUES (${++id}, ${value}), (${++id}, ${value})`);
            }
            await root.sql(`ALTER TABLE ${table} DROP COLUMN n${round}; ALTER TABLE ${table} ADD COLUMN n${round + 1} SMALLINT`);
        }
    }
    altering = false;
    await Promise.all(subscribers);
});
