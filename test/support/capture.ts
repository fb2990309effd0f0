import { readdirSync, readFileSync } from 'node:fs';

/** `miner` is the side that connected (marked `C>S`: a miner, or a proxy as a pool's client), `pool` the side that was connected to. */
export type Side = 'miner' | 'pool';

/**
 * One thing that was seen on the wire. `line`: text that ended with a line feed, which is not part of `text`. `part`: the beginning of a line
 * whose rest came later. `end`: the side closed; `text` says how (`FIN`, `ECONNREFUSED`).
 */
export interface CaptureEvent {
  readonly from: Side;
  readonly kind: 'line' | 'part' | 'end';
  readonly text: string;
  /** Milliseconds since the connection began; null where the recorder did not note it. */
  readonly atMs: number | null;
  /** It arrived in one segment with the event before. */
  readonly isSameSegment: boolean;
  /** The recorder cut the text and wrote `...` in place of its end. */
  readonly isTruncated: boolean;
  /** What the recorder said about it. */
  readonly note: string | null;
}

/** One recorded connection. */
export interface Dialogue {
  readonly file: string;
  /** `file`, and what tells this connection from the others in it. */
  readonly name: string;
  readonly events: readonly CaptureEvent[];
}

const DIRECTORY = new URL('../captures/', import.meta.url);

const TAPPED = /^#(?<connection>\d+)\s+(?<at>\d+) (?<side>C>S|S>C) (?<rest>.*)$/;
const TALKED = /^\s*(?:(?<at>\d+) )?(?<side>C>S|S>C) (?<rest>.*)$/;
const SAME_SEGMENT = '(same segment) ';

/** Every recorded dialogue, in the order of files and connections. */
export function readCaptures(): Dialogue[] {
  const files = readdirSync(DIRECTORY).filter((name) => name.endsWith('.txt'));
  return files.sort().flatMap((file) => parseCapture(file, readFileSync(new URL(file, DIRECTORY), 'utf8')));
}

/** Reads one file: lines of a tap (`#1 <ms> C>S …`, connections numbered) or of a hand-driven talk (`<ms> C>S …`, a heading each). */
export function parseCapture(file: string, text: string): Dialogue[] {
  const dialogues = new Map<string, CaptureEvent[]>();
  const eventsOf = (name: string): CaptureEvent[] => {
    const events = dialogues.get(name) ?? [];
    dialogues.set(name, events);
    return events;
  };
  let heading = file;
  let note: string | null = null;
  for (const line of text.split('\n')) {
    const tapped = TAPPED.exec(line)?.groups;
    const talked = tapped === undefined ? TALKED.exec(line)?.groups : undefined;
    const groups = tapped ?? talked;
    if (groups !== undefined) {
      const name = tapped === undefined ? heading : `${file} #${tapped['connection']}`;
      const events = eventsOf(name);
      events.push(readEvent(groups, note));
      note = null;
    } else if (/^# (?:rawtalk|errtalk) /.test(line)) {
      heading = `${file}: ${line.replace(/^# \w+ to 127\.0\.0\.1/, '')}`;
    } else if (/^\s+# /.test(line)) {
      note = line.trim().slice(2);
    } else if (line.trim() !== '' && !/^(?:# |--- connection #\d+ open$)/.test(line)) {
      throw new Error(`${file}: this line is of no known form: ${line.slice(0, 80)}`);
    }
  }
  return Array.from(dialogues, ([name, events]) => ({ file, name, events }));
}

function readEvent(groups: Record<string, string>, note: string | null): CaptureEvent {
  const { at, side, rest = '' } = groups;
  const isSameSegment = rest.startsWith(SAME_SEGMENT);
  const text = isSameSegment ? rest.slice(SAME_SEGMENT.length) : rest;
  const end = /^<(\w+)>$/.exec(text)?.[1];
  const isTruncated = text.endsWith('...');
  return {
    from: side === 'C>S' ? 'miner' : 'pool',
    kind: end !== undefined ? 'end' : !isTruncated && isBeginning(text) ? 'part' : 'line',
    text: end ?? text,
    atMs: at === undefined ? null : Number(at),
    isSameSegment,
    isTruncated,
    note,
  };
}

/** True for text that begins a JSON object and does not end it: no program sends such a line. */
function isBeginning(text: string): boolean {
  if (!text.startsWith('{')) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** The bytes that one side sent, line ends included. */
export function streamOf(dialogue: Dialogue, side: Side): string {
  return dialogue.events
    .filter((event) => event.from === side && event.kind !== 'end')
    .map((event) => (event.kind === 'part' ? event.text : `${event.text}\n`))
    .join('');
}

/** The lines that one side sent, put together from their parts, blank ones left out. */
export function linesOf(dialogue: Dialogue, side: Side): string[] {
  return streamOf(dialogue, side)
    .split('\n')
    .filter((line) => line !== '');
}
