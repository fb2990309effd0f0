import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { linesOf, readCaptures } from '../../../../test/support/capture.ts';
import type { RelayedWork } from '../../../domain/job.ts';
import type { JobView, RelayedShare } from '../../dialect.ts';
import type { PoolEvent, RelayedSubmit } from '../../messages.ts';
import { cryptonote } from './index.ts';

/** What xmrig, a pool and xmrig-proxy have said to each other goes through both sides of the dialect without a change. */

type Params = Readonly<Record<string, unknown>>;
type Message = {
  readonly id?: unknown;
  readonly params?: Params;
  readonly result?: { readonly job?: Params };
};

const { miner, pool, claim } = cryptonote;

function flat(event: PoolEvent): readonly PoolEvent[] {
  return event.kind === 'several' ? event.events : [event];
}

/** The work that a line of a pool brings, through the login's reader where it is a login. */
function workIn(line: string): RelayedWork | null {
  for (const event of flat(pool.decode(line))) {
    if (event.kind === 'job' && event.work.family === 'cryptonote') return event.work;
    if (event.kind !== 'reply' || event.refusal !== null) continue;
    const outcome = pool.login[0]?.read(event.result, null);
    if (outcome?.kind === 'taken' && outcome.work?.family === 'cryptonote') return outcome.work;
  }
  return null;
}

function viewOf(work: RelayedWork): JobView {
  return {
    jobId: work.poolJobId,
    work,
    coinb1Insert: '',
    lane: '',
    ntime: 0,
    clean: true,
    difficulty: work.target?.hashes ?? 0,
    target: work.target,
    scale: 1,
    divider: 2 ** 32,
    sessionId: 's',
  };
}

const dialogues = readCaptures().filter(({ file }) => file.includes('xmrig'));

test('there are captures', () => assert.equal(dialogues.length, 6));

for (const dialogue of dialogues) {
  describe(dialogue.name, () => {
    const works = linesOf(dialogue, 'pool')
      .map((line) => ({ line, work: workIn(line) }))
      .filter((one): one is { line: string; work: RelayedWork } => one.work !== null);

    test('its jobs go to a miner as they came from the pool', () => {
      for (const { line, work } of works) {
        const message = JSON.parse(line) as Message;
        const given: Record<string, unknown> = { ...(message.result?.job ?? message.params) };
        // The session that jobs repeat is the pool's with us.
        delete given['id'];
        assert.deepEqual((JSON.parse(miner.job(viewOf(work))) as Message).params, given);
        const login = JSON.parse(miner.authorized('1', { sessionId: 's', job: viewOf(work) })) as Message;
        assert.deepEqual(login.result?.job, given);
      }
    });

    test('its shares go to the pool as they came from the miner, and claim what the pool saw', () => {
      const byId = new Map(works.map(({ work }) => [work.poolJobId, work]));
      const verdicts = new Map(
        linesOf(dialogue, 'pool')
          .flatMap((line) => flat(pool.decode(line)))
          .filter((event) => event.kind === 'reply')
          .map((event) => [event.id, event.refusal === null && pool.isYes(event.result)]),
      );
      for (const line of linesOf(dialogue, 'miner')) {
        const request = miner.decode(line);
        const message = JSON.parse(line) as Message;
        if (request.kind !== 'submit' || request.family !== 'cryptonote') continue;
        const sessionId = String(message.params?.['id']);
        const share = assemble(request, byId.get(request.jobId) ?? null);
        const subscription = { sessionId, extranonce1: '', extranonce2Bytes: 4 };
        assert.deepEqual(JSON.parse(pool.submit(Number(message.id), share, subscription)), message);
        const work = byId.get(request.jobId);
        if (work === undefined) assert.equal(verdicts.get(Number(message.id)), false);
        else
          assert.equal(claim?.(share, work, null).meetsPool, verdicts.get(Number(message.id)) ?? true, line);
      }
    });
  });
}

function assemble(request: RelayedSubmit, work: RelayedWork | null): RelayedShare {
  const assembled = miner.assemble(request, {
    user: '',
    work,
    poolJobId: request.jobId,
    version: 0,
    ntime: 0,
    extranonce1: '',
    extranonce2Bytes: 0,
    lane: '',
    versionMask: 0,
    isRolling: false,
    judges: true,
  });
  assert.ok(assembled.kind === 'share' && assembled.share.family === 'cryptonote');
  return assembled.share;
}
