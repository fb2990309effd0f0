import { backUpFile } from '../store/sqlite/backup-file.ts';
import { CommandError, type CommandOutput } from './data-file.ts';

/** `backup FILE`: a checked copy of the data file, whether a proxy runs on it or not. Rejects with a `StoreError` or a {@link CommandError}. */
export async function backupCommand(
  path: string,
  file: string | undefined,
  options: { readonly force: boolean },
  output: CommandOutput,
): Promise<void> {
  if (file === undefined)
    throw new CommandError('backup: name the file to write, as in "stratum-proxy backup proxy-backup.db"');
  const { bytes, accounts } = backUpFile(path, file, options);
  await output.out(`${file}: ${accounts} ${accounts === 1 ? 'user' : 'users'}, ${bytes} bytes, checked\n`);
}
