import type {
  LoginCall,
  LoginFacts,
  LoginOutcome,
  MinerDialect,
  PoolDialect,
  Refusal,
} from '../../dialect.ts';
import { clip, jsonText } from '../../json.ts';
import type { RequestId } from '../../messages.ts';
import { classifyRefusal, REFUSAL_CODES } from '../bitcoin-v1/codes.ts';

const yes = (id: RequestId): string => `{"id":${id},"result":true,"error":null}\n`;
const nothing = (): string => '';

/** A refusal as all of them write it. */
export function refusalLine(id: RequestId, code: number, message: string): string {
  return `{"id":${id},"result":null,"error":[${code},${jsonText(message)},null]}\n`;
}

/** The miner's side of what the dialects answer alike. */
export const ANSWERS = {
  yes,
  hello: yes,
  configured: yes,
  authorized: yes,
  currentJob: yes,
  transactions: (id: RequestId) => `{"id":${id},"result":[],"error":null}\n`,
  pong: (id: RequestId) => `{"id":${id},"result":"pong","error":null}\n`,
  refuse: (id: RequestId, { reason, message, code }: Refusal) =>
    refusalLine(id, code ?? REFUSAL_CODES[reason], message),
  versionMask: nothing,
  message: (text: string) =>
    `{"id":null,"method":"client.show_message","params":[${jsonText(clip(text, 400))}]}\n`,
} as const satisfies Partial<MinerDialect>;

const authorizeLine = (id: number, user: string, password: string): string =>
  `{"id":${id},"method":"mining.authorize","params":[${jsonText(user)},${jsonText(password)}]}\n`;

/** The pool's side of it. */
export const REPLIES = {
  furtherName: authorizeLine,
  suggestDifficulty: null,
  keepalive: null,
  pong: (id: RequestId) => `{"id":${id},"result":"pong","error":null}\n`,
  version: (id: RequestId, agent: string) => `{"id":${id},"result":${jsonText(agent)},"error":null}\n`,
  acknowledge: yes,
  isYes: (result: unknown) => result === true,
  classify: ({ code, message }) => classifyRefusal(code, message),
} as const satisfies Partial<PoolDialect>;

/** The call that begins every login: `params` is JSON text without its brackets. */
export function subscribeWith(
  params: (facts: LoginFacts) => string,
  readSubscribed: (result: unknown) => LoginOutcome,
): LoginCall {
  return {
    name: 'subscribe',
    isOptional: false,
    write: (id, facts) => `{"id":${id},"method":"mining.subscribe","params":[${params(facts)}]}\n`,
    read: (result, refusal) =>
      refusal === null ? readSubscribed(result) : { kind: 'unusable', problem: refusal.message },
  };
}

/** The call that ends every login. */
export const AUTHORIZE: LoginCall = {
  name: 'authorize',
  isOptional: false,
  identifies: true,
  write: (id, { user, password }) => authorizeLine(id, user, password),
  read: (result, refusal) =>
    refusal === null && result === true
      ? { kind: 'taken' }
      : { kind: 'refused', refusal: refusal ?? { code: null, message: 'the login was refused' } },
};

/** Without it a pool that wants another prefix closes the connection instead of saying so. */
export const EXTRANONCE_SUBSCRIBE: LoginCall = {
  name: 'extranonce.subscribe',
  isOptional: true,
  isDispensable: true,
  write: (id) => `{"id":${id},"method":"mining.extranonce.subscribe","params":[]}\n`,
  read: () => ({ kind: 'taken' }),
};
