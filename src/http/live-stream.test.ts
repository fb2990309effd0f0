import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { EventStream } from '../../test/support/event-stream.ts';
import { emptyEvents, eventsPort, fleetPort, healthPort } from '../../test/support/fleet-fixtures.ts';
import { type TestServer, testServer } from '../../test/support/http-fixtures.ts';
import { poolRow } from '../../test/support/report-fixtures.ts';
import { until } from '../../test/support/until.ts';
import type { FleetTick } from '../domain/report.ts';
import { createToken, hashToken, type StoredToken } from './auth.ts';
import { LiveStream } from './live-stream.ts';
import type { HttpOptions } from './options.ts';

const TICK: FleetTick = {
  atMs: 1_700_000_000_000,
  summary: {
    sessions: 3,
    authorizedSessions: 2,
    miningSessions: 2,
    upstreams: 1,
    algorithms: [{ algorithm: 'equihash', hashrateHs: 5, workers: 2 }],
    received: 10,
    accepted: 8,
    rejected: 2,
    workFound: 100,
    workAtPool: 90,
    sharesAtPool: 9,
    pools: [
      poolRow(),
      poolRow({
        pool: 'idle:1',
        up: false,
        sessions: 0,
        upstreams: { idle: 0, dialing: 0, handshaking: 0, live: 0, cooling: 0 },
      }),
      poolRow({
        pool: 'down:1',
        up: false,
        upstreams: { idle: 0, dialing: 0, handshaking: 0, live: 0, cooling: 1 },
      }),
    ],
  },
  recent: { receivedPerSecond: 1, acceptedPerSecond: 0.8, rejectedPerSecond: 0.2, acceptance: 0.8 },
  lastHour: { efficiency: 0.95, error: 0.2 },
};

/** A server on a port whose sums a test hands out. */
class Streaming implements AsyncDisposable {
  readonly server: TestServer;
  readonly events = eventsPort();
  readonly watchers = new Set<(tick: FleetTick) => void>();
  url = '';

  private constructor(options: Partial<HttpOptions>) {
    const watch = (watcher: (tick: FleetTick) => void) => {
      this.watchers.add(watcher);
      return () => this.watchers.delete(watcher);
    };
    this.server = testServer({ fleet: fleetPort({ watch }), events: this.events }, options);
  }

  static async start(options: Partial<HttpOptions> = {}): Promise<Streaming> {
    const streaming = new Streaming(options);
    const { host, port } = await streaming.server.listen();
    streaming.url = `http://${host}:${port}/api/v1/stream`;
    return streaming;
  }

  tick(): void {
    for (const watcher of this.watchers) watcher(TICK);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.events.stop();
    await this.server.close();
  }
}

/** A stored token that may read. */
function stored(id: number, token: string, expiresAtMs: number | null = null): StoredToken {
  return { id, scope: 'read', sha256: hashToken(token), label: '', expiresAtMs };
}

