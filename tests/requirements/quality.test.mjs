// SPDX-License-Identifier: Apache-2.0
// Requirements R48, R74, R76, R80 and R81: about the tree and its tests themselves.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { DOCUMENT, filesBelow, readDocument, scanTests, TOP } from './requirements_doc.mjs';

const read = (path) => readFileSync(join(TOP, path), 'utf8');

/** The options of the build whose server the tests run. */
function buildOptions() {
    const server = process.env.KALAMDB_SERVER ?? join(TOP, 'build/debug/src/server/kalamdb');
    const info = JSON.parse(readFileSync(join(dirname(server), '../../meson-info/intro-buildoptions.json')));
    return Object.fromEntries(info.map(({ name, value }) => [name, value]));
}

test('r48 notifications are tested with address and undefined behaviour sanitizers', () => {
    assert.equal([buildOptions().b_sanitize].flat().join(), 'address,undefined');
});

test('r74 folders include only what stands below them, and one folder the storage engine', () => {
    execFileSync(join(TOP, 'tools/check_layers'), { cwd: TOP, stdio: 'pipe' });
    const users = filesBelow('src').filter((path) => /\.[ch]$/.test(path) && /#include\s*[<"]rocksdb\//.test(read(path)));
    assert.ok(users.length > 0);
    for (const path of users)
        assert.match(path, /^src\/store\//);
});

test('r76 no test is skipped, ignored or known to fail', () => {
    /* Written in two halves, so that this file does not find itself. */
    const words = ['\\btest\\.' + 'skip\\b', '\\btest\\.' + 'todo\\b', '\\.' + 'only\\(', '\\bskip' + ':\\s*', '\\bt\\.' + 'skip\\(',
        '^\\s*skip' + '\\(\\);', 'should_' + 'fail', '\\btodo' + ':', '# SK' + 'IP\\b'];
    const pattern = new RegExp(words.join('|'), 'm');
    for (const path of filesBelow('tests').filter((name) => /\.(c|mjs|build|test)$/.test(name) && !name.includes('/support/')))
        assert.doesNotMatch(read(path), pattern, path);
});

test('r80 the tree builds without a warning', () => {
    assert.match(read('meson.build'), /-Wconversion/);
    assert.match(read('dev'), /debug\) options=\([^)]*-Dwerror=true/, 'the build that tests run on');
    assert.match(buildOptions().warning_level, /[23]|everything/);
});

test('r81 every requirement has a test that is named after it, and the document says which', () => {
    const found = scanTests();
    const rows = readDocument();
    assert.ok(rows.length >= 45);
    assert.equal(new Set(rows.map(({ number }) => number)).size, rows.length, 'each number once');
    for (const { number, title, files } of rows) {
        assert.ok(title.trim().length > 0, number);
        assert.ok(files.length > 0, `${number} has no test: node tests/requirements/requirements_doc.mjs writes the table of ${DOCUMENT}`);
        for (const file of files)
            assert.ok(found.get(number)?.includes(file), `${file} has no test named after ${number}`);
    }
});
