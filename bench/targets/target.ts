import { connect, createServer } from 'node:net';
import type { DialectName } from '../dialects.ts';

/** What stands between the miners and the pool while it is measured. */
export interface Target {
  readonly kind: TargetKind;
  readonly host: string;
  readonly port: number;
  /** The process whose tree is measured; null where there is none (miners connected to the pool itself). */
  readonly pid: number | null;
  /** Where its own account of what it did can be read (Prometheus text format); null where it gives none. */
  readonly metricsUrl: string | null;
  /**
   * User names that miners may log in with here, none of them used before. Their backup pool listens on `backupPoolPort` of
   * 127.0.0.1; only this project's program can have one.
   */
  enrol(count: number, backupPoolPort: number | null): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export type TargetName = 'direct' | 'bare-relay' | 'haproxy' | 'proxy' | 'shared' | 'verified';

export interface TargetKind {
  readonly name: TargetName;
  readonly label: string;
  /** Files it has open for each miner: one to the miner, one to the pool, or both. */
  readonly filesPerMiner: number;
  /** Why it cannot take part here, or null. */
  unavailable(environment: TargetEnvironment): string | null;
  start(environment: TargetEnvironment, options: TargetOptions): Promise<Target>;
}

/** What is the same for every target of one bench. */
export interface TargetEnvironment {
  /** Directory for configuration, data and log files; removed at the end. */
  readonly directory: string;
  /** The proxy's entry point. */
  readonly entry: URL;
  /** Further flags for the proxy. */
  readonly proxyArguments: readonly string[];
  readonly children: ChildRegistry;
}

export interface TargetOptions {
  /** The pool's port on 127.0.0.1. */
  readonly poolPort: number;
  /** What the pool speaks there. */
  readonly dialect: DialectName;
  /** Connections it must be able to take from miners. */
  readonly connections: number;
  /** CPUs it may run on (`taskset`'s list form); null for all. */
  readonly cpus: string | null;
}

/** Starts programs that end with the bench, however it ends. */
export interface ChildRegistry {
  start(options: ChildOptions): Child;
}

export interface ChildOptions {
  readonly name: string;
  readonly program: string;
  readonly arguments: readonly string[];
  readonly cpus: string | null;
}

export interface Child {
  readonly pid: number;
  /** The end of what it has printed, for an error message. */
  tail(): string;
  hasEnded(): boolean;
  /** SIGTERM, then SIGKILL; resolves when it is gone. */
  stop(): Promise<void>;
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

/** Waits until `isReady` says so; ends the program and throws, with what it printed, when it takes too long or has ended by itself. */
export async function untilReady(
  child: Child,
  name: string,
  isReady: () => Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (performance.now() < until) {
    if (child.hasEnded()) throw new Error(`${name} ended while starting:\n${child.tail()}`);
    if (await isReady()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await child.stop();
  throw new Error(`${name} was not ready after ${timeoutMs} ms:\n${child.tail()}`);
}

/** True when something accepts connections there. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.resetAndDestroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
