import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { type Endpoint, formatEndpoint } from '../../src/domain/endpoint.ts';
import type { PoolTestView, PoolView } from '../../src/http/ports/pools.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { makeSelfSigned } from '../../src/net/self-signed.ts';
import { CryptonotePool } from '../../src/practice/cryptonote/pool.ts';
import { EthashPool } from '../../src/practice/ethash-pool.ts';
import { PRACTICE_FLAVOURS } from '../../src/practice/ethash-proof.ts';
import { PracticePool } from '../../src/practice/practice-pool.ts';
import { PrefixPool } from '../../src/practice/prefix/pool.ts';
import { type Answer, Program } from '../support/program.ts';

const parts = { log: silentLog, clock: systemClock };
const SECRET = 'hunter2-secret';
const credentials = new Map([['account', SECRET]]);
const quiet = { jobIntervalMs: 0, blockIntervalMs: 0, credentials } as const;

interface AnyPool {
  start(): Promise<Endpoint>;
  stop(): Promise<void>;
}

const PREFIXED = ['equihash', 'kawpow', 'kaspa', 'autolykos'] as const;

/** A practice pool of every dialect, what its algorithm is and how that is known, and one that fits where it cannot be known. */
const POOLS: readonly {
  readonly dialect: string;
  readonly algorithm: string | null;
  readonly from: string;
  readonly fitting: string;
  readonly make: () => AnyPool;
}[] = [
  {
    dialect: 'bitcoin-v1',
    algorithm: 'sha256d',
    from: 'job',
    fitting: 'sha256d',
    make: () => new PracticePool(parts, { ...quiet, difficulty: 8 }),
  },
  {
    dialect: 'bitcoin-v1',
    algorithm: null,
    from: 'unknown',
    fitting: 'scrypt',
    make: () => new PracticePool(parts, { ...quiet, algorithm: 'scrypt', jobTiming: 'after-authorize' }),
  },
  ...(
    [
      ['rx/0', 'randomx'],
      ['rx/wow', 'randomx-wow'],
      ['cn/r', 'cryptonight-r'],
    ] as const
  ).map(([algo, algorithm]) => ({
    dialect: 'cryptonote',
    algorithm,
    from: 'job',
    fitting: algorithm,
    make: () => new CryptonotePool(parts, { ...quiet, algo }),
  })),
  ...PRACTICE_FLAVOURS.map((flavour) => ({
    dialect: flavour,
    algorithm: flavour === 'eip1571' ? 'ethash' : null,
    from: flavour === 'eip1571' ? 'job' : 'unknown',
    fitting: 'ethash',
    make: () => new EthashPool({ log: silentLog }, { ...quiet, flavour }),
  })),
  ...PREFIXED.map((dialect) => ({
    dialect,
    algorithm: dialect === 'autolykos' ? 'autolykos2' : null,
    from: dialect === 'autolykos' ? 'dialect' : 'unknown',
    fitting: { equihash: 'equihash', kawpow: 'kawpow', kaspa: 'kheavyhash', autolykos: 'autolykos2' }[
      dialect
    ],
    make: () => new PrefixPool(parts, { ...quiet, dialect }),
  })),
];

let program: Program;

before(async () => {
  program = await Program.start();
});
after(() => program[Symbol.asyncDispose]());

async function ask(body: object): Promise<PoolTestView> {
  const { status, text, json } = await program.post('/api/v1/pools/test', body);
  assert.equal(status, 200, text);
  assert.ok(!text.includes(SECRET), text);
  return json as PoolTestView;
}

async function serve(t: TestContext, onSocket: (socket: Socket) => void): Promise<string> {
  return await listening(t, createServer(onSocket));
}

