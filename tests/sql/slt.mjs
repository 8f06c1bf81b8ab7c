// SPDX-License-Identifier: Apache-2.0
// Runs files in the sqllogictest format (https://sqlite.org/sqllogictest/doc/trunk/about.wiki) through HTTP and
// tells wrong answers from what is refused as not supported.  Ours (tests/unit/query/test_sql_files.c describes
// them) and foreign ones:
//
//     node tests/sql/slt.mjs http://127.0.0.1:8080 root PASSWORD file.test ...
//
// Foreign tables without a primary key become streams that never expire: those need none, and rows are then
// as anonymous as the files expect.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

const NOT_SUPPORTED = /not supported|unsupported|not available in this version/i;
const OURS = /^(?:rowsort)?$/; // `query`, `query rowsort`: rows with | between values

/** The records of a file: {kind, line, args, sql, expected}. */
export function parse(text) {
    const records = [];
    let conditions = [];
    const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
    for (let at = 0; at < lines.length;) {
        const line = at + 1;
        const [kind, ...args] = lines[at++].trim().split(/\s+/);
        if (kind === '' || kind.startsWith('#'))
            continue;
        if (kind === 'halt')
            break;
        if (kind === 'skipif' || kind === 'onlyif') {
            conditions.push([kind, args[0]]);
            continue;
        }
        const record = { kind, line, args, conditions };
        conditions = [];
        records.push(record);
        if (kind !== 'statement' && kind !== 'query')
            continue;
        const block = [];
        while (at < lines.length && lines[at].trim() !== '')
            block.push(lines[at++]);
        const bar = block.indexOf('----');
        record.sql = block.slice(0, bar < 0 ? undefined : bar).join('\n').replace(/;\s*$/, '');
        record.expected = bar < 0 ? [] : block.slice(bar + 1).map((row) => row.trimEnd());
    }
    return records;
}

const skipped = ({ conditions }) => conditions.some(([kind, who]) =>
    (kind === 'skipif') === ['kalamdb', 'postgresql'].includes(who.toLowerCase()));

// ---- values as text

const pad = (number, width) => String(number).padStart(width, '0');

function timeText(micros) {
    const fraction = micros % 1_000_000n;
    const seconds = micros / 1_000_000n;
    const clock = [seconds / 3600n % 24n, seconds / 60n % 60n, seconds % 60n].map((part) => pad(part, 2)).join(':');
    return fraction ? `${clock}.${pad(fraction, 6).replace(/0+$/, '')}` : clock;
}

const dateText = (days) => new Date(Number(days) * 86_400_000).toISOString().slice(0, 10);

function timestampText(micros) {
    const day = 86_400_000_000n;
    const days = (micros - ((micros % day) + day) % day) / day;
    return `${dateText(days)} ${timeText(micros - days * day)}`;
}

/** As the server's own text of a value (value_write_text). */
export function cellText(cell, type) {
    if (cell === null)
        return 'NULL';
    switch (type) {
    case 'Date': return dateText(cell);
    case 'Time': return timeText(BigInt(cell));
    case 'Timestamp': return timestampText(BigInt(cell));
    case 'DateTime': return `${timestampText(BigInt(cell))}+00`;
    case 'Bytes': return `\\x${Buffer.from(cell).toString('hex')}`;
    default: return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
    }
}

/** As sqllogictest prints it: I an integer, R three decimals, T text. */
function foreignText(cell, letter) {
    if (cell === null)
        return 'NULL';
    const number = typeof cell === 'boolean' ? Number(cell) : Number(cell);
    if (letter === 'R' && Number.isFinite(number))
        return number.toFixed(3);
    if (letter === 'I' && Number.isFinite(number))
        return /^-?\d+$/.test(String(cell)) ? String(cell) : String(Math.trunc(number));
    return String(cell) === '' ? '(empty)' : String(cell).replace(/[^\x20-\x7e]/g, '@');
}

// ---- comparing

function ourRows({ results }) {
    return results.flatMap(({ schema, rows, message }) =>
        schema?.length ? rows.map((row) => row.map((cell, at) => cellText(cell, schema[at].data_type)).join('|')) : [`[${message}]`]);
}

function foreignValues({ results: [{ rows = [] }] }, letters, sort) {
    let texts = rows.map((row) => row.map((cell, at) => foreignText(cell, letters[at] ?? 'T')));
    if (sort === 'rowsort')
        texts = texts.map((row) => [row.join('\n'), row]).sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, row]) => row);
    const values = texts.flat();
    return sort === 'valuesort' ? values.sort() : values;
}

