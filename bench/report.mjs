// SPDX-License-Identifier: Apache-2.0
// What is printed, and what is kept: one JSON object a line in build/bench/results.jsonl.

import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const DIRECTORY = new URL('../build/bench/', import.meta.url);
const RUN = new Date().toISOString();

export function describeMachine() {
    const debian = readFileSync('/etc/debian_version', 'utf8').trim();
    const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
    return `${cpus().length} cores (${cpus()[0].model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Debian ${debian}, load ${load}`;
}

export function median(numbers) {
    const sorted = [...numbers].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The median of each numeric field over all objects. */
export function medians(objects) {
    const names = Object.keys(objects[0]).filter((name) => typeof objects[0][name] === 'number');
    return Object.fromEntries(names.map((name) => [name, median(objects.map((object) => object[name]))]));
}

function format(value) {
    if (typeof value !== 'number')
        return String(value ?? '');
    const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 1 ? 1 : 3;
    return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Prints the rows (objects with the same fields) under the title and keeps them, with `more` in each. */
export function report(question, title, rows, more = {}) {
    const names = Object.keys(rows[0]);
    const cells = [names.map((name) => name.replaceAll('_', ' ')), ...rows.map((row) => names.map((name) => format(row[name])))];
    const widths = names.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
    const isText = names.map((name) => typeof rows[0][name] === 'string');
    console.log(`\n${title}\n`);
    for (const line of cells)
        console.log(`  ${line.map((cell, column) => isText[column] ? cell.padEnd(widths[column]) : cell.padStart(widths[column])).join('  ')}`);
    mkdirSync(DIRECTORY, { recursive: true });
    for (const row of rows)
        appendFileSync(new URL('results.jsonl', DIRECTORY), `${JSON.stringify({ run: RUN, question, ...row, ...more })}\n`);
}

/** What durable figures have beside them: the result of fdatasync(). */
export function besides(disk) {
    return { fdatasync_p50_us: disk.p50_us, fdatasync_p99_us: disk.p99_us };
}

/** A sentence below the table: a ratio or an aim. */
export function remark(text) {
    console.log(`  ${text}`);
}
