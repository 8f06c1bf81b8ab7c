// SPDX-License-Identifier: Apache-2.0
// Two users with the same SQL and the same keys never see each other's rows, change events, counts
// or error details; and who may do what with shared tables.
//
// Whatever a user writes carries his mark.  Every reply and every frame that the other one receives
// is searched for it, besides being compared with what a model of his own rows says.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { login, newUser, request } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { dice } from '../live/checker.mjs';

const SEED = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000_007);
const OPERATIONS = 10_000;
const LANES = 8; /* statements of one user under way at a time, each over keys of its own */
const KEYS_PER_LANE = 8;

let server, root, alice, bob;

before(async () => {
    console.log(`# TEST_SEED=${SEED}`);
    server = await startServer({ config: '[rate_limit]\nmax_queries_per_sec = 100000\n[websocket]\nclient_timeout_secs = 600\n' });
    root = await login(server);
    await root.sql('CREATE NAMESPACE app');
    [alice, bob] = [await newUser(server, 'alice'), await newUser(server, 'bob')];
});
after(() => server.stop());

const markOf = (client) => `<mark of ${client.user}>`;

/** The bytes of a reply, but for the time it took. */
const exact = async (client, sql, params) => {
    const { status, text } = await request(`${client.url}/v1/api/sql`, { token: client.token, json: { sql, params } });
    return `${status} ${text.replace(/"took":[\d.]+/, '"took":0')}`;
};

function mustNotMention(text, client) {
    assert.ok(!text.includes(markOf(client)), `something of ${client.user}: ${text.slice(0, 1000)}`);
}

/* ---- random operations ---- */

/** One user: his statements, a model of what he has, and what his live queries hold. */
class Player {
    notes = new Map();  /* id -> n */
    events = 0;
    operations = 0;

    constructor(client, other, roll) {
        Object.assign(this, { client, other, roll, mark: markOf(client) });
    }

    async connect() {
        this.live = await this.client.live({ query: '?compress=false' });
        this.live.listen((message) => mustNotMention(JSON.stringify(message), this.other));
        this.replica = await this.live.replicate('notes', 'SELECT * FROM app.notes', 'id');
        this.few = await this.live.replicate('few', 'SELECT id, n FROM app.notes WHERE n < 50', 'id');
        this.stream = await this.live.replicate('events', 'SELECT * FROM app.events', '_seq');
    }

