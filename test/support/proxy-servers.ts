import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Strict proxies of the kinds that pools are reached through, whose clients go to the loopback whatever they ask for. */

export interface SocksManners {
  readonly login: { readonly user: string; readonly password: string } | null;
  /** The code of the answer; where it is 0, the connection is made. */
  readonly code?: number;
  /** Type and address of the answer. */
  readonly bound?: Buffer;
}

/**
 * A strict SOCKS 5 server that checks each byte against RFC 1928 and 1929 and names go nowhere but here: every `*.test` is the loopback.
 * Its answers leave byte by byte.
 */
export function socksServer(manners: SocksManners, seen: string[]): Server {
  return createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    serveSocks(socket, manners, seen).catch((error: unknown) => {
      seen.push(String(error));
      socket.destroy();
    });
  });
}

/** Reads exact numbers of bytes from a socket. */
function reader(socket: Socket): (count: number) => Promise<Buffer> {
  return async (count) => {
    for (;;) {
      const chunk = count === 0 ? Buffer.alloc(0) : (socket.read(count) as Buffer | null);
      if (chunk !== null) return chunk;
      await once(socket, 'readable');
      if (socket.readableEnded) throw new Error('the client has closed');
    }
  };
}

async function drip(socket: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    socket.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function serveSocks(socket: Socket, manners: SocksManners, seen: string[]): Promise<void> {
  const read = reader(socket);
  const [version, methods = 0] = await read(2);
  assert.equal(version, 5);
  const offered = [...(await read(methods))];
  assert.equal(new Set(offered).size, offered.length);
  const method = manners.login === null ? 0 : 2;
  if (!offered.includes(method)) {
    await drip(socket, Buffer.of(5, 0xff));
    socket.end();
    return;
  }
  await drip(socket, Buffer.of(5, method));
  if (manners.login !== null) {
    const [subversion, userBytes = 0] = await read(2);
    assert.equal(subversion, 1);
    const user = (await read(userBytes)).toString();
    const [passwordBytes = 0] = await read(1);
    const password = (await read(passwordBytes)).toString();
    const isRight = user === manners.login.user && password === manners.login.password;
    await drip(socket, Buffer.of(1, isRight ? 0 : 1));
    if (!isRight) {
      socket.end();
      return;
    }
  }
  const [again, command, reserved, type = 0] = await read(4);
  assert.deepEqual([again, command, reserved], [5, 1, 0]);
  const host = await readAddress(read, type);
  const port = (await read(2)).readUInt16BE();
  seen.push(`${host} ${port}`);
  const code = manners.code ?? 0;
  const bound = manners.bound ?? Buffer.of(1, 0, 0, 0, 0);
  await drip(socket, Buffer.concat([Buffer.of(5, code, 0), bound, Buffer.of(0, 0)]));
  if (code !== 0) {
    socket.end();
    return;
  }
  join(socket, port);
}

async function readAddress(read: (count: number) => Promise<Buffer>, type: number): Promise<string> {
  switch (type) {
    case 1:
      return (await read(4)).join('.');
    case 3:
      return (await read((await read(1)).readUInt8())).toString('latin1');
    case 4:
      return (await read(16)).toString('hex');
    default:
      throw new Error(`an address of type ${type}`);
  }
}

/** Whatever it is called, it is on the loopback. */
function join(socket: Socket, port: number): void {
  const pool = connect({ host: '127.0.0.1', port });
  pool.on('error', () => socket.destroy());
  socket.on('close', () => pool.destroy());
  socket.pipe(pool);
  pool.pipe(socket);
}

/** A strict CONNECT proxy: the head has to be exactly what RFC 9110 and 9112 want. */
export function httpProxy(
  options: { readonly authorization: string | null; readonly status?: string; readonly early?: string },
  seen: string[],
): Server {
  return createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    let head = '';
    socket.on('data', function onHead(chunk: Buffer) {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onHead);
      socket.pause();
      const [request = '', host = '', ...fields] = head.split('\r\n\r\n')[0]?.split('\r\n') ?? [];
      const [, authority = '', port = ''] =
        /^CONNECT (\[[0-9a-f:]+\]|[^\s:]+):(\d+) HTTP\/1\.1$/.exec(request) ?? [];
      seen.push(`${authority} ${port}`);
      const isWell =
        host === `Host: ${authority}:${port}` && fields.length === (options.authorization ? 1 : 0);
      const isAllowed =
        options.authorization === null || fields[0] === `Proxy-Authorization: ${options.authorization}`;
      const status =
        options.status ??
        (isAllowed
          ? isWell
            ? '200 Connection established'
            : '400 Bad Request'
          : '407 Proxy Authentication Required');
      const answer = Buffer.from(`HTTP/1.1 ${status}\r\nVia: 1.1 test\r\n\r\n${options.early ?? ''}`);
      drip(socket, answer).then(
        () => (status.startsWith('200') ? join(socket, Number(port)) : socket.end()),
        () => socket.destroy(),
      );
    });
  });
}
