// SPDX-License-Identifier: Apache-2.0
// Whatever is measured or measures is a process of its own, in a temporary directory, on a free
// port, and gone afterwards.

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { login } from '../tests/http/support/client.mjs';
import { startServer } from '../tests/http/support/server.mjs';

const run = promisify(execFile);
const TICK_US = 10_000; /* of /proc/PID/stat; Linux has no other */
const PAGE = 4096;

const PROGRAMS = join(process.env.BENCH_BUILD, 'bench');
const HERE = new URL('.', import.meta.url).pathname;

/* Of the limits only those that are there to stop what a benchmark does. */
const CONFIG = `
[logging]
level = "warn"
[websocket]
client_timeout_secs = 3600
[rate_limit]
max_queries_per_sec = 1000000
max_messages_per_sec = 1000000
max_subscriptions_per_user = 1000000
max_connections_per_ip = 20000
`;

/* What an early end must not leave behind; startServer() sees to its own. */
const leftovers = new Set();
process.on('exit', () => leftovers.forEach((stop) => stop()));

// --- KalamDB -------------------------------------------------------------------

/** Runs `use` with a fresh server: {server, root, pid, sql(text)}. */
export async function withKalamdb(use) {
    const server = await startServer({ config: CONFIG });
    try {
        const root = await login(server);
        return await use({ server, root, pid: server.pid, sql: (text, params) => root.sql(text, params) });
    } finally {
        await server.stop();
    }
}

function environment(kalamdb, more = {}) {
    return {
        ...process.env,
        ...(kalamdb && {
            BENCH_PORT: String(kalamdb.server.port),
            BENCH_TOKEN: kalamdb.root.token,
            BENCH_PID: String(kalamdb.pid),
        }),
        BENCH_DIRECTORY: tmpdir(),
        ...more,
    };
}

/** Runs a program of this folder to its end; resolves to the objects it printed. */
export async function measure(name, args, kalamdb, more) {
    const { stdout } = await run(join(PROGRAMS, name), args.map(String), { env: environment(kalamdb, more) });
    return stdout.trim().split('\n').map((line) => JSON.parse(line));
}

/** Starts a program that prints one line when it is ready and ends when told to: {end()}. */
export async function hold(name, args, kalamdb) {
    const child = spawn(join(PROGRAMS, name), args.map(String),
        { env: environment(kalamdb), stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'close');
    const line = await Promise.race([once(createInterface(child.stdout), 'line'), exited]);
    if (child.exitCode !== null)
        throw new Error(`${name} ended: ${line}`);
    return {
        async end() {
            child.stdin.end();
            await exited;
        },
    };
}

export async function fdatasync(count) {
    const [times] = await measure('fsync', [tmpdir(), count]);
    return times;
}

/** wrk on one path; `request` = {sql, keys} for POST /v1/api/sql, or {} for GET. */
export async function wrk(kalamdb, path, { sql = '', keys = 1, clients, seconds }) {
    const before = cpuUs(kalamdb.pid);
    const { stdout } = await run('wrk', ['-t1', `-c${clients}`, `-d${seconds}s`, '--timeout', '10s',
        '-s', join(HERE, 'wrk.lua'), kalamdb.server.url + path],
    { env: environment(kalamdb, { BENCH_SQL: sql, BENCH_KEYS: String(keys) }) });
    const result = JSON.parse(stdout.slice(stdout.lastIndexOf('\n{')));
    if (result.errors > 0)
        throw new Error(`wrk: ${result.errors} errors\n${stdout}`);
    return {
        per_s: result.requests / (result.duration_us / 1e6),
        mean_us: result.mean_us,
        p99_us: result.p99_us,
        cpu_us: (cpuUs(kalamdb.pid) - before) / result.requests,
    };
}

// --- what they use ----------------------------------------------------------------

function statTicks(pid, first, last) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return fields.slice(first - 3, last - 2).reduce((sum, field) => sum + Number(field), 0);
}

