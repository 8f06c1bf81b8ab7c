// SPDX-License-Identifier: Apache-2.0
// What an authenticated WebSocket that does nothing costs the server.

import { hold, residentBytes, withKalamdb } from '../processes.mjs';
import { remark, report } from '../report.mjs';

const AIM_BYTES = 512;

export default async function memory({ sockets: counts }) {
    await withKalamdb(async (kalamdb) => {
        const rows = [];
        const holders = [];
        let open = 0;
        const start = residentBytes(kalamdb.pid);
        for (const count of counts) {
            const before = residentBytes(kalamdb.pid);
            holders.push(await hold('idle', [count - open], kalamdb));
            const resident = residentBytes(kalamdb.pid);
            rows.push({
                sockets: count,
                resident_kib: resident / 1024,
                bytes_each: (resident - start) / count,
                bytes_each_of_the_last: (resident - before) / (count - open),
            });
            open = count;
        }
        for (const holder of holders)
            await holder.end();
        report('memory', 'resident memory of the server with idle WebSockets', rows);
        const last = rows.at(-1).bytes_each_of_the_last;
        remark(`${last.toFixed(0)} bytes each, aim at most ${AIM_BYTES}: ${last <= AIM_BYTES ? 'met' : 'MISSED'}`);
    });
}
