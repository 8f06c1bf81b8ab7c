// SPDX-License-Identifier: Apache-2.0
// POST /v1/api/sql: requests, envelopes, errors, redaction, streaming (protocol.md 1.6).

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { login, newUser, request } from './support/client.mjs';
import { Raw } from './support/raw.mjs';
import { startServer } from './support/server.mjs';

let server, root, alice;
before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, body TEXT)');
    alice = await newUser(server, 'alice');
});
after(() => server.stop());

const post = (body, { token = root.token, headers = {} } = {}) =>
    request(`${server.url}/v1/api/sql`, { method: 'POST', body, token, headers });

async function refused(body, code, status = 400, pattern = /./) {
    const answer = await post(typeof body === 'string' ? body : JSON.stringify(body));
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.equal(answer.body.status, 'error');
    assert.deepEqual(answer.body.results, []);
    assert.equal(typeof answer.body.took, 'number');
    assert.equal(answer.body.error.code, code);
    assert.match(answer.body.error.message, pattern);
    return answer.body.error;
}

test('a single SELECT has schema, rows, count, user and error null', async () => {
    const { status, body, headers } = await post('{"sql":"SELECT 1"}');
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/json');
    assert.deepEqual(body, {
        status: 'success',
        results: [{ schema: body.results[0].schema, rows: [['1']], row_count: 1, as_user: 'root' }],
        took: body.took,
        error: null,
    });
    assert.equal(body.results[0].schema[0].data_type, 'BigInt');
    assert.ok(body.took >= 0 && Number((body.took * 1000).toFixed(6)) % 1 === 0);
});

test('DDL answers a message, DML a count', async () => {
    const { results: [ddl] } = await root.sql('CREATE NAMESPACE IF NOT EXISTS app');
    assert.equal(ddl.row_count, 0);
    assert.equal(ddl.as_user, 'root');
    assert.ok(!('rows' in ddl) && !('schema' in ddl));
    const { results: [inserted] } = await root.sql("INSERT INTO app.t VALUES (1, 'a'), (2, 'b')");
    assert.equal(inserted.row_count, 2);
    assert.equal(inserted.message, 'Inserted 2 row(s)');
    assert.deepEqual(inserted.row_ids, ['1', '2']);
    assert.match(inserted.seq, /^\d+$/);
});

test('a result set without rows has its schema', async () => {
    const { results: [result] } = await root.sql('SELECT id FROM app.t WHERE id = 999');
    assert.deepEqual(result, {
        schema: [{ name: 'id', data_type: 'BigInt', index: 0, flags: ['nn', 'pk', 'uq'] }],
        rows: [], row_count: 0, as_user: 'root',
    });
});

test('a batch sums its writes at the end and keeps the order of the others', async () => {
    const { results } = await root.sql(
        "INSERT INTO app.t VALUES (10, 'a'); INSERT INTO app.t VALUES (11, 'b'), (12, 'c'); SELECT 7; DELETE FROM app.t WHERE id = 10");
    assert.deepEqual(results.map(({ rows, message }) => rows?.[0] ?? message), [['7'], 'Inserted 3 row(s)', 'Deleted 1 row(s)']);
    assert.equal(results[1].row_count, 3);
});

test('the first error stops a batch; what came before stays', async () => {
    const error = await refused({ sql: "INSERT INTO app.t VALUES (20, 'x'); SELECT * FROM app.nope; INSERT INTO app.t VALUES (21, 'y')" },
        'TABLE_NOT_FOUND', 400, /^Statement 2 failed: Table not found: app\.nope/);
    assert.equal(error.details, 'SELECT * FROM app.nope');
    assert.deepEqual(await root.rows('SELECT id FROM app.t WHERE id >= 20'), [{ id: '20' }]);
});

test('a transaction belongs to one request', async () => {
    await root.sql("BEGIN; INSERT INTO app.t VALUES (30, 'in'); COMMIT;");
    await refused({ sql: "BEGIN; INSERT INTO app.t VALUES (31, 'lost')" }, 'SQL_EXECUTION_ERROR', 400,
        /^Invalid operation: Request completed with an open explicit transaction; rolled back automatically$/);
    assert.deepEqual(await root.rows('SELECT id FROM app.t WHERE id >= 30'), [{ id: '30' }]);
});

test('parameters are null, booleans, numbers and strings', async () => {
    const { results: [{ rows: [row] }] } = await root.sql('SELECT $1, $2, $3, $4, $5', [null, true, 12, 1.5, "it's"]);
    assert.deepEqual(row, [null, true, '12', 1.5, "it's"]);
    await refused({ sql: 'SELECT $1', params: [[1]] }, 'INVALID_PARAMETER', 400, /^Parameter \$1 invalid: /);
    await refused({ sql: 'SELECT $1, $2', params: [1, {}] }, 'INVALID_PARAMETER', 400, /^Parameter \$2 invalid: /);
    await refused({ sql: 'SELECT $1', params: ['x'.repeat(512 * 1024 + 1)] }, 'INVALID_PARAMETER', 400, /max_parameter_size_bytes/);
    await refused({ sql: 'SELECT 1; SELECT $1', params: [1] }, 'PARAMS_WITH_BATCH');
    await refused({ sql: 'SELECT $2', params: [1] }, 'INVALID_PARAMETER');
});

