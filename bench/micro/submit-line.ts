/**
 * The hot path of one share, taken apart: cutting lines out of a chunk, reading a `mining.submit`, writing what goes to
 * the pool, reading the pool's verdict, writing the miner's answer. Run it with `node bench/micro/submit-line.ts`.
 */
import assert from 'node:assert/strict';
import { type Candidate, checksum, compare, print } from './harness.ts';

const SUBMIT =
  '{"id":4711,"method":"mining.submit","params":["0123456789abcdef.rig7","1f3a","c70800","64b3f3ec","ed460d91","00002000"]}';
const VERDICT = '{"id":4711,"result":true,"error":null}';

/** One line as it arrives most of the time, alone in its chunk, and a burst of 32 in one chunk. */
const ONE = Buffer.from(`${SUBMIT}\n`, 'latin1');
const BURST = Buffer.from(`${SUBMIT}\n`.repeat(32), 'latin1');

// ---- cutting lines ------------------------------------------------------------------------------------------------

function cutByLatin1(chunk: Buffer, take: (line: string) => void): void {
  const text = chunk.toString('latin1', 0, chunk.length);
  let from = 0;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
    take(text.slice(from, end));
    from = end + 1;
  }
}

function cutByUtf8(chunk: Buffer, take: (line: string) => void): void {
  const text = chunk.toString('utf8');
  let from = 0;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
    take(text.slice(from, end));
    from = end + 1;
  }
}

function cutBySplit(chunk: Buffer, take: (line: string) => void): void {
  for (const line of chunk.toString('latin1', 0, chunk.length).split('\n')) if (line !== '') take(line);
}

function cutByBufferIndexOf(chunk: Buffer, take: (line: string) => void): void {
  let from = 0;
  for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
    take(chunk.toString('latin1', from, end));
    from = end + 1;
  }
}

function cutByByteLoop(chunk: Buffer, take: (line: string) => void): void {
  let from = 0;
  for (let at = 0; at < chunk.length; at++) {
    if (chunk[at] !== 10) continue;
    take(chunk.toString('latin1', from, at));
    from = at + 1;
  }
}

// ---- reading a submit ---------------------------------------------------------------------------------------------

interface Submit {
  id: number;
  worker: string;
  job: string;
  extranonce2: string;
  ntime: string;
  nonce: string;
  version: string | null;
}

function submitByJson(line: string): Submit | null {
  const message = JSON.parse(line) as { id: number; method: string; params: string[] };
  if (message.method !== 'mining.submit') return null;
  const [worker, job, extranonce2, ntime, nonce, version] = message.params;
  if (
    worker === undefined ||
    job === undefined ||
    extranonce2 === undefined ||
    ntime === undefined ||
    nonce === undefined
  )
    return null;
  return { id: message.id, worker, job, extranonce2, ntime, nonce, version: version ?? null };
}

const SUBMIT_FORM =
  /^\{"id": ?(\d+), ?"method": ?"mining\.submit", ?"params": ?\["([^"\\]*)", ?"([^"\\]*)", ?"([0-9a-fA-F]*)", ?"([0-9a-fA-F]*)", ?"([0-9a-fA-F]*)"(?:, ?"([0-9a-fA-F]*)")?\]\}$/;

function submitByPattern(line: string): Submit | null {
  const match = SUBMIT_FORM.exec(line);
  if (match === null) return null;
  return {
    id: Number(match[1]),
    worker: match[2] ?? '',
    job: match[3] ?? '',
    extranonce2: match[4] ?? '',
    ntime: match[5] ?? '',
    nonce: match[6] ?? '',
    version: match[7] ?? null,
  };
}

const SUBMIT_HEAD = ',"method":"mining.submit","params":["';

/** One exact spelling, found by position; everything else would fall back to JSON.parse. */
function submitByIndexOf(line: string): Submit | null {
  if (!line.startsWith('{"id":')) return null;
  const idEnd = line.indexOf(',', 6);
  if (!line.startsWith(SUBMIT_HEAD, idEnd)) return null;
  if (line.includes('\\')) return null;
  let from = idEnd + SUBMIT_HEAD.length;
  let end = line.indexOf('"', from);
  const worker = line.slice(from, end);
  from = end + 3;
  end = line.indexOf('"', from);
  const job = line.slice(from, end);
  from = end + 3;
  end = line.indexOf('"', from);
  const extranonce2 = line.slice(from, end);
  from = end + 3;
  end = line.indexOf('"', from);
  const ntime = line.slice(from, end);
  from = end + 3;
  end = line.indexOf('"', from);
  const nonce = line.slice(from, end);
  let version: string | null = null;
  if (line.charCodeAt(end + 1) === 44) {
    from = end + 3;
    end = line.indexOf('"', from);
    version = line.slice(from, end);
  }
  if (line.slice(end) !== '"]}') return null;
  return { id: Number(line.slice(6, idEnd)), worker, job, extranonce2, ntime, nonce, version };
}

