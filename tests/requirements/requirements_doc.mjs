// SPDX-License-Identifier: Apache-2.0
// docs/requirements.md: which tests show which requirement.  Tests carry the numbers in their
// names; the table's last column is written from those, its other columns by hand.
//
//     node tests/requirements/requirements_doc.mjs     rewrites the last column

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

export const TOP = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
export const DOCUMENT = join(TOP, 'docs/requirements.md');
const ROW = /^\| (R\d+) \| ([^|]+) \| ([^|]*) \|$/;

/** All files below a folder, with paths from the top. */
export function filesBelow(folder) {
    return readdirSync(join(TOP, folder), { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? filesBelow(path) : [path];
    }).sort();
}

/** The numbers in the names of a file's tests: `static void r24_r25_..(` in C, `test('r24 r25 ..` here. */
function numbersIn(path) {
    const text = readFileSync(join(TOP, path), 'utf8');
    const names = path.endsWith('.c') ? text.matchAll(/^static void ((?:r\d+_)+)/gm) : text.matchAll(/\btest\(['"`]((?:r\d+ )+)/g);
    return new Set([...names].flatMap(([, name]) => name.match(/\d+/g)).map((digits) => `R${digits}`));
}

/** A Map from number to the files with tests named after it. */
export function scanTests() {
    const found = new Map();
    for (const path of filesBelow('tests').filter((name) => /\/test_\w+\.c$|\.test\.mjs$/.test(name)))
        for (const number of numbersIn(path))
            found.set(number, [...found.get(number) ?? [], path]);
    return found;
}

/** The rows of the document: [{number, title, files}]. */
export function readDocument() {
    return readFileSync(DOCUMENT, 'utf8').split('\n').map((line) => line.match(ROW)).filter(Boolean)
        .map(([, number, title, files]) => ({ number, title, files: [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => file) }));
}

export function rewriteDocument() {
    const found = scanTests();
    const lines = readFileSync(DOCUMENT, 'utf8').split('\n').map((line) => {
        const row = line.match(ROW);
        return row ? `| ${row[1]} | ${row[2]} | ${(found.get(row[1]) ?? []).map((file) => `\`${file}\``).join(', ')} |` : line;
    });
    writeFileSync(DOCUMENT, lines.join('\n'));
}

if (relative(fileURLToPath(import.meta.url), argv[1] ?? '') === '')
    rewriteDocument();
