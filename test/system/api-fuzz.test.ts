import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createToken, hashToken } from '../../src/http/auth.ts';
import { fuzzApi } from '../support/api-fuzz.ts';
import { Farm } from '../support/farm.ts';
import { managePorts, testServer } from '../support/http-fixtures.ts';
import { ScriptedPool } from '../support/scripted-pool.ts';

const REQUESTS = 1500;
const SEED = 1;

test(`${REQUESTS} requests made from the API's own description: no fault, every answer as described, and the program well afterwards`, async () => {
  const token = createToken();
  await using farm = await Farm.open({
    token,
    flags: [
      '--web.rateLimitPerMinute=0',
      `--web.tokens=admin:${hashToken(token)}`,
      // What is dialled is on this machine and refuses at once.
      '--upstream.dialTimeoutMs=100',
    ],
  });
  const { program } = farm;
  for (const pool of ['127.0.0.1:1', '127.0.0.1:2']) await program.addPool(pool, 'sha256d');
  const { answers, failure } = await fuzzApi({ web: program.web, token, requests: REQUESTS, seed: SEED });
  assert.equal(failure, null, `${failure}\n${program.tail()}`);
  // It gets past the gates: of most calls some are done.
  const done = new Set(
    [...answers.keys()].filter((call) => / 2\d\d$/.test(call)).map((call) => call.slice(0, -4)),
  );
  assert.ok(done.size > 15, [...answers].map(([call, times]) => `${call}: ${times}`).join('\n'));
  assert.deepEqual(
    program.lines().filter(({ msg }) => msg === 'api request failed'),
    [],
  );
  assert.equal((await program.get('/api/v1/ready')).status, 200);
  await using pool = await new ScriptedPool().start();
  await program.addPool(`127.0.0.1:${pool.port}`, 'sha256d');
  assert.match(await program.register(`127.0.0.1:${pool.port}`, 'after'), /^[0-9a-f]{16}$/);
});

test('a call that fails, and one that answers otherwise than it says, are found', async () => {
  const faults = [
    { accounts: { delete: () => Promise.reject(new Error('a fault of the program')) } },
    {
      manage: {
        ...managePorts(),
        audit: { record: async () => {}, list: async () => ({ entries: [], next: -0.5 }) },
      },
    },
  ];
  for (const ports of faults) {
    const server = testServer(ports, { limits: { requestsPerMinute: 0, closeMs: 100 } });
    const { port } = await server.listen();
    try {
      const { failure } = await fuzzApi({
        web: `http://127.0.0.1:${port}`,
        token: 'x',
        requests: 3000,
        seed: SEED,
      });
      assert.match(failure ?? '', /DELETE \/api\/v1\/users\/\{name\} 500|GET \/api\/v1\/audit 500/);
    } finally {
      await server.close();
    }
  }
});
