// SPDX-License-Identifier: Apache-2.0
// A client that reads too slowly: past its output budget a subscription lags and is fed from the
// change log at the client's pace, so that nothing is lost whatever the budget is.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { login } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

const ROWS = 200;
const BODY = 'x'.repeat(50_000); /* more in all than the kernel's buffers hold */

/** Runs act with a paused subscription while rows come, then resumed; gives it {live, replica, root, seq}. */
async function whileLagging(budget, options, act) {
    const server = await startServer({ config: `[websocket]\nclient_timeout_secs = 600\noutput_budget_bytes = ${budget}\n` });
    const root = await login(server);
    await root.sql('CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, n INT, body TEXT)');
    const live = await root.live();
    const replica = await live.replicate('s', 'SELECT * FROM app.t', 'id', options);
    live.pause();
    for (let id = 0; id < ROWS; id++)
        await root.sql('INSERT INTO app.t VALUES ($1, 0, $2)', [id, BODY]);
    for (let n = 1; n <= 20; n++)
        await root.sql('UPDATE app.t SET n = $1 WHERE id % 50 = 0', [n]);
    await root.sql('DELETE FROM app.t WHERE id = 7');
    const { seq } = (await root.sql("INSERT INTO app.t VALUES (1000, 0, 'last')")).results[0];
    live.resume();
    await act({ live, replica, root, seq });
    await live.close();
    await server.stop();
}

const sorted = (rows) => rows.map(({ id, n, body }) => `${id} ${n} ${body}`).sort();

for (const budget of [16_384, 65_536, 1_048_576]) {
    test(`a slow reader with a budget of ${budget} bytes catches up with every change`, async () => {
        await whileLagging(budget, {}, async ({ live, replica, root, seq }) => {
            await live.waitFor(({ commit }) => commit === seq);
            assert.deepEqual(sorted([...replica.rows.values()]), sorted(await root.rows('SELECT id, n, body FROM app.t')));
            assert.equal(replica.changes, ROWS + 20 * 4 + 2, 'none left out, none twice');
        });
    });

    test(`a slow reader with a budget of ${budget} bytes that asks for the latest gets the newest version of each row`, async () => {
        await whileLagging(budget, { on_lag: 'latest' }, async ({ live, replica, root, seq }) => {
            await live.waitFor(({ commit }) => commit !== undefined && BigInt(commit) >= BigInt(seq));
            assert.deepEqual(sorted([...replica.rows.values()]), sorted(await root.rows('SELECT id, n, body FROM app.t')));
            assert.ok(replica.changes <= ROWS + 20 * 4 + 2);
        });
    });
}

test('a slow reader that asks to be closed is told so, and goes on from where it stood', async () => {
    await whileLagging(65_536, { on_lag: 'close' }, async ({ live, replica, root }) => {
        const { code, seq } = await live.waitFor(({ type }) => type === 'error');
        assert.equal(code, 'SLOW_CONSUMER');
        assert.ok(BigInt(seq) >= replica.seq);
        const held = replica.rows.size;
        assert.ok(held < ROWS);
        const from = live.messages.length;
        await live.subscribe('s', 'SELECT * FROM app.t', { from: seq });
        await live.waitFor((message) => live.messages.indexOf(message) >= from && message.type === 'initial_data_batch'
            && message.batch_control.status === 'ready');
        assert.deepEqual(sorted([...replica.rows.values()]), sorted(await root.rows('SELECT id, n, body FROM app.t')));
    });
});
