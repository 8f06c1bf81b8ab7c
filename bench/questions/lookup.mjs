// SPDX-License-Identifier: Apache-2.0
// Point SELECT by primary key, against the same server's /health: what is SQL, what is HTTP?

import { withKalamdb, wrk } from '../processes.mjs';
import { median, medians, remark, report } from '../report.mjs';

const ROWS_AT_ONCE = 1000;

async function fill(kalamdb, keys) {
    await kalamdb.sql('CREATE NAMESPACE bench; CREATE SHARED TABLE bench.items (id BIGINT PRIMARY KEY, name TEXT NOT NULL, price DOUBLE)');
    for (let first = 1; first <= keys; first += ROWS_AT_ONCE) {
        const rows = Array.from({ length: Math.min(ROWS_AT_ONCE, keys - first + 1) }, (_, i) => `(${first + i}, 'item ${first + i}', ${i}.5)`);
        await kalamdb.sql(`INSERT INTO bench.items (id, name, price) VALUES ${rows.join(', ')}`);
    }
}

export default async function lookup({ rounds: count, seconds, keys, clients: counts }) {
    await withKalamdb(async (kalamdb) => {
        await fill(kalamdb, keys);
        const clients = counts.at(-1);
        const rounds = [];
        for (let i = 0; i < count; i++)
            rounds.push({
                select: await wrk(kalamdb, '/v1/api/sql', { sql: 'SELECT * FROM bench.items WHERE id = $1', keys, clients, seconds }),
                health: await wrk(kalamdb, '/health', { clients, seconds }),
            });
        const rows = ['select', 'health'].map((what) => {
            const { per_s, mean_us, p99_us, cpu_us } = medians(rounds.map((round) => round[what]));
            return { what, clients, requests_per_s: per_s, mean_us, p99_us, server_cpu_us: cpu_us };
        });
        report('lookup', `point SELECT over ${keys} rows against /health`, rows);
        remark(`select / health: ${median(rounds.map(({ select, health }) => select.per_s / health.per_s)).toFixed(2)}`);
    });
}
