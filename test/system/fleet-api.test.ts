import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { hashToken } from '../../src/http/auth.ts';
import { EventStream } from '../support/event-stream.ts';
import { Farm } from '../support/farm.ts';
import { until } from '../support/until.ts';

/** A few hashes per share. */
const EASY = 2 ** -22;

type Json = Readonly<Record<string, unknown>>;

async function getJson(farm: Farm, path: string): Promise<Json> {
  const { status, text, json } = await farm.program.get(`/api/v1/${path}`);
  assert.equal(status, 200, text);
  return json as Json;
}

test('sessions, workers, totals, pools and the server are what the miners do', async () => {
  await using farm = await Farm.open();
  const pool = await farm.pool({ difficulty: EASY });
  const address = formatEndpoint(pool.endpoint);
  const account = await farm.program.register(address, 'wallet');
  const miners = ['rig1', 'rig1', 'rig2'].map((worker) => farm.miner(`${account}.${worker}`));
  await Promise.all(miners.map((miner) => miner.waitFor((books) => books.accepted >= 3)));

  const page = await until(async () => {
    const found = await getJson(farm, `sessions?sort=worker&order=desc&account=${account}&up=true`);
    const isSettled = (found['sessions'] as readonly Json[]).every(({ received }) => Number(received) > 0);
    return found['total'] === 3 && isSettled && found;
  }, 'three sessions with shares');
  const sessions = page['sessions'] as readonly Json[];
  assert.deepEqual(
    sessions.map(({ worker, pool: on, ip, up }) => [worker, on, ip, up]),
    [
      ['rig2', address, '127.0.0.1', true],
      ['rig1', address, '127.0.0.1', true],
      ['rig1', address, '127.0.0.1', true],
    ],
  );
  assert.ok(sessions.every(({ hashrate }) => Number((hashrate as Json)['1m']) > 0));

  const one = await getJson(farm, `sessions/${String(sessions[0]?.['id'])}`);
  assert.deepEqual([one['worker'], one['isMining'], one['upstream']], ['rig2', true, 'live']);

  const { workers } = await getJson(farm, 'workers?sort=worker');
  assert.deepEqual(
    (workers as readonly Json[]).map(({ worker, sessions: count }) => [worker, count]),
    [
      ['rig1', 2],
      ['rig2', 1],
    ],
  );

  const { totals } = await getJson(farm, 'totals?by=account,pool');
  const [total] = totals as readonly Json[];
  assert.deepEqual([total?.['account'], total?.['pool'], total?.['miners']], [account, address, 3]);

  const { pools } = await getJson(farm, 'pools/state');
  const [state] = pools as readonly Json[];
  assert.deepEqual([state?.['pool'], state?.['up'], state?.['sessions']], [address, true, 3]);
  assert.ok(Number(state?.['roundTripSeconds']) > 0);

  const server = await getJson(farm, 'server');
  assert.deepEqual(
    [server['authorizedSessions'], server['stratum'], server['processId']],
    [3, { address: '127.0.0.1', port: farm.program.stratum.port }, farm.program.child.pid],
  );
  assert.ok(Number((server['openFiles'] as Json)['used']) > 5);

  await Promise.all(miners.map((miner) => miner.stop()));
  await until(
    async () => (await getJson(farm, 'sessions?up=true'))['total'] === 0 && true,
    'no session is up any more',
  );
  assert.equal((await getJson(farm, 'sessions?up=false'))['total'], 3);
});

test('what happens is told as it happens, and the stream ends with the program', async () => {
  await using farm = await Farm.open({ flags: ['--web.streams', '1'] });
  const [first, second] = [await farm.pool({ difficulty: EASY }), await farm.pool({ difficulty: EASY })];
  await using stream = await EventStream.open(`${farm.program.web}/api/v1/stream`);
  assert.equal((await farm.program.get('/api/v1/stream')).status, 503);
  const told = (kind: string, of: (data: Json) => boolean = () => true) =>
    stream.first(({ event, data }) => event === 'event' && data['kind'] === kind && of(data));
  const [primary, backup] = [formatEndpoint(first.endpoint), formatEndpoint(second.endpoint)];
  const { json } = await farm.program.post('/api/v1/users', {
    pool: primary,
    user: 'wallet',
    backups: [{ pool: backup, user: 'wallet' }],
  });
  const { name } = json as { readonly name: string };
  assert.equal((await told('account-registered')).data['account'], name);
  const miner = farm.miner(`${name}.rig1`);
  await miner.waitFor((books) => books.accepted >= 5);
  await told('pool-up', (data) => data['pool'] === primary);
  const busy = await stream.first(
    ({ event, data }) => event === 'fleet' && data['workers'] === 1 && Number(data['accepted']) > 0,
  );
  const { efficiency, efficiency1h, efficiency1hError } = busy.data;
  assert.equal(efficiency1h, efficiency, 'of a program that has run for less');
  assert.ok(Number(efficiency1h) > 0 && Number(efficiency1hError) > 0);
  assert.deepEqual(
    [busy.data['acceptance'], busy.data['pools']],
    [1, { up: 1, idle: 1, down: 0, refused: 0 }],
  );
  const [sha256d] = busy.data['algorithms'] as readonly Json[];
  assert.deepEqual([sha256d?.['algorithm'], sha256d?.['unit'], sha256d?.['workers']], ['sha256d', 'H', 1]);

  await first.stop();
  assert.equal((await told('pool-down')).data['severity'], 'error');
  const failover = await told('failover');
  assert.deepEqual([failover.data['account'], failover.data['pool']], [name, backup]);
  await stream.first(({ event, data }) => event === 'pools' && JSON.stringify(data).includes(backup));

  const { events } = await getJson(farm, 'events?kind=failover');
  assert.deepEqual(
    (events as readonly Json[]).map(({ id }) => id),
    [failover.id],
  );

  const startedMs = performance.now();
  const { code } = await farm.program.stop();
  assert.equal(code, 0);
  assert.ok(performance.now() - startedMs < 8000);
  await stream.until(() => stream.hasEnded);
});