describe('the live stream', () => {
  test('says hello, then what is, then what happens', async () => {
    await using streaming = await Streaming.start();
    await using listener = await EventStream.open(streaming.url);
    const hello = await listener.first(({ event }) => event === 'hello');
    assert.equal(listener.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(hello.data['version'], '1.2.3');
    streaming.tick();
    streaming.events.note({ kind: 'pool-added', pool: 'p:1', by: '' });
    streaming.tick();
    await listener.until(() => listener.messages.length >= 5);
    assert.deepEqual(
      listener.messages.map(({ event }) => event),
      ['hello', 'fleet', 'pools', 'event', 'fleet'],
    );
    const ids = listener.messages.map(({ id }) => id);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(ids).size, ids.length);
    const [, fleet, pools, event] = listener.messages;
    assert.deepEqual(fleet?.data, {
      at: '2023-11-14T22:13:20.000Z',
      sessions: 3,
      authorizedSessions: 2,
      workers: 2,
      upstreams: 1,
      algorithms: [{ algorithm: 'equihash', unit: 'Sol', hashrateHs: 5, workers: 2 }],
      sharesPerSecond: 1,
      accepted: 0.8,
      rejected: 0.2,
      acceptedTotal: 8,
      rejectedTotal: 2,
      acceptance: 0.8,
      efficiency: 0.9,
      efficiency1h: 0.95,
      efficiency1hError: 0.2,
      pools: { up: 1, idle: 1, down: 1, refused: 0 },
      ready: true,
      notReady: [],
    });
    assert.equal((pools?.data['pools'] as unknown[] | undefined)?.length, 3);
    assert.deepEqual(
      [event?.data['kind'], event?.data['pool'], event?.data['id']],
      ['pool-added', 'p:1', event?.id],
    );
  });

  test('one look serves all, and there is none without listeners', async () => {
    await using streaming = await Streaming.start();
    const listeners = await Promise.all([1, 2, 3].map(() => EventStream.open(streaming.url)));
    await Promise.all(listeners.map((one) => one.first(({ event }) => event === 'hello')));
    assert.equal(streaming.watchers.size, 1);
    streaming.tick();
    const ticks = await Promise.all(listeners.map((one) => one.first(({ event }) => event === 'fleet')));
    assert.equal(new Set(ticks.map(({ id }) => id)).size, 1);
    for (const one of listeners) one.close();
    await until(() => streaming.watchers.size === 0, 'nobody watches');
  });

  test('what was missed is told again, by header and by query, and only that', async () => {
    await using streaming = await Streaming.start();
    streaming.events.note({ kind: 'pool-added', pool: 'a:1', by: '' });
    const seen = streaming.events.lastId;
    streaming.events.note({ kind: 'pool-added', pool: 'b:1', by: '' });
    for (const resumed of [
      await EventStream.open(streaming.url, { 'last-event-id': String(seen) }),
      await EventStream.open(`${streaming.url}?lastEventId=${seen}`),
    ]) {
      const event = await resumed.first((message) => message.event === 'event');
      assert.deepEqual([resumed.messages.length, event.data['pool']], [2, 'b:1']);
      assert.equal(resumed.messages[0]?.id, seen, 'who is cut off at once has missed nothing');
      resumed.close();
    }
    await using fresh = await EventStream.open(streaming.url);
    await fresh.first(({ event }) => event === 'hello');
    streaming.tick();
    await fresh.first(({ event }) => event === 'fleet');
    assert.equal(
      fresh.messages.some(({ event }) => event === 'event'),
      false,
    );
  });

  test('a number from the future is taken for now', async () => {
    await using streaming = await Streaming.start();
    streaming.events.note({ kind: 'pool-added', pool: 'a:1', by: '' });
    await using listener = await EventStream.open(`${streaming.url}?lastEventId=999999999999999`);
    const hello = await listener.first(({ event }) => event === 'hello');
    assert.equal(hello.id, streaming.events.lastId);
  });

  test('has room for so many and no more', async () => {
    await using streaming = await Streaming.start({ limits: { streams: 2 } });
    const first = await EventStream.open(streaming.url);
    await using second = await EventStream.open(streaming.url);
    const refused = await fetch(streaming.url);
    assert.equal(refused.status, 503);
    assert.equal(((await refused.json()) as { error: { code: string } }).error.code, 'busy');
    assert.equal(refused.headers.get('retry-after'), '10');
    first.close();
    await until(async () => {
      await using again = await EventStream.open(streaming.url);
      return again.status === 200;
    }, 'room again');
    assert.equal(second.status, 200);
  });

  test('drops a listener that does not read', async () => {
    await using streaming = await Streaming.start();
    const { hostname, port } = new URL(streaming.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    let isClosed = false;
    socket.on('close', () => {
      isClosed = true;
    });
    socket.write('GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await until(() => streaming.watchers.size === 1, 'it listens');
    socket.pause();
    await using reader = await EventStream.open(streaming.url);
    await reader.first(({ event }) => event === 'hello');
    const long: FleetTick = {
      ...TICK,
      summary: {
        ...TICK.summary,
        pools: Array.from({ length: 400 }, (_, i) => poolRow({ pool: `p${i}:1` })),
      },
    };
    for (let i = 0; i < 400; i += 1) {
      for (const watcher of streaming.watchers) watcher(long);
      // The other one keeps up.
      await reader.until(() => reader.messages.filter(({ event }) => event === 'fleet').length > i);
    }
    socket.resume();
    await until(() => isClosed, 'it is cut off');
    assert.equal(reader.hasEnded, false);
  });

  test('ends when its token is taken away or expires, and no other does', async () => {
    const [configured, kept, removed, expiring] = [
      createToken(),
      createToken(),
      createToken(),
      createToken(),
    ];
    await using streaming = await Streaming.start({
      tokens: [{ scope: 'admin', sha256: hashToken(configured) }],
    });
    const { server } = streaming;
    const others = [stored(1, kept), stored(2, expiring, Date.now() + 1500)];
    server.setStoredTokens([...others, stored(3, removed)]);
    const open = (token: string) => EventStream.open(streaming.url, { authorization: `Bearer ${token}` });
    await using byConfigured = await open(configured);
    await using byKept = await open(kept);
    await using byExpiring = await open(expiring);
    await using byRemoved = await open(removed);
    await byRemoved.first(({ event }) => event === 'hello');
    server.setStoredTokens([...others, stored(3, removed)]);
    streaming.tick();
    await byRemoved.first(({ event }) => event === 'fleet');

    server.setStoredTokens(others);
    await byRemoved.until(() => byRemoved.hasEnded, 500);
    assert.equal(
      (await fetch(streaming.url, { headers: { authorization: `Bearer ${removed}` } })).status,
      401,
    );
    assert.equal(byExpiring.hasEnded, false);
    await byExpiring.until(() => byExpiring.hasEnded, 4000);

    server.apply({ tokens: [], allowedHosts: [], requestsPerMinute: 0 });
    await byConfigured.until(() => byConfigured.hasEnded, 500);
    streaming.tick();
    await byKept.first(({ event }) => event === 'fleet');
    assert.equal(byKept.hasEnded, false);
  });

  test('of one without a token ends when there are tokens', async () => {
    await using streaming = await Streaming.start();
    await using listener = await EventStream.open(streaming.url);
    await listener.first(({ event }) => event === 'hello');
    streaming.server.setStoredTokens([
      { id: 1, scope: 'admin', sha256: hashToken(createToken()), label: '', expiresAtMs: null },
    ]);
    await listener.until(() => listener.hasEnded, 500);
  });

  test('of one that does not read is cut off soon after its token is gone', async () => {
    const watchers = new Set<(tick: FleetTick) => void>();
    const watch = (watcher: (tick: FleetTick) => void) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    };
    const stream = new LiveStream(
      {
        fleet: fleetPort({ watch }),
        events: emptyEvents(),
        health: healthPort(),
        algorithms: async () => [],
      },
      { version: '1.2.3', listeners: 2 },
    );
    let isAllowed = true;
    const source = await stream.open(null, () => isAllowed);
    assert.ok(source !== null);
    isAllowed = false;
    stream.recheck();
    for (const watcher of watchers) watcher(TICK);
    assert.equal(source.errored, null);
    await until(() => stream.listeners === 0, 'it is gone', 4000);
    assert.equal(watchers.size, 0);
  });

  test('ends when the server does, at once', async () => {
    const streaming = await Streaming.start();
    const listener = await EventStream.open(streaming.url);
    await listener.first(({ event }) => event === 'hello');
    const startedMs = performance.now();
    await streaming.server.close();
    assert.ok(performance.now() - startedMs < 2000);
    await listener.until(() => listener.hasEnded);
    assert.equal(streaming.watchers.size, 0);
  });

  test('asks for a token that may read', async () => {
    const [reader, registrar] = [createToken(), createToken()];
    await using streaming = await Streaming.start({
      tokens: [
        { scope: 'read', sha256: hashToken(reader) },
        { scope: 'register', sha256: hashToken(registrar) },
      ],
    });
    const statusWith = async (headers: Readonly<Record<string, string>>): Promise<number> => {
      await using listener = await EventStream.open(streaming.url, headers);
      return listener.status;
    };
    assert.equal(await statusWith({}), 401);
    assert.equal(await statusWith({ authorization: `Bearer ${registrar}` }), 403);
    assert.equal(await statusWith({ authorization: `Bearer ${reader}` }), 200);
  });

  test('opening one counts once towards the limit', async () => {
    await using streaming = await Streaming.start({ limits: { requestsPerMinute: 2 } });
    await using first = await EventStream.open(streaming.url);
    await using second = await EventStream.open(streaming.url);
    await using third = await EventStream.open(streaming.url);
    assert.deepEqual([first.status, second.status, third.status], [200, 200, 429]);
  });
});

describe('events', () => {
  test('are listed by page, the newest first', async () => {
    const events = eventsPort();
    for (const pool of ['a:1', 'b:1', 'c:1']) events.note({ kind: 'pool-added', pool, by: '' });
    events.note({ kind: 'account-deleted', account: 'aa', by: 'token 3 (ci)' });
    events.stop();
    const server = testServer({ events });
    const page = (await server.inject('/api/v1/events?limit=2&kind=pool-added')).json();
    assert.deepEqual(
      page.events.map((event: { pool: string }) => event.pool),
      ['c:1', 'b:1'],
    );
    assert.equal(page.next, page.events[1].id);
    const rest = (await server.inject(`/api/v1/events?limit=2&kind=pool-added&after=${page.next}`)).json();
    assert.deepEqual([rest.events.length, rest.next], [1, null]);
    const [newest] = (await server.inject('/api/v1/events?limit=1')).json().events;
    assert.deepEqual(
      [newest.kind, newest.severity, newest.message, newest.count, newest.account],
      ['account-deleted', 'info', 'account aa was deleted by token 3 (ci)', 1, 'aa'],
    );
  });

  test('a thousand are in memory', async () => {
    const events = emptyEvents();
    for (let i = 0; i < 1500; i += 1)
      events.add({ event: { kind: 'unban', address: `10.0.0.${i}` }, atMs: i, count: 1, isFolded: false });
    assert.equal(events.newest({ limit: 2000, before: null, kind: null }).length, 1000);
    assert.equal(events.isWhole, false);
  });
});
