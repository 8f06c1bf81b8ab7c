// SPDX-License-Identifier: Apache-2.0
// Jobs and files, as the tests of the cold tier look at them.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 30_000;
const JOB_IDS = /Job IDs?: \[?([A-Z]{2}-[0-9a-f]{12}(?:, [A-Z]{2}-[0-9a-f]{12})*)\]?$/;
const ENDED = ['completed', 'skipped', 'failed', 'cancelled'];

/** The ids that the message of a statement names. */
export const jobIds = ({ results: [{ message }] }) => JOB_IDS.exec(message)?.[1].split(', ') ?? [];

/** The row of system.jobs once the job has ended, however that is. */
export async function jobEnded(root, id) {
    return await eventually(`job ${id} ends`, async () => {
        const [job] = await root.rows(`SELECT * FROM system.jobs WHERE job_id = '${id}'`);
        return ENDED.includes(job?.status) && job;
    });
}

/** Runs STORAGE FLUSH or COMPACT and waits; the jobs it started, all completed. */
export async function maintain(root, sql) {
    const answer = await root.sql(sql);
    const jobs = await Promise.all(jobIds(answer).map((id) => jobEnded(root, id)));
    for (const job of jobs)
        assert.equal(job.status, 'completed', JSON.stringify(job));
    return jobs;
}
export const flush = (root, table) => maintain(root, `STORAGE FLUSH TABLE ${table}`);

/** What check() resolves to, once that is true. */
export async function eventually(what, check, patience = PATIENCE_MS) {
    for (const deadline = Date.now() + patience; ; await sleep(20)) {
        const value = await check();
        if (value)
            return value;
        assert.ok(Date.now() < deadline, `not in time: ${what}`);
    }
}

/** The Parquet files below a directory of the storage `local`, by path relative to it. */
export function parquetFiles(server, directory) {
    const root = join(server.dataDir, 'data', 'storage', directory);
    return existsSync(root) ? readdirSync(root, { recursive: true }).filter((name) => name.endsWith('.parquet')).sort() : [];
}
