// SPDX-License-Identifier: Apache-2.0
// A writer that keeps a side record of what was acknowledged to it.
//
// Each writer has a range of keys of its own in a pair of tables, and one statement (or
// transaction) under way at most.  So after a crash its rows must be exactly those of the record,
// or those of the record with the statement under way applied to it: nothing in between.

import assert from 'node:assert/strict';

export const KEYS_PER_WRITER = 1000;
const KEYS_IN_USE = 60;

/** The rows of one writer: a Map from key to {n, body} for each of the two tables. */
const copy = ([first, second]) => [new Map(first), new Map(second)];
const inOrder = (rows) => [...rows].sort(([a], [b]) => a - b).map(([id, { n, body }]) => [id, n, body]);
export const canonical = (state) => JSON.stringify(state.map(inOrder));

export class Writer {
    state = [new Map(), new Map()]; /* as acknowledged */
    underWay = null;                /* the state that the unanswered statement would make */
    history = [];                   /* of an async writer: every state since the last start */
    lastSeq = 0n;                   /* the greatest number acknowledged */
    acknowledged = 0;
    #client;
    #roll;
    #writes = 0;

    /** tables: two names.  isAsync: the tables have DURABILITY = 'async'. */
    constructor(number, client, tables, roll, { isAsync = false } = {}) {
        Object.assign(this, { number, tables, isAsync });
        this.#client = client;
        this.#roll = roll;
    }

    /** Writes until the server is gone, or until stop() of the rounds says so. */
    async writeUntil(isOver) {
        this.underWay = null;
        this.history = [canonical(this.state)];
        while (!isOver()) {
            const { sql, params, after } = this.#statement();
            this.underWay = after;
            let envelope;
            try {
                envelope = await this.#client.send(sql, params);
            } catch {
                return; /* the outcome is not known */
            }
            if (envelope.status === 'success')
                this.#acknowledge(envelope, after);
            else if (this.#refused(envelope, sql))
                return;
        }
    }

    #acknowledge({ results }, after) {
        const numbers = results.filter(({ seq }) => seq !== undefined).map(({ seq }) => BigInt(seq));
        assert.equal(numbers.length, 1, JSON.stringify(results));
        assert.ok(numbers[0] > this.lastSeq, `number ${numbers[0]} is not above ${this.lastSeq}`);
        this.lastSeq = numbers[0];
        this.state = after;
        this.underWay = null;
        this.acknowledged++;
        if (this.isAsync)
            this.history.push(canonical(after));
    }

