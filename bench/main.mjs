// SPDX-License-Identifier: Apache-2.0
// Runs the questions one after another: those that are named, or all.

import { describeMachine } from './report.mjs';
import { SCALES } from './scale.mjs';

const QUESTIONS = ['insert', 'push', 'fanout', 'rooms', 'memory', 'lookup', 'idle'];

function parse(args) {
    const flags = args.filter((arg) => arg.startsWith('--')).map((flag) => flag.slice(2));
    const names = args.filter((arg) => !arg.startsWith('--'));
    const unknown = [...flags.filter((flag) => !SCALES[flag]), ...names.filter((name) => !QUESTIONS.includes(name))];
    if (unknown.length > 0)
        throw new Error(`unknown: ${unknown.join(' ')}; there are ${QUESTIONS.join(' ')} and --quick, --smoke`);
    return { scale: SCALES[flags[0] ?? 'full'], names: names.length > 0 ? names : QUESTIONS };
}

async function main() {
    const { scale, names } = parse(process.argv.slice(2));
    console.log(describeMachine());
    for (const name of names) {
        const { default: answer } = await import(`./questions/${name}.mjs`);
        await answer(scale);
    }
}

/* So that what was started is stopped: see processes.mjs. */
for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => process.exit(1));

main().then(() => process.exit(0), (error) => {
    console.error(`bench: ${error.stack}`);
    process.exit(1);
});
