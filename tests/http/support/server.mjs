// SPDX-License-Identifier: Apache-2.0
// A real server for a test: its own port, its own directory under /tmp, a known root password.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT_PASSWORD = 'correct horse battery';

const BINARY = process.env.KALAMDB_SERVER
    ?? fileURLToPath(new URL('../../../build/debug/src/server/kalamdb', import.meta.url));
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 60_000;

const running = new Set();
const directories = new Set();
process.on('exit', () => {
    for (const child of running)
        child.kill('SIGKILL');
    for (const directory of directories)
        rmSync(directory, { recursive: true, force: true });
});

async function freePort() {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await once(probe, 'close');
    return port;
}

/**
 * options: `env` (more environment), `config` (text of server.toml), `wrapper` (a command
 * the server is run by, e.g. ['strace', '-f']); all optional.  Resolves once it answers.
 */
export async function startServer(options = {}) {
    const server = new Server(await freePort(), options);
    await server.start();
    return server;
}

class Server {
    #options;
    #child = null;
    #exited = null;
    #log = '';

    constructor(port, options) {
        this.#options = options;
        this.port = port;
        this.url = `http://127.0.0.1:${port}`;
        this.dataDir = mkdtempSync(join(tmpdir(), 'kalamdb-test-'));
        directories.add(this.dataDir);
        this.configFile = join(this.dataDir, 'server.toml');
        writeFileSync(this.configFile, options.config ?? '');
    }

    get pid() {
        return this.#child?.pid;
    }

    /** Everything the server has printed, over all its starts. */
    log() {
        return this.#log;
    }

    async start(env = {}) {
        const [program, ...args] = [...(this.#options.wrapper ?? []), BINARY, this.configFile];
        const child = spawn(program, args, {
            cwd: this.dataDir,
            stdio: ['ignore', 'pipe', 'pipe'],
            env: {
                ...process.env,
                KALAMDB_SERVER_HOST: '127.0.0.1',
                KALAMDB_SERVER_PORT: String(this.port),
                KALAMDB_DATA_DIR: join(this.dataDir, 'data'),
                KALAMDB_LOGS_DIR: join(this.dataDir, 'logs'),
                KALAMDB_ROOT_PASSWORD: ROOT_PASSWORD,
                ...this.#options.env,
                ...env,
            },
        });
        this.#child = child;
        running.add(child);
        for (const stream of [child.stdout, child.stderr])
            stream.on('data', (text) => { this.#log += text; });
        this.#exited = new Promise((resolve) => {
            child.on('error', (error) => resolve({ error }));
            child.on('close', (code, signal) => resolve({ code, signal }));
        }).then((how) => {
            running.delete(child);
            return how;
        });
        await this.#answers();
    }

    async #answers() {
        let gone = null;
        this.#exited.then((how) => { gone = how; });
        for (const deadline = Date.now() + START_DEADLINE_MS; Date.now() < deadline; await sleep(20)) {
            if (gone)
                throw new Error(`the server ended: ${JSON.stringify(gone)} ${gone.error ?? ''}\n${this.#log}`);
            const response = await fetch(`${this.url}/health`).catch(() => null);
            if (response?.ok)
                return;
        }
        await this.kill();
        throw new Error(`no answer from ${this.url} in time\n${this.#log}`);
    }

    /** Resolves when the process has ended by itself, to {code, signal}. */
    exited() {
        return this.#exited;
    }

    /** Sends the signal and waits for the end: {code, signal}. */
    async kill(signal = 'SIGKILL') {
        this.#child.kill(signal);
        return await this.#exited;
    }

    /** Stops it gracefully; an exit status other than 0 (also a sanitizer's report) is an error. */
    async stop() {
        const timer = setTimeout(() => this.#child.kill('SIGABRT'), STOP_DEADLINE_MS);
        const how = await this.kill('SIGTERM');
        clearTimeout(timer);
        if (how.code !== 0)
            throw new Error(`the server stopped with ${JSON.stringify(how)}\n${this.#log}`);
    }

    /** Starts it again on the same port and data, after stop() or kill() or from running. */
    async restart(env = {}) {
        if (running.has(this.#child))
            await this.stop();
        await this.start(env);
    }
}
