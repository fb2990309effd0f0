import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { rawProblem } from './problem.ts';

/** A connection whose request cannot be read: too slow, too long, or no HTTP at all. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = describeUnreadable(error.code ?? '');
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}

function describeUnreadable(code: string): { readonly status: number; readonly body: string } {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return rawProblem('request-timeout', 'the request did not arrive in time');
    case 'HPE_HEADER_OVERFLOW':
      return rawProblem('headers-too-large', 'the request headers are too long');
    default:
      return rawProblem('malformed-request', 'this is not valid HTTP; miners connect to the stratum port');
  }
}