/** CPU time in microseconds that a process and its children, gone ones too, have used. */
export function cpuUs(pid) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    try {
        return TICK_US * children.reduce((sum, child) => sum + statTicks(child, 14, 15), statTicks(pid, 14, 17));
    } catch (error) {
        if (error.code !== 'ENOENT' || !existsSync(`/proc/${pid}`))
            throw error;
        return cpuUs(pid); /* a child has ended meanwhile: now its time is its parent's */
    }
}

/** Resident memory in bytes. */
export function residentBytes(pid) {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE;
}

// --- rivals -------------------------------------------------------------------------

async function freePort() {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await once(probe, 'close');
    return port;
}

/** The commands of the newest PostgreSQL of Debian, run as its user when we are root. */
function postgresCommands() {
    const top = '/usr/lib/postgresql';
    const version = existsSync(top) && readdirSync(top).sort((a, b) => b - a)[0];
    if (!version)
        throw new Error('PostgreSQL is not installed');
    const prefix = userInfo().uid === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
    return (name, ...args) => {
        const [program, ...rest] = [...prefix, `${top}/${version}/bin/${name}`, ...args];
        execFileSync(program, rest, { stdio: 'ignore', cwd: '/' });
    };
}

function postgresDirectory() {
    const directory = mkdtempSync(join(tmpdir(), 'kalamdb-bench-postgres-'));
    if (userInfo().uid === 0) {
        const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
        chownSync(directory, id('-u'), id('-g'));
    }
    return directory;
}

/** Runs `use` with a fresh PostgreSQL cluster as initdb makes it: {pid, env, sql(text)}. */
export async function withPostgres(use) {
    const command = postgresCommands();
    const directory = postgresDirectory();
    const data = join(directory, 'data');
    const port = await freePort();
    const env = { PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres', PGDATABASE: 'postgres' };
    const stop = () => {
        leftovers.delete(stop);
        if (existsSync(join(data, 'postmaster.pid')))
            command('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop');
        rmSync(directory, { recursive: true, force: true });
    };
    leftovers.add(stop);
    try {
        command('initdb', '-D', data, '-U', 'postgres', '-A', 'trust');
        command('pg_ctl', '-D', data, '-w', '-l', join(directory, 'log'),
            '-o', `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${directory}`, 'start');
        const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
        const sql = (text) => run('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', '-c', text], { env: { ...process.env, ...env } });
        return await use({ pid, env, sql });
    } finally {
        stop();
    }
}

/** pgbench with prepared statements on one script of this folder. */
export async function pgbench(postgres, script, { clients, seconds, variables }) {
    const before = cpuUs(postgres.pid);
    const defines = Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
    const { stdout } = await run('pgbench', ['-n', '-M', 'prepared', '-j1', `-c${clients}`, `-T${seconds}`,
        '-f', join(HERE, script), ...defines], { env: { ...process.env, ...postgres.env } });
    const number = (pattern) => Number(stdout.match(pattern)[1]);
    return {
        per_s: number(/tps = ([\d.]+)/),
        mean_us: number(/latency average = ([\d.]+) ms/) * 1000,
        cpu_us: (cpuUs(postgres.pid) - before) / number(/actually processed: (\d+)/),
    };
}

/** Runs `use` with a Redis that keeps nothing: {env}. */
export async function withRedis(use) {
    const port = await freePort();
    const child = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
        { stdio: 'ignore', cwd: tmpdir() });
    const exited = once(child, 'close');
    const stop = () => child.kill();
    leftovers.add(stop);
    try {
        while (!await run('redis-cli', ['-p', port, 'ping']).then(() => true, () => false))
            await sleep(50);
        return await use({ pid: child.pid, env: { BENCH_REDIS_PORT: String(port) } });
    } finally {
        stop();
        leftovers.delete(stop);
        await exited;
    }
}