    /** Sends, checks the reply for foreign marks, and returns the first result. */
    async #run(sql, params) {
        const envelope = await this.client.sql(sql, params);
        mustNotMention(JSON.stringify(envelope), this.other);
        this.operations++;
        return envelope.results[0];
    }

    async play(lane, count) {
        const keys = Array.from({ length: KEYS_PER_LANE }, (_, at) => lane * KEYS_PER_LANE + at);
        const ways = [this.#insert, this.#insert, this.#update, this.#updateAll, this.#delete, this.#count, this.#read,
            this.#event, this.#readEvents];
        for (let i = 0; i < count; i++)
            await ways[this.roll(ways.length)].call(this, keys, keys[this.roll(keys.length)]);
    }

    async #insert(_, id) {
        const n = this.roll(100);
        const known = this.notes.has(id);
        const envelope = await this.client.send('INSERT INTO app.notes VALUES ($1, $2, $3)', [id, this.mark, n]);
        mustNotMention(JSON.stringify(envelope), this.other);
        this.operations++;
        assert.equal(envelope.status, known ? 'error' : 'success', `${this.client.user} inserts ${id}`);
        if (!known)
            this.notes.set(id, n);
    }

    async #update(_, id) {
        const n = 100 + this.roll(100);
        const { row_count } = await this.#run('UPDATE app.notes SET n = $2 WHERE id = $1', [id, n]);
        assert.equal(row_count, this.notes.has(id) ? 1 : 0);
        if (this.notes.has(id))
            this.notes.set(id, n);
    }

    async #updateAll(keys) {
        const n = this.roll(100);
        const { row_count } = await this.#run('UPDATE app.notes SET n = $3 WHERE id BETWEEN $1 AND $2', [keys[0], keys.at(-1), n]);
        const mine = keys.filter((id) => this.notes.has(id));
        assert.equal(row_count, mine.length);
        mine.forEach((id) => this.notes.set(id, n));
    }

    async #delete(_, id) {
        const { row_count } = await this.#run('DELETE FROM app.notes WHERE id = $1', [id]);
        assert.equal(row_count, this.notes.delete(id) ? 1 : 0);
    }

    async #count(keys) {
        const { rows } = await this.#run('SELECT count(*) FROM app.notes WHERE id BETWEEN $1 AND $2', [keys[0], keys.at(-1)]);
        assert.deepEqual(rows, [[String(keys.filter((id) => this.notes.has(id)).length)]]);
    }

    async #read(_, id) {
        const { rows } = await this.#run('SELECT body, n FROM app.notes WHERE id = $1', [id]);
        assert.deepEqual(rows, this.notes.has(id) ? [[this.mark, this.notes.get(id)]] : []);
    }

    async #event(_, id) {
        this.events++;
        await this.#run('INSERT INTO app.events VALUES ($1, $2)', [id, this.mark]);
    }

    async #readEvents() {
        const { rows } = await this.#run('SELECT DISTINCT body FROM app.events').catch((error) => {
            if (/DISTINCT/.test(error.message))
                return this.#run('SELECT body FROM app.events ORDER BY _seq DESC LIMIT 10');
            throw error;
        });
        for (const [body] of rows)
            assert.equal(body, this.mark);
    }

    /** Everything that this user was ever told is about his own rows, and complete. */
    async judge() {
        const { seq } = await this.#run('INSERT INTO app.notes VALUES (1000000, $1, 0)', [this.mark]);
        await this.#run('INSERT INTO app.events VALUES (-1, $1)', [this.mark]);
        this.notes.set(1000000, 0);
        this.events++;
        for (const id of ['notes', 'few'])
            await this.live.waitFor((message) => message.subscription_id === id && BigInt(message.commit ?? 0) >= BigInt(seq));
        await this.live.waitFor((message) => message.subscription_id === 'events' && message.rows?.some((row) => row.id === '-1'));

        const expected = [...this.notes].sort(([a], [b]) => a - b).map(([id, n]) => ({ id: String(id), body: this.mark, n }));
        assert.deepEqual(await this.client.rows('SELECT id, body, n FROM app.notes'), expected);
        const byId = (rows) => rows.sort((a, b) => a.id - b.id);
        assert.deepEqual(byId(this.replica.sorted()), expected);
        assert.deepEqual(byId(this.few.sorted()), expected.filter(({ n }) => n < 50).map(({ id, n }) => ({ id, n })));
        assert.equal(this.stream.rows.size, this.events);
        assert.deepEqual(await this.client.rows('SELECT count(*) AS n FROM app.events'), [{ n: String(this.events) }]);
    }
}

test('r55 ten thousand random operations of two users on the same keys never meet', async () => {
    await root.sql(`CREATE USER TABLE app.notes (id BIGINT PRIMARY KEY, body TEXT NOT NULL, n INT NOT NULL);
        CREATE STREAM TABLE app.events (id BIGINT, body TEXT NOT NULL) WITH (RETENTION = '1h', MAX_BUFFER = 0)`);
    const roll = dice(SEED);
    const players = [new Player(alice, bob, roll), new Player(bob, alice, roll)];
    await Promise.all(players.map((player) => player.connect()));
    const each = OPERATIONS / 2 / LANES;
    await Promise.all(players.flatMap((player) => Array.from({ length: LANES }, (_, lane) => player.play(lane, each))));
    for (const player of players)
        await player.judge();
    await Promise.all(players.map((player) => player.live.close()));
    assert.ok(players[0].operations + players[1].operations >= OPERATIONS);
});

test('r55 what an administrator reads and watches is his own, too', async () => {
    const live = await root.live();
    const replica = await live.replicate('own', 'SELECT * FROM app.notes', 'id');
    await alice.sql('UPDATE app.notes SET n = 7 WHERE id = 1000000');
    await root.sql('INSERT INTO app.notes VALUES (5, $1, 5)', [markOf(root)]);
    await live.next((message) => message.change_type === 'insert');
    assert.deepEqual(replica.sorted(), [{ id: '5', body: markOf(root), n: 5 }]);
    assert.equal(live.messages.filter(({ type }) => type === 'change').length, 1);
    assert.deepEqual(await root.rows('SELECT id FROM app.notes'), [{ id: '5' }]);
    await live.close();
});

