import { parseArgs } from 'node:util';
import { createToken, hashToken } from '../src/http/auth.ts';
import { fuzzApi } from '../test/support/api-fuzz.ts';
import { Program } from '../test/support/program.ts';

/** Starts the program and sends it requests made from its own description of the API: `npm run fuzz:api -- --requests 100000 --seed 7`. */
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    /** Any whole number; another one each time unless given. */
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const token = createToken();
await using program = await Program.start({
  token,
  flags: [
    '--web.rateLimitPerMinute=0',
    `--web.tokens=admin:${hashToken(token)}`,
    '--upstream.dialTimeoutMs=100',
  ],
});
for (const pool of ['127.0.0.1:1', '127.0.0.1:2']) await program.addPool(pool, 'sha256d');
const { answers, failure } = await fuzzApi({
  web: program.web,
  token,
  requests: Number(values.requests),
  seed: Number(values.seed),
});
for (const [call, times] of [...answers].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  process.stdout.write(`${String(times).padStart(7)}  ${call}\n`);
const { status } = await program.get('/api/v1/health');
const faults = program.lines().filter(({ msg }) => msg === 'api request failed');
for (const fault of faults) process.stdout.write(`${JSON.stringify(fault)}\n`);
process.stdout.write(failure === null ? `seed ${values.seed}: all as described\n` : `${failure}\n`);
if (failure !== null || faults.length > 0 || status !== 200) process.exitCode = 1;
