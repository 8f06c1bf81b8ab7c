// SPDX-License-Identifier: Apache-2.0
// Reports node's tests as tools/test_summary reads them: one JSON object a line.

import { relative } from 'node:path';
import { inspect } from 'node:util';

/** Node 18 also reports each file as a test; it counts only when the file itself failed. */
function isFile({ name, nesting, file }) {
    return nesting === 0 && (name === file || name.endsWith('.test.mjs'));
}

function describe(error) {
    return inspect(error?.cause ?? error, { depth: 4, breakLength: 120 });
}

export default async function* report(events) {
    for await (const { type, data } of events) {
        const passed = type === 'test:pass';
        if (!passed && type !== 'test:fail')
            continue;
        const { error, type: kind } = data.details;
        const container = kind === 'suite' || isFile(data);
        if (container && (passed || error?.failureType === 'subtestsFailed'))
            continue;
        const name = `${relative(process.cwd(), data.file ?? '')}: ${data.name}`;
        const status = data.skip !== undefined ? 'skipped' : passed ? 'ok' : 'failed';
        process.stderr.write(`${status.padEnd(7)} ${name} (${Math.round(data.details.duration_ms)} ms)\n`);
        yield `${JSON.stringify({ name, status, output: passed ? '' : describe(error) })}\n`;
    }
}
