// SPDX-License-Identifier: Apache-2.0
// Reading a document: its fenced blocks, and how an expectation is compared with what came.

import assert from 'node:assert/strict';

/** Each ```language word.. block: {language, words, text, line}, in order. */
export function blocksOf(markdown) {
    const blocks = [];
    let open = null;
    markdown.split('\n').forEach((text, at) => {
        const fence = text.match(/^```(.*)$/);
        if (!fence) {
            open?.lines.push(text);
        } else if (open) {
            blocks.push({ ...open, text: open.lines.join('\n') });
            open = null;
        } else {
            const [language, ...words] = fence[1].trim().split(/\s+/);
            open = { language, words, lines: [], line: at + 1 };
        }
    });
    assert.equal(open, null, 'a block has no end');
    return blocks;
}

/** The messages of a JSON block, one a line; an indented line goes on with the one before. */
export function messagesOf({ text }) {
    return text.replace(/\n\s+/g, '').split('\n').filter((line) => line);
}

// What differs from run to run; the documents show it as it was once.
const MASKS = [
    [/\b\d\d:\d\d:\d\d(\.\d{1,3})?/g, 'TIME'], /* without zeros at the end: a column's width varies */
    [/ +│/g, ' │'],
    [/─+/g, '─'],
    [/\b\d{4}-\d\d-\d\d\b/g, 'DATE'],
    [/\b\d{18}\b/g, 'SEQ'],
    [/\b1[67]\d{14}\b/g, 'MICROS'],
    [/\b1[67]\d{11}\b/g, 'MILLIS'],
    [/"took":[\d.]+/g, 'TOOK'],
    [/Took: [\d.]+ ms/g, 'TOOK'],
];

function masked(text) {
    return MASKS.reduce((all, [pattern, word]) => all.replace(pattern, word), text.trimEnd());
}

/** Whether actual is what expected says; … stands for anything. */
export function matches(actual, expected) {
    const parts = masked(expected).split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('[^]*?')}$`).test(masked(actual));
}

export function assertMatches(actual, expected) {
    if (!matches(actual, expected))
        assert.equal(masked(actual), masked(expected));
}
