import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import dns, { type LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { createServer, type Server, type Socket } from 'node:net';
import { after, afterEach, before, describe, mock, test } from 'node:test';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { httpProxy, socksServer } from '../../test/support/proxy-servers.ts';
import type { ByteCounter, CloseReason } from './connection.ts';
import type { ProxyServer } from './dial-proxy.ts';
import { type KeyAndCertificate, makeSelfSigned } from './self-signed.ts';
import { type DialTarget, TcpDialer } from './tcp-dialer.ts';
import { fingerprintOf } from './tls-identity.ts';
import { WriteBatch } from './write-batch.ts';

const SUITE = { concurrency: false, timeout: 15_000 };

interface Talk {
  readonly heard: readonly string[];
  readonly reason: CloseReason;
  readonly detail: string;
}

/** Dials, says `word` once connected, and ends with what was heard. */
function talk(
  target: DialTarget,
  word = 'hello',
  bytes: ByteCounter = { received: 0, sent: 0 },
): Promise<Talk> {
  const dialer = new TcpDialer({ batch: new WriteBatch(), bytes }, { sendBufferBytes: 1_048_576 });
  return new Promise((resolve) => {
    const heard: string[] = [];
    let text = '';
    const connection = dialer.dial(target, {
      onConnected: () => {
        heard.push('connected');
        connection.send(word);
      },
      onBytes: (chunk) => {
        text += chunk.toString('latin1');
      },
      onClosed: (reason, detail) =>
        resolve({ heard: text === '' ? heard : [...heard, text], reason, detail }),
    });
  });
}

const WELL: Talk = { heard: ['connected', 'echo hello'], reason: 'peer', detail: '' };

function echo(socket: Socket): void {
  socket.on('error', () => {});
  socket.once('data', (chunk) => {
    socket.end(`echo ${chunk.toString('latin1')}`);
  });
}

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function listening(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  servers.push(server);
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

const YEAR_MS = 31_536_000_000;
const now = Date.now();

function certificate(
  names: readonly [string, ...string[]],
  fromMs = -YEAR_MS,
  toMs = YEAR_MS,
): KeyAndCertificate {
  return makeSelfSigned({ names, notBefore: new Date(now + fromMs), notAfter: new Date(now + toMs) });
}

function tlsPool({ key, certificate: cert }: KeyAndCertificate): Promise<number> {
  const server = createTlsServer({ key, cert }, echo);
  server.on('tlsClientError', () => {});
  return listening(server);
}

const pin = (one: KeyAndCertificate): string => fingerprintOf(new X509Certificate(one.certificate));

const target = (port: number, more: Partial<DialTarget> = {}): DialTarget => ({
  host: '127.0.0.1',
  port,
  tls: true,
  ...more,
});

describe('a pool behind TLS', SUITE, () => {
  const own = certificate(['pool.example']);
  const trusted = certificate(['localhost', '127.0.0.1']);
  const foreign = certificate(['other.example']);
  const expired = certificate(['localhost', '127.0.0.1'], -2 * YEAR_MS, -YEAR_MS);
  const future = certificate(['localhost', '127.0.0.1'], YEAR_MS, 2 * YEAR_MS);
  const roots = getCACertificates('default');
  before(() => {
    // What an operating system would have: these authorities are known.
    setDefaultCACertificates([
      ...roots,
      ...[trusted, foreign, expired, future].map((one) => one.certificate),
    ]);
  });
  after(() => setDefaultCACertificates(roots));

  test('that is known for its name or its address is trusted', async () => {
    const port = await tlsPool(trusted);
    const bytes: ByteCounter = { received: 0, sent: 0 };
    assert.deepEqual(await talk(target(port), 'hello', bytes), WELL);
    assert.deepEqual(bytes, { received: 10, sent: 5 }, 'what is inside is counted');
    assert.deepEqual(await talk(target(port, { host: 'localhost' })), WELL);
  });

  for (const [what, one, problem] of [
    ['self-signed', own, /^certificate: self-signed; /],
    ['for another name', foreign, /^certificate: made out to DNS:other\.example, not to 127\.0\.0\.1; /],
    ['expired', expired, /^certificate: expired on \d{4}-\d\d-\d\d; /],
    ['not valid yet', future, /^certificate: valid from \d{4}-\d\d-\d\d on, see whether the clock .*; /],
  ] as const) {
    test(`that is ${what} is refused, with its fingerprint and the two ways to mend it`, async () => {
      const { heard, reason, detail } = await talk(target(await tlsPool(one)));
      assert.deepEqual([heard, reason], [[], 'certificate']);
      assert.match(detail, problem);
      assert.ok(
        detail.endsWith(`; pin its fingerprint sha256:${pin(one)} or set tlsVerify to false`),
        detail,
      );
    });

    test(`that is ${what} is taken where its fingerprint is pinned, or nothing is verified`, async () => {
      const port = await tlsPool(one);
      assert.deepEqual(await talk(target(port, { fingerprint: pin(one) })), WELL);
      assert.deepEqual(await talk(target(port, { verify: false })), WELL);
    });
  }

  test('with another fingerprint than the pinned one is refused, though it would be trusted', async () => {
    const port = await tlsPool(trusted);
    for (const fingerprint of [pin(own), 'nonsense']) {
      const { heard, reason, detail } = await talk(target(port, { fingerprint, verify: false }));
      assert.deepEqual([heard, reason], [[], 'certificate']);
      assert.match(detail, new RegExp(`its fingerprint is sha256:${pin(trusted)}, not the pinned one`));
    }
  });

  test('that speaks none is told from one that is unreachable', async () => {
    const plain = await listening(createServer((socket) => socket.end('{"id":null}\n')));
    const { reason, detail } = await talk(target(plain));
    assert.equal(reason, 'tls-failed');
    assert.match(detail, /does not speak TLS on this port.*set tls false/);
    const silent = await listening(createServer((socket) => socket.once('data', () => socket.end())));
    const closed = await talk(target(silent));
    assert.equal(closed.reason, 'tls-failed');
    assert.match(closed.detail, /closed the connection during the handshake/);
  });

  test('hears the name it is dialled by, and none where that is an address', async () => {
    const names: (string | false | null)[] = [];
    const { key, certificate: cert } = trusted;
    const server = createTlsServer({ key, cert }, (socket) => {
      names.push((socket as typeof socket & { servername: string | false }).servername);
      echo(socket);
    });
    const port = await listening(server);
    await talk(target(port, { host: 'localhost' }));
    await talk(target(port));
    assert.deepEqual(names, ['localhost', false]);
  });
});

/** What a SOCKS 5 server under test is like. */
const via = (kind: ProxyServer['kind'], port: number, login: ProxyServer['login'] = null): ProxyServer => ({
  kind,
  host: '127.0.0.1',
  port,
  login,
});

describe('a pool behind a proxy', SUITE, () => {
  const LOGIN = { user: 'miner', password: 'pä:ss@word' };
  const pool = certificate(['pool.test']);
  const roots = getCACertificates('default');
  let plain = 0;
  let secure = 0;
  before(async () => {
    setDefaultCACertificates([...roots, pool.certificate]);
    plain = await listening(createServer(echo));
    secure = await tlsPool(pool);
  });
  after(() => setDefaultCACertificates(roots));

  for (const login of [null, LOGIN]) {
    const name = login === null ? 'without a login' : 'with user and password';
    const basic = login === null ? null : `Basic ${Buffer.from('miner:pä:ss@word').toString('base64')}`;
    for (const [kind, make] of [
      ['socks5', (seen: string[]) => socksServer({ login }, seen)],
      ['http', (seen: string[]) => httpProxy({ authorization: basic }, seen)],
    ] as const) {
      test(`is reached through ${kind} ${name}, plain and by TLS, its name resolved there`, async () => {
        const seen: string[] = [];
        const proxy = via(kind, await listening(make(seen)), login);
        assert.deepEqual(await talk({ host: 'pool.test', port: plain, tls: false, proxy }), WELL);
        assert.deepEqual(await talk({ host: 'pool.test', port: secure, tls: true, proxy }), WELL);
        assert.deepEqual(seen, [`pool.test ${plain}`, `pool.test ${secure}`]);
      });
    }
  }

  test('is named to the proxy by its address where that is what it has', async () => {
    const seen: string[] = [];
    const socks = via('socks5', await listening(socksServer({ login: null }, seen)));
    const http = via('http', await listening(httpProxy({ authorization: null }, seen)));
    for (const proxy of [socks, http]) {
      for (const host of ['192.0.2.7', '2001:db8::7']) {
        assert.deepEqual(await talk({ host, port: plain, tls: false, proxy }), WELL);
      }
    }
    assert.deepEqual(seen, [
      `192.0.2.7 ${plain}`,
      `20010db8000000000000000000000007 ${plain}`,
      `192.0.2.7 ${plain}`,
      `[2001:db8::7] ${plain}`,
    ]);
  });

  for (const [what, bound] of [
    ['an IPv6 address', Buffer.concat([Buffer.of(4), Buffer.alloc(16)])],
    ['a name', Buffer.from('\x03\x04exit', 'latin1')],
    ['an empty name', Buffer.of(3, 0)],
  ] as const) {
    test(`is reached though the proxy answers with ${what}`, async () => {
      const proxy = via('socks5', await listening(socksServer({ login: null, bound }, [])));
      assert.deepEqual(await talk({ host: 'pool.test', port: plain, tls: false, proxy }), WELL);
    });
  }

  test('that speaks first is heard after the proxy, none of it lost', async () => {
    const proxy = via('http', await listening(httpProxy({ authorization: null, early: 'early ' }, [])));
    const { heard } = await talk({ host: 'pool.test', port: plain, tls: false, proxy });
    assert.deepEqual(heard, ['connected', 'early echo hello']);
  });

  for (const [what, make, problem] of [
    ['wants a login', () => socksServer({ login: LOGIN }, []), /wants a user and a password$/],
    ['does not allow it', () => socksServer({ login: null, code: 2 }, []), /does not allow this connection$/],
    [
      'cannot reach it',
      () => socksServer({ login: null, code: 4 }, []),
      /cannot reach the pool, or resolve its name$/,
    ],
    ['was refused', () => socksServer({ login: null, code: 5 }, []), /was refused by the pool$/],
    ['answers strangely', () => socksServer({ login: null, code: 99 }, []), /answers with 99$/],
    [
      'is none',
      () => createServer((socket) => socket.once('data', () => socket.end('SSH-2.0\r\n'))),
      /does not speak SOCKS 5$/,
    ],
    [
      'says nothing',
      () => createServer((socket) => socket.once('data', () => socket.end())),
      /closed the connection without a word$/,
    ],
  ] as const) {
    test(`is not reached where the SOCKS proxy ${what}, and the proxy is named`, async () => {
      const port = await listening(make());
      const end = await talk({ host: 'pool.test', port: plain, tls: false, proxy: via('socks5', port) });
      assert.deepEqual([end.heard, end.reason], [[], 'proxy-failed']);
      assert.ok(end.detail.startsWith(`proxy 127.0.0.1:${port}: `), end.detail);
      assert.match(end.detail, problem);
    });
  }

  for (const [what, make, problem] of [
    ['wants a login', () => httpProxy({ authorization: 'Basic x' }, []), /wants a user and a password$/],
    [
      'forbids it',
      () => httpProxy({ authorization: null, status: '403 Forbidden' }, []),
      /answers 403 Forbidden$/,
    ],
    ['has no words', () => httpProxy({ authorization: null, status: '502' }, []), /answers 502$/],
    ['is none', () => createServer((socket) => socket.end('SSH-2.0\r\n')), /does not speak HTTP$/],
    [
      'never ends',
      () => createServer((socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`)),
      /answers without end$/,
    ],
  ] as const) {
    test(`is not reached where the HTTP proxy ${what}, and the proxy is named`, async () => {
      const port = await listening(make());
      const end = await talk({ host: 'pool.test', port: plain, tls: true, proxy: via('http', port) });
      assert.deepEqual([end.heard, end.reason], [[], 'proxy-failed']);
      assert.ok(end.detail.startsWith(`proxy 127.0.0.1:${port}: `), end.detail);
      assert.match(end.detail, problem);
    });
  }

  test('is not reached with a wrong password', async () => {
    const wrong = { user: 'miner', password: 'wrong' };
    const socks = via('socks5', await listening(socksServer({ login: LOGIN }, [])), wrong);
    const http = via('http', await listening(httpProxy({ authorization: 'Basic x' }, [])), wrong);
    for (const proxy of [socks, http]) {
      const { reason, detail } = await talk({ host: 'pool.test', port: plain, tls: false, proxy });
      assert.equal(reason, 'proxy-failed');
      assert.match(detail, /does not take the user and password$/);
      assert.ok(!detail.includes('wrong'));
    }
  });

  test('is not reached where nobody listens for the proxy, or the dial is given up', async () => {
    const gone = await talk({ host: 'pool.test', port: 1, tls: false, proxy: via('socks5', 1) });
    assert.deepEqual([gone.reason, gone.detail], ['proxy-failed', 'proxy 127.0.0.1:1: ECONNREFUSED']);
    const silent = await listening(createServer(() => {}));
    const dialer = new TcpDialer(
      { batch: new WriteBatch(), bytes: { received: 0, sent: 0 } },
      { sendBufferBytes: 1_048_576 },
    );
    const reason = await new Promise((resolve) => {
      const connection = dialer.dial(
        { host: 'pool.test', port: 1, tls: false, proxy: via('socks5', silent) },
        { onConnected() {}, onBytes() {}, onClosed: (why) => resolve(why) },
      );
      setImmediate(() => connection.destroy('dial-timeout'));
    });
    assert.equal(reason, 'dial-timeout');
  });

  test('by TLS through a proxy is verified by its own name, not the proxy’s', async () => {
    const proxy = via('socks5', await listening(socksServer({ login: null }, [])));
    const end = await talk({ host: 'else.test', port: secure, tls: true, proxy });
    assert.equal(end.reason, 'certificate');
    assert.match(end.detail, /made out to DNS:pool\.test, not to else\.test/);
  });
});

/** Every name has these addresses. */
function resolveTo(addresses: readonly LookupAddress[]): void {
  const resolver = (
    _host: string,
    _options: object,
    callback: (error: null, found: readonly LookupAddress[]) => void,
  ): void => callback(null, addresses);
  mock.method(dns, 'lookup', resolver as unknown as typeof dns.lookup);
  syncBuiltinESMExports();
}

describe('a pool of several addresses', SUITE, () => {
  afterEach(() => {
    mock.restoreAll();
    syncBuiltinESMExports();
  });

  for (const [what, dead] of [
    ['refuses', { address: '::1', family: 6 }],
    // RFC 6666: a prefix that everything is thrown away for.
    ['does not answer, or is not routed', { address: '100::1', family: 6 }],
  ] as const) {
    for (const tls of [false, true]) {
      test(`is reached by the other family where the first ${what}, ${tls ? 'by TLS' : 'plain'}`, async () => {
        const port = tls ? await tlsPool(certificate(['pool.test'])) : await listening(createServer(echo));
        resolveTo([dead, { address: '127.0.0.1', family: 4 }]);
        const startedMs = performance.now();
        assert.deepEqual(await talk({ host: 'pool.test', port, tls, verify: false }), WELL);
        assert.ok(performance.now() - startedMs < 3000);
      });
    }
  }

  test('that all refuse is not reached, in the system’s word', async () => {
    resolveTo([
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]);
    const { reason, detail } = await talk({ host: 'pool.test', port: 1, tls: false });
    assert.equal(reason, 'error');
    assert.match(detail, /^(?:ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH)$/);
  });
});

describe('a pool by its IPv6 address', SUITE, () => {
  test('is reached where this machine has IPv6', async (t) => {
    let port: number;
    try {
      port = await listening(createServer(echo), '::1');
    } catch {
      t.skip('no IPv6 on this machine');
      return;
    }
    assert.deepEqual(await talk({ host: '::1', port, tls: false }), WELL);
  });
});
