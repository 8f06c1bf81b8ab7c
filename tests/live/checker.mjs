// SPDX-License-Identifier: Apache-2.0
// The checker of the one contract: for every live query, at every commit boundary T, the set of
// rows that the client holds equals the result of its SELECT as of T.
//
// A *reference* subscription without filter sees every commit of the table; folding it gives the
// table as of each T.  Every *watched* subscription records what it holds at each of its commit
// boundaries; afterwards the reference is replayed and each recorded set is compared with the
// filter applied to the table as of that T.  While folding, each message is checked by itself: no
// row inserted twice, none updated or deleted that is not held, old values as held, numbers rising.

import assert from 'node:assert/strict';

/* Columns that come and go meanwhile begin with extra: a row held from before lacks them. */
const isCompared = (name) => !name.startsWith('_') && !name.startsWith('extra');
const withoutSystem = (row) => Object.fromEntries(Object.entries(row).filter(([name]) => isCompared(name)));
const byKey = (a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1);
export const canonical = (rows) => JSON.stringify([...rows].map(withoutSystem).sort(byKey)
    .map((row) => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))));

/** One subscription, over as many connections as it takes. */
export class Watcher {
    rows = new Map();     /* id -> row, system columns included */
    seq = 0n;             /* where to resume */
    commits = [];         /* {seq, changes: [{id, row}]}: what each commit did, in order */
    boundaries = new Map(); /* commit -> canonical rows held */
    exactFrom = null;     /* the state is exact from this number on */
    resyncs = 0;
    alters = 0;           /* acknowledgements that told of other columns */
    rowsReceived = 0;
    #pending = [];
    #loading = false;
    #loadSeq = 0n;
    #columns;

    constructor(name, sql, { filter = () => true, keep = false, options = {} } = {}) {
        Object.assign(this, { name, sql, filter, keep, options });
    }

    /** Subscribes (or resumes) on a fresh connection and waits until it is ready. */
    async attach(live) {
        this.live = live;
        this.#loading = true;
        this.#pending = [];
        const started = this.seq > 0n;
        this.#loadSeq = this.seq;
        this.ready = new Promise((resolve) => { this.becameReady = resolve; });
        live.listen((message) => { if (message.subscription_id === this.name) this.#apply(message); });
        await live.subscribe(this.name, this.sql, { ...this.options, ...(started && { from: String(this.seq) }) });
        await live.waitFor((message) => message.subscription_id === this.name
            && message.batch_control?.status === 'ready' && message.type === 'initial_data_batch');
    }

    #fail(what, message) {
        throw new Error(`${this.name}: ${what}: ${JSON.stringify(message).slice(0, 500)}`);
    }

    #apply(message) {
        try {
            if (message.type === 'subscription_ack')
                this.#ack(message);
            else if (message.type === 'initial_data_batch')
                this.#batch(message);
            else if (message.type === 'change')
                this.#change(message);
            else if (message.type === 'error')
                this.#fail('error', message);
        } catch (error) {
            this.violation ??= error;
        }
    }

    #ack(message) {
        this.#columns = new Set(message.schema.map(({ name }) => name));
        if (!this.#loading && !message.resync)
            this.alters++;
        if (!message.resync)
            return;
        this.resyncs++;
        this.rows.clear();
        this.#loadSeq = 0n;
    }

    #batch(message) {
        for (const row of message.rows) {
            const seq = BigInt(row._seq);
            if (seq <= this.#loadSeq)
                this.#fail(`initial row out of order (${seq} after ${this.#loadSeq})`, row);
            this.#loadSeq = seq;
            this.#whole(row, message);
            this.rows.set(row.id, row);
            this.rowsReceived++;
        }
        if (message.batch_control.status !== 'ready')
            return;
        this.#loading = false;
        this.#pending = [];
        this.seq = BigInt(message.batch_control.last_seq ?? 0);
        this.exactFrom = this.seq;
        this.commits = [];
        this.boundaries.clear();
        this.base = new Map(this.rows);
    }

