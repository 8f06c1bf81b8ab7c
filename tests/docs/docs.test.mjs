// SPDX-License-Identifier: Apache-2.0
// Runs the examples of the documents, each document from top to bottom against a server of its
// own.  docs/internals/testing.md says how blocks are written.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { login, request } from '../http/support/client.mjs';
import { startServer } from '../http/support/server.mjs';
import { assertMatches, blocksOf, messagesOf } from './blocks.mjs';
import { Shell } from './shell.mjs';

const TOP = new URL('../../', import.meta.url);
const DOCUMENTS = ['README.md', ...readdirSync(new URL('docs', TOP)).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
const LANGUAGES = ['sql', 'result', 'error', 'http', 'json', 'text', 'console']; /* methods of Player */

function cellText(cell) {
    if (cell === null)
        return 'NULL';
    return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

function resultText({ schema, rows = [], message }) {
    if (!schema)
        return message;
    return [schema.map(({ name }) => name), ...rows.map((row) => row.map(cellText))].map((line) => line.join(' | ')).join('\n');
}

/** One server, and who talks to it. */
class Player {
    #server;
    #root;
    #live = null;
    #shell = null;
    #answer = null; /* of the last SQL or HTTP block */

    static async open() {
        const player = new Player();
        player.#server = await startServer();
        player.#root = await login(player.#server);
        return player;
    }

    async close() {
        await this.#shell?.close();
        await this.#live?.close();
        await this.#server.stop();
    }

    /** ```sql: statements that end in `;` at a line's end; ```sql batch: one request. */
    async sql({ text, words }, next) {
        const statements = words.includes('batch') ? [text] : text.split(/;\s*(?:--[^\n]*)?$/m).filter((part) => part.trim());
        for (const [at, statement] of statements.entries()) {
            this.#answer = await this.#root.send(statement);
            const { error } = this.#answer;
            const isExpected = at === statements.length - 1 && next?.language === 'error';
            assert.ok(!error || isExpected, `${error?.code}: ${error?.message} in: ${statement}`);
        }
    }

    /** ```result: the rows of the last statement, or its message. */
    async result({ text }) {
        assertMatches(this.#answer.results.map(resultText).join('\n'), text);
    }

    /** ```error: the last statement has failed, and so. */
    async error({ text }) {
        const { error } = this.#answer;
        assert.ok(error, `succeeded, but should fail with: ${text}`);
        assertMatches(`${error.code}: ${error.message}`, text);
    }

    /** ```http: METHOD path, headers, an empty line, the body; <token> is root's. */
    async http({ text }) {
        const [head, body] = text.replaceAll('<token>', this.#root.token).split('\n\n');
        const [first, ...headers] = head.split('\n');
        const [method, path] = first.split(' ');
        this.#answer = await request(this.#server.url + path, { method, body, headers: Object.fromEntries(headers.map((line) => line.split(': '))) });
    }

    /** ```json 200: the answer to ```http.  ```json client, ```json server: WebSocket messages. */
    async json({ text, words: [kind], ...block }) {
        const messages = messagesOf({ text, ...block });
        for (const message of messages)
            JSON.parse(message.replace(/,…/g, '').replace(/:…/g, ':0'));
        if (kind === 'client')
            await this.#send(messages);
        else if (kind === 'server')
            await this.#receive(messages);
        else if (kind)
            await this.text({ text: messages.join('\n'), words: [kind] });
    }

    /** ```text 200: the same, not JSON. */
    async text({ text, words: [status] }) {
        if (!status)
            return;
        assert.equal(this.#answer.status, Number(status), this.#answer.text);
        assertMatches(this.#answer.text, text);
    }

    async console({ text }) {
        this.#shell ??= new Shell(this.#server);
        await this.#shell.run(text);
    }

    async #send(messages) {
        const auth = messages[0].includes('"authenticate"') ? 'none' : 'header';
        this.#live ??= await this.#root.live({ auth, autoNextBatch: false });
        messages.forEach((message) => this.#live.send(message.replaceAll('<token>', this.#root.token)));
    }

    async #receive(messages) {
        for (const expected of messages)
            assertMatches(JSON.stringify(await this.#live.next()), expected);
    }
}

async function play(document, blocks) {
    const player = await Player.open();
    try {
        for (const [at, block] of blocks.entries()) {
            await player[block.language](block, blocks[at + 1]).catch((error) => {
                error.message = `${document}:${block.line}: ${error.message}`;
                throw error;
            });
        }
    } finally {
        await player.close();
    }
}

for (const document of DOCUMENTS) {
    const blocks = blocksOf(readFileSync(new URL(document, TOP), 'utf8')).filter(({ language }) => LANGUAGES.includes(language));
    if (blocks.length > 0)
        test(`the examples of ${document} do what they say`, { timeout: 300_000 }, () => play(document, blocks));
}
