import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { haproxyVersion } from '../machine.ts';
import { accepts, freePort, type TargetKind, untilReady } from './target.ts';

/** HAProxy in TCP mode on one thread, silent: the cheapest proxy there is, since it parses nothing. */
export const haproxy: TargetKind = {
  name: 'haproxy',
  label: 'HAProxy TCP',
  filesPerMiner: 2,
  unavailable: () =>
    haproxyVersion() === null ? 'no `haproxy` on the PATH (Debian: apt-get install haproxy)' : null,
  start: async ({ directory, children }, { poolPort, connections, cpus }) => {
    const port = await freePort();
    const file = join(directory, `haproxy-${port}.cfg`);
    writeFileSync(file, configuration(port, poolPort, connections));
    const child = children.start({
      name: 'haproxy',
      program: 'haproxy',
      arguments: ['-db', '-f', file],
      cpus,
    });
    await untilReady(child, 'HAProxy', () => accepts(port));
    return {
      kind: haproxy,
      host: '127.0.0.1',
      port,
      pid: child.pid,
      metricsUrl: null,
      enrol: async (count) => Array.from({ length: count }, (_, index) => `bench${index}`),
      stop: () => child.stop(),
    };
  },
};

function configuration(port: number, poolPort: number, connections: number): string {
  const maxConnections = connections + 100;
  return `global
  nbthread 1
  maxconn ${maxConnections}
defaults
  mode tcp
  maxconn ${maxConnections}
  timeout connect 30s
  timeout client 1h
  timeout server 1h
frontend miners
  bind 127.0.0.1:${port} backlog 65535
  default_backend pool
backend pool
  server pool 127.0.0.1:${poolPort}
`;
}
