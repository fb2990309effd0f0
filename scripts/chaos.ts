import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

/** The chaos test for as long and with the script that one likes: `npm run chaos -- --minutes 10 --seed 7`. */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    /** Any whole number; another one each time unless given. */
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const child = spawn(process.execPath, ['--test', '--test-reporter=spec', 'test/system/chaos.test.ts'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    CHAOS_SEED: values.seed,
    CHAOS_SECONDS: String(Math.round(Number(values.minutes) * 60)),
  },
});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