async function listening(t: TestContext, server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function started(t: TestContext, pool: AnyPool): Promise<string> {
  const endpoint = await pool.start();
  t.after(() => pool.stop());
  return formatEndpoint(endpoint);
}

const add = (body: object): Promise<Answer> => program.post('/api/v1/pools', body);
const login = { user: 'account', password: SECRET };

async function listedAs(pool: string): Promise<PoolView | undefined> {
  const { json } = await program.get(`/api/v1/pools?search=${encodeURIComponent(pool)}`);
  return (json as { readonly pools: readonly PoolView[] }).pools.find((one) => one.pool === pool);
}

describe('a pool of any dialect', () => {
  for (const { dialect, algorithm, from, fitting, make } of POOLS) {
    test(`${dialect}, ${fitting}: is found out, tested, and added by what was found`, async (t) => {
      const pool = await started(t, make());
      const found = await ask({ pool, ...login });
      assert.equal(found.failure, null, JSON.stringify(found.failure));
      assert.deepEqual(
        [found.pool, found.reachable, found.address, found.tls, found.dialect, found.dialectFrom],
        [pool, true, '127.0.0.1', null, dialect, 'job'],
      );
      assert.deepEqual([found.algorithm, found.algorithmFrom], [algorithm, from]);
      assert.ok(found.possibleAlgorithms.includes(fitting), found.possibleAlgorithms.join());
      for (const ms of [found.connectMs, found.loginMs, found.firstJobMs])
        assert.ok(ms !== null && ms >= 0 && ms < 5000, `${ms} ms`);
      assert.ok((found.difficulty ?? found.hashesPerShare ?? 0) > 0);
      const isDivided = !['cryptonote', 'ethproxy', 'ethash-plain'].includes(dialect);
      assert.equal(found.extranonce2Bytes !== null, isDivided);

      const given = await ask({ pool, ...login, algorithm: fitting });
      assert.deepEqual([given.dialect, given.algorithm, given.failure], [dialect, fitting, null]);
      assert.ok((given.difficulty ?? 0) > 0 && (given.hashesPerShare ?? 0) > 0);

      const answer = await add({ pool, algorithm: 'auto', ...login });
      assert.ok(!answer.text.includes(SECRET));
      if (algorithm === null) {
        assert.equal(answer.status, 422, answer.text);
        assert.match(answer.text, /undetermined-pool/);
        assert.match(answer.text, new RegExp(`speaks ${dialect}.*Name the algorithm`));
        assert.equal(await listedAs(pool), undefined, 'nothing is stored');
      } else {
        assert.equal(answer.status, 201, answer.text);
        const listed = await listedAs(pool);
        assert.deepEqual(
          [listed?.dialect, listed?.algorithm, listed?.algorithmFrom],
          [dialect, algorithm, from],
        );
        assert.equal((await add({ pool, algorithm: 'auto' })).status, 200, 'the same again, nobody asked');
      }
    });

    test(`${dialect}, ${fitting}: a wrong password ends at the login, in the pool's words`, async (t) => {
      const pool = await started(t, make());
      for (const some of [{}, { algorithm: fitting, dialect }]) {
        const { reachable, failure, possibleDialects, loginMs } = await ask({
          pool,
          user: 'account',
          password: 'wrong',
          ...some,
        });
        assert.deepEqual([reachable, failure?.step, loginMs], [true, 'login', null], JSON.stringify(failure));
        assert.ok(failure?.poolMessage !== null && failure?.poolMessage !== '');
        assert.ok(possibleDialects.includes(dialect), possibleDialects.join());
      }
    });
  }
});

test('what was found survives a restart', async (t) => {
  const pool = await started(t, new CryptonotePool(parts, { ...quiet, algo: 'rx/wow' }));
  const first = await Program.start({ dataFile: `${program.dataFile}.again` });
  const { status, text } = await first.post('/api/v1/pools', { pool, algorithm: 'auto', ...login });
  await first.stop();
  assert.equal(status, 201, text);
  await using second = await Program.start({ dataFile: `${program.dataFile}.again` });
  const { json } = await second.get(`/api/v1/pools?search=${encodeURIComponent(pool)}`);
  const [view] = (json as { readonly pools: readonly PoolView[] }).pools;
  assert.deepEqual(
    [view?.algorithm, view?.algorithmFrom, view?.dialect],
    ['randomx-wow', 'job', 'cryptonote'],
  );
});

describe('without a login', () => {
  test('a pool that sends its first job unasked is found out', async (t) => {
    const pool = await started(t, new PracticePool(parts, quiet));
    const { status, text } = await add({ pool, algorithm: 'auto' });
    assert.equal(status, 201, text);
    assert.deepEqual((await listedAs(pool))?.algorithm, 'sha256d');
  });

  test('one that says nothing before is not guessed at: the answer asks for a user or the algorithm', async (t) => {
    for (const make of [
      () => new CryptonotePool(parts, quiet),
      () => new PracticePool(parts, { ...quiet, jobTiming: 'after-authorize' }),
    ]) {
      const pool = await started(t, make());
      const { status, text } = await add({ pool, algorithm: 'auto' });
      assert.equal(status, 422, text);
      assert.match(text, /give \\"user\\"/);
      assert.equal(await listedAs(pool), undefined);
    }
  });
});

describe('what is no pool', { concurrency: 4 }, () => {
  test('nothing listens there', async (t) => {
    const server = createServer();
    const pool = await listening(t, server);
    server.close();
    const { reachable, failure, connectMs } = await ask({ pool, ...login });
    assert.deepEqual([reachable, failure?.step, connectMs], [false, 'connect', null]);
    assert.match(failure?.message ?? '', /nothing listens there/);
    const added = await add({ pool, algorithm: 'auto', ...login });
    assert.equal(added.status, 422);
    assert.match(added.text, /nothing listens there.*Name the algorithm/);
  });

  test('a host that does not exist', async () => {
    const { reachable, failure } = await ask({ pool: 'nowhere.invalid:3333', ...login });
    assert.deepEqual([reachable, failure?.step], [false, 'connect']);
  });

  test('it takes connections and says nothing, within fifteen seconds', async (t) => {
    const pool = await serve(t, (socket) => socket.resume());
    const from = performance.now();
    const { reachable, failure } = await ask({ pool, ...login });
    const ms = performance.now() - from;
    assert.ok(ms < 17_000, `${ms} ms`);
    assert.deepEqual([reachable, failure?.step], [true, 'dialect']);
    assert.match(failure?.message ?? '', /says nothing when asked in bitcoin-v1, cryptonote/);
  });

  test('it closes every connection', async (t) => {
    const pool = await serve(t, (socket) => socket.end());
    const { failure } = await ask({ pool, ...login });
    assert.equal(failure?.step, 'dialect');
    assert.match(failure?.message ?? '', /closes the connection when asked in bitcoin-v1/);
  });

  test('a web server', async (t) => {
    const pool = await listening(
      t,
      createHttp((_, response) => response.end('private page')),
    );
    const { failure } = await ask({ pool, ...login });
    assert.equal(failure?.step, 'dialect');
    assert.match(failure?.message ?? '', /a web server answers there/);
  });

  test('garbage, of which nothing is repeated', async (t) => {
    for (const bytes of [
      'SSH-2.0-OpenSSH_9.9\r\n',
      Buffer.from('ff00fe80c1c2c30a', 'hex'),
      '-ERR internal-secret\r\n',
    ]) {
      const pool = await serve(t, (socket) => {
        socket.resume();
        socket.write(bytes);
      });
      const found = await ask({ pool, ...login });
      assert.equal(found.failure?.step, 'dialect');
      assert.match(found.failure?.message ?? '', /not JSON/);
      assert.ok(!JSON.stringify(found).includes('internal-secret'));
    }
  });

  test('an alert of TLS says what to set', async (t) => {
    const pool = await serve(t, (socket) => {
      socket.on('data', () => socket.end(Buffer.from('15030100020246', 'hex')));
    });
    const { failure } = await ask({ pool, ...login });
    assert.deepEqual([failure?.step, /set "tls" to true/.test(failure?.message ?? '')], ['tls', true]);
  });

  test('JSON that answers everything with yes is no pool without a job', async (t) => {
    const pool = await serve(t, (socket) => {
      socket.on('data', (chunk: Buffer) => {
        for (const line of chunk.toString('utf8').trim().split('\n')) {
          const { id } = JSON.parse(line) as { readonly id: unknown };
          socket.write(`${JSON.stringify({ id, result: true, error: null })}\n`);
        }
      });
    });
    const { failure, dialect, algorithm } = await ask({ pool, ...login });
    assert.equal(failure?.step, 'first-job', JSON.stringify(failure));
    assert.deepEqual([dialect, algorithm], [null, null]);
  });

  test('a pool that quotes the password does not get it into the answer or the log', async (t) => {
    const pool = await serve(t, (socket) => {
      socket.on('data', (chunk: Buffer) => {
        const [, id = '1'] = /"id":(\d+)/.exec(chunk.toString('utf8')) ?? [];
        socket.write(`{"id":${id},"result":null,"error":[24,"no login with ${SECRET}",null]}\n`);
      });
    });
    const { failure } = await ask({ pool, ...login, algorithm: 'randomx' });
    assert.deepEqual(
      [failure?.step, failure?.poolMessage, failure?.poolCode],
      ['login', 'no login with ***', 24],
    );
    assert.ok(!program.stdout.includes(SECRET));
  });
});

test('TLS: a certificate that nobody has signed is told with its fingerprint, and taken once that is pinned', async (t) => {
  const now = Date.now();
  const { key, certificate } = makeSelfSigned({
    names: ['pool.example'],
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 86_400_000),
  });
  const pool = await started(t, new PracticePool(parts, { ...quiet, tls: { key, cert: certificate } }));
  const refused = await ask({ pool: `stratum+ssl://${pool}`, ...login });
  assert.deepEqual([refused.reachable, refused.failure?.step], [false, 'tls']);
  assert.match(refused.failure?.message ?? '', /self-signed/);
  const { fingerprint = '', protocol } = refused.tls ?? {};
  assert.match(fingerprint, /^[0-9a-f]{64}$/);
  assert.equal(protocol, 'TLSv1.3');
  for (const options of [{ tlsFingerprint: fingerprint }, { tlsVerify: false }]) {
    const found = await ask({ pool, tls: true, options, ...login });
    assert.deepEqual(
      [found.failure, found.dialect, found.tls?.fingerprint],
      [null, 'bitcoin-v1', fingerprint],
    );
  }
  const plain = await ask({ pool, tls: false, ...login });
  assert.deepEqual([plain.failure?.step, plain.dialect], ['dialect', null], JSON.stringify(plain.failure));
  assert.match(plain.failure?.message ?? '', /whether it wants TLS/);

  const added = await add({
    pool,
    algorithm: 'auto',
    tls: true,
    options: { tlsFingerprint: fingerprint },
    ...login,
  });
  assert.equal(added.status, 201, added.text);
  assert.equal((await ask({ pool, ...login })).failure, null, 'as the pool list says');
});

