import { fileURLToPath } from 'node:url';
import { accepts, freePort, type TargetKind, untilReady } from './target.ts';

/** Two sockets per miner in Node and nothing else: the price of the runtime. */
export const bareRelay: TargetKind = {
  name: 'bare-relay',
  label: 'bare Node relay',
  filesPerMiner: 2,
  unavailable: () => null,
  start: async ({ children }, { poolPort, cpus }) => {
    const port = await freePort();
    const file = fileURLToPath(new URL('../bare-relay.ts', import.meta.url));
    const child = children.start({
      name: 'bare-relay',
      program: process.execPath,
      arguments: [file, String(port), String(poolPort)],
      cpus,
    });
    await untilReady(child, 'the bare relay', () => accepts(port));
    return {
      kind: bareRelay,
      host: '127.0.0.1',
      port,
      pid: child.pid,
      metricsUrl: null,
      enrol: async (count) => Array.from({ length: count }, (_, index) => `bench${index}`),
      stop: () => child.stop(),
    };
  },
};
