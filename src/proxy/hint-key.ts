/** The place that a miner without a session id is remembered by: its address and agent. */
export function hintKey(ip: string, agent: string): string {
  return `at ${ip} ${agent}`;
}
