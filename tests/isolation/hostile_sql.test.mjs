// SPDX-License-Identifier: Apache-2.0
// SELECTs that would harm, were they handed to DuckDB as they are: files, settings, other people's
// statements, SQL inside of strings, and queries without end.  Each is refused or bounded, and the
// server goes on.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';

const TIMEOUT_MS = 2000;

let server, root, ann;

before(async () => {
    server = await startServer({
        config: `[limits]\nquery_timeout = "${TIMEOUT_MS}ms"\n[duckdb]\nmemory_limit = "64MiB"\n[logging]\nlevel = "debug"\n`,
    });
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    await root.sql('CREATE USER TABLE app.notes (id BIGINT PRIMARY KEY, body TEXT)');
    await root.sql('CREATE SHARED TABLE app.closed (id BIGINT PRIMARY KEY, body TEXT)');
    ann = await newUser(server, 'ann');
    await ann.sql("INSERT INTO app.notes VALUES (1, 'mine')");
    await root.sql("INSERT INTO app.notes VALUES (1, 'of root')");
    mkdirSync(join(server.dataDir, 'storage'), { recursive: true });
    writeFileSync(join(server.dataDir, 'storage', 'secret.csv'), 'secret\n1\n');
});
after(() => server.stop());

/** The refusal, which must not be one of DuckDB's own and must name no file. */
async function refused(client, sql, pattern) {
    const body = await client.send(sql);
    const text = JSON.stringify(body).slice(0, 1000);
    assert.ok(body.error, `${sql.slice(0, 500)} ran: ${text}`);
    assert.ok(body.httpStatus < 500, `${sql.slice(0, 500)}: ${body.httpStatus} ${text}`);
    assert.doesNotMatch(body.error.message.replace(/kalam_\w+\(\)/, ''), /kalam_source|kalam_call|\/tmp\/|Binder|Catalog Error/i, sql.slice(0, 500));
    if (pattern)
        assert.match(body.error.message, pattern, sql.slice(0, 500));
}

const answers = async (client) => assert.deepEqual(
    await client.rows('SELECT a.body FROM app.notes a JOIN app.notes b USING (id)'),
    [{ body: client.user === 'ann' ? 'mine' : 'of root' }]);

test('no file is read or written, and no table function is known but one', async () => {
    const file = join(server.dataDir, 'storage', 'secret.csv');
    for (const call of [
        "read_csv('/etc/passwd')", "read_csv_auto('/etc/passwd')", "read_text('/etc/passwd')", "read_blob('/etc/passwd')",
        "read_json('/etc/passwd')", `read_csv('${file}')`, "read_parquet('*.parquet')", "parquet_scan('x')", "parquet_metadata('x')",
        "parquet_schema('x')", "parquet_kv_metadata('x')", "glob('/etc/*')", "sniff_csv('/etc/passwd')",
        'duckdb_settings()', 'duckdb_views()', 'duckdb_tables()', 'duckdb_databases()', 'duckdb_secrets()', 'duckdb_functions()',
        'duckdb_extensions()', 'duckdb_logs()', 'duckdb_temporary_files()', 'duckdb_memory()', 'duckdb_connections()', 'pragma_version()',
        "query('SELECT 1')", "query_table('app.closed')", "json_execute_serialized_sql('x')",
        "enable_logging('QueryLog')", "enable_logging(storage => 'file')", 'disable_logging()', 'truncate_duckdb_logs()', "write_log('x')",
        'enable_profiling()', 'disable_peg_parser()', 'checkpoint()', 'force_checkpoint()', 'summary(1)', 'test_all_types()', 'repeat_row(1)',
        'arrow_scan(1, 2, 3)', 'seq_scan(1)', 'range(10)', 'unnest(1)', 'kalam_source(0)', 'sql_auto_complete(1)', 'which_secret(1, 2)',
    ]) {
        await refused(ann, `SELECT * FROM ${call}`);
        await refused(ann, `SELECT * FROM app.notes n, LATERAL (SELECT * FROM ${call}) x`);
        await refused(ann, `WITH x AS (SELECT * FROM ${call}) SELECT * FROM x`);
    }
    await answers(ann);
});

test('names of files, of the catalog of DuckDB and of its relations are no tables', async () => {
    for (const name of ["'/etc/passwd'", '"/etc/passwd"', '"x.parquet"', 'duckdb_settings', 'sqlite_master', 'pg_catalog.pg_class',
        'main.r0', 'r0', 'w0', 'system.main.enable_logging', 'temp.information_schema.tables', 'information_schema.schemata_x'])
        await refused(ann, `SELECT * FROM app.notes a JOIN ${name} b ON true`);
    await answers(ann);
});

