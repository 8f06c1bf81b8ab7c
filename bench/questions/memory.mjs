// SPDX-License-Identifier: Apache-2.0
// What the server's resident memory grows by: for a WebSocket that does nothing, for one with a live
// query, for a live query more, for one more that others have, too.

import { hold, residentBytes, withKalamdb } from '../processes.mjs';
import { remark, report } from '../report.mjs';

const AIM_BYTES = 512;
const FEW = 12; /* WebSockets that share many live queries */

/** Bytes that each of `count` things costs, in a server of its own that had `before` of them. */
async function cost(what, count, args, before = []) {
    return await withKalamdb(async (kalamdb) => {
        await kalamdb.sql('CREATE NAMESPACE bench; CREATE SHARED TABLE bench.rooms (id BIGINT PRIMARY KEY, room INT)');
        const holders = before.length > 0 ? [await hold('idle', before, kalamdb)] : [];
        const start = residentBytes(kalamdb.pid);
        holders.push(await hold('idle', args, kalamdb));
        const end = residentBytes(kalamdb.pid);
        for (const holder of holders)
            await holder.end();
        return { what, count, resident_before_kib: start / 1024, resident_kib: end / 1024, bytes_each: (end - start) / count };
    });
}

export default async function memory({ sockets: [few, many], watchers, watched }) {
    const rows = [
        await cost('idle WebSocket', many - few, [many - few], [few]),
        await cost('WebSocket with a live query', watchers, [watchers, watchers]),
        await cost('live query', watched, [FEW, watched]),
        await cost('live query that others have, too', watched, [FEW, watched, FEW]),
    ];
    report('memory', 'resident memory of the server', rows);
    remark(`an idle WebSocket: ${rows[0].bytes_each.toFixed(0)} bytes, aim at most ${AIM_BYTES}: ${rows[0].bytes_each <= AIM_BYTES ? 'met' : 'MISSED'}`);
}
