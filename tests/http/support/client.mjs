// SPDX-License-Identifier: Apache-2.0
// A small client that speaks the protocol as the existing ones do, and hides nothing of it.

import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';

import { ROOT_PASSWORD } from './server.mjs';

// ./dev puts the packages into build/node_modules, which is not where Node looks from here.
const require = createRequire(new URL('../../../build/', import.meta.url));
const WebSocket = require('ws');

const PATIENCE_MS = 20_000;

/** One request; resolves to {status, headers, text, body}, where body is the parsed JSON or undefined. */
export async function request(url, { token, json, ...options } = {}) {
    const headers = { ...(token && { authorization: `Bearer ${token}` }), ...options.headers };
    if (json !== undefined) {
        options = { method: 'POST', body: JSON.stringify(json), ...options };
        headers['content-type'] ??= 'application/json';
    }
    const response = await fetch(url, { ...options, headers });
    const text = await response.text();
    let body;
    try {
        body = JSON.parse(text);
    } catch {
        body = undefined;
    }
    return { status: response.status, headers: response.headers, text, body };
}

/** Logs in and resolves to a Client. */
export async function login(server, user = 'root', password = ROOT_PASSWORD) {
    const { status, text, body } = await request(`${server.url}/v1/api/auth/login`, { json: { user, password } });
    if (status !== 200)
        throw new Error(`login as ${user}: ${status} ${text}`);
    return new Client(server.url, user, body);
}

/** Creates the user (as root) and logs in. */
export async function newUser(server, user, { role = 'user', password = 'a long password' } = {}) {
    const root = await login(server);
    await root.sql(`CREATE USER '${user}' WITH PASSWORD '${password}' ROLE ${role}`);
    return await login(server, user, password);
}

/** What sql() throws for an error envelope. */
export class SqlError extends Error {
    constructor(status, envelope, sql) {
        super(`${envelope.error?.code}: ${envelope.error?.message} (HTTP ${status}) in: ${sql.slice(0, 200)}`);
        this.status = status;
        this.code = envelope.error?.code;
        this.text = envelope.error?.message;
        this.envelope = envelope;
    }
}

export class Client {
    constructor(url, user, session) {
        this.url = url;
        this.user = user;
        this.session = session; /* what login answered */
        this.token = session.access_token;
    }

    /** The parsed envelope, whatever it says; its HTTP status is in the (hidden) httpStatus. */
    async send(sql, params, more = {}) {
        const { status, text, body } = await request(`${this.url}/v1/api/sql`,
            { token: this.token, json: { sql, params, ...more } });
        if (body === undefined)
            throw new Error(`not JSON (HTTP ${status}): ${text}`);
        return Object.defineProperty(body, 'httpStatus', { value: status });
    }

    /** The envelope of a success; throws SqlError otherwise. */
    async sql(sql, params, more) {
        const envelope = await this.send(sql, params, more);
        if (envelope.status !== 'success' || envelope.error)
            throw new SqlError(envelope.httpStatus, envelope, sql);
        return envelope;
    }

    /** The rows of the first result as objects. */
    async rows(sql, params) {
        const { schema = [], rows = [] } = (await this.sql(sql, params)).results[0];
        return rows.map((row) => Object.fromEntries(schema.map(({ name }, at) => [name, row[at]])));
    }

    /** The error of a statement that must fail. */
    async error(sql, params) {
        const envelope = await this.send(sql, params);
        if (envelope.status !== 'error')
            throw new Error(`succeeded: ${sql}`);
        return new SqlError(envelope.httpStatus, envelope, sql);
    }

    /** An authenticated Live connection. */
    async live(options = {}) {
        return await Live.open(this.url, { token: this.token, ...options });
    }
}

/** A frame that holds no JSON becomes {type: 'raw', data}. */
function parse(data) {
    try {
        return JSON.parse(data.toString());
    } catch {
        return { type: 'raw', data };
    }
}

/**
 * One WebSocket.  Every message received is kept, in order, in `messages`; each has the
 * hidden properties `frame` ({binary, gzip, bytes}) and `at` (milliseconds).
 */
export class Live {
    messages = [];
    closed = null; /* {code, reason} */
    #socket;
    #changed = []; /* to be called at the next message or close */
    #listeners = [];
    #read = 0;
    #autoNextBatch;