function matchesForeign(envelope, { args: [letters, sort], expected }) {
    const values = foreignValues(envelope, letters, sort);
    const hashed = expected.length === 1 && /^(\d+) values hashing to ([0-9a-f]{32})$/.exec(expected[0]);
    if (!hashed) {
        // Some dialects of the format write a row a line.
        const got = expected.length === values.length ? values : values.join(' ').split(/\s+/);
        const wanted = expected.length === values.length ? expected : expected.join(' ').split(/\s+/);
        return { same: got.join('\n') === wanted.join('\n'), got: values.join('\n') };
    }
    const digest = createHash('md5').update(values.map((value) => `${value}\n`).join('')).digest('hex');
    return { same: digest === hashed[2] && values.length === Number(hashed[1]), got: `${values.length} values hashing to ${digest}` };
}

function matchesOurs(envelope, { args: [sort], expected }) {
    const got = ourRows(envelope);
    const order = (rows) => (sort === 'rowsort' ? [...rows].sort() : rows).join('\n');
    return { same: order(got) === order(expected), got: got.join('\n') };
}

// ---- running

const isAnonymous = (sql) => /^\s*create\s+table\b/i.test(sql) && !/primary\s+key/i.test(sql);
const asStream = (sql) => `${sql.replace(/create\s+table/i, 'CREATE STREAM TABLE')} WITH (RETENTION = 0, MAX_BUFFER = 0)`;

/**
 * Runs the records; `send(user, sql)` answers an envelope.  Resolves to
 * {passed, wrong, unsupported, failed, problems: [{line, kind, sql, expected, got}]}.
 */
export async function run(records, send, { foreign = false } = {}) {
    const outcome = { passed: 0, wrong: 0, unsupported: 0, failed: 0, problems: [] };
    const note = (kind, { line, sql, expected, args }, got) => {
        outcome[kind]++;
        outcome.problems.push({ kind, line, sql, expected: expected.length ? expected.join('\n') : args.join(' '), got });
    };
    let user = 'root';
    for (const record of records) {
        if (record.kind === 'user')
            [user] = record.args;
        if ((record.kind !== 'statement' && record.kind !== 'query') || skipped(record))
            continue;
        const envelope = await send(user, foreign && isAnonymous(record.sql) ? asStream(record.sql) : record.sql);
        const message = envelope.error && `ERROR ${envelope.error.code}: ${envelope.error.message}`;
        const mayFail = record.args[0] === 'error';
        if (message && !(record.kind === 'statement' && mayFail)) {
            note(NOT_SUPPORTED.test(message) ? 'unsupported' : 'failed', record, message);
        } else if (record.kind === 'statement') {
            const words = record.args.slice(1).join(' ');
            if (mayFail && !(message && (foreign || message.includes(words))))
                note('wrong', record, message ?? 'success');
            else
                outcome.passed++;
        } else {
            const { same, got } = foreign && !OURS.test(record.args.join(' ')) ? matchesForeign(envelope, record) : matchesOurs(envelope, record);
            if (same)
                outcome.passed++;
            else
                note('wrong', record, got);
        }
    }
    return outcome;
}

async function main([url, name, password, ...files]) {
    const { Client, request } = await import('../http/support/client.mjs');
    const { body } = await request(`${url}/v1/api/auth/login`, { json: { user: name, password } });
    const client = new Client(url, name, body);
    for (const [number, file] of files.entries()) {
        const space = `slt_${process.pid}_${number}`;
        await client.sql(`CREATE NAMESPACE ${space}`);
        const send = (_user, sql) => client.send(sql, undefined, { namespace_id: space });
        const { problems, ...counts } = await run(parse(readFileSync(file, 'utf8')), send, { foreign: true });
        for (const { kind, line, sql, expected, got } of problems.slice(0, 50))
            console.log(`${file}:${line}: ${kind}\n${sql}\n  expected: ${expected}\n  got: ${got}\n`);
        console.log(`${file}: ${JSON.stringify(counts)}`);
        await client.sql(`DROP NAMESPACE ${space} CASCADE`);
    }
}

if (import.meta.url === pathToFileURL(argv[1]).href)
    await main(argv.slice(2));
