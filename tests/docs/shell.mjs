// SPDX-License-Identifier: Apache-2.0
// Runs the ```console blocks of a document: `$ command` lines, each followed by what it prints.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ROOT_PASSWORD } from '../http/support/server.mjs';
import { assertMatches, matches } from './blocks.mjs';

const SERVER = process.env.KALAMDB_SERVER
    ?? fileURLToPath(new URL('../../build/debug/src/server/kalamdb', import.meta.url));
const CLI = join(dirname(SERVER), '../cli/kalam');
const PATIENCE_MS = 30_000;

/** `> ` goes on with a command.  Output before the first command belongs to the live query. */
function stepsOf(text) {
    const steps = [{ command: null, output: [] }];
    for (const line of text.split('\n')) {
        const step = steps.at(-1);
        if (line.startsWith('$ '))
            steps.push({ command: line.slice(2), output: [] });
        else if (line.startsWith('> ') && step.output.length === 0)
            step.command += `\n${line.slice(2)}`;
        else
            step.output.push(line);
    }
    return steps.filter(({ command, output }) => command || output.length > 0);
}

/**
 * A directory in which ./dev is the client under test.  `./dev serve` restarts the server;
 * a command with --subscribe stays, and its output is waited for here and in later blocks.
 */
export class Shell {
    #server;
    #directory = mkdtempSync(join(tmpdir(), 'kalamdb-docs-'));
    #live = null; /* {child, text, read} */

    constructor(server) {
        this.#server = server;
        writeFileSync(join(this.#directory, 'dev'), `#!/bin/sh\nshift\nexec ${CLI} --user root "$@"\n`, { mode: 0o755 });
    }

    async run(text) {
        for (const { command, output } of stepsOf(text)) {
            if (command === './dev serve') {
                await this.#server.restart();
                await this.#awaitLive(output.join('\n'));
            } else if (command?.includes('--subscribe')) {
                await this.#endLive();
                this.#live = this.#start(command);
                await this.#awaitLive(output.join('\n'));
            } else if (command) {
                const job = this.#start(command);
                await job.ended;
                assertMatches(job.text, output.join('\n'));
            } else {
                await this.#awaitLive(output.join('\n'));
            }
        }
    }

    #start(command) {
        const child = spawn('bash', ['-c', `exec 2>&1\n${command}`], {
            cwd: this.#directory,
            env: { ...process.env, KALAMDB_URL: this.#server.url, KALAMDB_PASSWORD: ROOT_PASSWORD },
        });
        const job = { child, text: '', read: 0 };
        child.stdout.on('data', (text) => { job.text += text; });
        job.ended = new Promise((resolve) => child.on('close', resolve));
        return job;
    }

    async #awaitLive(expected) {
        const live = this.#live;
        for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(20)) {
            if (!matches(live.text.slice(live.read), expected))
                continue;
            live.read = live.text.length;
            return;
        }
        assertMatches(live.text.slice(live.read), expected);
    }

    async #endLive() {
        this.#live?.child.kill('SIGINT');
        await this.#live?.ended;
        this.#live = null;
    }

    async close() {
        await this.#endLive();
        rmSync(this.#directory, { recursive: true });
    }
}
