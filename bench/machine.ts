import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures were measured on; they mean nothing without it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly haproxy: string | null;
  readonly listenBacklogLimit: number | null;
  readonly openFilesLimit: number;
  /** Load average over one minute before the bench began: what else the machine was doing. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    haproxy: haproxyVersion(),
    listenBacklogLimit: numberIn('/proc/sys/net/core/somaxconn'),
    openFilesLimit: openFilesLimit(),
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** One paragraph for the head of a report. */
export function machineLine(machine: Machine): string {
  return [
    `${machine.cores} × ${machine.cpu}`,
    `${machine.memoryGb} GB`,
    `Linux ${machine.kernel}`,
    `Node ${machine.node}`,
    machine.haproxy === null ? 'no HAProxy' : `HAProxy ${machine.haproxy}`,
    `open files ${machine.openFilesLimit}`,
    `somaxconn ${machine.listenBacklogLimit ?? 'unknown'}`,
    `load before ${machine.loadBefore.toFixed(2)}`,
  ].join(', ');
}

/** HAProxy's version, or null where no `haproxy` is on the PATH. */
export function haproxyVersion(): string | null {
  const { stdout, status } = spawnSync('haproxy', ['-v'], { encoding: 'utf8' });
  if (status !== 0) return null;
  return /version (\S+)/i.exec(stdout)?.[1] ?? 'of unknown version';
}

export function hasTaskset(): boolean {
  return spawnSync('taskset', ['--version']).status === 0;
}

/** Files a process of ours may open: Node raises its soft limit to the hard one at start, so the hard one counts. */
export function openFilesLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1] ?? '0';
  return hard === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(hard);
}

/** Makes sure that this process and those it starts may open so many files; false where that needs more rights. */
export function ensureOpenFiles(count: number): boolean {
  if (openFilesLimit() >= count) return true;
  spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${count}:${count}`]);
  return openFilesLimit() >= count;
}

function numberIn(path: string): number | null {
  try {
    return Number(readFileSync(path, 'latin1'));
  } catch {
    return null;
  }
}
