import type { MinerDialect, PoolDialect, Refusal } from '../../dialect.ts';
import { jsonText } from '../../json.ts';
import type { RequestId } from '../../messages.ts';
import { REFUSAL_CODES } from './codes.ts';

const nothing = (): string => '';

/** Messages that no miner of the family knows. */
export const UNSPOKEN = {
  versionMask: nothing,
  message: nothing,
} as const satisfies Partial<MinerDialect>;

/** `{"id":1,"jsonrpc":"2.0","result":…}`, as EthProxy and plain answer. `result` is JSON text. */
export function jsonRpcResult(id: RequestId, result: string): string {
  return `{"id":${id},"jsonrpc":"2.0","result":${result}}\n`;
}

/** The miner's side of what EthProxy and plain answer alike. */
export const JSON_RPC_ANSWERS = {
  yes: (id: RequestId) => jsonRpcResult(id, 'true'),
  hello: (id: RequestId) => jsonRpcResult(id, 'true'),
  configured: (id: RequestId) => jsonRpcResult(id, 'true'),
  authorized: (id: RequestId) => jsonRpcResult(id, 'true'),
  transactions: (id: RequestId) => jsonRpcResult(id, '[]'),
  pong: (id: RequestId) => jsonRpcResult(id, '"pong"'),
  refuse: (id: RequestId, { reason, message, code }: Refusal) =>
    `{"id":${id},"jsonrpc":"2.0","error":{"code":${code ?? REFUSAL_CODES[reason]},"message":${jsonText(message)}}}\n`,
} as const satisfies Partial<MinerDialect>;

/** The pool's side of it. */
export const JSON_RPC_REPLIES = {
  pong: (id: RequestId) => jsonRpcResult(id, '"pong"'),
  version: (id: RequestId, agent: string) => jsonRpcResult(id, jsonText(agent)),
  acknowledge: (id: RequestId) => jsonRpcResult(id, 'true'),
} as const satisfies Partial<PoolDialect>;