    #change(message) {
        const { change_type, rows = [], old_values = [] } = message;
        if (change_type === 'update' && rows.length !== old_values.length)
            this.#fail('lists of different length', message);
        const apply = { insert: this.#insert, update: this.#update, delete: this.#delete }[change_type];
        for (let at = 0; at < Math.max(rows.length, old_values.length); at++) {
            this.rowsReceived++;
            apply.call(this, rows[at], old_values[at], message);
        }
        if (message.commit !== undefined)
            this.#commit(BigInt(message.commit), message);
        else if (!this.#loading && rows.length + old_values.length === 0)
            this.#fail('an empty change', message);
    }

    /** Every row has the columns that the last acknowledgement named. */
    #known(row, message) {
        for (const name of Object.keys(row))
            if (!name.startsWith('_') && name !== 'id' && !this.#columns.has(name))
                this.#fail(`column ${name} was not told`, message);
    }

    #whole(row, message) {
        this.#known(row, message);
        for (const name of this.#columns)
            if (!(name in row))
                this.#fail(`column ${name} is missing`, message);
    }

    #rising(row, message) {
        const seq = BigInt(row._seq);
        const last = this.#loading ? this.#loadSeq : this.seq;
        if (seq <= last || (this.#lastRow !== undefined && seq <= this.#lastRow))
            this.#fail(`number ${seq} is not above ${last}`, message);
        if (this.#loading)
            this.#loadSeq = seq;
        else
            this.#lastRow = seq;
    }
    #lastRow;

    #insert(row, _, message) {
        this.#whole(row, message);
        this.#rising(row, message);
        if (this.rows.has(row.id))
            this.#fail('inserted twice', message);
        this.rows.set(row.id, row);
        this.#pending.push({ id: row.id, row });
    }

    #update(row, old, message) {
        this.#known(row, message);
        this.#known(old, message);
        this.#rising(row, message);
        const held = this.rows.get(row.id);
        if (!held)
            this.#fail('updated but not held', message);
        for (const [name, value] of Object.entries(old))
            if (name in held && JSON.stringify(held[name]) !== JSON.stringify(value))
                this.#fail(`old ${name} is ${JSON.stringify(value)}, held was ${JSON.stringify(held[name])}`, message);
        const nulled = Object.fromEntries(Object.keys(old).map((name) => [name, null]));
        const now = { ...held, ...nulled, ...row };
        this.rows.set(row.id, now);
        this.#pending.push({ id: row.id, row: now });
    }

    #delete(_, old, message) {
        this.#whole(old, message);
        this.#rising(old, message);
        if (!this.rows.has(old.id))
            this.#fail('deleted but not held', message);
        if (old._deleted !== true)
            this.#fail('a delete without _deleted', message);
        this.rows.delete(old.id);
        this.#pending.push({ id: old.id, row: null });
    }

    #commit(seq, message) {
        if (seq <= this.seq)
            this.#fail(`commit ${seq} is not above ${this.seq}`, message);
        this.seq = seq;
        if (this.keep)
            this.commits.push({ seq, changes: this.#pending });
        else
            this.boundaries.set(seq, canonical(this.rows.values()));
        this.#pending = [];
    }
}

/**
 * Replays the reference over its commits and compares every boundary that the watchers recorded
 * since both are exact.  Returns how many boundaries were compared.
 */
export function checkBoundaries(reference, watchers) {
    const table = new Map(reference.base);
    let compared = 0;
    const known = new Set(reference.commits.map(({ seq }) => seq));
    for (const { seq, changes } of reference.commits) {
        for (const { id, row } of changes)
            row ? table.set(id, row) : table.delete(id);
        for (const watcher of watchers) {
            const held = watcher.boundaries.get(seq);
            if (held === undefined)
                continue;
            const expected = canonical([...table.values()].filter(watcher.filter));
            assert.equal(held, expected, `${watcher.name} at commit ${seq}`);
            compared++;
        }
    }
    for (const watcher of watchers)
        for (const seq of watcher.boundaries.keys())
            if (seq > reference.exactFrom)
                assert.ok(known.has(seq), `${watcher.name} saw a commit ${seq} that the reference did not`);
    return compared;
}

/** xorshift32: the same run from the same seed. */
export function dice(seed) {
    let state = (seed | 0) || 1;
    return (sides) => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return (state >>> 0) % sides;
    };
}
