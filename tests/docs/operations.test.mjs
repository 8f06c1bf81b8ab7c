// SPDX-License-Identifier: Apache-2.0
// docs/operations.md lists the configuration keys as the server does, and its example is one.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { blocksOf } from './blocks.mjs';

const SERVER = process.env.KALAMDB_SERVER
    ?? fileURLToPath(new URL('../../build/debug/src/server/kalamdb', import.meta.url));
const DOCUMENT = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

test('docs/operations.md lists the keys that kalamdb --list-keys prints', () => {
    const keys = execFileSync(SERVER, ['--list-keys'], { encoding: 'utf8' });
    const [first] = keys.split('\n');
    const at = DOCUMENT.indexOf(first);
    assert.equal(DOCUMENT.slice(at, at + keys.length), keys);
});

test('the configuration in docs/operations.md is accepted without a warning', () => {
    const directory = mkdtempSync(join(tmpdir(), 'kalamdb-docs-'));
    const file = join(directory, 'server.toml');
    writeFileSync(file, blocksOf(DOCUMENT).find(({ language }) => language === 'toml').text);
    assert.equal(execFileSync(SERVER, ['--check-config', file], { encoding: 'utf8' }), `${file}: fine\n`);
    rmSync(directory, { recursive: true });
});
