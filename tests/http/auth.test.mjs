// SPDX-License-Identifier: Apache-2.0
// Logins, tokens and who is let in (protocol.md 1.5).

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { login, newUser, request } from './support/client.mjs';
import { forgeToken, tokenClaims } from './support/raw.mjs';
import { ROOT_PASSWORD, startServer } from './support/server.mjs';

const SECRET = 'a secret that is long enough for every test of this file';

let server, root;
before(async () => {
    server = await startServer({ env: { KALAMDB_JWT_SECRET: SECRET } });
    root = await login(server);
});
after(() => server.stop());

const post = (path, json, options) => request(`${server.url}/v1/api/auth/${path}`, { json, ...options });
const me = (token) => request(`${server.url}/v1/api/auth/me`, { token });
const ask = (options) => request(`${server.url}/v1/api/sql`, { json: { sql: 'SELECT 1' }, ...options });
const now = () => Math.floor(Date.now() / 1000);
const claims = (more) => ({ ...tokenClaims(root.token), ...more });

test('a login answers user, tokens, expiry and both cookies', async () => {
    const { status, headers, body } = await post('login', { user: 'root', password: ROOT_PASSWORD });
    assert.equal(status, 200);
    assert.equal(body.user.id, 'root');
    assert.equal(body.user.role, 'system');
    assert.equal(body.admin_ui_access, true);
    for (const time of [body.user.created_at, body.user.updated_at, body.expires_at, body.refresh_expires_at])
        assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/);
    const access = tokenClaims(body.access_token);
    assert.equal(access.sub, 'root');
    assert.equal(access.iss, 'kalamdb');
    assert.equal(access.token_type, 'access');
    assert.equal(access.exp - access.iat, 24 * 3600);
    assert.equal(tokenClaims(body.refresh_token).exp - access.iat, 7 * 24 * 3600);
    const cookies = headers.get('set-cookie');
    for (const part of ['kalamdb_auth=', 'kalamdb_refresh=', 'HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=', 'Expires='])
        assert.ok(cookies.includes(part), part);
    assert.ok(!cookies.includes('Secure;') && !cookies.endsWith('Secure'));
});

test('cookies are Secure when the request came by https', async () => {
    const { headers } = await post('login', { user: 'root', password: ROOT_PASSWORD },
        { headers: { 'x-forwarded-proto': 'https' } });
    assert.match(headers.get('set-cookie'), /; Secure/);
});

test('username is another name of user', async () => {
    assert.equal((await post('login', { username: 'root', password: ROOT_PASSWORD })).status, 200);
});

test('a refused login says the same whatever is wrong', async () => {
    await newUser(server, 'gone');
    await root.sql("DROP USER 'gone'");
    const answers = [];
    for (const [user, password] of [['root', 'wrong password'], ['nobody', 'a long password'], ['gone', 'a long password'], ['', 'x']]) {
        const { status, text } = await post('login', { user, password });
        assert.equal(status, 401);
        answers.push(text);
    }
    assert.deepEqual(new Set(answers), new Set(['{"error":"unauthorized","message":"Invalid credentials"}']));
});

test('a malformed login is a 400 with plain text', async () => {
    const long = 'x'.repeat(300);
    for (const body of ['{', '[]', '"x"', '{"user":"a"}', '{"user":1,"password":"x"}', '{"user":"a","password":"b","more":1}',
        `{"user":"${long}","password":"x"}`, `{"user":"a","password":"${long}"}`, '']) {
        const answer = await request(`${server.url}/v1/api/auth/login`, { method: 'POST', body });
        assert.equal(answer.status, 400, body);
        assert.match(answer.headers.get('content-type'), /^text\/plain/);
    }
});

test('an account is locked after too many failures, and the message says for how long', async () => {
    await newUser(server, 'forgetful');
    let answer;
    for (let i = 0; i < 6; i++)
        answer = await post('login', { user: 'forgetful', password: 'wrong' });
    assert.equal(answer.status, 401);
    assert.equal(answer.body.error, 'account_locked');
    assert.match(answer.body.message, /\d+ minute/);
});

