import { networkInterfaces } from 'node:os';
import type { Endpoint } from '../domain/endpoint.ts';
import type { HttpApp } from './app.ts';
import { ListenError } from './errors.ts';

/**
 * Starts to listen and gives the address that was taken. `host` null: every address of the machine.
 *
 * @throws {ListenError}
 */
export async function listen(app: HttpApp, host: string | null, port: number): Promise<Endpoint> {
  try {
    await app.listen({ host: host ?? anyAddress(), port });
  } catch (error) {
    throw toListenError(error, host, port);
  }
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('the web server has no TCP address');
  return { host: address.address, port: address.port };
}

/** `::` takes IPv4 connections too, but a machine without IPv6 does not know it. */
function anyAddress(): string {
  const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ family }) => family === 'IPv6'),
  );
  return hasIpv6 ? '::' : '0.0.0.0';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there: stop it, or choose another address with --web.addr',
  EACCES: 'the system does not allow it: ports below 1024 need a privilege, choose another with --web.addr',
  EADDRNOTAVAIL: 'this machine has no such address: choose one it has with --web.addr',
  ENOTFOUND: 'the host name cannot be resolved: choose another address with --web.addr',
};

function toListenError(error: unknown, host: string | null, port: number): ListenError {
  const code = codeOf(error);
  const hint = LISTEN_HINTS[code] ?? (error instanceof Error ? error.message : String(error));
  const at = `${host?.includes(':') === true ? `[${host}]` : (host ?? '')}:${port}`;
  return new ListenError(code, `cannot listen on ${at} for the API: ${hint}`, { cause: error });
}
