import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { AccountMode } from '../../src/domain/account.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { type CaptureEvent, type Dialogue, readCaptures } from '../support/capture.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { eventually } from '../support/eventually.ts';
import { connectLines, type LinePeer, type Message } from '../support/line-peer.ts';
import { startProxyBed } from '../support/proxy-bed.ts';
import { ScriptedPool } from '../support/scripted-pool.ts';

/**
 * What xmrig, a pool and xmrig-proxy have said to each other, with the whole proxy put between the two, once with a connection for the miner alone and once on a shared
 * one. The lines are sent as they were recorded but for what differs from connection to connection, which no line can have right that was recorded on another:
 * - the user of the login is our account, and at the pool the recorded user again;
 * - the session id is the one that we gave, the job ids are those that we gave the recorded jobs;
 * - the id of a reply to us is the one that we asked with;
 * - on a shared connection the fourth byte of a nonce is the one that we gave, since the recorded miner had all four or another's byte. The result stays: nobody but
 *   the pool could tell that it is of another nonce, and its claim is what we judge.
 */

const ACCOUNT = '00c0ffee00c0ffee';

interface Way {
  readonly mode: AccountMode;
  /** The recorded pools all say that the fourth byte is theirs (`nicehash`), one of them with 00 in its place. With false they do not say it. */
  readonly fixesByte: boolean;
}

const WAYS: Readonly<Record<string, Way>> = {
  'with a connection of its own': { mode: 'dedicated', fixesByte: true },
  'on a connection of its own to a pool that leaves it all four bytes': {
    mode: 'dedicated',
    fixesByte: false,
  },
  'on a connection that could be shared but for the byte of the pool': { mode: 'shared', fixesByte: true },
  'on a shared connection': { mode: 'shared', fixesByte: false },
};
/** [docs/protocols/cryptonote.md] Of the fixed byte in a blob of this age, in hex digits. */
const NONCE_AT = 39 * 2;
const FIXED_AT = NONCE_AT + 6;

type Fields = Readonly<Record<string, unknown>>;

/** By method and what xmrig-proxy said to a client that was driven by hand: ours. */
const OUR_WORDS: Readonly<Record<string, string>> = {
  // The session id is not looked at, since xmrig closes at that refusal.
  'submit: "Unauthenticated"': 'Job not found',
  'foo: "Invalid method"': 'Unknown method foo',
  'login: "Invalid method"':
    'This connection mines for another account already; use one connection per account',
};

interface Job {
  /** As the miner has it. */
  readonly id: string;
  /** The byte of ours that its nonces have to end with; null where they are as they were recorded. */
  readonly fixed: string | null;
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
const read = ({ text }: CaptureEvent): Message => JSON.parse(text) as Message;

/** The recorded line with some of its strings replaced, all else to the letter. */
function rewrite(text: string, changes: readonly (readonly [from: unknown, to: string])[]): string {
  let line = text;
  for (const [from, to] of changes) {
    if (typeof from === 'string') line = line.replace(JSON.stringify(from), JSON.stringify(to));
  }
  return line;
}

const withId = (text: string, id: unknown): string => text.replace(/"id":\d+/, `"id":${JSON.stringify(id)}`);

/**
 * What must hold of a job for xmrig to take it [xmrig/xmrig Client.cpp parseJob], and that it is the recorded one. `hasByte`: the miner has a byte of ours.
 */
function checkJob(given: unknown, recorded: Fields, { hasByte, isShared }: Terms): Job {
  const { job_id: id, blob, target, ...rest } = fieldsOf(given);
  assert.ok(typeof id === 'string' && id !== '');
  assert.ok(typeof blob === 'string' && typeof target === 'string');
  const { job_id: _id, blob: recordedBlob, target: recordedTarget, id: _session, ...others } = recorded;
  assert.deepEqual(rest, others, 'what else the pool says is passed on');
  const text = String(recordedBlob);
  const poolByte = text.slice(FIXED_AT, FIXED_AT + 2);
  const byte = blob.slice(FIXED_AT, FIXED_AT + 2);
  assert.equal(blob.slice(0, FIXED_AT) + poolByte + blob.slice(FIXED_AT + 2), text);
  if (hasByte) assert.notEqual(byte, '00', 'miners that read no extensions see by it that the byte is fixed');
  else assert.equal(byte, poolByte);
  if (isShared) assert.match(target, /^(?:[0-9a-f]{8}|[0-9a-f]{16})$/);
  else assert.equal(target, recordedTarget);
  return { id, fixed: hasByte ? byte : null };
}

interface Terms {
  readonly hasByte: boolean;
  readonly isShared: boolean;
}

/** One recorded connection, played through a proxy. */
class Play {
  readonly miner: LinePeer;
  readonly #pool: ScriptedPool;
  readonly #way: Way;
  readonly #terms: Terms;
  readonly #recorded: ReadonlyMap<unknown, CaptureEvent>;
  readonly #sessionId: unknown;
  readonly #jobs = new Map<unknown, Job>();
  #upstream: LinePeer | null = null;
  #poolSession = '';
  #ourSession = '';
  forwarded = 0;
  accepted = 0;
  jobs = 0;

