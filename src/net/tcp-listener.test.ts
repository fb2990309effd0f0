import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, Server } from 'node:net';
import { test } from 'node:test';
import { ListenError, TcpListener } from './tcp-listener.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 } as const;

test('accepts that fail are told and change nothing: the next connection is accepted', async (t) => {
  const listen = t.mock.method(Server.prototype, 'listen');
  const faults: string[] = [];
  let accepted = 0;
  const listener = new TcpListener(
    (socket) => {
      accepted += 1;
      socket.end();
    },
    (error) => faults.push(error.code ?? ''),
  );
  t.after(() => listener.close());
  const { port } = await listener.listen(LOOPBACK);
  const server = listen.mock.calls[0]?.this as Server;
  for (const code of ['ENOBUFS', 'EPERM', 'ENOMEM']) {
    // As Node does when the system cannot hand a connection over.
    server.emit('error', Object.assign(new Error(`accept ${code}`), { code }));
  }
  assert.deepEqual(faults, ['ENOBUFS', 'EPERM', 'ENOMEM']);
  const socket = connect({ host: LOOPBACK.host, port });
  socket.resume();
  await once(socket, 'close');
  assert.equal(accepted, 1);
});

test('a port that is taken is no fault of an accept: listening is refused', async (t) => {
  const faults: Error[] = [];
  const onFault = (error: Error): void => void faults.push(error);
  const first = new TcpListener(() => {}, onFault);
  t.after(() => first.close());
  const { port } = await first.listen(LOOPBACK);
  const second = new TcpListener(() => {}, onFault);
  await assert.rejects(second.listen({ host: LOOPBACK.host, port }), (error) => {
    assert.ok(error instanceof ListenError);
    assert.equal(error.code, 'EADDRINUSE');
    return true;
  });
  assert.deepEqual(faults, []);
});
