// SPDX-License-Identifier: Apache-2.0
// Real input through a real server: GitHub's example webhooks go into a SHARED table, a USER table
// and a STREAM table while live queries watch; rows are updated and deleted; at the end what every
// subscriber holds is compared with what SELECT says.  Exits non-zero when anything differs.

import { createRequire } from 'node:module';

import { login, newUser, Replica } from '../tests/http/support/client.mjs';
import { startServer } from '../tests/http/support/server.mjs';

const require = createRequire(new URL('../build/', import.meta.url));
const webhooks = require('@octokit/webhooks-examples/api.github.com/index.json');

const QUIET_AFTER = 6; /* lines printed for each live query */
const USERS = ['alice', 'bob', 'carol'];

const TABLES = `
    CREATE NAMESPACE github;
    CREATE SHARED TABLE github.events (
        id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), type TEXT NOT NULL, action TEXT,
        repository TEXT, sender TEXT, stars INT DEFAULT 0, body JSON NOT NULL);
    CREATE USER TABLE github.notifications (
        id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), type TEXT NOT NULL, title TEXT NOT NULL,
        seen BOOLEAN NOT NULL DEFAULT FALSE);
    CREATE STREAM TABLE github.activity (type TEXT NOT NULL, sender TEXT) WITH (TTL_SECONDS = 3600, SCOPE = 'shared')`;

const FILTERS = {
    'everything': 'SELECT id, type, stars FROM github.events',
    'pull requests': "SELECT id, type, action, stars FROM github.events WHERE type = 'pull_request'",
    'issues and stars': "SELECT id, type, action FROM github.events WHERE type IN ('issues', 'star')",
    'opened or created': "SELECT id, type, action FROM github.events WHERE action = 'opened' OR action = 'created'",
    'hello-world, starred': "SELECT id, repository, stars FROM github.events WHERE repository LIKE '%Hello-World' AND stars > 2",
    'payloads with a license': "SELECT id, type FROM github.events WHERE body->'repository'->>'license' IS NOT NULL",
};

/** A live query that prints what it receives and remembers what a client would hold. */
class Watch {
    printed = 0;
    received = 0;

    constructor(name, client, live, sql, key = 'id') {
        Object.assign(this, { name, client, live, sql, key });
        this.id = name.replaceAll(' ', '-');
        this.replica = new Replica(this.id, key);
    }

    async start() {
        await this.live.subscribe(this.id, this.sql);
        this.replica.follow(this.live);
        this.live.listen((message) => message.subscription_id === this.id && message.type === 'change' && this.#print(message));
        return this;
    }

    #print({ change_type, rows = [], old_values = [] }) {
        const lines = change_type === 'delete' ? old_values : rows;
        this.received += lines.length;
        for (const row of lines.slice(0, QUIET_AFTER - this.printed)) {
            const sign = { insert: '+', update: '~', delete: '-' }[change_type];
            const cells = Object.entries(row).filter(([name]) => !name.startsWith('_') && name !== 'id');
            console.log(`  ${this.name.padEnd(24)} ${sign} ${cells.map(([name, value]) => `${name}=${value}`).join('  ').slice(0, 90)}`);
            if (++this.printed === QUIET_AFTER)
                console.log(`  ${this.name.padEnd(24)} … the rest is only counted`);
        }
    }

    /** True when the client holds what SELECT says. */
    async agrees() {
        const selected = await this.client.rows(this.sql);
        const held = this.replica.sorted();
        const text = (rows) => JSON.stringify(rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort());
        const same = text(selected) === text(held);
        console.log(`  ${this.name.padEnd(24)} ${String(this.received).padStart(5)} changes received, holds ${String(held.length).padStart(4)} rows, SELECT says ${String(selected.length).padStart(4)}  ${same ? 'equal' : 'DIFFERENT'}`);
        return same;
    }
}

/** A stream's events have no key to fold by: every one must have arrived exactly once, in order. */
class StreamWatch {
    seqs = [];

    constructor(client, live) {
        Object.assign(this, { client, live });
    }