test('connections that have not logged in are seen and disconnected over the API', async () => {
  await using farm = await Farm.open();
  const miners = [];
  for (const from of ['127.0.5.9', '127.0.5.10', '127.0.5.11'])
    miners.push(await farm.scriptedMiner({ from, user: 'ffeeddccbbaa9988' }));
  const [silent, , subscribed] = miners;
  const { sessionId } = (await subscribed?.subscribe()) ?? { sessionId: '' };
  const list = async (query: string) =>
    (await getJson(farm, `sessions?${query}`))['sessions'] as readonly Json[];
  const seen = await until(async () => {
    const rows = await list('login=none&sort=address');
    return rows.length === 3 && rows;
  }, 'three connections');
  assert.deepEqual(
    seen.map(({ ip, dialect }) => [ip, dialect]),
    [
      ['127.0.5.9', ''],
      ['127.0.5.10', ''],
      ['127.0.5.11', 'bitcoin-v1'],
    ],
  );
  assert.deepEqual([seen[2]?.['id'], seen[2]?.['agent']], [sessionId, subscribed?.agent]);
  assert.ok(Number(seen[2]?.['bytesReceived']) > 20);
  assert.deepEqual(await list(''), []);
  assert.equal((await list('login=any&address=127.0.5.10')).length, 1);
  const path = `/api/v1/sessions/${String(seen[0]?.['id'])}`;
  const one = await getJson(farm, path.slice('/api/v1/'.length));
  assert.deepEqual([one['ip'], one['isSubscribed'], one['upstream']], ['127.0.5.9', false, null]);
  assert.deepEqual((await farm.program.request('DELETE', path)).json, { closed: 1 });
  await silent?.closed();
  assert.equal((await farm.program.request('DELETE', path)).status, 404);
  assert.equal((await list('login=none')).length, 2, 'not what was known before');
  const { events } = await getJson(farm, 'events?kind=kick');
  const [kick] = events as readonly Json[];
  assert.match(String(kick?.['message']), /^miner 127\.0\.5\.9:\d+ was disconnected by the operator$/);
});

test('logins that are refused are listed with what was given, and who may ask is told what it may', async () => {
  const token = 'sp_a-token-of-the-test';
  await using farm = await Farm.open({
    token,
    flags: ['--web.tokens', `admin:${hashToken(token)}`, '--limits.refusalDelayMs', '0'],
  });
  for (const user of ['00112233445566aa.rig1', 'WALLET.rig2', 'WALLET.rig2']) {
    const miner = await farm.scriptedMiner({ user });
    await miner.subscribe();
    miner.sendAuthorize();
    await miner.nextWhere(({ id, result }) => id !== 1 && result !== true);
    miner.end();
  }
  const { logins } = await getJson(farm, 'logins/refused');
  const list = logins as readonly Json[];
  assert.deepEqual(
    list.map(({ name, count, address, dialect }) => [name, count, address, dialect]),
    [
      ['WALLET.rig2', 2, '127.0.0.1', 'bitcoin-v1'],
      ['00112233445566aa.rig1', 1, '127.0.0.1', 'bitcoin-v1'],
    ],
  );
  assert.match(String(list[0]?.['reason']), /^Unknown user name/);
  const found = (await getJson(farm, 'logins/refused?search=RIG1&limit=5'))['logins'] as readonly Json[];
  assert.deepEqual(
    found.map(({ name }) => name),
    ['00112233445566aa.rig1'],
  );
  const { label, ...me } = await getJson(farm, 'whoami');
  assert.deepEqual(me, { scope: 'admin', open: false, expiresAt: null });
  assert.match(String(label), /^web\.tokens /);
  assert.equal((await farm.program.get('/api/v1/whoami', { authorization: 'Bearer x' })).status, 401);
});