/** Any key order and spacing, character by character; strings without escapes only. */
function submitByScan(line: string): Submit | null {
  let id = -1;
  let isSubmit = false;
  const params: string[] = [];
  let at = 1;
  for (;;) {
    const keyFrom = line.indexOf('"', at);
    if (keyFrom === -1) break;
    const keyEnd = line.indexOf('"', keyFrom + 1);
    at = keyEnd + 2;
    while (line.charCodeAt(at) === 32) at++;
    const first = line.charCodeAt(keyFrom + 1);
    if (first === 105) {
      id = 0;
      for (let c = line.charCodeAt(at); c >= 48 && c <= 57; c = line.charCodeAt(++at)) id = id * 10 + c - 48;
    } else if (first === 109) {
      const end = line.indexOf('"', at + 1);
      isSubmit = end - at === 14 && line.startsWith('mining.submit', at + 1);
      at = end + 1;
    } else if (first === 112) {
      at++;
      while (line.charCodeAt(at) !== 93) {
        const from = line.indexOf('"', at);
        const end = line.indexOf('"', from + 1);
        if (from === -1 || end === -1) return null;
        params.push(line.slice(from + 1, end));
        at = end + 1;
        while (line.charCodeAt(at) === 44 || line.charCodeAt(at) === 32) at++;
      }
      at++;
    } else return null;
  }
  const [worker, job, extranonce2, ntime, nonce, version] = params;
  if (
    !isSubmit ||
    worker === undefined ||
    job === undefined ||
    extranonce2 === undefined ||
    ntime === undefined ||
    nonce === undefined
  )
    return null;
  return { id, worker, job, extranonce2, ntime, nonce, version: version ?? null };
}

// ---- hex checks ---------------------------------------------------------------------------------------------------

const HEX8 = /^[0-9a-fA-F]{8}$/;

function isHexByPattern(text: string): boolean {
  return HEX8.test(text);
}

function isHexByLoop(text: string): boolean {
  if (text.length !== 8) return false;
  for (let at = 0; at < 8; at++) {
    const c = text.charCodeAt(at);
    if (!((c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70))) return false;
  }
  return true;
}

const HEX_DIGIT = new Uint8Array(256);
for (const digit of '0123456789abcdefABCDEF') HEX_DIGIT[digit.charCodeAt(0)] = 1;

function isHexByTable(text: string): boolean {
  if (text.length !== 8) return false;
  for (let at = 0; at < 8; at++) if (HEX_DIGIT[text.charCodeAt(at)] !== 1) return false;
  return true;
}

// ---- writing ------------------------------------------------------------------------------------------------------

const USER = '"farm.account.worker"';

function upstreamByTemplate(id: number, s: Submit): string {
  const version = s.version === null ? '' : `,"${s.version}"`;
  return `{"id":${id},"method":"mining.submit","params":[${USER},"${s.job}","00000000a5${s.extranonce2}","${s.ntime}","${s.nonce}"${version}]}\n`;
}

function upstreamByStringify(id: number, s: Submit): string {
  const params = [USER, s.job, `00000000a5${s.extranonce2}`, s.ntime, s.nonce];
  if (s.version !== null) params.push(s.version);
  return `${JSON.stringify({ id, method: 'mining.submit', params })}\n`;
}

function answerByTemplate(id: number): string {
  return `{"id":${id},"result":true,"error":null}\n`;
}

function answerByStringify(id: number): string {
  return `${JSON.stringify({ id, result: true, error: null })}\n`;
}

const out = Buffer.allocUnsafe(4096);

function answerIntoBuffer(id: number): number {
  return out.write(`{"id":${id},"result":true,"error":null}\n`, 0, 'latin1');
}

// ---- reading a verdict --------------------------------------------------------------------------------------------

function verdictByJson(line: string): number {
  const message = JSON.parse(line) as { id: number; result: unknown; error: unknown };
  return message.result === true && message.error === null ? message.id : -1;
}

const VERDICT_TAIL = ',"result":true,"error":null}';

