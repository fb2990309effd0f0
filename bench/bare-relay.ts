/**
 * The least a Node proxy can do: two sockets per miner, bytes copied both ways, nothing read. What remains to its cost
 * above HAProxy is the price of the runtime. Arguments: the port to listen on and the pool's port, both on 127.0.0.1.
 */
import { connect, createServer } from 'node:net';

const [listenPort, poolPort] = process.argv.slice(2).map(Number);
if (listenPort === undefined || poolPort === undefined)
  throw new Error('usage: bare-relay.ts <port> <pool port>');

const server = createServer({ noDelay: true }, (miner) => {
  const pool = connect({ host: '127.0.0.1', port: poolPort, noDelay: true });
  miner.on('data', (chunk) => {
    if (!pool.write(chunk)) miner.pause();
  });
  pool.on('data', (chunk) => {
    if (!miner.write(chunk)) pool.pause();
  });
  miner.on('drain', () => pool.resume());
  pool.on('drain', () => miner.resume());
  miner.on('close', () => pool.destroy());
  pool.on('close', () => miner.destroy());
  miner.on('error', () => undefined);
  pool.on('error', () => undefined);
});
server.listen({ host: '127.0.0.1', port: listenPort, backlog: 65_535 });
process.on('SIGTERM', () => process.exit(0));
