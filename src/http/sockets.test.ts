import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type TestPorts, type TestServer, testServer } from '../../test/support/http-fixtures.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import { ListenError } from './errors.ts';
import type { HttpLimits } from './options.ts';

const BODY = '{"pool":"pool.example.com:3333","user":"alice"}';

async function listening(
  t: TestContext,
  ports: TestPorts = {},
  limits: Partial<HttpLimits> = {},
): Promise<{ server: TestServer; at: Endpoint }> {
  const server = testServer(ports, { limits: { closeMs: 200, ...limits } });
  t.after(() => server.close());
  return { server, at: await server.listen() };
}

/** Sends bytes as they are and gives all that comes back until the server closes. */
async function exchange(at: Endpoint, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(at.port, at.host);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return text;
}

function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);
}

function post(headers: string, body: string): string {
  return `POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Waits until something holds; fails after four seconds. */
async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 4000;
  while (!holds()) {
    if (performance.now() > deadline) assert.fail(`${what} did not happen`);
    await setTimeout(5);
  }
}

describe('requests as they come over the wire', () => {
  const accepted: readonly [string, string][] = [
    ['curl -d', 'Content-Type: application/x-www-form-urlencoded\r\n'],
    ['no content type', ''],
    ['an empty content type', 'Content-Type:\r\n'],
    ['JSON', 'Content-Type: application/json\r\n'],
    ['Expect: 100-continue', 'Content-Type: application/json\r\nExpect: 100-continue\r\n'],
  ];
  for (const [name, headers] of accepted) {
    test(`${name}: registered`, async (t) => {
      const { at, server } = await listening(t);
      const text = await exchange(at, post(headers, BODY));
      assert.match(text, /HTTP\/1\.1 201 Created\r\n/);
      assert.ok(text.endsWith('{"name":"0123456789abcdef","error":""}'));
      assert.equal(server.registrations.length, 1);
    });
  }

  test('a body in chunks, byte by byte, with a byte order mark', async (t) => {
    const { at } = await listening(t);
    const bytes = Buffer.from(`\uFEFF${BODY}`);
    const chunks = [...bytes].flatMap((byte) => [
      Buffer.from('1\r\n'),
      Buffer.from([byte]),
      Buffer.from('\r\n'),
    ]);
    const head =
      'POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    assert.equal(statusOf(await exchange(at, head, ...chunks, '0\r\n\r\n')), 201);
  });

  test('HTTP/1.0 without a Host', async (t) => {
    const { at } = await listening(t);
    assert.equal(statusOf(await exchange(at, 'GET /api/v1/health HTTP/1.0\r\n\r\n')), 200);
  });

  test('several requests on one connection', async (t) => {
    const { at } = await listening(t);
    const get = 'GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n';
    const text = await exchange(at, `${get}\r\n${get}\r\n${get}Connection: close\r\n\r\n`);
    assert.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
  });

  for (const [name, head] of [
    ['with a length', 'Content-Length: 2000000\r\n\r\n'],
    ['in chunks', `Transfer-Encoding: chunked\r\n\r\n${(2_000_000).toString(16)}\r\n`],
  ] as const) {
    test(`a body that is too large, ${name}: the answer arrives although the client goes on sending`, async (t) => {
      const { at, server } = await listening(t);
      const socket = connect(at.port, at.host);
      t.after(() => socket.destroy());
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.write(`POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\n${head}`);
      for (let sent = 0; sent < 20; sent++) {
        if (!socket.write(Buffer.alloc(100_000, 0x20))) await once(socket, 'drain');
      }
      await until('the answer', () => text.endsWith('"}'));
      assert.equal(statusOf(text), 413);
      assert.match(text, /\{"name":"","error":"the body is longer than 65536 bytes"\}$/);
      assert.deepEqual(server.registrations, []);
    });
  }

  test('what is no HTTP gets 400 and a hint', async (t) => {
    const { at } = await listening(t);
    const text = await exchange(at, '{"id":1,"method":"mining.subscribe","params":[]}\n');
    assert.equal(statusOf(text), 400);
    assert.match(text, /miners connect to the stratum port/);
  });

  test('HTTP/1.1 without a Host is 400', async (t) => {
    const { at } = await listening(t);
    assert.equal(statusOf(await exchange(at, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')), 400);
  });

  test('headers that are too long get 431', async (t) => {
    const { at } = await listening(t);
    const text = await exchange(at, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    assert.equal(statusOf(text), 431);
    assert.match(text, /headers-too-large/);
  });
});

describe('slow clients', () => {
  const slow = { headersMs: 100, requestMs: 200 };

  test('headers that do not end get 408', async (t) => {
    const { at } = await listening(t, {}, slow);
    const text = await exchange(at, 'GET /api/v1/health HTTP/1.1\r\nHost: loc');
    assert.equal(statusOf(text), 408);
    assert.match(text, /request-timeout/);
  });

  test('a body that does not end gets 408', async (t) => {
    const { at, server } = await listening(t, {}, slow);
    const text = await exchange(
      at,
      'POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{"pool"',
    );
    assert.equal(statusOf(text), 408);
    assert.deepEqual(server.registrations, []);
  });

  test('a connection that says nothing is closed', async (t) => {
    const { at } = await listening(t, {}, slow);
    await exchange(at);
  });

  test('connections beyond the limit are closed', async (t) => {
    const { at } = await listening(t, {}, { connections: 2 });
    const open: Socket[] = [];
    for (let count = 0; count < 2; count++) {
      const socket = connect(at.port, at.host);
      t.after(() => socket.destroy());
      await once(socket, 'connect');
      open.push(socket);
    }
    assert.equal(await exchange(at, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), '');
    open.pop()?.destroy();
    let status = 0;
    while (status !== 200) {
      status = statusOf(await exchange(at, 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'));
    }
  });
});

/** Chunks without end, and how the exposition ended. */
function endless() {
  const state = { chunks: 0, open: 0, ended: 0 };
  const metrics = {
    async *render(): AsyncGenerator<Uint8Array> {
      state.open++;
      try {
        for (;;) {
          state.chunks++;
          yield Buffer.alloc(65_536, 0x61);
        }
      } finally {
        state.open--;
        state.ended++;
      }
    },
  };
  return { state, metrics };
}

async function begin(at: Endpoint, headers = ''): Promise<Socket> {
  const socket = connect(at.port, at.host);
  socket.on('error', () => {});
  socket.write(`GET /metrics HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  await once(socket, 'readable');
  return socket;
}