    /**
     * options: token; auth 'header' (default), 'message' or 'none'; query ('?compress=false');
     * compression for auth 'message'; autoNextBatch (default true); headers; path.
     * Resolves to the Live after auth_success; rejects when the server refuses.
     */
    static async open(url, options = {}) {
        const live = new Live(url, options);
        const { auth = 'header', token, compression = 'gzip' } = options;
        await live.#opened();
        if (auth === 'none')
            return live;
        if (auth === 'message') {
            const protocol = { serialization: 'json', compression };
            live.send({ type: 'authenticate', method: 'jwt', token, protocol });
        }
        const answer = await live.next((message) => message.type.startsWith('auth_'));
        if (answer.type !== 'auth_success')
            throw new Error(`${answer.type}: ${answer.message}`);
        return live;
    }

    constructor(url, { auth = 'header', token, query = '', headers = {}, path = '/v1/ws', autoNextBatch = true }) {
        this.#autoNextBatch = autoNextBatch;
        if (auth === 'header' && token)
            headers = { authorization: `Bearer ${token}`, ...headers };
        this.#socket = new WebSocket(url.replace('http', 'ws') + path + query, { headers, perMessageDeflate: false });
        this.#socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
        this.#socket.on('close', (code, reason) => this.#end({ code, reason: reason.toString() }));
        this.#socket.on('error', () => {}); /* 'close' follows */
    }