test('r55 owners are told apart whatever their names look like', async () => {
    const names = ['o', 'ow', 'o-w', 'o:w', 'o_w', 'o.w', 'O', 'o ', "o'", 'ö', 'o\u0001', 'x'.repeat(128)];
    await root.sql('CREATE USER TABLE app.owned (id TEXT PRIMARY KEY, owner TEXT)');
    const as = (name, sql) => root.sql(`EXECUTE AS USER '${name.replaceAll("'", "''")}' (${sql})`);
    for (const [at, name] of names.entries())
        await as(name, `INSERT INTO app.owned VALUES ('same key', 'owner ${at}'), ('wow', 'owner ${at}')`);
    for (const [at, name] of names.entries()) {
        const { results: [{ rows, as_user }] } = await as(name, 'SELECT DISTINCT owner FROM app.owned')
            .catch(() => as(name, "SELECT owner FROM app.owned WHERE id = 'wow'"));
        assert.deepEqual(rows, [[`owner ${at}`]], name);
        assert.equal(as_user, name);
    }
});

/* ---- errors ---- */

const REFUSED = [
    "INSERT INTO app.secrets VALUES (1, 'again', 1)",
    "INSERT INTO app.secrets VALUES (7, 'x', 1), (7, 'y', 1)",
    'INSERT INTO app.secrets (id) VALUES (9)',
    "INSERT INTO app.secrets VALUES (9, 'x', 'not a number')",
    'INSERT INTO app.secrets VALUES (9, NULL, 1)',
    'INSERT INTO app.secrets (id, body, _seq) VALUES (9, 1, 1)',
    'UPDATE app.secrets SET body = NULL WHERE id = 1',
    'UPDATE app.secrets SET id = 2 WHERE id = 1',
    "UPDATE app.secrets SET n = 'word' WHERE id = 1",
    'UPDATE app.secrets SET nope = 1 WHERE id = 1',
    'UPDATE app.secrets SET n = 1',
    'DELETE FROM app.secrets',
    'SELECT 1 / (n - n) FROM app.secrets',
    'SELECT sum(n + 9223372036854775807) FROM app.secrets',
    'SELECT nope FROM app.secrets',
    'SELECT * FROM app.missing',
    'SELECT * FROM app.closed',
    'INSERT INTO app.closed VALUES (1)',
    'DESCRIBE TABLE app.closed',
    'DROP TABLE app.secrets',
    'CREATE TABLE app.secrets (id BIGINT PRIMARY KEY)',
    "CREATE USER 'eve' WITH PASSWORD 'a long password' ROLE user",
    "CREATE USER 'bob' WITH PASSWORD 'a long password' ROLE user",
    "ALTER USER 'bob' SET ROLE dba",
    'SELEC 1',
    'SELECT (',
    'SELECT $1',
];

test('errors are the same bytes for one who has rows and for one who has other rows', async () => {
    await root.sql(`CREATE USER TABLE app.secrets (id BIGINT PRIMARY KEY, body TEXT NOT NULL, n BIGINT);
        CREATE SHARED TABLE app.closed (id BIGINT PRIMARY KEY)`);
    for (const client of [alice, bob])
        await client.sql("INSERT INTO app.secrets VALUES (1, $1, 9223372036854775807)", [markOf(client)]);
    await alice.sql('INSERT INTO app.secrets VALUES (2, $1, 2)', [markOf(alice)]);
    for (const sql of REFUSED) {
        const [hers, his] = [await exact(alice, sql), await exact(bob, sql)];
        assert.match(hers, /^4\d\d .*"status":"error"/, sql);
        assert.equal(his, hers, sql);
        mustNotMention(his, alice);
    }
});

