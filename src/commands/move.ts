import { parseEndpoint } from '../domain/endpoint.ts';
import { auditedMove, MOVE_ACTION, moveError, moveFailures } from '../http/pool-move.ts';
import { LEAST_GAP_MS } from '../supervisor/account-keeping.ts';
import { auditPort } from '../supervisor/audit-port.ts';
import { poolMoves } from '../supervisor/pool-moves.ts';
import { CommandError, type CommandOutput, WHO, withStore } from './data-file.ts';

const USAGE = 'stratum-proxy move <host:port> <host:port> [--user <name>] [--dry-run]';

export interface MoveOptions {
  /** User name at the new pool, `{user}` standing for the one at the old; null: the same. */
  readonly user: string | null;
  readonly dryRun: boolean;
}

/** `move FROM TO`: one line of JSON for each account that uses the old pool; true where none had to stay. @throws {CommandError} */
export async function moveCommand(
  path: string,
  [fromWord = '', toWord = '']: readonly string[],
  { user, dryRun }: MoveOptions,
  output: CommandOutput,
): Promise<boolean> {
  const [from, to] = [parseEndpoint(fromWord), parseEndpoint(toWord)];
  if (from === null || to === null) throw new CommandError(`move: needs two pools: ${USAGE}`);
  if (user?.trim() === '') throw new CommandError('move: --user must not be empty');
  const move = { from, to, user, dryRun };
  return withStore(path, async (store) => {
    if (!dryRun) await store.closeIdleGap(LEAST_GAP_MS);
    const result = await poolMoves(store).move(move);
    if (result.kind !== 'done') throw new CommandError(`move: ${moveError(result, move).message}`);
    if (!dryRun && result.moved.length > 0)
      await auditPort(store).record({ ...WHO, action: MOVE_ACTION, ...auditedMove(move, result) });
    const failures = moveFailures(result);
    const lines = [
      ...result.moved.map((name) => ({ name, status: 'moved', error: '' })),
      ...failures.map(({ name, error }) => ({ name, status: 'refused', error })),
    ];
    for (const line of lines) await output.out(`${JSON.stringify(line)}\n`);
    const counts = `${result.moved.length} ${dryRun ? 'would be moved' : 'moved'}, ${failures.length} refused`;
    output.err(`${counts}${dryRun ? '; nothing was changed' : ''}\n`);
    return failures.length === 0;
  });
}