    /** A server that is stopping may say no; then nothing was done. */
    #refused(envelope, sql) {
        assert.match(JSON.stringify(envelope), /shut|stopp/i, sql.slice(0, 200));
        this.underWay = null;
        return true;
    }

    /** Judges what is in the tables now, and goes on from there. */
    recover(found) {
        const now = canonical(found);
        const legal = this.isAsync ? [...this.history] : [canonical(this.state)];
        if (this.underWay)
            legal.push(canonical(this.underWay));
        if (!legal.includes(now))
            assert.fail(`writer ${this.number} (${this.tables}): ${this.#explain(found)}`);
        this.state = found;
        this.underWay = null;
    }

    #explain(found) {
        const lines = [];
        for (const at of [0, 1]) {
            const keys = new Set([...this.state[at].keys(), ...found[at].keys()]);
            for (const id of keys) {
                const [known, is] = [this.state[at].get(id), found[at].get(id)];
                if (known?.n !== is?.n)
                    lines.push(`${this.tables[at]} key ${id}: acknowledged ${known?.n}, under way ${this.underWay?.[at].get(id)?.n}, found ${is?.n}`);
            }
        }
        return lines.join('\n');
    }

    /* ---- what it writes ---- */

    #value() {
        const n = ++this.#writes;
        const length = this.#roll(20) ? this.#roll(200) : 20_000;
        return { n, body: `${this.number}.${n}.${'x'.repeat(length)}` };
    }

    #key(isTaken, table) {
        const held = [...Array(KEYS_IN_USE).keys()].map((at) => this.number * KEYS_PER_WRITER + at)
            .filter((id) => table.has(id) === isTaken);
        return held[this.#roll(held.length || 1)];
    }

    #statement() {
        const kinds = [this.#insertOne, this.#insertMany, this.#updateOne, this.#updateRange, this.#deleteOne,
            this.#deleteRange, this.#move, this.#move];
        for (;;) {
            const after = copy(this.state);
            const at = this.#roll(2);
            const statement = kinds[this.#roll(kinds.length)].call(this, this.tables[at], after[at], after);
            if (statement)
                return { ...statement, after };
        }
    }

    #insertOne(name, table) {
        const id = this.#key(false, table);
        if (id === undefined)
            return null;
        const { n, body } = this.#value();
        table.set(id, { n, body });
        return { sql: `INSERT INTO ${name} (id, w, n, body) VALUES ($1, $2, $3, $4)`, params: [id, this.number, n, body] };
    }

    #insertMany(name, table) {
        const tuples = [];
        for (let count = 2 + this.#roll(15); count > 0; count--) {
            const id = this.#key(false, table);
            if (id === undefined)
                break;
            const { n, body } = this.#value();
            table.set(id, { n, body });
            tuples.push(`(${id}, ${this.number}, ${n}, '${body}')`);
        }
        return tuples.length ? { sql: `INSERT INTO ${name} (id, w, n, body) VALUES ${tuples}` } : null;
    }

    #updateOne(name, table) {
        const id = this.#key(true, table);
        if (id === undefined)
            return null;
        const { n, body } = this.#value();
        table.set(id, { n, body });
        return { sql: `UPDATE ${name} SET n = $2, body = $3 WHERE id = $1`, params: [id, n, body] };
    }

    #range(table) {
        const from = this.number * KEYS_PER_WRITER + this.#roll(KEYS_IN_USE);
        const to = from + this.#roll(20);
        return { from, to, keys: [...table.keys()].filter((id) => id >= from && id <= to) };
    }

    #updateRange(name, table) {
        const { from, to, keys } = this.#range(table);
        if (!keys.length)
            return null;
        const { n, body } = this.#value();
        keys.forEach((id) => table.set(id, { n, body }));
        return { sql: `UPDATE ${name} SET n = $3, body = $4 WHERE id BETWEEN $1 AND $2`, params: [from, to, n, body] };
    }

    #deleteOne(name, table) {
        const id = this.#key(true, table);
        if (id === undefined)
            return null;
        table.delete(id);
        return { sql: `DELETE FROM ${name} WHERE id = $1`, params: [id] };
    }

    #deleteRange(name, table) {
        const { from, to, keys } = this.#range(table);
        if (!keys.length)
            return null;
        keys.forEach((id) => table.delete(id));
        return { sql: `DELETE FROM ${name} WHERE id BETWEEN $1 AND $2`, params: [from, to] };
    }

    /** A transaction over both tables: one row moves, another is changed. */
    #move(_, __, [first, second]) {
        const id = this.#key(true, first);
        if (id === undefined)
            return null;
        const [moved, changed] = [this.#value(), this.#value()];
        const other = this.#key(true, second);
        const place = second.has(id) ? `UPDATE ${this.tables[1]} SET n = ${moved.n}, body = '${moved.body}' WHERE id = ${id}`
            : `INSERT INTO ${this.tables[1]} VALUES (${id}, ${this.number}, ${moved.n}, '${moved.body}')`;
        let sql = `BEGIN; DELETE FROM ${this.tables[0]} WHERE id = ${id}; ${place};`;
        first.delete(id);
        second.set(id, moved);
        if (other !== undefined) {
            sql += ` UPDATE ${this.tables[1]} SET n = ${changed.n}, body = '${changed.body}' WHERE id = ${other};`;
            second.set(other, changed);
        }
        return { sql: `${sql} COMMIT` };
    }
}
