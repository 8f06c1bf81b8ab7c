// SPDX-License-Identifier: Apache-2.0
// From an insert to the one subscriber that waits for it, against Redis and PostgreSQL.

import { measure, withKalamdb, withPostgres, withRedis } from '../processes.mjs';
import { remark, report } from '../report.mjs';

const AIM_US = 1000; /* p99; with the disk's on top where the disk is waited for */

const TABLES = `
    CREATE NAMESPACE bench;
    CREATE SHARED TABLE bench.push_sync (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), body TEXT NOT NULL);
    CREATE SHARED TABLE bench.push_async (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), body TEXT NOT NULL)
        WITH (DURABILITY = 'async');
    CREATE STREAM TABLE bench.push_stream (body TEXT NOT NULL) WITH (TTL_SECONDS = 10, SCOPE = 'shared')`;

const POSTGRES_TABLES = `
    CREATE TABLE push (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body TEXT NOT NULL);
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('bench', NEW.id || ' ' || NEW.body); RETURN NULL; END $$;
    CREATE TRIGGER tell AFTER INSERT ON push FOR EACH ROW EXECUTE FUNCTION tell()`;

const OURS = ['fdatasync', 'kalamdb-sync', 'kalamdb-async', 'kalamdb-stream'];
const RIVALS = ['redis', 'postgres-insert', 'postgres-notify'];

async function compare({ pushRounds, pushes }, targets, kalamdb, env) {
    const rows = await measure('push_latency', [pushRounds, pushes, ...targets], kalamdb, env);
    report('push', 'insert to subscriber, one message at a time', rows);
    const p99 = Object.fromEntries(rows.map((row) => [row.name, row.p99_us]));
    for (const name of OURS.slice(1)) {
        const limit = name === 'kalamdb-sync' ? AIM_US + p99.fdatasync : AIM_US;
        remark(`${name}: p99 ${p99[name]} us, aim below ${limit.toFixed(0)} us: ${p99[name] < limit ? 'met' : 'MISSED'}`);
    }
}

export default async function push(scale) {
    await withKalamdb(async (kalamdb) => {
        await kalamdb.sql(TABLES);
        if (!scale.rivals)
            return await compare(scale, OURS, kalamdb);
        await withRedis((redis) => withPostgres(async (postgres) => {
            await postgres.sql(POSTGRES_TABLES);
            await compare(scale, [...OURS, ...RIVALS], kalamdb, { ...redis.env, ...postgres.env });
        }));
    });
}
