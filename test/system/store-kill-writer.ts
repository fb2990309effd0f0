/**
 * Run as a process of its own by the kill test: registers accounts one after the other in the data file named by its first
 * argument, with user names that start with the second, and prints `<name> <user>` for each once the store has acknowledged it.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { loadCatalogue } from '../../src/store/catalogue.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';

const [path = '', prefix = ''] = process.argv.slice(2);
const store = await openSqliteStore(
  { log: silentLog, clock: systemClock },
  { path, catalogue: loadCatalogue() },
);
const endpoint = { host: 'btc.f2pool.com', port: 3333 };
for (let count = 0; ; count += 1) {
  const user = `${prefix}-${count}`;
  const result = await store.registerAccount({ endpoint, user, password: 'x' });
  if (result.kind !== 'created') throw new Error(`${user}: ${result.kind}`);
  writeSync(1, `${result.account.name} ${user}\n`);
}
