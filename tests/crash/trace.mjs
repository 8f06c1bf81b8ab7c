// SPDX-License-Identifier: Apache-2.0
// What syscalls.c wrote down, and the question it answers: which sync covers which acknowledgement.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HEADER_BYTES = 32;
const BLOCK_BYTES = 32768;      /* of RocksDB's log; each begins with .. */
const BLOCK_HEADER_BYTES = 7;   /* .. the header of a record or of a part of one */

/** Compiles the library into a directory; resolves to its path. */
export function buildPreload(directory) {
    const library = join(directory, 'syscalls.so');
    const source = fileURLToPath(new URL('syscalls.c', import.meta.url));
    execFileSync('cc', ['-std=gnu17', '-O2', '-Wall', '-Wextra', '-shared', '-fPIC', '-o', library, source, '-ldl']);
    return library;
}

/** A server's environment with the library; a sanitizer need not be the first library then. */
export function preloadEnv(library, more) {
    const asan = [process.env.ASAN_OPTIONS, 'verify_asan_link_order=0'].filter(Boolean).join(':');
    return { LD_PRELOAD: library, ASAN_OPTIONS: asan, ...more };
}

/** The calls in the order in which they ended: {kind, fd, begin, end, name, data}. */
export function readTrace(file) {
    const bytes = readFileSync(file);
    const calls = [];
    for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
        const nameBytes = bytes.readUInt32LE(at + 24), dataBytes = bytes.readUInt32LE(at + 28);
        const dataAt = at + HEADER_BYTES + nameBytes;
        if (dataAt + dataBytes > bytes.length)
            break; /* being written at this moment */
        const name = bytes.toString('latin1', at + HEADER_BYTES, dataAt);
        calls.push({
            kind: String.fromCharCode(bytes.readUInt32LE(at)), fd: bytes.readUInt32LE(at + 4),
            begin: bytes.readBigUInt64LE(at + 8), end: bytes.readBigUInt64LE(at + 16),
            name: name.startsWith('socket') ? 'socket' : name, data: bytes.subarray(dataAt, dataAt + dataBytes),
        });
        at = dataAt + dataBytes;
    }
    return calls;
}

/** Several writes as one text, and which of them wrote a place in it. */
class Written {
    #writes = [];
    #size = 0;

    add(call) {
        this.#writes.push({ call, from: this.#size });
        this.#size += call.data.length;
    }

    text() {
        return Buffer.concat(this.#writes.map(({ call }) => call.data)).toString('latin1');
    }

    callAt(place) {
        let low = 0, high = this.#writes.length - 1;
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (this.#writes[middle].from <= place)
                low = middle;
            else
                high = middle - 1;
        }
        return this.#writes[low].call;
    }
}

function gather(calls, keyOf) {
    const groups = new Map();
    for (const call of calls) {
        const key = keyOf(call);
        if (!groups.has(key))
            groups.set(key, new Written());
        groups.get(key).add(call);
    }
    return groups;
}

/** The text of a log without the headers of its blocks, so that what crosses one is found; and the way back. */
function withoutBlockHeaders(text) {
    const parts = [];
    for (let at = 0; at < text.length; at += BLOCK_BYTES)
        parts.push(text.slice(at + BLOCK_HEADER_BYTES, at + BLOCK_BYTES));
    const perBlock = BLOCK_BYTES - BLOCK_HEADER_BYTES;
    return { text: parts.join(''), back: (place) => Math.floor(place / perBlock) * BLOCK_BYTES + BLOCK_HEADER_BYTES + place % perBlock };
}

/** Calls found(match, endOfMatch) for each match. */
function eachMatch(text, pattern, found) {
    for (const match of text.matchAll(pattern))
        found(match, match.index + match[0].length - 1);
}

/**
 * Rows carry a body `token-<id>-end`; replies name the id in row_ids.  Resolves to a Map from id to
 * {logged, log, acknowledged, sync}: the call that wrote the last byte of the commit's body into the log, the
 * first sync of that log that began afterwards and succeeded, and the call that began the 200 reply.
 */
export function coverage(calls) {
    const rows = new Map();
    const of = (id) => rows.get(id) ?? rows.set(id, { id }).get(id);

    const logs = gather(calls.filter(({ kind, name }) => kind === 'W' && name !== 'socket'), ({ name }) => name);
    for (const [log, written] of logs) {
        const { text, back } = withoutBlockHeaders(written.text());
        eachMatch(text, /token-(\d+)-end/g, ([, id], end) => {
            Object.assign(of(id), { log, logged: written.callAt(back(end)) });
        });
    }
    const sockets = gather(calls.filter(({ kind, name }) => kind === 'W' && name === 'socket'), ({ fd }) => fd);
    for (const written of sockets.values()) {
        const text = written.text();
        eachMatch(text, /"row_ids":\["(\d+)"\]/g, ({ 1: id, index }) => {
            const head = text.lastIndexOf('HTTP/1.1 200 ', index);
            if (head >= 0)
                of(id).acknowledged = written.callAt(head);
        });
    }
    const syncs = calls.filter(({ kind }) => kind === 'S');
    for (const row of rows.values())
        if (row.logged)
            row.sync = syncs.find(({ name, begin }) => name === row.log && begin >= row.logged.end);
    return rows;
}
