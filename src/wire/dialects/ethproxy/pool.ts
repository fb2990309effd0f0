import type { LoginCall, PoolDialect } from '../../dialect.ts';
import { jsonText, quote } from '../../json.ts';
import type { PoolEvent } from '../../messages.ts';
import { JSON_RPC_REPLIES } from '../ethash/answers.ts';
import { classifyRefusal } from '../ethash/codes.ts';
import { decodeReply, UNDIVIDED } from '../ethash/events.ts';
import {
  ethashShare,
  part,
  partsOf,
  readHash,
  readHexNumber,
  readMore,
  readTarget,
} from '../ethash/parts.ts';
import { fault, notice, readSay } from '../mining-methods/events.ts';

/**
 * What an EthProxy pool says. Every answer that is a list is a job: pushed under id 0, to `eth_getWork`, or to anything else.
 * [quirk: nanopool and BTCAgent answer other requests with jobs; ethereum-mining/ethminer#1348]
 */
export function decodePool(line: string): PoolEvent {
  const read = readSay(line);
  if ('other' in read) return read.other;
  // [quirk: pools that push jobs as notifications of the plain dialect are not known, their methods are ignored]
  if ('say' in read) return notice(read.say.method);
  const reply = decodeReply(read.reply);
  const { result } = read.reply;
  if (!Array.isArray(result)) return reply;
  const job = decodeJob(result);
  return reply.kind === 'reply' && job.kind === 'job' ? { kind: 'several', events: [reply, job] } : job;
}

function decodeJob(result: readonly unknown[]): PoolEvent {
  const header = readHash(result[0]);
  const seed = readHash(result[1]);
  const target = readTarget(result[2]);
  if (header === null || seed === null || target === null) {
    return fault('a job that is not header, seed hash and target');
  }
  const height = typeof result[3] === 'string' && /^0x/i.test(result[3]) ? readHexNumber(result[3]) : null;
  return {
    kind: 'job',
    work: {
      family: 'ethash',
      poolJobId: header,
      block: height ?? header,
      clean: false,
      target,
      algorithm: null,
      parts: partsOf({
        header,
        seed,
        height,
        'more:ethproxy': readMore(result.slice(height === null ? 3 : 4)),
      }),
    },
  };
}

const getWork = (id: number): string => `{"id":${id},"jsonrpc":"2.0","method":"eth_getWork","params":[]}\n`;

/**
 * The account and the rig of `account.rig`, as ethminer sends them apart: pools match the account alone.
 * [ethereum-mining/ethminer EthStratumClient.cpp; sammy007/open-ethereum-pool proxy/handlers.go]
 * The dots of a mail address are its own, so one that begins the name is the account to its end.
 */
function nameOf(user: string): { readonly account: string; readonly worker: string } {
  const dot = user.indexOf('.');
  if (dot < 0 || user.lastIndexOf('@', dot) >= 0) return { account: user, worker: '' };
  const rig = user.slice(dot + 1);
  return { account: user.slice(0, dot), worker: rig === '' ? '' : `"worker":${quote(rig)},` };
}

const LOGIN: readonly LoginCall[] = [
  {
    name: 'eth_submitLogin',
    isOptional: false,
    identifies: true,
    write(id, { user, password }) {
      const { account, worker } = nameOf(user);
      return `{"id":${id},"jsonrpc":"2.0","method":"eth_submitLogin",${worker}"params":[${jsonText(account)},${jsonText(password)}]}\n`;
    },
    read: (_result, refusal) =>
      refusal === null ? { kind: 'taken', subscription: UNDIVIDED } : { kind: 'refused', refusal },
  },
  {
    // The answer is a job, which arrives as one; a pool that has none yet pushes it later.
    name: 'eth_getWork',
    isOptional: true,
    write: getWork,
    read: () => ({ kind: 'taken' }),
  },
];

/** What we say to an EthProxy pool. */
export const ethProxyPool: PoolDialect = {
  ...JSON_RPC_REPLIES,
  decode: decodePool,
  login: LOGIN,
  furtherName: null,
  suggestDifficulty: null,
  /** Pools that push no jobs are asked for them. */
  keepalive: getWork,

  submit(id, share) {
    const { user, parts } = ethashShare(share);
    const { worker } = nameOf(user);
    return `{"id":${id},"jsonrpc":"2.0","method":"eth_submitWork",${worker}"params":["0x${part(parts, 'nonce')}","0x${part(parts, 'header')}","0x${part(parts, 'mix')}"]}\n`;
  },

  isYes: (result) => result === true,
  classify: classifyRefusal,
};