test("a key that only another user has is answered as one that nobody has", async () => {
    const about = (id) => [
        `SELECT * FROM app.secrets WHERE id = ${id}`,
        `SELECT count(*), min(n), max(body) FROM app.secrets WHERE id = ${id}`,
        `UPDATE app.secrets SET n = 5 WHERE id = ${id}`,
        `UPDATE app.secrets SET body = NULL WHERE id = ${id}`,
        `UPDATE app.secrets SET n = n / 0 WHERE id = ${id}`,
        `DELETE FROM app.secrets WHERE id = ${id}`,
        `BEGIN; UPDATE app.secrets SET n = 5 WHERE id = ${id}; SELECT * FROM app.secrets WHERE id = ${id}; ROLLBACK`,
    ];
    const [hers, nobodys] = [about(2), about(3)];
    const forget = (reply) => reply.replaceAll(/[0-9A-HJKMNP-TV-Z]{26}/g, 'ulid');
    for (const [at, sql] of hers.entries())
        assert.equal(forget(await exact(bob, sql)), forget(await exact(bob, nobodys[at])), sql);
    assert.equal((await bob.sql('INSERT INTO app.secrets VALUES (2, $1, 2)', [markOf(bob)])).results[0].row_count, 1);
    assert.deepEqual(await alice.rows('SELECT body FROM app.secrets WHERE id = 2'), [{ body: markOf(alice) }]);
});

test('refusals of live queries are the same bytes for everybody', async () => {
    const lives = [await alice.live(), await bob.live()];
    for (const sql of ['SELECT * FROM app.missing', 'SELECT * FROM app.closed', 'SELECT * FROM system.users', 'SELECT nope FROM app.secrets',
        'SELECT * FROM app.secrets WHERE 1 / 0 = 1 GROUP BY n', 'DELETE FROM app.secrets', 'SELECT * FROM secrets']) {
        const [hers, his] = await Promise.all(lives.map((live) => live.subscribe('s', sql, {}).catch((error) => error.message)));
        assert.equal(typeof hers, 'string', sql);
        assert.equal(his, hers, sql);
    }
    await Promise.all(lives.map((live) => live.close()));
});

/* ---- metadata ---- */

test('what DESCRIBE and SHOW say is the same for two users with different rows, and hides closed tables', async () => {
    for (const sql of ['DESCRIBE TABLE app.secrets', 'SHOW TABLES', 'SHOW TABLES IN app', 'SHOW NAMESPACES'])
        assert.equal((await exact(bob, sql)).replaceAll('"bob"', '"alice"'), await exact(alice, sql), sql);
    const listed = (await alice.rows('SHOW TABLES')).map(({ table_name }) => table_name);
    assert.ok(listed.includes('secrets'));
    assert.ok(!listed.includes('closed'), 'a table that one may not read is not listed');
});

test('the size of a stream in DESCRIBE is that of one\'s own events', async () => {
    await root.sql("CREATE STREAM TABLE app.ticks (n INT) WITH (RETENTION = '1h')");
    await alice.sql('INSERT INTO app.ticks VALUES (1), (2), (3)');
    const size = async (client) => {
        const { results } = await client.sql('DESCRIBE TABLE app.ticks');
        return results[1].rows.find(([property]) => property === 'current_size')[1];
    };
    assert.equal(await size(alice), '3');
    assert.equal(await size(bob), '0');
});

