import type { Socket } from 'node:net';

/** Ends a connection by RST. One that is ending already is just destroyed: Node cannot reset it any more, and would keep its descriptor. */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
