// SPDX-License-Identifier: Apache-2.0
// Runs kalam, with pipes or on a terminal of its own.

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ROOT_PASSWORD } from '../http/support/server.mjs';

const BINARY = process.env.KALAMDB_CLI ?? fileURLToPath(new URL('../../build/debug/src/cli/kalam', import.meta.url));
const PATIENCE_MS = 20_000;

const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/** A running kalam: what it printed, and what to type. */
export class Kalam {
    stdout = '';
    stderr = '';
    code = undefined;
    #child;
    #ended;

    /** options: `env`, `terminal` (run it by script(1) on a terminal of 100 columns), `home`. */
    constructor(server, args = [], { env = {}, terminal = false, home = server.dataDir } = {}) {
        const command = [BINARY, ...args];
        const [program, ...rest] = terminal
            ? ['script', '-qec', `stty cols 100 rows 40; exec ${command.map(quote).join(' ')}`, '/dev/null']
            : command;
        this.#child = spawn(program, rest, {
            stdio: ['pipe', 'pipe', 'pipe'],
            env: {
                PATH: process.env.PATH, TERM: 'xterm', SHELL: '/bin/sh', HOME: home,
                KALAMDB_URL: server.url, KALAMDB_PASSWORD: ROOT_PASSWORD, ...env,
            },
        });
        this.#child.stdout.on('data', (text) => { this.stdout += text; });
        this.#child.stderr.on('data', (text) => { this.stderr += text; });
        this.#child.stdin.on('error', () => {}); /* it may end before it has read all */
        this.#ended = new Promise((resolve) => this.#child.on('close', (code) => {
            this.code = code;
            resolve(this);
        }));
    }

    type(text) {
        this.#child.stdin.write(text);
    }

    signal(name) {
        this.#child.kill(name);
    }

    /** Resolves once the output holds text (behind what the last see() found). */
    async see(text) {
        for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(10)) {
            const at = this.stdout.indexOf(text, this.#seen);
            if (at >= 0) {
                this.#seen = at + text.length;
                return this;
            }
        }
        throw new Error(`"${text}" did not come; instead:\n${this.stdout.slice(this.#seen)}\n${this.stderr}`);
    }
    #seen = 0;

    /** Ends its input and resolves to itself when it has ended. */
    async end(text = '') {
        this.#child.stdin.end(text);
        return await this.ended();
    }

    async ended() {
        const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
        await this.#ended;
        clearTimeout(timer);
        return this;
    }
}

/** Runs kalam to its end: {code, stdout, stderr}. */
export async function kalam(server, args, { input = '', ...options } = {}) {
    return await new Kalam(server, args, options).end(input);
}