test('functions that tell or change something are not known', async () => {
    for (const call of [
        "getenv('HOME')", "current_setting('memory_limit')", "set_config('a', 'b', true)", 'version()', 'current_database()', 'current_schema()',
        "nextval('x')", "currval('x')", 'txid_current()', 'pg_sleep(10)', 'sleep_ms(10000)', "in_search_path('a', 'b')", "getvariable('x')",
        "json_serialize_sql('SELECT 1')", "json_deserialize_sql('{}')", 'kalam_call_bigint(0)', "read_text('/etc/passwd')", 'error(1)',
        "list_value(1)", 'hash(1)', 'stats(1)', "pg_get_viewdef('x')", 'icu_sort_key(1, 2)', "add_parquet_key('a', 'b')", 'ctid(1)', 'enum_range(1)',
    ]) {
        await refused(ann, `SELECT ${call} FROM app.notes a JOIN app.notes b USING (id)`, /does not exist|is not supported|no table/);
        await refused(ann, `SELECT 1 FROM app.notes a JOIN app.notes b ON ${call} IS NULL`, /does not exist|is not supported|no table/);
        await refused(ann, `SELECT ${call} OVER () FROM app.notes`, /no aggregate|does not exist|not supported/);
    }
    await answers(ann);
});

test('statements of DuckDB are no statements here', async () => {
    for (const sql of [
        "COPY (SELECT 1) TO '/tmp/kalamdb-hostile.csv'", "COPY app.notes FROM '/etc/passwd'", "ATTACH '/tmp/x.db'", "ATTACH ':memory:' AS m",
        'DETACH memory', 'PRAGMA version', 'PRAGMA database_list', "SET memory_limit = '100GB'", "SET lock_configuration = false", 'RESET threads',
        "SET VARIABLE x = 1", 'CALL duckdb_settings()', 'INSTALL httpfs', 'LOAD httpfs', "EXPORT DATABASE '/tmp/x'", "IMPORT DATABASE '/tmp/x'",
        'CREATE MACRO upper(x) AS 1', 'CREATE SECRET s (TYPE s3)', 'PREPARE p AS SELECT 1', 'EXECUTE p', 'CHECKPOINT', 'VACUUM', 'FROM app.notes',
        'SUMMARIZE app.notes', 'PIVOT app.notes ON id', 'SELECT * EXCLUDE (id) FROM app.notes', 'SELECT COLUMNS(*) FROM app.notes',
        "SELECT * FROM app.notes TABLESAMPLE 10%", 'SELECT {a: 1}', 'SELECT [1, 2]', 'SELECT x -> x + 1', "SELECT 1; COPY (SELECT 1) TO '/tmp/x'",
    ])
        await refused(ann, sql);
    await answers(ann);
});

test("another user's rows, closed tables and system tables stay closed in every corner of a query", async () => {
    for (const name of ['app.closed', 'system.users', 'system.live'])
        for (const sql of [
            `SELECT * FROM app.notes a JOIN ${name} b ON true`,
            `SELECT * FROM app.notes WHERE EXISTS (SELECT 1 FROM ${name})`,
            `SELECT (SELECT count(*) FROM ${name})`,
            `SELECT id FROM app.notes WHERE id IN (SELECT 1 FROM ${name})`,
            `WITH x AS (SELECT * FROM ${name}) SELECT * FROM x`,
            `WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x, ${name}) SELECT * FROM x`,
            `SELECT 1 UNION ALL SELECT 1 FROM ${name}`,
            `SELECT * FROM (SELECT * FROM ${name}) x`,
            `SELECT * FROM app.notes n, LATERAL (SELECT * FROM ${name}) x`,
            `SELECT id FROM app.notes ORDER BY (SELECT count(*) FROM ${name})`,
            `SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM ${name})) FROM app.notes`,
            `VALUES ((SELECT count(*) FROM ${name}))`,
            `EXPLAIN SELECT * FROM app.notes a JOIN ${name} b ON true`,
            `EXPLAIN ANALYZE SELECT (SELECT count(*) FROM ${name})`,
        ]) {
            const { httpStatus } = await ann.send(sql);
            assert.equal(httpStatus, 403, sql);
        }
    assert.deepEqual(await root.rows("EXECUTE AS USER 'ann' (SELECT a.body FROM app.notes a JOIN app.notes b USING (id))"), [{ body: 'mine' }]);
    await answers(root);
});

test('a literal or a name is never read as SQL', async () => {
    const nasty = `'); SELECT * FROM read_csv('/etc/passwd') -- "$1 ? {}`;
    assert.deepEqual(
        await ann.rows(`SELECT '${nasty.replaceAll("'", "''")}' AS "a ""b"" $1 c0", x."q;" FROM (SELECT 1 AS "q;") x`),
        [{ 'a "b" $1 c0': nasty, 'q;': '1' }]);
    assert.deepEqual(await ann.rows('SELECT $1 AS v, (SELECT count(*) FROM app.notes WHERE body = $1) AS n', [nasty]), [{ v: nasty, n: '0' }]);
});

