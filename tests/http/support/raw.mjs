// SPDX-License-Identifier: Apache-2.0
// A bare socket, for what no HTTP client would ever send.

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

const PATIENCE_MS = 20_000;

/** A connection that keeps everything it receives in `text`. */
export class Raw {
    text = '';
    ended = false; /* the server closed, or reset, the connection */
    #socket;
    #changed = [];

    static async open(port, options = {}) {
        const raw = new Raw(connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...options }));
        await once(raw.#socket, 'connect');
        return raw;
    }

    constructor(socket) {
        this.#socket = socket;
        socket.on('data', (data) => { this.text += data.toString('latin1'); this.#wake(); });
        socket.on('end', () => { this.ended = true; this.#wake(); });
        socket.on('close', () => { this.ended = true; this.#wake(); });
        socket.on('error', () => {}); /* 'close' follows */
    }

    #wake() {
        this.#changed.splice(0).forEach((resolve) => resolve());
    }

    /** Waits until predicate(text) or the end of the connection; rejects after the patience. */
    async until(predicate = () => false, patienceMs = PATIENCE_MS) {
        const deadline = Date.now() + patienceMs;
        while (!predicate(this.text) && !this.ended) {
            let timer;
            const late = new Promise((_, reject) => {
                timer = setTimeout(() => reject(new Error(`nothing came; so far: ${this.text.slice(-500)}`)),
                    deadline - Date.now());
            });
            await Promise.race([new Promise((resolve) => this.#changed.push(resolve)), late])
                .finally(() => clearTimeout(timer));
        }
        return this.text;
    }

    /** Sends; resolves when the system has taken it all (or the connection is gone). */
    async send(bytes) {
        if (!this.#socket.writable)
            return;
        await new Promise((resolve) => this.#socket.write(bytes, resolve));
    }

    /** Tells the server that nothing more comes; it may still answer. */
    finish() {
        this.#socket.end();
    }

    pause() {
        this.#socket.pause();
    }

    resume() {
        this.#socket.resume();
    }

    destroy() {
        this.#socket.destroy();
    }
}

/** One exchange over a fresh connection: everything the server says until it closes. */
export async function exchange(port, bytes) {
    const raw = await Raw.open(port);
    await raw.send(bytes);
    const text = await raw.until();
    raw.destroy();
    return text;
}

/** The status codes in a stream of responses. */
export function statuses(text) {
    return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const encode = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');

/** A token with any header and claims, signed with any secret (null: not signed). */
export function forgeToken(claims, secret, header = { alg: 'HS256', typ: 'JWT' }) {
    const body = `${encode(header)}.${encode(claims)}`;
    const signature = secret === null ? '' : createHmac('sha256', secret).update(body).digest('base64url');
    return `${body}.${signature}`;
}

/** What is inside a token. */
export function tokenClaims(token) {
    return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
}
