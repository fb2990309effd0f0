import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { resetSocket } from './reset-socket.ts';

const openFiles = (): number => readdirSync('/proc/self/fd').length;

async function pair(): Promise<{ here: Socket; there: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const there = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [here] = (await once(server, 'connection')) as [Socket];
  here.on('error', () => {});
  server.close();
  return { here, there };
}

test('a peer sees a reset', async () => {
  const { here, there } = await pair();
  const failed = once(there, 'error') as Promise<[NodeJS.ErrnoException]>;
  resetSocket(here);
  assert.equal((await failed)[0].code, 'ECONNRESET');
});

test('a socket whose own end is under way keeps no descriptor', {
  skip: process.platform !== 'linux',
}, async () => {
  const before = openFiles();
  for (let i = 0; i < 20; i += 1) {
    const { here, there } = await pair();
    there.on('error', () => {});
    there.pause();
    here.end();
    resetSocket(here);
    there.destroy();
  }
  await sleep(100);
  assert.ok(openFiles() <= before + 2, `${openFiles()} open files, ${before} before`);
});
