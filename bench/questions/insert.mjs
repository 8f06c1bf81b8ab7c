// SPDX-License-Identifier: Apache-2.0
// Durable single-row INSERT: over HTTP against PostgreSQL's prepared statements, and the disk.

import { fdatasync, pgbench, withKalamdb, withPostgres, wrk } from '../processes.mjs';
import { besides, median, medians, remark, report } from '../report.mjs';

const BODY = 'abcdefghij'.repeat(10);

async function prepare(kalamdb, postgres) {
    await kalamdb.sql(`CREATE NAMESPACE bench;
        CREATE SHARED TABLE bench.events (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), body TEXT NOT NULL)`);
    await postgres?.sql('CREATE TABLE events (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body TEXT NOT NULL)');
}

/** Everybody's turn at every number of clients; returns {disk, 'kalamdb 1', 'postgres 1', ..}. */
async function round(kalamdb, postgres, { clients: counts, seconds, fsyncs }) {
    const figures = { disk: await fdatasync(fsyncs) };
    for (const clients of counts) {
        figures[`kalamdb ${clients}`] = await wrk(kalamdb, '/v1/api/sql',
            { sql: `INSERT INTO bench.events (body) VALUES ('${BODY}')`, clients, seconds });
        if (postgres)
            figures[`postgres ${clients}`] = await pgbench(postgres, 'insert.pgbench.sql', { clients, seconds, variables: { body: BODY } });
    }
    return figures;
}

function tell(rounds, { clients: counts, rivals }) {
    const disk = medians(rounds.map((figures) => figures.disk));
    const disk_per_s = 1e6 / disk.p50_us;
    const rows = counts.flatMap((clients) => (rivals ? ['kalamdb', 'postgres'] : ['kalamdb']).map((who) => {
        const { per_s, mean_us, p99_us, cpu_us } = medians(rounds.map((figures) => figures[`${who} ${clients}`]));
        return { who, clients, inserts_per_s: per_s, mean_us, p99_us, server_cpu_us: cpu_us, x_fdatasync_rate: per_s / disk_per_s };
    }));
    report('insert', `durable single-row INSERT; fdatasync of 200 bytes: p50 ${disk.p50_us} us, p99 ${disk.p99_us} us`,
        rows, besides(disk));
    for (const clients of rivals ? counts : []) {
        const ratios = rounds.map((figures) => figures[`kalamdb ${clients}`].per_s / figures[`postgres ${clients}`].per_s);
        remark(`kalamdb / postgres at ${clients}: ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(' ')})`);
    }
}

export default async function insert(scale) {
    const withRival = scale.rivals ? withPostgres : (use) => use(null);
    await withKalamdb((kalamdb) => withRival(async (postgres) => {
        await prepare(kalamdb, postgres);
        const rounds = [];
        for (let i = 0; i < scale.rounds; i++)
            rounds.push(await round(kalamdb, postgres, scale));
        tell(rounds, scale);
    }));
}