test('queries without end end at the deadline', async () => {
    for (const sql of [
        'SELECT count(*) FROM generate_series(1, 1000000000) a (x), generate_series(1, 1000000000) b (y) WHERE x + y = 7',
        'SELECT sum(sqrt(a.x)) FROM generate_series(1, 10000000000) a (x)',
        "SELECT count(*) FROM generate_series(1, 1000000000) a (x) WHERE regexp_matches(CAST(x AS TEXT), '^(a+)+$')",
    ]) {
        const began = Date.now();
        await refused(ann, sql, /ran longer|more memory/);
        assert.ok(Date.now() - began < TIMEOUT_MS + 5000, `${sql} took ${Date.now() - began} ms`);
    }
    await refused(ann, 'WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up) SELECT count(*) FROM up', /ran longer|more than 1000000 rows/);
    await answers(ann);
});

test('giant sorts, groups and products end at the memory limit, and others go on', async () => {
    const series = (rows) => `generate_series(1, ${rows}) a (x)`;
    for (const sql of [
        `SELECT x FROM ${series(50_000_000)} ORDER BY x * 7919 % 1000003, x`,
        `SELECT count(*) FROM (SELECT DISTINCT x * 7919 AS y FROM ${series(50_000_000)}) z`,
        `SELECT string_agg(lpad('x', 100, CAST(x AS TEXT)), ',') FROM ${series(10_000_000)}`,
        `SELECT x, row_number() OVER (ORDER BY x DESC) FROM ${series(50_000_000)} LIMIT 1 OFFSET 40000000`,
    ])
        await refused(ann, sql, /more memory|ran longer/);
    await answers(ann);
    await answers(root);
});

test('deep, wide and long texts are refused before DuckDB sees them', async () => {
    const nested = (depth) => 'SELECT * FROM ('.repeat(depth) + 'SELECT 1 AS a' + ') x'.repeat(depth);
    await refused(ann, nested(400), /nest/);
    await refused(ann, `SELECT ${'('.repeat(5000)}1${')'.repeat(5000)} FROM (SELECT 1) x`, /nest/);
    await refused(ann, Array(1000).fill('SELECT 1').join(' UNION ALL '));
    await refused(ann, `SELECT 1 FROM ${Array(150).fill('app.notes').map((name, at) => `${name} n${at}`).join(', ')}`, /more than 64/);
    await refused(ann, `SELECT ${'(SELECT '.repeat(30)}1${')'.repeat(30)}`, /nest deeper than 14/);
    const chain = (length) => 'WITH c0 AS (SELECT 1 AS n)'
        + Array.from({ length }, (_, at) => `, c${at + 1} AS (SELECT count(*) AS n FROM c${at})`).join('') + ` SELECT n FROM c${length}`;
    await refused(ann, chain(60), /nest deeper than 14/);
    assert.deepEqual(await ann.rows(chain(14)), [{ n: '1' }]);
    await refused(ann, `SELECT ${Array(150).fill('(SELECT 1)').join(', ')}`, /more than 100 groupings/);
    await refused(ann, `SELECT '${'x'.repeat(1 << 20)}' FROM (SELECT 1) x`);
    const list = Array.from({ length: 50_000 }, (_, at) => at).join(',');
    assert.deepEqual(await ann.rows(`SELECT a.id FROM app.notes a JOIN app.notes b USING (id) WHERE a.id + 0 IN (${list})`), [{ id: '1' }]);
    assert.deepEqual(await ann.rows(`${nested(60)}`), [{ a: '1' }]);
    assert.equal((await ann.rows(Array(150).fill('SELECT 1 AS a').join(' UNION ALL '))).length, 150);
    const joins = Array.from({ length: 20 }, (_, at) => `JOIN app.notes n${at} ON n${at}.id = n.id`).join(' ');
    assert.deepEqual(await ann.rows(`SELECT n.id FROM app.notes n ${joins}`), [{ id: '1' }]);
    await answers(ann);
});

test('a client that goes away takes its query with it', async () => {
    const sql = 'SELECT a.x FROM generate_series(1, 100000000) a (x) JOIN (SELECT 1 AS one) o ON true';
    for (let i = 0; i < 5; i++) {
        const abort = new AbortController();
        const reply = await fetch(`${ann.url}/v1/api/sql`, {
            method: 'POST', signal: abort.signal, body: JSON.stringify({ sql }),
            headers: { Authorization: `Bearer ${ann.token}`, 'Content-Type': 'application/json' },
        });
        await reply.body.getReader().read();
        abort.abort();
    }
    await answers(ann);
});