test('through a proxy that is not there', async () => {
  const options = { via: 'socks5://127.0.0.1:1' };
  const { reachable, address, failure } = await ask({ pool: 'pool.example:3333', ...login, options });
  assert.deepEqual([reachable, address, failure?.step], [false, null, 'proxy']);
});

test('what cannot be asked is refused before anybody is', async () => {
  const refusals: readonly (readonly [object, number, RegExp])[] = [
    [{ pool: 'a.example:1' }, 400, /user/],
    [{ pool: 'a.example', user: 'a' }, 422, /host:port/],
    [{ pool: '*.a.example:1', user: 'a' }, 422, /host:port/],
    [{ pool: 'a.example:1', user: 'a\nb' }, 422, /control characters/],
    [{ pool: 'a.example:1', user: 'a', algorithm: 'sha255' }, 404, /unknown-algorithm/],
    [{ pool: 'a.example:1', user: 'a', algorithm: 'sha256d', dialect: 'kaspa' }, 422, /it has bitcoin-v1/],
    [{ pool: 'a.example:1', user: 'a', dialect: 'klingon' }, 422, /there are bitcoin-v1, cryptonote/],
    [
      { pool: 'a.example:1', user: 'a', options: { passwordTemplate: 'd={difficulty}' } },
      422,
      /suggestDifficulty/,
    ],
    [{ pool: 'a.example:1', user: 'a', more: 1 }, 400, /more/],
  ];
  for (const [body, status, words] of refusals) {
    const answer = await program.post('/api/v1/pools/test', body);
    assert.equal(answer.status, status, `${JSON.stringify(body)}: ${answer.text}`);
    assert.match(answer.text, words);
  }
  for (const [body, words] of [
    [{ pool: '*.a.example:1', algorithm: 'auto' }, /one host and port/],
    [{ pool: 'a.example:1,2', algorithm: 'auto' }, /one host and port/],
    [{ pool: 'a.example:1', algorithm: 'sha256d', user: 'a' }, /leave them out/],
    [{ pool: 'a.example:1', algorithm: 'auto', password: 'a' }, /goes with/],
  ] as const) {
    const answer = await add(body);
    assert.equal(answer.status, 422, answer.text);
    assert.match(answer.text, words);
  }
});

test('four pools are asked at once, and a fifth has to wait', async (t) => {
  const pool = await serve(t, (socket) => socket.resume());
  const first = Array.from({ length: 4 }, () => program.post('/api/v1/pools/test', { pool, ...login }));
  const { status, headers } = await program.post('/api/v1/pools/test', { pool, ...login });
  assert.deepEqual([status, headers.get('retry-after')], [503, '5']);
  await Promise.all(first);
});