test('system tables are closed to users and services, however they are asked for', async () => {
    const service = await newUser(server, 'robot', { role: 'service' });
    const names = (await root.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'system'"))
        .map(({ table_name }) => `system.${table_name}`);
    assert.ok(names.includes('system.users') && names.includes('system.live'), names.join());
    for (const client of [alice, service]) {
        for (const name of names)
            for (const sql of [`SELECT * FROM ${name}`, `SELECT count(*) FROM ${name}`, `select 1 from "${name.replace('.', '"."')}"`]) {
                const error = await client.error(sql);
                assert.equal(error.status, 403, `${sql}: ${error.message}`);
                assert.equal(error.code, 'PERMISSION_DENIED', sql);
            }
        for (const sql of ['WITH u AS (SELECT * FROM system.users) SELECT * FROM u', 'SELECT (SELECT count(*) FROM system.users)',
            'SELECT 1 UNION SELECT user_id FROM system.users', 'SELECT * FROM (SELECT * FROM system.users) u',
            'SELECT * FROM app.secrets WHERE body IN (SELECT user_id FROM system.users)', 'EXPLAIN SELECT * FROM system.users',
            'INSERT INTO app.secrets SELECT 1, user_id, 1 FROM system.users', "DELETE FROM system.users WHERE user_id = 'bob'",
            "UPDATE system.users SET role = 'dba' WHERE user_id = 'alice'", "INSERT INTO system.users (user_id) VALUES ('x')"]) {
            const reply = await exact(client, sql);
            assert.match(reply, /^4\d\d .*"status":"error"/, sql);
            assert.doesNotMatch(reply, /root|argon/, sql);
        }
    }
});

/* ---- other people's subscriptions and sessions ---- */

test("another connection's subscription can be neither continued nor ended by who guesses its name", async () => {
    await alice.sql('INSERT INTO app.secrets VALUES (10, $1, 10), (11, $1, 11), (12, $1, 12)', [markOf(alice)]);
    const hers = await alice.live({ autoNextBatch: false });
    await hers.subscribe('secret', 'SELECT * FROM app.secrets', { batch_size: 1 });
    const first = await hers.next(({ type }) => type === 'initial_data_batch');
    const [{ live_id }] = await root.rows("SELECT live_id FROM system.live_queries WHERE query_id = 'secret'");

    const his = await bob.live();
    for (const id of ['secret', live_id]) {
        his.nextBatch({ subscription_id: id, batch_control: first.batch_control });
        his.unsubscribe(id);
    }
    assert.equal((await bob.error(`KILL LIVE QUERY '${live_id}'`)).status, 403);
    const replica = await his.replicate('secret', 'SELECT * FROM app.secrets', 'id');
    assert.deepEqual(replica.sorted().map(({ body }) => body), [markOf(bob), markOf(bob)]);
    his.messages.forEach((message) => mustNotMention(JSON.stringify(message), alice));
    assert.equal(his.messages.filter(({ type, subscription_id }) => type === 'initial_data_batch' && subscription_id !== 'secret').length, 0);

    hers.nextBatch(first);
    const second = await hers.next(({ type }) => type === 'initial_data_batch');
    assert.equal(second.batch_control.batch_num, 1);
    assert.equal(second.rows[0].body, markOf(alice));
    assert.equal((await root.rows("SELECT count(*) AS n FROM system.live_queries WHERE query_id = 'secret'"))[0].n, '2');
    await Promise.all([hers.close(), his.close()]);
});

test("resuming from another user's sequence number brings one's own rows only", async () => {
    const from = (await alice.sql('UPDATE app.secrets SET n = 99 WHERE id = 10')).results[0].seq;
    await bob.sql('UPDATE app.secrets SET n = 98 WHERE id = 1');
    await alice.sql('DELETE FROM app.secrets WHERE id = 11');
    const live = await bob.live();
    await live.subscribe('resumed', 'SELECT * FROM app.secrets', { from });
    await live.waitFor(({ type, batch_control }) => type === 'initial_data_batch' && batch_control.status === 'ready');
    const rows = live.messages.flatMap((message) => [...message.rows ?? [], ...message.old_values ?? []]);
    assert.deepEqual(rows.map(({ id, body }) => [id, body]), [['1', markOf(bob)]]);
    await live.close();
});

test('sequence numbers tell the order of commits and nothing else', async () => {
    const seqs = [];
    for (let i = 0; i < 5; i++) {
        await alice.sql('UPDATE app.secrets SET n = $1 WHERE id = 12', [i]);
        seqs.push(BigInt((await bob.sql('UPDATE app.secrets SET n = $1 WHERE id = 1', [i])).results[0].seq));
    }
    assert.deepEqual(seqs, [...seqs].sort((a, b) => (a < b ? -1 : 1)));
    assert.deepEqual(await bob.rows(`SELECT id FROM app.secrets WHERE _seq BETWEEN 0 AND ${seqs[4]} AND _seq <> ${seqs[4]}`), [{ id: '2' }]);
});

test('a user may act for nobody but himself', async () => {
    const refusal = async (name) => (await exact(alice, `EXECUTE AS USER '${name}' (SELECT * FROM app.secrets)`)).replaceAll(name, 'NAME');
    const [known, unknown] = [await refusal('bob'), await refusal('zoe')];
    assert.match(known, /^403 .*PERMISSION_DENIED.*Unauthorized/);
    assert.equal(unknown, known, 'whether a user exists is not told');
    for (const verb of ["INSERT INTO app.secrets VALUES (77, 'x', 1)", "UPDATE app.secrets SET n = 1 WHERE id = 1",
        'DELETE FROM app.secrets WHERE id = 1', 'SELECT * FROM app.secrets'])
        assert.equal((await alice.error(`EXECUTE AS USER 'bob' (${verb})`)).status, 403, verb);
    assert.equal((await alice.error("SELECT 1; EXECUTE AS USER 'bob' (SELECT * FROM app.secrets)")).status, 403);
    assert.deepEqual(await bob.rows('SELECT id FROM app.secrets'), [{ id: '1' }, { id: '2' }]);
});

test('what is written for a user is told to him and not to the one who wrote it', async () => {
    const [hers, roots] = [await alice.live(), await root.live()];
    const replica = await hers.replicate('s', 'SELECT * FROM app.secrets', 'id');
    await roots.replicate('s', 'SELECT * FROM app.secrets', 'id');
    await root.sql("EXECUTE AS USER 'alice' (INSERT INTO app.secrets VALUES (500, 'for alice', 1))");
    await hers.next(({ type }) => type === 'change');
    assert.equal(replica.rows.get('500').body, 'for alice');
    await root.sql("INSERT INTO app.secrets VALUES (501, 'for root', 1)");
    const told = await roots.next(({ type }) => type === 'change');
    assert.equal(told.rows[0].id, '501');
    await Promise.all([hers.close(), roots.close()]);
});

/* ---- shared tables ---- */

const ROLES = ['user', 'service', 'dba', 'system'];
/* The first role that may, by access level: read, write. */
const LEVELS = { PUBLIC: ['user', 'service'], PRIVATE: ['service', 'service'], RESTRICTED: ['service', 'service'], DBA: ['dba', 'dba'] };

async function mayLive(client, sql) {
    const live = await client.live();
    const answer = await live.subscribe('s', sql, {}).then(() => true, (error) => error);
    await live.close();
    if (answer !== true)
        assert.equal(answer.code, 'UNAUTHORIZED', answer.message);
    return answer === true;
}

async function mayRun(client, sql) {
    const envelope = await client.send(sql);
    if (envelope.status === 'error') {
        assert.equal(envelope.httpStatus, 403, `${sql}: ${envelope.error.message}`);
        assert.equal(envelope.error.code, 'PERMISSION_DENIED', sql);
    }
    return envelope.status === 'success';
}

for (const [level, [reader, writer]] of Object.entries(LEVELS))
    test(`a shared table with access level ${level} is read from ${reader} on and written from ${writer} on`, async () => {
        const name = `app.level_${level.toLowerCase()}`;
        await root.sql(`CREATE SHARED TABLE ${name} (id BIGINT PRIMARY KEY, n INT) WITH (ACCESS_LEVEL = '${level}'); INSERT INTO ${name} VALUES (0, 0)`);
        for (const [rank, role] of ROLES.entries()) {
            const client = role === 'system' ? root : await newUser(server, `${role}-${level}`, { role });
            const [reads, writes] = [rank >= ROLES.indexOf(reader), rank >= ROLES.indexOf(writer)];
            assert.equal(await mayRun(client, `SELECT * FROM ${name}`), reads, `${role} selects`);
            assert.equal(await mayRun(client, `DESCRIBE TABLE ${name}`), reads, `${role} describes`);
            assert.equal(await mayLive(client, `SELECT * FROM ${name}`), reads, `${role} subscribes`);
            assert.equal(await mayRun(client, `INSERT INTO ${name} VALUES (${rank + 1}, 1)`), writes, `${role} inserts`);
            assert.equal(await mayRun(client, `UPDATE ${name} SET n = n + 1 WHERE id = 0`), writes, `${role} updates`);
            assert.equal(await mayRun(client, `DELETE FROM ${name} WHERE id = ${rank + 1}`), writes, `${role} deletes`);
        }
    });

test('a live query ends when its user loses the right to read', async () => {
    const fallen = await newUser(server, 'fallen', { role: 'service' });
    const live = await fallen.live();
    await live.subscribe('s', 'SELECT * FROM app.level_private', {});
    await root.sql("ALTER USER 'fallen' SET ROLE user; INSERT INTO app.level_private VALUES (100, 1)");
    const { code } = await live.next(({ type }) => type === 'error');
    assert.equal(code, 'REVOKED');
    assert.ok(!live.messages.some(({ type }) => type === 'change'), 'nothing committed later is delivered');
    await live.close();
});