test('system.users shows failed logins, the lock and the last login', async () => {
    const admin = await login(server);
    const account = async (id) => (await admin.rows(`SELECT failed_login_attempts, locked_until, last_login_at FROM system.users WHERE user_id = '${id}'`))[0];
    await newUser(server, 'watched');
    await post('login', { user: 'watched', password: 'wrong' });
    assert.equal((await account('watched')).failed_login_attempts, 1);
    assert.equal((await account('watched')).locked_until, null);
    assert.equal((await account('forgetful')).failed_login_attempts, 5);
    assert.notEqual((await account('forgetful')).locked_until, null);
    assert.equal((await account('root')).failed_login_attempts, 0);
    assert.notEqual((await account('root')).last_login_at, null);
});

test('refresh gives new tokens for the cookie or the bearer', async () => {
    const { body } = await post('login', { user: 'root', password: ROOT_PASSWORD });
    const byBearer = await post('refresh', undefined, { method: 'POST', token: body.refresh_token });
    const byCookie = await post('refresh', undefined,
        { method: 'POST', headers: { cookie: `a=b; kalamdb_refresh=${body.refresh_token}` } });
    for (const answer of [byBearer, byCookie]) {
        assert.equal(answer.status, 200);
        assert.equal(answer.body.user.id, 'root');
        assert.equal((await me(answer.body.access_token)).status, 200);
    }
});

test('refresh wants a refresh token of a user that is as it was', async () => {
    const refresh = async (token) => (await post('refresh', undefined, { method: 'POST', token }));
    assert.equal((await refresh(undefined)).status, 401);
    const wrongKind = await refresh(root.token);
    assert.equal(wrongKind.status, 401);
    assert.equal(wrongKind.body.message, 'Refresh endpoint requires a refresh token');

    const user = await newUser(server, 'changing');
    await root.sql("ALTER USER 'changing' SET ROLE service");
    const changed = await refresh(user.session.refresh_token);
    assert.equal(changed.status, 401);
    assert.equal(changed.body.message, 'Token role does not match user role');
    await root.sql("DROP USER 'changing'");
    const gone = await refresh(user.session.refresh_token);
    assert.equal(gone.status, 401);
    assert.equal(gone.body.message, 'User no longer valid');
});

test('logout clears both cookies', async () => {
    const { status, headers, body } = await post('logout', undefined, { method: 'POST' });
    assert.equal(status, 200);
    assert.deepEqual(body, { message: 'Logged out successfully' });
    const cookies = headers.get('set-cookie');
    assert.match(cookies, /kalamdb_auth=;.*Max-Age=0/);
    assert.match(cookies, /kalamdb_refresh=;.*1970/);
});

test('me knows the bearer or the cookie', async () => {
    const expected = { id: 'root', role: 'system' };
    for (const options of [{ token: root.token }, { headers: { cookie: `kalamdb_auth=${root.token}` } }]) {
        const { status, body } = await request(`${server.url}/v1/api/auth/me`, options);
        assert.equal(status, 200);
        assert.deepEqual({ id: body.user.id, role: body.user.role }, expected);
        assert.equal(body.admin_ui_access, true);
    }
    const nobody = await me(undefined);
    assert.equal(nobody.status, 401);
    assert.deepEqual(nobody.body, { error: 'unauthorized', message: 'No auth token found' });
});

test('SQL without Authorization is MISSING_AUTHORIZATION, also with a cookie', async () => {
    for (const headers of [{}, { cookie: `kalamdb_auth=${root.token}` }]) {
        const { status, body } = await ask({ headers });
        assert.equal(status, 401);
        assert.deepEqual(body, {
            status: 'error', results: [], took: body.took,
            error: { code: 'MISSING_AUTHORIZATION', message: 'Authentication required' },
        });
    }
});

test('an expired token is TOKEN_EXPIRED, after a minute of leeway', async () => {
    const expired = await ask({ token: forgeToken(claims({ exp: now() - 70, iat: now() - 100 }), SECRET) });
    assert.equal(expired.status, 401);
    assert.equal(expired.body.error.code, 'TOKEN_EXPIRED');
    assert.equal(expired.body.error.message, 'Invalid credentials');
    const justOver = await ask({ token: forgeToken(claims({ exp: now() - 30, iat: now() - 100 }), SECRET) });
    assert.equal(justOver.status, 200);
});

