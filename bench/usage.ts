import { readdirSync, readFileSync } from 'node:fs';

/** Resources of a process and all its descendants. */
export interface Memory {
  readonly rssKb: number;
  /** Proportional set size: shared pages divided among those who share them. Null where the kernel does not tell. */
  readonly pssKb: number | null;
  /** Pages that are this process's alone. */
  readonly privateKb: number | null;
}

const CLOCK_TICKS_PER_SECOND = 100;

/**
 * User and system time used so far by the process tree, in microseconds. The scheduler's own count of every thread
 * (schedstat, nanoseconds) where the kernel has it, else utime + stime of /proc/PID/stat (the same time, in steps of 10 ms).
 * A thread or child that has ended is not counted, so take it over stretches in which none ends.
 */
export function cpuUs(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + (scheduledUs(each) ?? statUs(each)), 0);
}

export function memoryOf(pid: number): Memory {
  const each = treeOf(pid).map((member) => readRollup(member));
  const total = (pick: (memory: Memory) => number | null): number | null =>
    each.reduce<number | null>((sum, memory) => {
      const value = pick(memory);
      return sum === null || value === null ? null : sum + value;
    }, 0);
  return {
    rssKb: each.reduce((sum, memory) => sum + memory.rssKb, 0),
    pssKb: total((memory) => memory.pssKb),
    privateKb: total((memory) => memory.privateKb),
  };
}

/** Open files of the process tree: sockets, pipes and files. */
export function openFilesOf(pid: number): number {
  return treeOf(pid).reduce((sum, member) => sum + namesIn(`/proc/${member}/fd`).length, 0);
}

/** The process and its descendants. */
export function treeOf(pid: number): readonly number[] {
  const found = [pid];
  for (const member of found) {
    for (const task of tasksOf(member)) {
      const children = readText(`/proc/${member}/task/${task}/children`) ?? '';
      for (const child of children.split(' ')) if (child.trim() !== '') found.push(Number(child));
    }
  }
  return found;
}

function tasksOf(pid: number): readonly string[] {
  return namesIn(`/proc/${pid}/task`);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function scheduledUs(pid: number): number | null {
  let sum: number | null = null;
  for (const task of tasksOf(pid)) {
    const text = readText(`/proc/${pid}/task/${task}/schedstat`);
    if (text !== null) sum = (sum ?? 0) + Number(text.split(' ')[0]) / 1000;
  }
  return sum;
}

function statUs(pid: number): number {
  const text = readText(`/proc/${pid}/stat`);
  if (text === null) return 0;
  // The program's name stands in parentheses and may hold blanks; utime and stime are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / CLOCK_TICKS_PER_SECOND;
}

function readRollup(pid: number): Memory {
  const rollup = readText(`/proc/${pid}/smaps_rollup`);
  const status = readText(`/proc/${pid}/status`) ?? '';
  const rssKb = field(rollup ?? '', 'Rss') ?? field(status, 'VmRSS') ?? 0;
  if (rollup === null) return { rssKb, pssKb: null, privateKb: null };
  const clean = field(rollup, 'Private_Clean');
  const dirty = field(rollup, 'Private_Dirty');
  return {
    rssKb,
    pssKb: field(rollup, 'Pss'),
    privateKb: clean === null || dirty === null ? null : clean + dirty,
  };
}

function field(text: string, name: string): number | null {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text);
  return match === null ? null : Number(match[1]);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
