// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { login, newUser } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { Kalam, kalam } from './support.mjs';

let server, root;
before(async () => {
    server = await startServer();
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    await root.sql("CREATE TABLE app.notes (id BIGINT PRIMARY KEY, body TEXT, at TIMESTAMP) WITH (TYPE = 'USER')");
    await root.sql("INSERT INTO app.notes VALUES (1, '漢字', TIMESTAMP '2026-02-02 02:40:00'), (20, NULL, NULL)");
});
after(() => server.stop());

const SELECT = 'SELECT id, body, at FROM app.notes ORDER BY id';

test('a result is a table, then its size, the user and the time', async () => {
    const { code, stdout, stderr } = await kalam(server, ['-c', SELECT]);
    assert.equal(code, 0, stderr);
    assert.match(stdout.replace(/Took: \d+\.\d{3} ms/, 'Took: 1.000 ms'), new RegExp([
        '┌────┬──────┬─────────────────────┐',
        '│ id │ body │ at                  │',
        '├────┼──────┼─────────────────────┤',
        '│  1 │ 漢字 │ 2026-02-02 02:40:00 │',
        '│ 20 │ NULL │ NULL                │',
        '└────┴──────┴─────────────────────┘',
        '\\(2 rows\\)', 'As: root', 'Took: 1.000 ms', '$',
    ].join('\n')));
});

test('csv tells NULL from an empty text, json is what the server said', async () => {
    const csv = await kalam(server, ['--csv', '-c', "SELECT 1 AS a, NULL AS b, '' AS c, 'x,\"y\"' AS d"]);
    assert.equal(csv.stdout, 'a,b,c,d\n1,,"","x,""y"""\n');
    const json = await kalam(server, ['--json', '-c', SELECT]);
    assert.deepEqual(JSON.parse(json.stdout).results, (await root.sql(SELECT)).results);
});

test('a change says how many rows it touched', async () => {
    const { stdout } = await kalam(server, ['-c', "INSERT INTO app.notes (id) VALUES (31), (32); DELETE FROM app.notes WHERE id = 31"]);
    assert.match(stdout, /Inserted 2 row\(s\)\nQuery OK, 2 rows affected\n/);
    assert.match(stdout, /Deleted 1 row\(s\)\nQuery OK, 1 row affected\n/);
    await root.sql('DELETE FROM app.notes WHERE id = 32');
});

test('an error shows the place and ends with 1, what follows is not run', async () => {
    const file = join(server.dataDir, 'script.sql');
    writeFileSync(file, "-- a script\nSELECT 1;\nSELECT id,\n\tbdy -- 漢字\nFROM app.notes;\nSELECT 'not reached';\n");
    const { code, stdout, stderr } = await kalam(server, ['-f', file]);
    assert.equal(code, 1);
    assert.match(stdout, /\(1 row\)/);
    assert.doesNotMatch(stdout, /not reached/);
    assert.match(stderr, /^ERROR SQL_EXECUTION_ERROR: .*bdy.*\nLINE 4:  bdy -- 漢字\n {9}\^\n/);
});

test('a script on standard input: statements over lines, a transaction, a command, a namespace', async () => {
    const { code, stdout, stderr } = await kalam(server, [], { input: [
        'USE app;', 'BEGIN;', "INSERT INTO notes (id, body) VALUES (40, 'a;b');", 'ROLLBACK;',
        '\\d notes', '\\format csv', 'SELECT count(*) AS n', ' FROM notes;',
    ].join('\n') });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Namespace switched to 'app'/);
    assert.match(stdout, /rolled back/);
    assert.match(stdout, /│ body +│/);
    assert.match(stdout, /\nn\n2\n$/);
});

test('those who may not read the catalog still see their tables', async () => {
    await newUser(server, 'carol', { password: 'a long password' });
    const env = { KALAMDB_USER: 'carol', KALAMDB_PASSWORD: 'a long password' };
    const { code, stdout, stderr } = await kalam(server, ['-c', '\\dt'], { env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /notes/);
});

test('a token serves in the place of a password, a wrong password is refused', async () => {
    const token = await kalam(server, ['-c', '\\info'], { env: { KALAMDB_TOKEN: root.token, KALAMDB_PASSWORD: '' } });
    assert.match(token.stdout, /user +root\n/);
    const wrong = await kalam(server, ['-c', 'SELECT 1'], { env: { KALAMDB_PASSWORD: 'wrong' } });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /^ERROR INVALID_CREDENTIALS: Invalid credentials\n/);
});

test('without a server there is an error, without sense the usage', async () => {
    const nobody = await kalam(server, ['-u', 'http://127.0.0.1:1', '-c', 'SELECT 1']);
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /^ERROR CONNECTION_FAILED: could not connect to http:\/\/127\.0\.0\.1:1: /);
    assert.equal((await kalam(server, ['--sideways'])).code, 2);
    assert.match((await kalam(server, ['--version'])).stdout, /^kalam \d.*\nCommit: \w+\n$/);
});

