// SPDX-License-Identifier: Apache-2.0
// Requirements R42, R43, R48, R78 and R88: suites "bulk insert" and "rapid update" for USER, SHARED
// and STREAM tables, and one script over the three kinds.  Under the sanitizers of `./dev test` they
// also show that a notification owns the data it carries.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

const BULK = 1000;
const RAPID = 100;

let server, root, alice;
before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    alice = await newUser(server, 'alice', { role: 'service' });
});
after(() => server.stop());

const KINDS = {
    USER: { options: '', update: true },
    SHARED: { options: '', update: true },
    STREAM: { options: "WITH (RETENTION = '1h', MAX_BUFFER = 0)", update: false },
};

let tables = 0;
async function newTable(kind) {
    const name = `app.t${++tables}`;
    await root.sql(`CREATE ${kind} TABLE ${name} (id BIGINT PRIMARY KEY, n INT NOT NULL, text TEXT) ${KINDS[kind].options}`);
    return name;
}

const rowsOf = (live, id, kind) => live.messages
    .filter(({ type, subscription_id, change_type }) => type === 'change' && subscription_id === id && (!kind || change_type === kind))
    .flatMap(({ rows = [], old_values = [], change_type }) => (change_type === 'delete' ? old_values : rows));

/** Waits for so many rows, and makes sure that nothing more is on its way. */
async function received(live, id, count, sql) {
    await live.waitFor(() => rowsOf(live, id).length >= count);
    await live.subscribe(`after-${id}`, sql, null);
    live.unsubscribe(`after-${id}`);
    const rows = rowsOf(live, id);
    assert.equal(rows.length, count);
    const seqs = rows.map(({ _seq }) => BigInt(_seq));
    assert.ok(seqs.every((seq, at) => at === 0 || seq > seqs[at - 1]), 'in the order of their numbers');
    return rows;
}

for (const kind of Object.keys(KINDS))
    describe(`bulk insert, ${kind} table`, () => {
        test(`r42 ${BULK} rows of one statement are ${BULK} notifications, in order`, async () => {
            const name = await newTable(kind);
            const sql = `SELECT * FROM ${name}`;
            const live = await alice.live();
            await live.subscribe('s', sql, {});
            const values = Array.from({ length: BULK }, (_, i) => `(${i}, ${i % 7}, 'row ${i}')`);
            const { row_ids, row_count } = (await alice.sql(`INSERT INTO ${name} VALUES ${values}`)).results[0];
            assert.equal(row_count, BULK);
            const rows = await received(live, 's', BULK, sql);
            assert.deepEqual(rows.map(({ id }) => id), row_ids);
            assert.deepEqual(rows.map(({ text }) => text), Array.from({ length: BULK }, (_, i) => `row ${i}`));
            const commits = live.messages.filter(({ type, commit }) => type === 'change' && commit !== undefined);
            assert.equal(commits.length, 1, 'one commit');
            await live.close();
        });

        test(`r42 rows of many concurrent statements arrive once each, with whole commits`, async () => {
            const name = await newTable(kind);
            const sql = `SELECT * FROM ${name}`;
            const live = await alice.live();
            await live.subscribe('s', sql, {});
            await Promise.all(Array.from({ length: 20 }, (_, at) => alice.sql(
                `INSERT INTO ${name} VALUES ${Array.from({ length: 20 }, (_, i) => `(${at * 20 + i}, ${at}, NULL)`)}`)));
            const rows = await received(live, 's', 400, sql);
            assert.equal(new Set(rows.map(({ id }) => id)).size, 400);
            rows.forEach(({ n }, at) => assert.equal(n, rows[at - at % 20].n, 'rows of one statement stay together'));
            await live.close();
        });

        test('r48 large rows arrive as they were written while others are being written', async () => {
            const name = await newTable(kind);
            const live = await alice.live();
            await live.subscribe('s', `SELECT * FROM ${name}`, {});
            const text = (id) => String.fromCharCode(97 + id % 26).repeat(20_000 + id);
            await Promise.all(Array.from({ length: 60 }, (_, id) => alice.sql(`INSERT INTO ${name} VALUES ($1, 1, $2)`, [id, text(id)])));
            for (const row of await received(live, 's', 60, `SELECT * FROM ${name}`))
                assert.ok(row.text === text(Number(row.id)), `row ${row.id}`);
            await live.close();
        });
    });