  constructor(miner: LinePeer, pool: ScriptedPool, dialogue: Dialogue, way: Way) {
    this.miner = miner;
    this.#pool = pool;
    this.#way = way;
    const isShared = way.mode === 'shared';
    this.#terms = { isShared, hasByte: isShared && !way.fixesByte };
    const answers = dialogue.events.filter(
      (event) => event.from === 'pool' && event.kind === 'line' && read(event)['method'] === undefined,
    );
    this.#recorded = new Map(answers.map((event) => [read(event)['id'], event]));
    const login = answers
      .map((event) => fieldsOf(read(event)['result']))
      .find(({ job }) => job !== undefined);
    this.#sessionId = login?.['id'];
  }

  async onMiner(event: CaptureEvent): Promise<void> {
    const message = read(event);
    const params = fieldsOf(message['params']);
    if (message['method'] === 'login') await this.#login(event, params);
    else if (message['method'] === 'submit') await this.#submit(event, params);
    else {
      this.miner.send(rewrite(event.text, [[this.#sessionId, this.#ourSession]]));
      await this.#expectOwnAnswer(event);
    }
  }

  /** What is answered here, without the pool: as the recorded one did, or in other words that a miner takes for the same. */
  async #expectOwnAnswer(event: CaptureEvent): Promise<void> {
    const { id, method } = read(event);
    const answer = this.#recorded.get(id);
    if (answer === undefined) return;
    const expected = read(answer);
    const { message } = fieldsOf(expected['error']);
    const words = OUR_WORDS[`${String(method)}: ${JSON.stringify(message)}`];
    const error = words === undefined ? expected['error'] : { code: -1, message: words };
    assert.deepEqual(await this.#answer(id), { ...expected, ...(error === undefined ? {} : { error }) });
  }

  /** A job that the pool sent of its own accord. */
  async onPool(event: CaptureEvent): Promise<void> {
    const message = read(event);
    if (message['method'] !== 'job') return;
    this.#upstream?.send(event.text);
    const recorded = fieldsOf(message['params']);
    const line = await this.#nextJob(recorded);
    this.#takeJob(line['params'], recorded);
  }

  async #login(event: CaptureEvent, { login, pass, algo }: Fields): Promise<void> {
    if (this.#ourSession !== '') {
      this.miner.send(event.text);
      await this.#expectOwnAnswer(event);
      return;
    }
    this.miner.send(rewrite(event.text, [[login, `${ACCOUNT}.rig`]]));
    const upstream = await this.#pool.connection();
    this.#upstream = upstream;
    const ours = await upstream.next();
    const given = fieldsOf(ours['params']);
    assert.deepEqual([ours['method'], given['login'], given['pass']], ['login', login, pass]);
    const { id } = read(event);
    const answer = this.#recorded.get(id);
    assert.ok(answer !== undefined && Array.isArray(algo ?? []));
    const recorded = fieldsOf(read(answer)['result']);
    this.#poolSession = String(recorded['id']);
    const says = this.#way.fixesByte ? answer.text : answer.text.replace('"nicehash",', '');
    upstream.send(withId(says, ours['id']));

    // [xmrig/xmrig Client.cpp parseLogin]
    const { id: replyId, error, result, jsonrpc } = await this.#answer(id);
    assert.deepEqual([replyId, error, jsonrpc], [id, null, '2.0']);
    const { id: session, job, extensions, status } = fieldsOf(result);
    assert.ok(typeof session === 'string' && session !== '');
    assert.equal(status, 'OK');
    assert.ok(Array.isArray(extensions) && ['algo', 'keepalive'].every((name) => extensions.includes(name)));
    this.#ourSession = session;
    this.#takeJob(job, fieldsOf(recorded['job']));
    const isFixed = this.#terms.hasByte || this.#way.fixesByte;
    assert.equal(extensions.includes('nicehash'), isFixed, 'the miner has the nonce to itself or not');
  }

  get isLoggedIn(): boolean {
    return this.#ourSession !== '';
  }

  #takeJob(given: unknown, recorded: Fields): void {
    this.jobs += 1;
    this.#jobs.set(recorded['job_id'], checkJob(given, recorded, this.#terms));
  }

  async #submit(event: CaptureEvent, params: Fields): Promise<void> {
    const { id } = read(event);
    const { nonce, job_id: poolJobId, result } = params;
    const job = this.#jobs.get(poolJobId);
    const answer = this.#recorded.get(id);
    const ownNonce = `${String(nonce).slice(0, 6)}${job?.fixed ?? String(nonce).slice(6)}`;
    this.miner.send(
      rewrite(event.text, [
        [this.#sessionId, this.#ourSession],
        [poolJobId, job?.id ?? String(poolJobId)],
        [nonce, ownNonce],
      ]),
    );
    if (job === undefined) {
      await this.#expectOwnAnswer(event);
      return;
    }
    if (answer === undefined) return;
    const upstream = this.#upstream;
    assert.ok(upstream !== null);
    const { id: call, method, params: sent } = await upstream.next();
    this.forwarded += 1;
    assert.equal(method, 'submit');
    assert.deepEqual(sent, { ...params, id: this.#poolSession, nonce: ownNonce, result });
    upstream.send(withId(answer.text, call));
    assert.deepEqual(await this.#answer(id), read(answer));
    if (fieldsOf(read(answer)['result'])['status'] === 'OK') this.accepted += 1;
  }

  /** Our reply under this id. */
  async #answer(id: unknown): Promise<Message> {
    const find = (): Message | undefined =>
      this.miner.messages.find((line) => line['id'] === id && line['method'] === undefined);
    await this.miner.until(() => find() !== undefined, 5000, `an answer to ${String(id)}`);
    const found = find();
    assert.ok(found !== undefined);
    return found;
  }

  /** The line that brings the recorded job; on a shared connection one before it may have brought a difficulty. */
  async #nextJob(recorded: Fields): Promise<Message> {
    const text = String(recorded['blob']);
    const isIt = (line: Message): boolean => {
      const blob = String(fieldsOf(line['params'])['blob']);
      return line['method'] === 'job' && blob.slice(0, NONCE_AT) === text.slice(0, NONCE_AT);
    };
    const find = (): Message | undefined => this.miner.messages.find(isIt);
    await this.miner.until(() => find() !== undefined, 5000, `job ${String(recorded['job_id'])}`);
    const line = find();
    assert.ok(line !== undefined);
    return line;
  }
}

const dialogues = readCaptures().filter(({ file }) => file.includes('xmrig'));
const isRaw = ({ file }: Dialogue): boolean => file.startsWith('raw-');

async function begin(
  t: TestContext,
  dialogue: Dialogue,
  way: Way,
): Promise<{ readonly play: Play; readonly counts: () => Readonly<Record<string, number>> }> {
  const pool = await new ScriptedPool().start();
  t.after(() => pool[Symbol.asyncDispose]());
  const login = dialogue.events
    .filter(({ from, kind }) => from === 'miner' && kind === 'line')
    .map(read)
    .find(({ method }) => method === 'login');
  const { login: user, pass: password } = fieldsOf(login?.['params']);
  const account = dialectAccount(
    ACCOUNT,
    [{ endpoint: { host: '127.0.0.1', port: pool.port } }],
    {
      dialect: 'cryptonote',
      algorithm: 'cryptonight-pico',
      divider: 2 ** 32,
      ...(typeof user === 'string' && typeof password === 'string' ? { user, password } : {}),
    },
    { mode: way.mode },
  );
  const bed = await startProxyBed([account], undefined, { dialects: DIALECTS });
  t.after(() => bed[Symbol.asyncDispose]());
  const miner = await connectLines(bed.port);
  t.after(() => miner.end());
  const counts = (): Readonly<Record<string, number>> => {
    const total = bed.proxy.report().totals.find(({ account: name }) => name === ACCOUNT);
    return { received: total?.received ?? 0, inFlight: total?.inFlight ?? 0, ...total?.counts };
  };
  return { play: new Play(miner, pool, dialogue, way), counts };
}

/** Counted by hand in the recordings: submits, all of which were accepted, and jobs. */
const EXPECTED: Readonly<Record<string, { readonly shares: number; readonly jobs: number }>> = {
  'xmrig-keepalive.txt #1': { shares: 0, jobs: 1 },
  'xmrig-to-pool.txt #1': { shares: 102, jobs: 3 },
  'xmrig-to-xmrig-proxy.txt #1': { shares: 165, jobs: 3 },
};

for (const [where, way] of Object.entries(WAYS)) {
  describe(`what xmrig and its pools have said passes through the proxy ${where}`, {
    timeout: 30_000,
  }, () => {
    // A pool whose byte is not 00 has fixed it, whatever it says.
    const suitable = dialogues.filter(({ file }) => way.fixesByte || !file.includes('to-xmrig-proxy'));
    for (const dialogue of suitable.filter((one) => !isRaw(one))) {
      test(dialogue.name, async (t) => {
        const { play, counts } = await begin(t, dialogue, way);
        for (const event of dialogue.events) {
          if (event.kind === 'end') break;
          if (event.from === 'miner') await play.onMiner(event);
          else await play.onPool(event);
        }
        const { forwarded, accepted, jobs } = play;
        const expected = EXPECTED[dialogue.name];
        assert.deepEqual({ shares: forwarded, jobs }, expected);
        assert.equal(accepted, forwarded);
        assert.equal(play.miner.isClosed, false);
        await eventually(
          () => counts()['accepted'] === accepted,
          () => JSON.stringify(counts()),
        );
        assert.deepEqual([counts()['received'], counts()['inFlight']], [forwarded, 0]);
      });
    }
  });
}

describe('what a client driven by hand has said to xmrig-proxy', { timeout: 30_000 }, () => {
  for (const dialogue of dialogues.filter(isRaw)) {
    test(dialogue.name, async (t) => {
      const { play, counts } = await begin(t, dialogue, { mode: 'dedicated', fixesByte: true });
      for (const event of dialogue.events) {
        if (event.from === 'miner' && event.kind === 'line') await play.onMiner(event);
      }
      // xmrig-proxy closes on a share before the login; here it is refused, and either way no pool hears of it.
      const isBeforeLogin = !play.isLoggedIn;
      if (isBeforeLogin) {
        const { error } = await play.miner.next();
        assert.notEqual(error ?? null, null);
      }
      const { received, inFlight } = counts();
      assert.deepEqual([play.jobs, play.forwarded, inFlight], [isBeforeLogin ? 0 : 1, 0, 0]);
      assert.equal(received, dialogue.name.endsWith('bad messages') ? 1 : 0);
    });
  }
});