test('no token but ours is INVALID_CREDENTIALS', async () => {
    await newUser(server, 'former');
    const former = tokenClaims((await login(server, 'former', 'a long password')).token);
    await root.sql("DROP USER 'former'");
    const forged = {
        'alg none': forgeToken(claims(), null, { alg: 'none', typ: 'JWT' }),
        'alg none, signed': forgeToken(claims(), SECRET, { alg: 'none', typ: 'JWT' }),
        'alg HS512': forgeToken(claims(), SECRET, { alg: 'HS512', typ: 'JWT' }),
        'alg RS256': forgeToken(claims(), SECRET, { alg: 'RS256', typ: 'JWT' }),
        'no signature': forgeToken(claims(), null),
        'another secret': forgeToken(claims(), `${SECRET}!`),
        'another issuer': forgeToken(claims({ iss: 'somebody' }), SECRET),
        'a refresh token': root.session.refresh_token,
        'another role': forgeToken(claims({ role: 'dba' }), SECRET),
        'no role': forgeToken(claims({ role: undefined }), SECRET),
        'an unknown user': forgeToken(claims({ sub: 'nobody' }), SECRET),
        'a dropped user': forgeToken(former, SECRET),
        'expired, badly signed': forgeToken(claims({ exp: 1 }), 'x'),
        'half a token': root.token.slice(0, 60),
        'a changed token': root.token.slice(0, -2) + 'xx',
        'not a token': 'abc',
        'dots': '..',
    };
    for (const [name, token] of Object.entries(forged)) {
        const { status, body } = await ask({ token });
        assert.equal(status, 401, name);
        assert.equal(body.error.code, 'INVALID_CREDENTIALS', name);
        assert.equal(body.error.message, 'Invalid credentials', name);
    }
});

test('Basic and other schemes are refused', async () => {
    const basic = `Basic ${Buffer.from(`root:${ROOT_PASSWORD}`).toString('base64')}`;
    for (const authorization of [basic, root.token, 'Bearer', 'Bearer ', `Token ${root.token}`]) {
        const { status, body } = await ask({ headers: { authorization } });
        assert.equal(status, 401, authorization);
        assert.equal(body.error.code, 'INVALID_CREDENTIALS', authorization);
    }
});

test('a changed role or password ends what old tokens may do', async () => {
    const user = await newUser(server, 'rising');
    assert.equal((await ask({ token: user.token })).status, 200);
    await root.sql("ALTER USER 'rising' SET ROLE service");
    assert.equal((await ask({ token: user.token })).body.error.code, 'INVALID_CREDENTIALS');
    assert.equal((await ask({ token: (await login(server, 'rising', 'a long password')).token })).status, 200);
});

test('old tokens end with the password and do not come back with the id', async () => {
    const first = await newUser(server, 'renewed');
    const refresh = (token) => post('refresh', undefined, { method: 'POST', token });
    const ended = async (user) => {
        assert.equal((await ask({ token: user.token })).body.error.code, 'INVALID_CREDENTIALS');
        assert.equal((await me(user.token)).status, 401);
        assert.equal((await refresh(user.session.refresh_token)).status, 401);
        await assert.rejects(user.live());
    };
    await root.sql("ALTER USER 'renewed' SET PASSWORD 'another password'");
    await ended(first);
    const second = await login(server, 'renewed', 'another password');
    assert.equal((await refresh(second.session.refresh_token)).status, 200);
    await root.sql("DROP USER 'renewed'; CREATE USER 'renewed' WITH PASSWORD 'another password' ROLE user");
    await ended(first);
    await ended(second);
    const foreign = { ...tokenClaims(second.token), cv: undefined };
    assert.equal((await ask({ token: forgeToken(foreign, SECRET) })).status, 200);
});

