import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A stream over a connected socket, for TLS to be spoken on it. `byte-by-byte`: each byte leaves in a write and a turn of its own. */
export function streamOver(socket: Socket, pace: 'at-once' | 'byte-by-byte'): Duplex {
  const stream = new Duplex({
    read() {
      socket.resume();
    },
    write(chunk: Buffer, _encoding, done) {
      if (pace === 'at-once') {
        socket.write(chunk, () => done());
        return;
      }
      let at = 0;
      const next = (): void => {
        if (at === chunk.length || socket.destroyed) {
          done();
          return;
        }
        socket.write(chunk.subarray(at, at + 1));
        at += 1;
        setImmediate(next);
      };
      next();
    },
    final(done) {
      socket.end();
      done();
    },
  });
  socket.on('data', (chunk: Buffer) => stream.push(chunk));
  socket.on('end', () => stream.push(null));
  socket.on('error', () => {});
  stream.on('error', () => {});
  return stream;
}
