/**
 * The miners: many TCP connections from one process, light enough to load a proxy on the same machine. Commanded over IPC
 * by the bench. Nothing is forgiven: a refused share, an answer out of order or missing, a closed socket is counted and reported.
 */
import { serve } from './control.ts';
import { Group, type Left, type Opened } from './load/group.ts';
import type { JobSeen } from './load/job-watch.ts';
import type { OpenOptions } from './load/miner.ts';
import type { Ran, RunOptions } from './load/run.ts';

export type { Opened } from './load/group.ts';
export type { JobSeen } from './load/job-watch.ts';
export type { Ran } from './load/run.ts';

const groups = new Map<string, Group>();

function groupOf(name: string): Group {
  const group = groups.get(name);
  if (group === undefined) throw new Error(`no group of miners is called ${name}`);
  return group;
}

const commands = {
  open: (options: OpenOptions): Promise<Opened> => {
    if (groups.has(options.group)) throw new Error(`the group ${options.group} is open already`);
    const group = new Group(options);
    groups.set(options.group, group);
    return group.open();
  },
  run: (options: RunOptions): Promise<Ran> => groupOf(options.group).run(options),
  /** A marker that is known beforehand spares the miners' lines from being kept until it is. */
  watchJob: ({ group, marker }: { group: string; marker?: string }): void =>
    groupOf(group).watchJob(marker ?? null),
  jobSeen: ({
    group,
    marker,
    timeoutMs,
  }: {
    group: string;
    marker: string;
    timeoutMs: number;
  }): Promise<JobSeen> => groupOf(group).jobSeen(marker, timeoutMs),
  leave: ({ group, timeoutMs }: { group: string; timeoutMs: number }): Promise<Left> => {
    const leaving = groupOf(group);
    groups.delete(group);
    return leaving.leave(timeoutMs);
  },
  /** Failures since the last command of this group: a socket that was closed while nobody looked. */
  close: ({ group }: { group: string }): Readonly<Record<string, number>> => {
    const closing = groupOf(group);
    groups.delete(group);
    const failures = closing.takeFailures();
    closing.close();
    return failures;
  },
};

export type LoadCommands = typeof commands;

serve(commands);