    async start() {
        await this.live.subscribe('activity', 'SELECT type, sender FROM github.activity');
        this.live.listen((message) => {
            if (message.subscription_id === 'activity' && message.type === 'change')
                this.seqs.push(...message.rows.map(({ _seq }) => BigInt(_seq)));
        });
        return this;
    }

    async agrees() {
        const rising = this.seqs.every((seq, at) => at === 0 || seq > this.seqs[at - 1]);
        const [{ 'count(*)': count }] = await this.client.rows('SELECT COUNT(*) FROM github.activity');
        const same = rising && Number(count) === this.seqs.length;
        console.log(`  ${'activity (stream)'.padEnd(24)} ${String(this.seqs.length).padStart(5)} events received,                   SELECT says ${String(count).padStart(4)}  ${same ? 'equal' : 'DIFFERENT'}`);
        return same;
    }
}

/** One event as the demo's tables want it. */
function read(group, payload) {
    return {
        type: group.name,
        action: payload.action ?? null,
        repository: payload.repository?.full_name ?? null,
        sender: payload.sender?.login ?? null,
        body: JSON.stringify(payload),
    };
}

async function insert(root, users, event, at) {
    await root.sql('INSERT INTO github.events (type, action, repository, sender, body) VALUES ($1, $2, $3, $4, $5)',
        [event.type, event.action, event.repository, event.sender, event.body]);
    await root.sql('INSERT INTO github.activity (type, sender) VALUES ($1, $2)', [event.type, event.sender]);
    if (at % 4 === 0)
        await users[at % users.length].sql('INSERT INTO github.notifications (type, title) VALUES ($1, $2)',
            [event.type, `${event.sender ?? 'somebody'}: ${event.type} ${event.action ?? ''}`.trim()]);
}

/** What was committed before an ack was sent has reached the socket before it. */
async function settle(watches) {
    for (const { live, sql } of watches) {
        await live.subscribe('settle', sql, null);
        live.unsubscribe('settle');
    }
}

async function main() {
    const server = await startServer();
    const root = await login(server);
    console.log(`a server of its own at ${server.url}`);
    await root.sql(TABLES);
    const users = await Promise.all(USERS.map((user) => newUser(server, user)));

    const live = await root.live();
    const watches = Object.entries(FILTERS).map(([name, sql]) => new Watch(name, root, live, sql));
    for (const user of users)
        watches.push(new Watch(`${user.user}'s unseen`, user, await user.live(),
            'SELECT id, type, title, seen FROM github.notifications WHERE seen = FALSE'));
    const stream = new StreamWatch(root, live);
    await Promise.all([...watches, stream].map((watch) => watch.start()));

    const payloads = webhooks.flatMap((group) => group.examples.map((payload) => read(group, payload)));
    const bytes = payloads.reduce((sum, { body }) => sum + body.length, 0);
    console.log(`\n${payloads.length} webhook payloads (${Math.round(bytes / 1024)} KiB) go in:`);
    const started = performance.now();
    for (const [at, event] of payloads.entries())
        await insert(root, users, event, at);
    console.log(`inserted in ${Math.round(performance.now() - started)} ms\n\nupdates and deletes:`);

    await root.sql("UPDATE github.events SET stars = stars + 3 WHERE type IN ('star', 'pull_request', 'push')");
    await root.sql("UPDATE github.events SET action = 'archived' WHERE action = 'opened' AND type = 'issues'");
    await root.sql("DELETE FROM github.events WHERE type = 'check_run' OR sender IS NULL");
    for (const user of users)
        await user.sql("UPDATE github.notifications SET seen = TRUE WHERE type LIKE 'c%'; DELETE FROM github.notifications WHERE type LIKE 'p%'");
    await settle(watches);

    console.log('\nwhat each subscriber holds, and what SELECT says:');
    let differing = 0;
    for (const watch of [...watches, stream])
        differing += (await watch.agrees()) ? 0 : 1;
    await server.stop();
    console.log(differing ? `\n${differing} live queries differ from SELECT` : '\nevery live query equals its SELECT');
    return differing ? 1 : 0;
}

process.exitCode = await main();
