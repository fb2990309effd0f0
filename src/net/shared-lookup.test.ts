import assert from 'node:assert/strict';
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { SharedLookup } from './shared-lookup.ts';

const BOTH: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
  { address: '127.0.0.2', family: 4 },
];

interface Answer {
  readonly code: string | null;
  readonly address: string | readonly LookupAddress[] | undefined;
  readonly family: number | undefined;
}

function look(names: SharedLookup, host: string, options: LookupOptions): Promise<Answer> {
  return new Promise((resolve) => {
    names.lookup(host, options, (error, address, family) =>
      resolve({ code: error?.code ?? null, address, family }),
    );
  });
}

/** The same question to the real one. */
function lookReally(host: string, options: LookupOptions): Promise<Answer> {
  return new Promise((resolve) => {
    dns.lookup(host, options, (error, address, family) =>
      resolve({ code: error?.code ?? null, address, family }),
    );
  });
}

describe('names resolved for many', () => {
  /** Questions that reached the resolver; each is answered when the test says so. */
  const asked: {
    readonly host: string;
    readonly answer: (found: readonly LookupAddress[] | string) => void;
  }[] = [];
  let nowMs = 1000;

  beforeEach(() => {
    asked.length = 0;
    const resolver = (
      host: string,
      _options: LookupOptions,
      callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
    ): void => {
      asked.push({
        host,
        answer: (found) => {
          if (typeof found !== 'string') callback(null, [...found]);
          else callback(Object.assign(new Error(`getaddrinfo ${found} ${host}`), { code: found }), []);
        },
      });
    };
    mock.method(dns, 'lookup', resolver as typeof dns.lookup);
    mock.method(performance, 'now', () => nowMs);
    // What others have imported by name follows only now.
    syncBuiltinESMExports();
  });
  afterEach(() => {
    mock.restoreAll();
    syncBuiltinESMExports();
  });

  test('those for one name that come together ask once, and all hear the answer', async () => {
    const names = new SharedLookup();
    const answers = Array.from({ length: 50 }, () => look(names, 'pool.example', { all: true }));
    const other = look(names, 'other.example', { all: true });
    assert.deepEqual(
      asked.map(({ host }) => host),
      ['pool.example', 'other.example'],
    );
    asked[0]?.answer(BOTH);
    for (const answer of await Promise.all(answers)) {
      assert.deepEqual(answer, { code: null, address: BOTH, family: undefined });
    }
    asked[1]?.answer('ENOTFOUND');
    assert.equal((await other).code, 'ENOTFOUND');
  });

  test('an answer serves for a moment, never within the call, and no longer than that', async () => {
    const names = new SharedLookup();
    const first = look(names, 'pool.example', {});
    asked[0]?.answer(BOTH);
    await first;
    nowMs += 1900;
    let hasReturned = false;
    const isLater = new Promise((resolve) => {
      names.lookup('pool.example', {}, () => resolve(hasReturned));
    });
    hasReturned = true;
    assert.equal(await isLater, true);
    assert.equal(asked.length, 1);
    nowMs += 200;
    const moved = look(names, 'pool.example', {});
    assert.equal(asked.length, 2, 'a changed address is followed at the next attempt');
    asked[1]?.answer([{ address: '127.0.0.9', family: 4 }]);
    assert.equal((await moved).address, '127.0.0.9');
  });

  test('a failure is told to all who waited and not kept', async () => {
    const names = new SharedLookup();
    const failed = [look(names, 'pool.example', { all: true }), look(names, 'pool.example', { family: 4 })];
    asked[0]?.answer('EAI_AGAIN');
    for (const { code } of await Promise.all(failed)) assert.equal(code, 'EAI_AGAIN');
    const again = look(names, 'pool.example', { all: true });
    assert.equal(asked.length, 2);
    asked[1]?.answer(BOTH);
    assert.deepEqual((await again).address, BOTH);
  });

  test('each gets the family it wants of the one answer, one address or all', async () => {
    const names = new SharedLookup();
    const questions: readonly LookupOptions[] = [
      {},
      { family: 0 },
      { family: 4 },
      { family: 6 },
      { all: true },
      { all: true, family: 4 },
      { all: true, family: 6 },
    ];
    const answers = questions.map((options) => look(names, 'pool.example', options));
    assert.equal(asked.length, 1);
    asked[0]?.answer(BOTH);
    assert.deepEqual(await Promise.all(answers), [
      { code: null, address: '127.0.0.1', family: 4 },
      { code: null, address: '127.0.0.1', family: 4 },
      { code: null, address: '127.0.0.1', family: 4 },
      { code: null, address: '::1', family: 6 },
      { code: null, address: BOTH, family: undefined },
      { code: null, address: [BOTH[0], BOTH[2]], family: undefined },
      { code: null, address: [BOTH[1]], family: undefined },
    ]);
  });

  test('a name without an address of the family that is wanted is not found', async () => {
    const names = new SharedLookup();
    const answer = look(names, 'pool.example', { family: 6 });
    asked[0]?.answer([{ address: '127.0.0.1', family: 4 }]);
    assert.equal((await answer).code, 'ENOTFOUND');
  });

  test('a name without one is not found where all of that family are wanted either', async () => {
    const names = new SharedLookup();
    const answer = look(names, 'pool.example', { family: 6, all: true });
    asked[0]?.answer([{ address: '127.0.0.1', family: 4 }]);
    assert.equal((await answer).code, 'ENOTFOUND');
  });

  test('more names than it keeps do not stop any of them', async () => {
    const names = new SharedLookup();
    const answers = Array.from({ length: 1500 }, (_, i) => look(names, `pool${i}.example`, {}));
    for (const { answer } of asked) answer(BOTH);
    for (const { address } of await Promise.all(answers)) assert.equal(address, '127.0.0.1');
  });
});

describe('names of this machine', () => {
  test('are answered as the system answers them', async () => {
    const names = new SharedLookup();
    for (const options of [{ all: true }, { all: true, family: 4 }, { family: 4 }, {}] as const) {
      const { code, address, family } = await look(names, 'localhost', options);
      const real = await lookReally('localhost', { ...options, order: 'verbatim' });
      assert.deepEqual(
        { code, address, family },
        { code: real.code, address: real.address, family: real.family },
      );
    }
  });

  test('can be connected to', async (t) => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const { lookup } = new SharedLookup();
    const closed = Array.from({ length: 20 }, async () => {
      const socket = connect({ host: 'localhost', port: address.port, lookup });
      await once(socket, 'connect');
      socket.destroy();
    });
    await Promise.all(closed);
  });
});
