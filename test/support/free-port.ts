import { createServer, type Server } from 'node:net';

/** A server that holds a port of 127.0.0.1 and does nothing with it, with that port. */
export async function holdPort(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no address');
  return { server, port: address.port };
}

/** A port of 127.0.0.1 that was free a moment ago, for programs that must be told one. */
export async function freePort(): Promise<number> {
  const { server, port } = await holdPort();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
