// SPDX-License-Identifier: Apache-2.0
// A server that nobody talks to: memory, CPU, and how long it takes to be there.

import { rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { cpuUs, residentBytes, withKalamdb } from '../processes.mjs';
import { median, report } from '../report.mjs';

const ask = (url) => new Promise((resolve) => {
    get(url, (response) => {
        response.resume().on('end', () => resolve(response.statusCode === 200));
    }).on('error', () => resolve(false));
});

/** Milliseconds from starting the program until it has answered. */
async function startMs(server) {
    const started = performance.now();
    const ready = server.start();
    while (!await ask(`${server.url}/health`))
        await sleep(1);
    const ms = performance.now() - started;
    await ready;
    return ms;
}

export default async function idle({ idleSeconds, starts }) {
    await withKalamdb(async (kalamdb) => {
        const { server } = kalamdb;
        const fresh = [];
        const again = [];
        for (let i = 0; i < starts; i++) {
            await server.stop();
            rmSync(join(server.dataDir, 'data'), { recursive: true, force: true });
            fresh.push(await startMs(server));
            await server.stop();
            again.push(await startMs(server));
        }
        await sleep(1000);
        const cpu = cpuUs(server.pid);
        await sleep(idleSeconds * 1000);
        report('idle', 'a server at rest', [{
            first_start_ms: median(fresh),
            start_ms: median(again),
            resident_kib: residentBytes(server.pid) / 1024,
            cpu_ms_per_s: (cpuUs(server.pid) - cpu) / 1000 / idleSeconds,
        }]);
    });
}