for (const [kind, { update }] of Object.entries(KINDS))
    describe(`rapid update, ${kind} table`, () => {
        if (update)
            test(`r43 each of ${RAPID} updates of one row is delivered, in order`, async () => {
                const name = await newTable(kind);
                const sql = `SELECT * FROM ${name}`;
                await alice.sql(`INSERT INTO ${name} VALUES (1, -1, 'x')`);
                const live = await alice.live();
                await live.subscribe('s', sql, {});
                for (let n = 0; n < RAPID; n++)
                    await alice.sql(`UPDATE ${name} SET n = $1 WHERE id = 1`, [n]);
                const rows = await received(live, 's', RAPID, sql);
                assert.deepEqual(rows.map(({ n }) => n), Array.from({ length: RAPID }, (_, n) => n));
                const olds = live.messages.filter(({ change_type }) => change_type === 'update').flatMap(({ old_values }) => old_values);
                assert.deepEqual(olds.map(({ n }) => n), Array.from({ length: RAPID }, (_, n) => n - 1));
                await live.close();
            });
        else
            test(`r43 each of ${RAPID} events with the same key is delivered, in order`, async () => {
                const name = await newTable(kind);
                const sql = `SELECT * FROM ${name}`;
                const live = await alice.live();
                await live.subscribe('s', sql, {});
                for (let n = 0; n < RAPID; n++)
                    await alice.sql(`INSERT INTO ${name} VALUES (1, $1, NULL)`, [n]);
                assert.deepEqual((await received(live, 's', RAPID, sql)).map(({ n }) => n), Array.from({ length: RAPID }, (_, n) => n));
                await live.close();
            });

        test(`r43 ${RAPID} writes in one request are ${RAPID} notifications`, async () => {
            const name = await newTable(kind);
            const sql = `SELECT * FROM ${name}`;
            if (update)
                await alice.sql(`INSERT INTO ${name} VALUES (1, -1, 'x')`);
            const live = await alice.live();
            await live.subscribe('s', sql, {});
            const one = (n) => (update ? `UPDATE ${name} SET n = ${n} WHERE id = 1` : `INSERT INTO ${name} VALUES (1, ${n}, NULL)`);
            await alice.sql(Array.from({ length: RAPID }, (_, n) => one(n)).join(';'));
            assert.deepEqual((await received(live, 's', RAPID, sql)).map(({ n }) => n), Array.from({ length: RAPID }, (_, n) => n));
            await live.close();
        });
    });

test('r88 one script over the three kinds: watch, write, cut, write, resume, compare', async () => {
    for (const kind of Object.keys(KINDS)) {
        const name = await newTable(kind);
        const sql = `SELECT * FROM ${name}`;
        const key = kind === 'STREAM' ? '_seq' : 'id';
        let live = await alice.live();
        const replica = await live.replicate('s', sql, key);
        const write = async (first) => {
            await alice.sql(`INSERT INTO ${name} VALUES (${first}, 1, 'a'), (${first + 1}, 2, 'b'), (${first + 2}, 3, 'c')`);
            if (kind !== 'STREAM')
                await alice.sql(`UPDATE ${name} SET n = n + 10 WHERE id >= 1; DELETE FROM ${name} WHERE id = ${first + 2}`);
            return (await alice.sql(`INSERT INTO ${name} VALUES (${first + 3}, 4, NULL)`)).results[0].seq;
        };
        await told(live, await write(1));
        await live.close({ cut: true });
        await write(11);
        live = await alice.live();
        replica.follow(live);
        await live.subscribe('s', sql, { from: String(replica.seq) });
        await live.waitFor(({ batch_control, type }) => type === 'initial_data_batch' && batch_control.status === 'ready');
        await told(live, await write(21));
        const expected = await alice.rows(`SELECT id, n, text FROM ${name} ORDER BY ${key}`);
        assert.ok(expected.length >= 9, kind);
        const byId = (a, b) => a.id - b.id;
        assert.deepEqual(replica.sorted().sort(byId), expected.sort(byId), kind);
        await live.close();
    }

    async function told(live, seq) {
        await live.waitFor(({ commit }) => commit !== undefined && BigInt(commit) >= BigInt(seq));
    }
});