describe('scrapes', () => {
  test('a reader that does not read is waited for, not buffered for', async (t) => {
    const { state, metrics } = endless();
    const { at } = await listening(t, { metrics });
    const socket = await begin(at);
    t.after(() => socket.destroy());
    let before = -1;
    await until('standstill', () => {
      const still = state.chunks === before;
      before = state.chunks;
      return still && state.chunks > 1;
    });
    assert.ok(state.chunks < 1000, `${state.chunks} chunks`);
  });

  for (const [name, headers] of [
    ['plain', ''],
    ['gzip', 'Accept-Encoding: gzip\r\n'],
  ] as const) {
    test(`a reader that leaves ends the exposition (${name})`, async (t) => {
      const { state, metrics } = endless();
      const { at, server } = await listening(t, { metrics });
      const socket = await begin(at, headers);
      socket.destroy();
      await until('the end', () => state.ended === 1 && state.open === 0);
      await until('the log line', () => server.log.text.includes('scrape cut off'));
    });
  }

  test('one that takes too long is cut off, and the client sees it', async (t) => {
    const { state, metrics } = endless();
    const { at } = await listening(t, { metrics }, { scrapeMs: 50 });
    const text = await exchange(at, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal(statusOf(text), 200);
    assert.ok(!text.endsWith('0\r\n\r\n'), 'the last chunk is missing');
    assert.equal(state.open, 0);
  });

  test('one that fails midway ends without its last chunk', async (t) => {
    const { at } = await listening(t, {
      metrics: {
        async *render() {
          yield Buffer.from('a 1\n');
          await setTimeout(1);
          throw new Error('worker is gone');
        },
      },
    });
    const text = await exchange(at, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.ok(!text.endsWith('0\r\n\r\n'));
  });

  test('too many at once are 503; there is room again when one ends', async (t) => {
    const { state, metrics } = endless();
    const { at } = await listening(t, { metrics }, { scrapes: 2 });
    const [one, two] = [await begin(at), await begin(at)];
    t.after(() => two.destroy());
    const text = await exchange(at, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    assert.equal(statusOf(text), 503);
    assert.match(text, /retry-after: 1\r\n/i);
    one.destroy();
    await until('the end', () => state.ended === 1);
    const third = await begin(at);
    t.after(() => third.destroy());
    assert.equal(state.open, 2);
  });
});

describe('listen', () => {
  test('gives the address that was taken', async (t) => {
    const { at } = await listening(t);
    assert.equal(at.host, '127.0.0.1');
    assert.ok(at.port > 0);
  });

  test('every address of the machine', async (t) => {
    const server = testServer({}, { host: null, limits: { closeMs: 200 } });
    t.after(() => server.close());
    const { port } = await server.listen();
    const text = await exchange({ host: '127.0.0.1', port }, 'GET / HTTP/1.0\r\n\r\n');
    assert.equal(statusOf(text), 200);
  });

  test('a port that is taken is one clear line', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1');
    t.after(() => taken.close());
    await once(taken, 'listening');
    const address = taken.address();
    assert.ok(address !== null && typeof address === 'object');
    const server = testServer({}, { port: address.port });
    t.after(() => server.close());
    await assert.rejects(
      () => server.listen(),
      (error) => {
        assert.ok(error instanceof ListenError);
        assert.equal(error.code, 'EADDRINUSE');
        assert.equal(
          error.message,
          `cannot listen on 127.0.0.1:${address.port} for the API: another program listens there: stop it, or choose another address with --web.addr`,
        );
        return true;
      },
    );
  });

  test('an address of another machine too', async (t) => {
    const server = testServer({}, { host: '192.0.2.1' });
    t.after(() => server.close());
    await assert.rejects(() => server.listen(), /this machine has no such address/);
  });
});

describe('close', () => {
  test('answers what is in flight, takes nothing new, and may be called twice', async (t) => {
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const { at, server } = await listening(
      t,
      {
        accounts: {
          async register() {
            asked.resolve();
            await gate.promise;
            return { kind: 'created', name: '0123456789abcdef' };
          },
        },
      },
      { closeMs: 5000 },
    );
    const answer = exchange(at, post('', BODY).replace('Connection: close\r\n', ''));
    await asked.promise;
    const began = performance.now();
    const closed = server.close();
    const late = connect(at.port, at.host);
    const [error] = await once(late, 'error');
    assert.equal(Reflect.get(Object(error), 'code'), 'ECONNREFUSED');
    gate.resolve();
    assert.equal(statusOf(await answer), 201);
    await closed;
    assert.ok(performance.now() - began < 3000, 'an idle connection held it up');
    await server.close();
  });

  test('closes connections that only wait', async (t) => {
    const { at, server } = await listening(t, {}, { closeMs: 10_000 });
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const response = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest({ agent, host: at.host, port: at.port, path: '/api/v1/health' }, (incoming) => {
        incoming.resume().on('end', () => resolve(incoming.statusCode));
      })
        .on('error', reject)
        .end();
    });
    assert.equal(response, 200);
    const began = performance.now();
    await server.close();
    assert.ok(performance.now() - began < 3000);
  });

  test('cuts what takes longer than it may', async (t) => {
    const asked = Promise.withResolvers<void>();
    const { at, server } = await listening(
      t,
      {
        accounts: {
          register() {
            asked.resolve();
            return new Promise(() => {});
          },
        },
      },
      { closeMs: 50 },
    );
    const answer = exchange(at, post('', BODY));
    await asked.promise;
    await server.close();
    assert.equal(await answer, '');
  });

  test('a server that never listened closes too', async () => {
    await testServer().close();
  });
});