test('a miner is recorded, disconnected and kept away over the API', async () => {
  await using farm = await Farm.open();
  const pool = await farm.scriptedPool();
  const account = await farm.program.register(`127.0.0.1:${pool.port}`, 'wallet', 'pool-secret');
  const miner = await farm.scriptedMiner({ user: `${account}.rig1` });
  const { sessionId } = await miner.subscribe();
  const started = await farm.program.request('POST', `/api/v1/sessions/${sessionId}/recording`);
  assert.equal(started.status, 201, started.text);
  miner.send({ id: 2, method: 'mining.authorize', params: [miner.user, 'miner-secret'] });
  const peer = await pool.login();
  peer.send({ id: null, method: 'client.show_message', params: ['pool-secret miner-secret'] });
  await until(async () => (await getJson(farm, `sessions/${sessionId}`))['isAuthorized'] === true, 'login');
  const recorded = await getJson(farm, `sessions/${sessionId}/lines`);
  const text = JSON.stringify(recorded);
  assert.ok(text.includes('mining.authorize'), text);
  assert.equal(/(?:miner|pool)-secret/.test(text), false, text);
  const stopped = await farm.program.request('DELETE', `/api/v1/sessions/${sessionId}/recording`);
  assert.deepEqual(stopped.json, { stopped: true });

  const path = `/api/v1/sessions/${sessionId}`;
  assert.deepEqual((await farm.program.request('DELETE', path)).json, { closed: 1 });
  await miner.closed();
  const { recordings } = await getJson(farm, 'recordings');
  const [{ until: end, recordingSince, lines, ...whose } = {}, ...others] = recordings as readonly Json[];
  assert.deepEqual(
    [whose, others],
    [{ id: sessionId, address: whose['address'], account, worker: 'rig1', running: false }, []],
  );
  assert.ok(Number(lines) >= 2 && String(recordingSince) <= String(end));
  const kept = await getJson(farm, `sessions/${sessionId}/lines`);
  assert.equal((kept['lines'] as readonly Json[]).length, lines, 'also when the miner has gone');
  assert.equal((await farm.program.request('DELETE', path)).status, 404);

  const back = await farm.scriptedMiner({ user: `${account}.rig1` });
  await back.subscribe();
  await back.authorize();
  const wide = { address: '127.0.0.9/8', seconds: 600 };
  const refused = await farm.program.post('/api/v1/bans', wide);
  assert.deepEqual([refused.status, refused.headers.get('x-error-code')], [409, 'needs-force'], refused.text);
  assert.match(refused.text, /it holds your own address, 127\.0\.0\.1/);
  for (const address of ['0.0.0.0/0', '::/0', '2001::/31', '16.0.0.0/7', '127.0.0.1', '::1'])
    assert.equal((await farm.program.post('/api/v1/bans', { address })).status, 409, address);
  const dry = await farm.program.post('/api/v1/bans', { ...wide, dryRun: true });
  assert.deepEqual(
    [dry.status, dry.json],
    [200, { address: '127.0.0.0/8', closed: 1, accounts: 1, needsForce: true }],
  );
  assert.deepEqual((await getJson(farm, 'bans'))['bans'], []);
  assert.equal(back.isClosed, false);
  const banned = await farm.program.post('/api/v1/bans', { ...wide, force: true });
  assert.equal(banned.status, 201, banned.text);
  const { address, closed, accounts } = banned.json as Json;
  assert.deepEqual([address, closed, accounts], ['127.0.0.0/8', 1, 1]);
  await back.closed();
  const { events } = await getJson(farm, 'events');
  const kinds = (events as readonly Json[]).map(({ kind }) => kind);
  assert.ok(kinds.includes('kick') && kinds.includes('ban'), kinds.join(' '));
  assert.equal(((await getJson(farm, 'bans'))['bans'] as readonly Json[]).length, 1);
  const removed = await farm.program.request('DELETE', '/api/v1/bans/127.0.0.0%2F8');
  assert.deepEqual(removed.json, { removed: true });
  assert.equal((await farm.program.request('DELETE', '/api/v1/bans/127.0.0.0%2F8')).status, 404);
  assert.equal((await farm.program.post('/api/v1/bans', { address: 'pool.example' })).status, 422);
  const { entries } = await getJson(farm, 'audit');
  const audited = (entries as readonly Json[]).map(
    ({ action, target }) => `${String(action)} ${String(target)}`,
  );
  assert.deepEqual(audited.slice(0, 5), [
    'address-unbanned 127.0.0.0/8',
    'address-banned 127.0.0.0/8',
    `session-kicked ${sessionId}`,
    `recording-stopped ${sessionId}`,
    `recording-started ${sessionId}`,
  ]);
  const again = await farm.scriptedMiner({ user: account });
  await again.subscribe();
});