test('root can be neither dropped nor demoted', async () => {
    for (const [sql, text] of [['DROP USER root', /root cannot be dropped/], ["ALTER USER root SET ROLE 'user'", /root keeps its role/]]) {
        const error = await root.error(sql);
        assert.match(error.message, text);
    }
    await root.sql("ALTER USER root SET EMAIL 'root@example.com'");
    assert.equal((await me(root.token)).status, 200);
    assert.equal((await request(`${server.url}/v1/api/auth/status`)).body.needs_setup, false);
});

test('passwords of accounts have 8 to 256 characters', async () => {
    await newUser(server, 'terse');
    for (const password of ['', '7 chars', 'x'.repeat(257)])
        for (const sql of ['CREATE USER newcomer WITH PASSWORD $p ROLE user', 'ALTER USER terse SET PASSWORD $p'])
            assert.match((await root.error(sql.replace('$p', `'${password}'`))).message, /Weak password: it must have at (least 8|most 256) characters/);
    await login(server, 'terse', 'a long password');
    await root.sql(`ALTER USER terse SET PASSWORD '${'x'.repeat(256)}'`);
});

test('an account of another provider comes with JSON', async () => {
    for (const text of ['bad', '', '5', '{"sub":'])
        assert.match((await root.error(`CREATE USER odd WITH OAUTH '${text}' ROLE user`)).message, /needs a JSON object/, text);
    await root.sql(`CREATE USER odd WITH OAUTH '{"sub": "1"}' ROLE user`);
});

test('nobody acts in the name of nobody', async () => {
    assert.match((await root.error("EXECUTE AS USER '' (SELECT 1)")).message, /needs a user name of 1 to/);
});

test('a configured server refuses another set-up', async () => {
    const status = await request(`${server.url}/v1/api/auth/status`);
    assert.equal(status.body.needs_setup, false);
    const { status: code, body } = await post('setup', { user: 'admin', password: 'kalamdb123x', root_password: 'kalamdb123y' });
    assert.equal(code, 409);
    assert.equal(body.error, 'already_configured');
});

test('the first run is set up once, from this machine', async (t) => {
    const fresh = await startServer({ env: { KALAMDB_ROOT_PASSWORD: '' } });
    t.after(() => fresh.stop());
    const setup = (json, options) => request(`${fresh.url}/v1/api/auth/setup`, { json, ...options });
    const good = { user: 'admin', password: 'correct horse', root_password: 'battery staple', email: null };

    assert.equal((await request(`${fresh.url}/v1/api/auth/status`)).body.needs_setup, true);
    const early = await request(`${fresh.url}/v1/api/auth/login`, { json: { user: 'root', password: '' } });
    assert.equal(early.status, 428);
    assert.equal(early.body.error, 'setup_required');

    const remote = { headers: { 'x-forwarded-for': '203.0.113.9' } };
    assert.equal((await setup(good, remote)).status, 403);
    assert.equal((await setup(good, remote)).body.message, 'Server setup can only be performed from localhost');
    assert.equal((await request(`${fresh.url}/v1/api/auth/status`, remote)).status, 403);

    const weak = await setup({ ...good, password: 'short' });
    assert.equal(weak.status, 400);
    assert.equal(weak.body.error, 'weak_password');
    assert.match(weak.body.message, /^DBA user password: Weak password: /);
    assert.match((await setup({ ...good, root_password: 'short' })).body.message, /^Root password: Weak password: /);
    for (const user of ['root', '', 'a b'])
        assert.equal((await setup({ ...good, user })).body.error, 'invalid_user', user);
    assert.equal((await setup({ ...good, more: 1 })).status, 400);

    const done = await setup(good);
    assert.equal(done.status, 200);
    assert.equal(done.body.user.id, 'admin');
    assert.equal(done.body.user.role, 'dba');
    assert.equal(done.body.access_token, undefined);
    assert.equal((await setup(good)).status, 409);
    assert.equal((await request(`${fresh.url}/v1/api/auth/status`)).body.needs_setup, false);
    assert.equal((await login(fresh, 'admin', 'correct horse')).session.user.role, 'dba');
    await login(fresh, 'root', 'battery staple');
});