test('a live query shows what is there and every change, and goes on after a restart of the server', async () => {
    const watcher = new Kalam(server, ['--subscribe', 'SELECT id, body FROM app.notes WHERE id < 100']);
    await watcher.see("= id=1 body='漢字'");
    await watcher.see('# 2 rows; live from here on');
    await root.sql("INSERT INTO app.notes (id, body) VALUES (50, 'new')");
    await watcher.see("+ id=50 body='new'\n");
    await root.sql("UPDATE app.notes SET body = 'newer' WHERE id = 50");
    await watcher.see("~ id=50 body='new' -> 'newer'\n");
    await server.restart();
    await root.sql('DELETE FROM app.notes WHERE id = 50');
    await watcher.see('- id=50 ');
    watcher.signal('SIGINT');
    assert.equal((await watcher.ended()).code, 0);
    assert.match(watcher.stderr, /# connection lost .*\n.*# connected again/);
});

test('a live query goes on when its table is altered, and ends when it no longer can', async () => {
    await root.sql('CREATE SHARED TABLE app.altered (id BIGINT PRIMARY KEY, body TEXT)');
    const watcher = new Kalam(server, ['--subscribe', "SELECT * FROM app.altered WHERE body <> 'x'"]);
    await watcher.see('# 0 rows; live from here on');
    await root.sql('ALTER TABLE app.altered ADD COLUMN n INT DEFAULT 5');
    await watcher.see('# the table was altered; the columns are id body n\n');
    await root.sql("INSERT INTO app.altered (id, body) VALUES (1, 'a')");
    await watcher.see("+ id=1 body='a' n=5\n");
    await root.sql('ALTER TABLE app.altered DROP COLUMN body');
    assert.equal((await watcher.ended()).code, 1);
    assert.match(watcher.stderr, /^ERROR SCHEMA_CHANGED: Table app\.altered was altered \(version 3\): .*'body'/m);
});

test('a live query that is refused says why and fails; one with a time limit ends by itself', async () => {
    const refused = await kalam(server, ['--subscribe', 'SELECT * FROM app.notes ORDER BY id']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^ERROR INVALID_SQL: .*ORDER BY/);
    const csv = await kalam(server, ['--csv', '--subscription-timeout', '1', '--subscribe', 'SELECT id, body FROM app.notes WHERE id = 1']);
    assert.equal(csv.code, 0, csv.stderr);
    assert.equal(csv.stdout, 'change,id,body\ninitial,1,漢字\n');
});

test('at a terminal: a prompt, lines until the semicolon, Ctrl-C for a line, Ctrl-D to leave, a history', async () => {
    const session = new Kalam(server, ['--no-color'], { terminal: true });
    await session.see('root@default> ');
    session.type('USE app;\n');
    await session.see('root@app> ');
    session.type('SELECT id, body\n');
    await session.see('   -> ');
    session.type('FROM notes ORDER BY id;\n');
    await session.see('│ 20 │ NULL │');
    await session.see('root@app> ');
    session.type("SELECT 'half");
    await session.see("SELECT 'half");
    session.type('\x03');
    await session.see('root@app> ');
    session.type("CREATE USER dave WITH PASSWORD 'a long password' ROLE user;\n");
    await session.see("User 'dave' created");
    session.type('\\subscribe SELECT id FROM app.notes\n');
    await session.see('live from here on');
    session.type('\x03');
    await session.see('root@app> ');
    session.type('\x04');
    assert.equal((await session.ended()).code, 0);
    const file = join(server.dataDir, '.kalam_history');
    assert.match(readFileSync(file, 'utf8'), /notes/);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /dave/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a password is asked for without echo', async () => {
    const session = new Kalam(server, ['--user', 'carol', '--password', '-c', 'SELECT 7 AS seven'], { terminal: true });
    await session.see('Password for carol: ');
    session.type('a long password\n');
    await session.see('seven');
    assert.equal((await session.ended()).code, 0);
    assert.doesNotMatch(session.stdout, /long password/);
});

test('a password as the next word is taken and never shown', async () => {
    const env = { KALAMDB_PASSWORD: '' };
    const { code, stdout, stderr } = await kalam(server, ['--user', 'carol', '--password', 'a long password', '-c', 'SELECT 7 AS seven'], { env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /seven/);
    const wrong = await kalam(server, ['--password', 'a wrong Secret', '-c', 'SELECT 1'], { env });
    assert.equal(wrong.code, 1);
    assert.doesNotMatch(wrong.stdout + wrong.stderr, /Secret/);
});

test('at a terminal: commands and exit in the middle of a statement, but not of a text', async () => {
    const session = new Kalam(server, ['--no-color'], { terminal: true });
    await session.see('root@default> ');
    session.type("SELECT 'first\n");
    await session.see('   -> ');
    session.type('exit\n');
    await session.see('   -> ');
    session.type("' AS text,\n");
    await session.see('   -> ');
    session.type('\\format csv\n');
    await session.see('Output format is csv.');
    await session.see('   -> ');
    session.type("8 AS eight;\n");
    await session.see('text,eight');
    await session.see('root@default> ');
    session.type('SELECT\n');
    await session.see('   -> ');
    session.type('exit\n');
    assert.equal((await session.ended()).code, 0);
});

test('quit and exit end a script', async () => {
    for (const word of ['quit', 'exit;', 'EXIT', '\\q']) {
        const { code, stdout } = await kalam(server, [], { input: `SELECT 1;\n${word}\nSELECT 'not reached';\n` });
        assert.equal(code, 0, word);
        assert.doesNotMatch(stdout, /not reached/, word);
    }
});

test('the error of a command shows no statement that nobody typed', async () => {
    const { code, stderr } = await kalam(server, ['-c', '\\d nope']);
    assert.equal(code, 1);
    assert.match(stderr, /^ERROR TABLE_NOT_FOUND: .*nope.*\n$/);
});