function verdictByForm(line: string): number {
  if (!line.startsWith('{"id":')) return verdictByJson(line);
  let at = 6;
  let id = 0;
  for (let c = line.charCodeAt(at); c >= 48 && c <= 57; c = line.charCodeAt(++at)) id = id * 10 + c - 48;
  return at > 6 && line.startsWith(VERDICT_TAIL, at) ? id : verdictByJson(line);
}

// ---- the comparisons ----------------------------------------------------------------------------------------------

function cutting(chunk: Buffer, lines: number): readonly Candidate[] {
  const ways = {
    'latin1 once, string indexOf': cutByLatin1,
    'utf8 once, string indexOf': cutByUtf8,
    'latin1 once, split': cutBySplit,
    'Buffer.indexOf, latin1 per line': cutByBufferIndexOf,
    'byte loop, latin1 per line': cutByByteLoop,
  };
  return Object.entries(ways).map(([name, cut]) => ({
    name,
    run: (iterations) => {
      let length = 0;
      const take = (line: string): void => {
        length += line.charCodeAt(line.length - 1);
      };
      for (let i = 0; i < iterations; i += lines) cut(chunk, take);
      return length;
    },
  }));
}

function reading(name: string, read: (line: string) => Submit | null): Candidate {
  assert.deepEqual(read(SUBMIT), submitByJson(SUBMIT), name);
  // A fresh string each time, as a socket gives one: a flattened, internalised constant would be read too cheaply.
  return {
    name,
    run: (iterations) => {
      let sum = 0;
      for (let i = 0; i < iterations; i++) {
        const submit = read(ONE.toString('latin1', 0, ONE.length - 1));
        if (submit !== null) sum += submit.id + submit.nonce.charCodeAt(0);
      }
      return sum;
    },
  };
}

function repeated(name: string, once: (i: number) => number): Candidate {
  return {
    name,
    run: (iterations) => {
      let sum = 0;
      for (let i = 0; i < iterations; i++) sum += once(i);
      return sum;
    },
  };
}

const verdictBytes = Buffer.from(VERDICT, 'latin1');
const sample = submitByJson(SUBMIT);
assert.ok(sample !== null);
assert.equal(verdictByForm(VERDICT), 4711);

print('cutting a chunk of one line, per line', compare(cutting(ONE, 1)));
print('cutting a chunk of 32 lines, per line', compare(cutting(BURST, 32)));
print(
  'reading a submit from a fresh latin1 string (its making included)',
  compare([
    repeated('making the string only', () => ONE.toString('latin1', 0, ONE.length - 1).charCodeAt(7)),
    reading('JSON.parse', submitByJson),
    reading('one regular expression', submitByPattern),
    reading('exact spelling, indexOf', submitByIndexOf),
    reading('any key order, hand scan', submitByScan),
  ]),
);
print(
  'is it eight hex digits',
  compare([
    repeated('regular expression', () => (isHexByPattern(sample.nonce) ? 1 : 0)),
    repeated('comparisons', () => (isHexByLoop(sample.nonce) ? 1 : 0)),
    repeated('table', () => (isHexByTable(sample.nonce) ? 1 : 0)),
  ]),
);
print(
  'writing the submit for the pool (flattened into bytes)',
  compare([
    repeated('template', (i) => out.write(upstreamByTemplate(i, sample), 0, 'latin1')),
    repeated('JSON.stringify', (i) => out.write(upstreamByStringify(i, sample), 0, 'latin1')),
    repeated('template, utf8', (i) => out.write(upstreamByTemplate(i, sample), 0, 'utf8')),
    repeated('template, Buffer.from', (i) => Buffer.from(upstreamByTemplate(i, sample), 'latin1').length),
  ]),
);
print(
  'reading a verdict from a fresh latin1 string (its making included)',
  compare([
    repeated('JSON.parse', () => verdictByJson(verdictBytes.toString('latin1', 0, verdictBytes.length))),
    repeated('usual form, else JSON.parse', () =>
      verdictByForm(verdictBytes.toString('latin1', 0, verdictBytes.length)),
    ),
  ]),
);
print(
  'writing the answer for the miner',
  compare([
    repeated('template, latin1 into a buffer', answerIntoBuffer),
    repeated('template, string only', (i) => answerByTemplate(i).length),
    repeated('JSON.stringify, string only', (i) => answerByStringify(i).length),
    repeated('template, Buffer.from', (i) => Buffer.from(answerByTemplate(i), 'latin1').length),
  ]),
);
process.stdout.write(`checksum ${checksum()}\n`);