test('a body that is no request is INVALID_INPUT', async () => {
    for (const body of ['', '{', 'null', '[]', '{}', '{"sql":5}', '{"sql":"SELECT 1"}x', '{"sql":"SELECT 1","params":{}}',
        '{"sql":"\\ud800"}', '['.repeat(100000), `{"sql":"SELECT 1","more":${'['.repeat(1000)}${']'.repeat(1000)}}`])
        await refused(body, 'INVALID_INPUT', 400, /^Invalid JSON payload: /);
});

test('multipart bodies are told to be JSON', async () => {
    const answer = await post('--x--', { headers: { 'content-type': 'multipart/form-data; boundary=x' } });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error.code, 'INVALID_INPUT');
});

test('empty scripts, wrong scripts, long scripts', async () => {
    await refused({ sql: '' }, 'EMPTY_SQL', 400, /^No SQL statements provided$/);
    await refused({ sql: ' ; -- nothing\n ;' }, 'EMPTY_SQL');
    await refused({ sql: 'SELECT 1; SELECT (' }, 'BATCH_PARSE_ERROR');
    await refused({ sql: 'SELEC 2' }, 'INVALID_SQL');
    await refused({ sql: 'SELECT (' }, 'INVALID_SQL', 400, /^Invalid SQL: /);
    await refused({ sql: `SELECT 1 -- ${'x'.repeat(1 << 20)}` }, 'INVALID_SQL', 400, /max_statement_bytes/);
});

test('all statements are judged before any runs', async () => {
    const before = await alice.rows('SELECT id FROM app.t ORDER BY id').catch(() => []);
    const error = await alice.error('SELECT 1; CREATE USER x WITH PASSWORD \'a long password\' ROLE dba');
    assert.equal(error.status, 403);
    assert.equal(error.code, 'PERMISSION_DENIED');
    assert.deepEqual(await alice.rows('SELECT id FROM app.t ORDER BY id').catch(() => []), before);
});

test('an error has position and, for administrators, details', async () => {
    const error = await refused({ sql: "SELECT 'ä', nothing FROM app.t" }, 'SQL_EXECUTION_ERROR');
    assert.equal(error.position, 13);
    assert.equal(error.details, "SELECT 'ä', nothing FROM app.t");
});

test('an error about a name or a statement points at it', async () => {
    for (const [sql, marked] of [
        ['CREATE NAMESPACE app', 'app'], ['DROP NAMESPACE nowhere', 'nowhere'], ['USE nowhere', 'nowhere'],
        ['SHOW TABLES IN nowhere', 'nowhere'], ['CREATE SHARED TABLE nowhere.t (id BIGINT PRIMARY KEY)', 't ('],
        ['DROP USER nobody', 'nobody'], ["CREATE USER x WITH PASSWORD 'long enough' ROLE emperor", 'emperor'],
        ['  SHOW ALL', 'SHOW'], ['SELECT 1; COMMIT', 'COMMIT'], ['SELECT 1 WHERE TRUE = NOT FALSE', 'NOT'],
    ]) {
        const { error } = await root.send(sql);
        assert.equal(error.position, sql.indexOf(marked) + 1, `${sql}: ${JSON.stringify(error)}`);
    }
});

test('others are told nothing of what they may not see', async () => {
    const missing = await alice.error('SELECT * FROM app.nope');
    assert.equal(missing.code, 'TABLE_NOT_FOUND');
    assert.equal(missing.text, 'Requested table is not available');
    assert.equal(missing.envelope.error.details, undefined);
    const batch = await alice.error('SELECT 1; SELECT (');
    assert.equal(batch.text, 'Failed to parse SQL batch');
    const { text, envelope } = await alice.error('SELECT 1 FRM app.t');
    assert.equal(text, 'SQL statement is invalid or not allowed');
    assert.ok(envelope.error.position > 1, 'where it is wrong, in their own text');
    assert.equal((await alice.error('SELECT nothing')).text, "Column 'nothing' does not exist");
    const unknownColumn = await alice.error('SELECT nothing FROM (SELECT 1) x').catch((error) => error);
    assert.equal(unknownColumn.envelope?.error.details, undefined);
});

test('namespace_id says where unqualified names live', async () => {
    const { body } = await post('{"sql":"SELECT count(*) FROM t","namespace_id":"app"}');
    assert.equal(body.status, 'success');
    await refused({ sql: 'SELECT * FROM t' }, 'TABLE_NOT_FOUND');
});

test('credentials are shown to administrators only', async () => {
    await root.sql('CREATE SHARED TABLE app.secrets (id BIGINT PRIMARY KEY, credentials TEXT, password_hash TEXT) WITH (ACCESS_LEVEL = \'public\')');
    await root.sql("INSERT INTO app.secrets VALUES (1, 'c', 'p')");
    const query = 'SELECT id, credentials, password_hash FROM app.secrets';
    assert.deepEqual(await root.rows(query), [{ id: '1', credentials: 'c', password_hash: 'p' }]);
    assert.deepEqual(await alice.rows(query), [{ id: '1', credentials: '***', password_hash: '***' }]);
});

