// SPDX-License-Identifier: Apache-2.0
// What an insert costs while 1, 1,000, 100,000 live queries watch other rooms of its table.

import { measure, withKalamdb } from '../processes.mjs';
import { remark, report } from '../report.mjs';

const AIM = 1.1;

export default async function rooms({ roomRounds, roomInserts, queries }) {
    await withKalamdb(async (kalamdb) => {
        await kalamdb.sql('CREATE NAMESPACE bench');
        for (const count of queries)
            await kalamdb.sql(`CREATE SHARED TABLE bench.rooms_${count}
                (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), room INT NOT NULL, body TEXT NOT NULL) WITH (DURABILITY = 'async')`);
        const rows = await measure('rooms', [roomRounds, roomInserts, ...queries], kalamdb);
        report('rooms', 'cost of an insert into room 0 while Q queries watch rooms 1..Q (async table, one connection)', rows);
        const [few, many] = [rows[0], rows.at(-1)];
        for (const field of ['cpu_us', 'p50_us']) {
            const ratio = many[field] / few[field];
            remark(`${field} at ${many.queries} / at ${few.queries}: ${ratio.toFixed(3)}, aim below ${AIM}: ${ratio < AIM ? 'met' : 'MISSED'}`);
        }
    });
}
