// SPDX-License-Identifier: Apache-2.0
// Reports node's tests as tools/test_summary reads them: one JSON object a line.

import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

/** Node names files by path or by URL, depending on its version. */
function shortName(text = '') {
    const path = text.startsWith('file:') ? fileURLToPath(text) : text;
    return path.startsWith('/') ? relative(process.cwd(), path) : path;
}

function describe(error, printed) {
    const reason = error?.cause ?? error;
    return `${typeof reason === 'string' ? reason : inspect(reason, { depth: 4, breakLength: 120 })}\n${printed}`;
}

export default async function* report(events) {
    const printed = new Map(); /* by file: what it wrote itself */
    for await (const { type, data } of events) {
        const file = shortName(data.file);
        if (type === 'test:stdout' || type === 'test:stderr')
            printed.set(file, (printed.get(file) ?? '') + data.message);
        if (type !== 'test:pass' && type !== 'test:fail')
            continue;

        /* A suite, and on some versions a file, is reported as a test too: only what it holds counts .. */
        const { error, type: kind, duration_ms } = data.details;
        const passed = type === 'test:pass';
        const isFile = data.nesting === 0 && shortName(data.name).endsWith('.test.mjs');
        if (passed && (kind === 'suite' || isFile))
            continue;
        /* .. unless it failed by itself. */
        if (error?.failureType === 'subtestsFailed')
            continue;
        const name = isFile ? shortName(data.name) : `${file}: ${data.name}`;
        const status = data.skip !== undefined ? 'skipped' : passed ? 'ok' : 'failed';
        const output = passed ? '' : describe(error, isFile ? printed.get(name) ?? '' : '');
        process.stderr.write(`${status.padEnd(7)} ${name} (${Math.round(duration_ms)} ms)\n`);
        yield `${JSON.stringify({ name, status, output })}\n`;
    }
}
