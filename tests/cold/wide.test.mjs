// SPDX-License-Identifier: Apache-2.0
// Rows that are so wide that a row group of the usual number of them would not fit into DuckDB's memory.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { login } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { flush, maintain, parquetFiles } from './support/cold.mjs';

const ROWS = 1500;
const WIDTH = 60_000;
const BATCH = 10;

let server, root;
before(async () => {
    server = await startServer({ config: '[duckdb]\nmemory_limit = "128MiB"\n' });
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
});
after(() => server.stop());

const wide = () => randomBytes(WIDTH / 2).toString('hex');

test('rows that are wider than memory are flushed and compacted', async () => {
    await root.sql("CREATE SHARED TABLE app.wide (id BIGINT PRIMARY KEY, body TEXT) WITH (FLUSH_POLICY = 'rows:0')");
    await root.sql("INSERT INTO app.wide (id, body) VALUES (0, 'narrow')");
    for (let at = 1; at < ROWS; at += BATCH) {
        const rows = Array.from({ length: Math.min(BATCH, ROWS - at) }, (_, i) => `(${at + i}, '${wide()}')`);
        await root.sql(`INSERT INTO app.wide (id, body) VALUES ${rows}`);
    }
    const [job] = await flush(root, 'app.wide');
    assert.match(job.message, new RegExp(`successfully \\(${ROWS} rows, \\d+ files\\)`));
    const files = parquetFiles(server, 'app/wide');
    assert.ok(files.length > 4 && files.length < 40, `${files.length} files`);
    assert.deepEqual(await root.rows(`SELECT id FROM app.wide WHERE id > ${ROWS - 50} ORDER BY id DESC LIMIT 3`),
        [ROWS - 1, ROWS - 2, ROWS - 3].map((id) => ({ id: String(id) })));
    const [last] = await root.rows(`SELECT body FROM app.wide WHERE id = ${ROWS - 1}`);
    assert.equal(last.body.length, WIDTH);

    await root.sql('DELETE FROM app.wide WHERE id = 5');
    await flush(root, 'app.wide');
    await maintain(root, 'STORAGE COMPACT TABLE app.wide');
    assert.deepEqual(await root.rows('SELECT id FROM app.wide WHERE id BETWEEN 4 AND 6 ORDER BY id'), [{ id: '4' }, { id: '6' }]);
});