    #opened() {
        return new Promise((resolve, reject) => {
            this.#socket.on('open', resolve);
            this.#socket.on('unexpected-response', (_, response) =>
                reject(Object.assign(new Error(`upgrade refused: HTTP ${response.statusCode}`), { status: response.statusCode })));
            this.#socket.on('error', reject);
        });
    }

    #receive(data, binary) {
        const gzip = binary && data[0] === 0x1f && data[1] === 0x8b;
        const message = parse(gzip ? gunzipSync(data) : data);
        Object.defineProperty(message, 'frame', { value: { binary, gzip, bytes: data.length } });
        Object.defineProperty(message, 'at', { value: performance.now() });
        this.messages.push(message);
        this.#listeners.forEach((listener) => listener(message));
        if (message.type === 'initial_data_batch' && message.batch_control.has_more && this.#autoNextBatch)
            this.nextBatch(message);
        this.#wake();
    }

    #end(how) {
        this.closed = how;
        this.#wake();
    }

    #wake() {
        for (const resolve of this.#changed.splice(0))
            resolve();
    }

    /** Resolves at the next message or close; rejects at the deadline. */
    async #change(deadline) {
        let timer;
        const late = new Promise((_, reject) => {
            timer = setTimeout(() => reject(new Error(this.#story('nothing came in time'))), deadline - Date.now());
        });
        await Promise.race([new Promise((resolve) => this.#changed.push(resolve)), late])
            .finally(() => clearTimeout(timer));
    }

    #story(what) {
        const last = this.messages.slice(-5).map((message) => JSON.stringify(message).slice(0, 300));
        return `${what}; closed: ${JSON.stringify(this.closed)}; ${this.messages.length} messages, the last:\n${last.join('\n')}`;
    }

    async #find(from, predicate, timeoutMs) {
        const deadline = Date.now() + timeoutMs;
        for (let at = from; ; at++) {
            while (at >= this.messages.length) {
                if (this.closed)
                    throw new Error(this.#story('the connection ended'));
                await this.#change(deadline);
            }
            if (predicate(this.messages[at]))
                return at;
        }
    }

    /** The first message ever received, or still to come, that predicate accepts. */
    async waitFor(predicate, timeoutMs = PATIENCE_MS) {
        return this.messages[await this.#find(0, predicate, timeoutMs)];
    }

    /** As waitFor(), but only what follows the message the last next() returned. */
    async next(predicate = () => true, timeoutMs = PATIENCE_MS) {
        const at = await this.#find(this.#read, predicate, timeoutMs);
        this.#read = at + 1;
        return this.messages[at];
    }

    /** All messages from the first on; ends with the connection. */
    async *[Symbol.asyncIterator]() {
        for (let at = 0; ; at++) {
            while (at >= this.messages.length) {
                if (this.closed)
                    return;
                await new Promise((resolve) => this.#changed.push(resolve));
            }
            yield this.messages[at];
        }
    }

    /** Calls listener with every message received so far and each to come. */
    listen(listener) {
        this.messages.forEach((message) => listener(message));
        this.#listeners.push(listener);
    }

    /** Sends an object as JSON, a string or a Buffer as it is. */
    send(message) {
        const raw = typeof message === 'string' || Buffer.isBuffer(message);
        this.#socket.send(raw ? message : JSON.stringify(message));
    }

    /** Subscribes and resolves to the ack; throws {code, message} when refused. */
    async subscribe(id, sql, options = {}, more = {}) {
        const from = this.messages.length;
        this.send({ type: 'subscribe', subscription: { id, sql, options, ...more } });
        const isAnswer = (message) => message.subscription_id === id
            && (message.type === 'subscription_ack' || message.type === 'error');
        const answer = this.messages[await this.#find(from, isAnswer, PATIENCE_MS)];
        if (answer.type === 'error')
            throw Object.assign(new Error(`${answer.code}: ${answer.message}`), { code: answer.code, text: answer.message });
        return answer;
    }

    /** Subscribes and resolves to a Replica that holds the complete initial data. */
    async replicate(id, sql, key, options = {}) {
        const replica = new Replica(id, key);
        await this.subscribe(id, sql, options);
        await this.waitFor((message) => message.subscription_id === id
            && message.type === 'initial_data_batch' && message.batch_control.status === 'ready');
        return replica.follow(this);
    }

    nextBatch({ subscription_id, batch_control }) {
        this.send({ type: 'next_batch', subscription_id, last_seq_id: batch_control.last_seq_id });
    }

    unsubscribe(id) {
        this.send({ type: 'unsubscribe', subscription_id: id });
    }

    pause() {
        this.#socket.pause();
    }

    resume() {
        this.#socket.resume();
    }

    /** Ends the connection, politely or (cut) without a word; resolves to {code, reason}. */
    async close({ cut = false } = {}) {
        if (cut)
            this.#socket.terminate();
        else
            this.#socket.close(1000);
        while (!this.closed)
            await this.#change(Date.now() + PATIENCE_MS);
        return this.closed;
    }
}

/**
 * What a client holds: a Map from primary key to row, folded from the messages of one
 * subscription.  `seq` is where to resume from; `changes` counts rows in change messages.
 */
export class Replica {
    rows = new Map();
    seq = 0n;
    changes = 0;
    #id;
    #key;

    constructor(id, key) {
        this.#id = id;
        this.#key = Array.isArray(key) ? key : [key];
    }

    /** Applies all messages that live has and will get.  Returns itself. */
    follow(live) {
        live.listen((message) => this.apply(message));
        return this;
    }

    keyOf(row) {
        return this.#key.map((name) => row[name]).join('\0');
    }

    /** The rows without what the server adds, sorted by key: comparable with SELECT's. */
    sorted() {
        const clean = (row) => Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('_')));
        return [...this.rows.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => clean(row));
    }

    apply(message) {
        if (message.subscription_id !== this.#id)
            return;
        if (message.type === 'subscription_ack' && message.resync)
            this.rows.clear();
        else if (message.type === 'initial_data_batch')
            message.rows.forEach((row) => this.#put(row));
        else if (message.type === 'change')
            this.#change(message);
    }

    #put(row) {
        this.rows.set(this.keyOf(row), { ...row });
        this.#seen(row);
    }

    #change({ change_type, rows = [], old_values = [] }) {
        this.changes += Math.max(rows.length, old_values.length);
        if (change_type === 'insert')
            rows.forEach((row) => this.#put(row));
        else if (change_type === 'update')
            rows.forEach((row, at) => this.#update(row, old_values[at] ?? {}));
        else if (change_type === 'delete')
            old_values.forEach((row) => this.#delete(row));
    }

    /** A column that changed to NULL is only a name in the old values. */
    #update(row, old) {
        const now = { ...this.rows.get(this.keyOf(row)) };
        for (const name of Object.keys(old))
            now[name] = null;
        this.#put({ ...now, ...row });
    }

    #delete(row) {
        this.rows.delete(this.keyOf(row));
        this.#seen(row);
    }

    #seen(row) {
        if (row._seq !== undefined && BigInt(row._seq) > this.seq)
            this.seq = BigInt(row._seq);
    }
}
