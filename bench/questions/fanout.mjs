// SPDX-License-Identifier: Apache-2.0
// One insert to 1, 100, 1,000, 10,000 subscribers, each on a WebSocket of its own.

import { fdatasync, measure, withKalamdb } from '../processes.mjs';
import { besides, report } from '../report.mjs';

const INSERTS_MIN = 20;

export default async function fanout({ audiences, deliveries, fsyncs }) {
    const disk = await fdatasync(fsyncs);
    const rows = [];
    for (const [kind, create] of [
        ['sync', "SHARED TABLE bench.fanout (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), body TEXT NOT NULL)"],
        ['stream', "STREAM TABLE bench.fanout (body TEXT NOT NULL) WITH (TTL_SECONDS = 10, SCOPE = 'shared')"],
    ]) {
        await withKalamdb(async (kalamdb) => {
            await kalamdb.sql(`CREATE NAMESPACE bench; CREATE ${create}`);
            for (const sockets of audiences) {
                const inserts = Math.min(2000, Math.max(INSERTS_MIN, Math.round(deliveries / sockets)));
                const [row] = await measure('fanout', [sockets, inserts], kalamdb);
                rows.push({ table: kind, ...row });
            }
        });
    }
    report('fanout', `one insert to many sockets; fdatasync p50 ${disk.p50_us} us, p99 ${disk.p99_us} us`, rows, besides(disk));
}
