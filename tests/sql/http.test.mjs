// SPDX-License-Identifier: Apache-2.0
// The same files that run in process (tests/unit/query/test_sql_files.c), through HTTP and JSON.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { parse, run } from './slt.mjs';

const FOLDER = new URL('./', import.meta.url);

let server;
const clients = new Map();
before(async () => {
    server = await startServer();
    clients.set('root', await login(server));
});
after(() => server.stop());

async function clientOf(user) {
    if (!clients.has(user))
        clients.set(user, await newUser(server, user));
    return clients.get(user);
}

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.test')).sort())
    test(`${name} answers the same through HTTP`, async () => {
        const namespace = `http_${name.replace(/\W.*$/, '')}`;
        await clients.get('root').sql(`CREATE NAMESPACE ${namespace}`);
        const send = async (user, sql) => (await clientOf(user)).send(sql, undefined, { namespace_id: namespace });
        const { problems, passed } = await run(parse(readFileSync(new URL(name, FOLDER), 'utf8')), send);
        assert.deepEqual(problems, []);
        assert.ok(passed > 0);
    });

test('a foreign file: wrong answers are told from what is not supported', async () => {
    const text = `
hash-threshold 8

statement ok
CREATE TABLE t1(a INTEGER, b INTEGER)

statement ok
INSERT INTO t1(b, a) VALUES(10, 1)

statement ok
INSERT INTO t1 VALUES(2, NULL)

query II rowsort
SELECT a, b FROM t1
----
1
10
2
NULL

query R nosort
SELECT avg(a) FROM t1
----
1.500

query I nosort
SELECT a FROM t1 ORDER BY a DESC
----
2 values hashing to cb0e93933b5e2202825f38da7587cf07

skipif kalamdb
query I nosort
SELECT 1
----
2

query I nosort
SELECT a FROM t1 WHERE a = 1
----
7

statement ok
CREATE INDEX i ON t1(a)

statement error
SELECT nothing FROM t1
`;
    const root = clients.get('root');
    await root.sql('CREATE NAMESPACE foreign_file');
    const { problems, ...counts } = await run(parse(text), (_, sql) => root.send(sql, undefined, { namespace_id: 'foreign_file' }), { foreign: true });
    assert.deepEqual(counts, { passed: 7, wrong: 1, unsupported: 1, failed: 0 });
    assert.deepEqual(problems.map(({ kind }) => kind), ['wrong', 'unsupported']);
});
