// SPDX-License-Identifier: Apache-2.0
// docs/operations.md lists the configuration keys as the server does.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SERVER = process.env.KALAMDB_SERVER
    ?? fileURLToPath(new URL('../../build/debug/src/server/kalamdb', import.meta.url));

test('docs/operations.md lists the keys that kalamdb --list-keys prints', () => {
    const document = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const keys = execFileSync(SERVER, ['--list-keys'], { encoding: 'utf8' });
    const [first] = keys.split('\n');
    const at = document.indexOf(first);
    assert.equal(document.slice(at, at + keys.length), keys);
});
