/** The key under which a miner without a session id is remembered. Never equal to one of {@link idHintKey}. */
export function hintKey(ip: string, agent: string): string {
  return `at ${ip} ${agent}`;
}

export function idHintKey(sessionId: string): string {
  return `id ${sessionId}`;
}
