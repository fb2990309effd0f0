import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { resetSocket } from './reset-socket.ts';

const openFiles = (): number => readdirSync('/proc/self/fd').length;

// Node does not come to its end while a destroyed socket still has its descriptor, not by process.exit() either.
after(() =>
  process.once('exit', (code) => {
    if (code !== 0) process.kill(process.pid, 'SIGKILL');
  }),
);

/** Both ends of a connection; destroyed with the test at the latest. */
async function pair(t: TestContext): Promise<{ here: Socket; there: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const there = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [here] = (await once(server, 'connection')) as [Socket];
  here.on('error', () => {});
  server.close();
  t.after(() => {
    here.destroy();
    there.destroy();
  });
  return { here, there };
}

test('a peer sees a reset', { timeout: 5000 }, async (t) => {
  const { here, there } = await pair(t);
  const failed = once(there, 'error') as Promise<[NodeJS.ErrnoException]>;
  resetSocket(here);
  assert.equal((await failed)[0].code, 'ECONNRESET');
});

test('a socket whose own end is under way keeps no descriptor', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const before = openFiles();
  for (let i = 0; i < 20; i += 1) {
    const { here, there } = await pair(t);
    there.on('error', () => {});
    there.pause();
    here.end();
    resetSocket(here);
    there.destroy();
  }
  await sleep(100);
  assert.ok(openFiles() <= before + 2, `${openFiles()} open files, ${before} before`);
});
