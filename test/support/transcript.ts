import assert from 'node:assert/strict';
import type { LinePeer, Message } from './line-peer.ts';
import type { ProxyRoom } from './proxy-room.ts';
import { kindOf, paramsOf, type ScriptedMiner } from './scripted-miner.ts';

/** The names that transcripts are compared by. */
export const MASK = 'mining.set_version_mask';
export const DIFFICULTY = 'mining.set_difficulty';
export const JOB = 'mining.notify';
export const SUBMIT = 'mining.submit';

/** A pool's answer to configure. */
export function configured(id: unknown, mask = '1fffe000'): Message {
  return { id, error: null, result: { 'version-rolling': true, 'version-rolling.mask': mask } };
}

/** A pool's answer to subscribe. */
export function subscribed(
  id: unknown,
  extranonce1: unknown = '08000002',
  size: unknown = 4,
  names: unknown = [['mining.notify', 's1']],
): Message {
  return { id, error: null, result: [names, extranonce1, size] };
}

export function yes(request: Message): Message {
  return { id: request['id'], result: true, error: null };
}

/** The error of a refusal. */
export function errorOf(message: Message): readonly unknown[] {
  assert.equal(message['result'], null, JSON.stringify(message));
  assert.ok(Array.isArray(message['error']), JSON.stringify(message));
  return message['error'] as readonly unknown[];
}

/** True where a notify says that earlier work is void. */
export function isClean(job: Message): unknown {
  return paramsOf(job)[8];
}

/** The first part of the coinbase in a notify. */
export function coinb1(job: Message): string {
  return paramsOf(job)[2] as string;
}

/** Takes exactly these lines, in this order. */
export async function hear(peer: LinePeer, kinds: readonly string[]): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (const kind of kinds) {
    const message = await peer.next();
    assert.equal(kindOf(message), kind, `expected ${kinds.join(', ')}`);
    messages.push(message);
  }
  return messages;
}

/** A difficulty with a job directly behind it. */
export async function nextWork(miner: LinePeer): Promise<{ difficulty: unknown; job: Message }> {
  const [difficulty, job] = await hear(miner, [DIFFICULTY, JOB]);
  return { difficulty: paramsOf(difficulty as Message)[0], job: job as Message };
}

/** A miner that has sent its authorize and waits for the pool. */
export async function waitingMiner(room: ProxyRoom): Promise<ScriptedMiner> {
  const miner = await room.miner();
  await miner.subscribe();
  miner.sendAuthorize();
  return miner;
}