test('a request id is echoed', async () => {
    const { headers } = await post('{"sql":"SELECT 1"}', { headers: { 'x-request-id': 'abc-1' } });
    assert.equal(headers.get('x-request-id'), 'abc-1');
});

/** A table with so many rows of about 100 bytes. */
async function manyRows(name, count) {
    /* They stay hot: what DuckDB sorts fails before its first row. */
    await root.sql(`CREATE SHARED TABLE app.${name} (id BIGINT PRIMARY KEY, body TEXT) WITH (FLUSH_POLICY = 'rows:0')`);
    for (let from = 0; from < count; from += 5000) {
        const values = Array.from({ length: Math.min(5000, count - from) }, (_, at) => `(${from + at}, '${'x'.repeat(80)}')`);
        await root.sql(`INSERT INTO app.${name} VALUES ${values.join(',')}`);
    }
}

test('a large result is streamed whole', async () => {
    await manyRows('large', 20000);
    const { headers, body } = await post('{"sql":"SELECT id, body FROM app.large ORDER BY id"}');
    assert.equal(headers.get('transfer-encoding'), 'chunked');
    assert.equal(body.results[0].rows.length, 20000);
    assert.equal(body.results[0].row_count, 20000);
    assert.deepEqual(body.results[0].rows.map(([id]) => Number(id)), Array.from({ length: 20000 }, (_, at) => at));
    assert.equal(body.error, null);
});

test('an error after streaming began ends the body', async () => {
    const { status, body } = await post('{"sql":"SELECT id, body, 1 / (19000 - id) FROM app.large"}');
    assert.equal(status, 200);
    assert.equal(body.error.code, 'SQL_EXECUTION_ERROR');
    assert.ok(body.results[0].rows.length > 0 && body.results[0].rows.length <= 19000);
});

test('who does not read his result does not stop the others', async () => {
    const slow = await Raw.open(server.port);
    const sql = JSON.stringify({ sql: `SELECT id${', body'.repeat(20)} FROM app.large` }); /* 32 MB */
    slow.pause();
    await slow.send(`POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${root.token}\r\nContent-Length: ${sql.length}\r\nConnection: close\r\n\r\n${sql}`);
    for (let i = 0; i < 20; i++)
        assert.deepEqual(await root.rows('SELECT id FROM app.t WHERE id = 1'), [{ id: '1' }]);
    const { text: metrics } = await request(`${server.url}/metrics`);
    const [, queued] = /^kalamdb_output_queued_bytes (\d+)$/m.exec(metrics);
    assert.ok(Number(queued) < 2_000_000, `${queued} bytes are queued`);
    slow.resume();
    const text = await slow.until(); /* the connection's end: a look at 32 MB for each piece would take longer than the server */
    assert.ok(text.endsWith('0\r\n\r\n'));
    assert.ok(text.includes('"row_count":20000'));
    slow.destroy();
});

test('a client that goes away while it runs does no harm', async () => {
    for (let i = 0; i < 30; i++) {
        const raw = await Raw.open(server.port);
        const sql = JSON.stringify({ sql: i % 2 ? 'SELECT * FROM app.large' : `INSERT INTO app.t VALUES (${1000 + i}, 'x')` });
        await raw.send(`POST /v1/api/sql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${root.token}\r\nContent-Length: ${sql.length}\r\n\r\n${sql}`);
        if (i % 3)
            await raw.until((text) => text.length > 0);
        raw.destroy();
    }
    await root.sql('SELECT 1');
});

test('many clients at once all get their own answer', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => root.rows(`SELECT ${at} AS n`)));
    assert.deepEqual(answers, Array.from({ length: 200 }, (_, at) => [{ n: String(at) }]));
});

test('parameters that no statement uses are refused', async () => {
    await refused({ sql: 'SELECT $1', params: [1, 2] }, 'INVALID_PARAMETER', 400, /expects 1 parameter\(s\), 2 were given/);
    await refused({ sql: 'SELECT 1', params: [1] }, 'INVALID_PARAMETER', 400, /expects 0 parameter\(s\), 1 were given/);
});

test('a table without FLUSH_POLICY shows the default everywhere, schemata lists itself', async () => {
    const [{ options }] = await root.rows("SELECT options FROM system.schemas WHERE table_id = 'app:t'");
    assert.deepEqual(JSON.parse(options).flush_policy, { type: 'combined', row_limit: 10000, interval_seconds: 300 });
    const [, properties] = (await root.sql('DESCRIBE TABLE app.t')).results;
    assert.deepEqual(properties.rows.find(([name]) => name === 'flush_policy'), ['flush_policy', 'rows:10000,interval:300']);
    const names = (await root.rows('SELECT schema_name FROM information_schema.schemata')).map((row) => row.schema_name);
    assert.deepEqual(names, ['app', 'dba', 'default', 'information_schema', 'system']);
});
