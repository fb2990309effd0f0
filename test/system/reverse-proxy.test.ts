import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createToken, hashToken } from '../../src/http/auth.ts';
import { Program, runToEnd } from '../support/program.ts';
import { ask, ReverseProxy } from '../support/reverse-proxy.ts';

const PROXY = '127.0.0.10';
const STRANGER = '127.0.0.11';
const [ALICE, BOB, EVE] = ['127.0.0.21', '127.0.0.22', '127.0.0.23'] as const;
const LIMIT = 8;

const trusting = ['--web.trustedProxies', `${PROXY},10.0.0.0/8`];

describe('web.trustedProxies', { concurrency: 1 }, () => {
  test('each client behind a reverse proxy has its own limit, and its own address in the audit log; nobody else is believed', async () => {
    const token = createToken();
    await using program = await Program.start({
      flags: [
        ...trusting,
        '--web.tokens',
        `admin:${hashToken(token)}`,
        '--web.rateLimitPerMinute',
        `${LIMIT}`,
      ],
      token,
    });
    await using proxy = await new ReverseProxy(program.web, PROXY).start();
    await using other = await new ReverseProxy(program.web, STRANGER).start();
    const authorization = `Bearer ${token}`;
    const addPool = async (origin: string, from: string, port: number, headers = {}): Promise<void> => {
      const body = JSON.stringify({ pool: `pool.example:${port}`, algorithm: 'sha256d' });
      const call = { method: 'POST', headers: { authorization, ...headers }, body };
      const { status, text } = await ask(`${origin}/api/v1/pools`, from, call);
      assert.equal(status, 201, text);
    };
    await addPool(proxy.origin, ALICE, 1);
    // What a client says of itself is not what the proxy says of it.
    await addPool(proxy.origin, BOB, 2, { 'x-forwarded-for': ALICE });
    await addPool(program.web, EVE, 3, { 'x-forwarded-for': ALICE });
    await addPool(other.origin, BOB, 4);

    const { json } = await program.get('/api/v1/audit');
    const { entries } = json as {
      readonly entries: readonly { readonly target: string; readonly from: string }[];
    };
    assert.deepEqual(entries.map(({ target, from }) => [target, from]).toReversed(), [
      ['pool.example:1', ALICE],
      ['pool.example:2', BOB],
      ['pool.example:3', EVE],
      ['pool.example:4', STRANGER],
    ]);

    const statuses = async (origin: string, from: string, headers = {}): Promise<readonly number[]> => {
      const seen: number[] = [];
      for (let call = 0; call <= LIMIT; call += 1)
        seen.push(
          (await ask(`${origin}/api/v1/version`, from, { headers: { authorization, ...headers } })).status,
        );
      return seen;
    };
    // One has been made above.
    assert.deepEqual(
      (await statuses(proxy.origin, ALICE)).slice(-2),
      [429, 429],
      'alice has used up her limit',
    );
    assert.equal((await statuses(proxy.origin, BOB))[0], 200, 'bob has one of his own');
    const pretending = await statuses(program.web, EVE, { 'x-forwarded-for': '203.0.113.9' });
    assert.equal(pretending.at(-1), 429, 'whoever is not trusted cannot take the limit of another');
  });

  test('opens nothing: what comes through a reverse proxy is refused without a token', async () => {
    await using program = await Program.start({ flags: trusting });
    await using proxy = await new ReverseProxy(program.web, PROXY).start();
    const { status, text } = await ask(`${proxy.origin}/api/v1/users`, ALICE);
    assert.equal(status, 403, text);
    assert.match(text, /token add admin/);
    assert.equal((await ask(`${proxy.origin}/api/v1/health`, ALICE)).status, 200);
  });

  test('takes networks only', async () => {
    for (const wrong of ['proxy.example', '10.0.0.0/33', '127.0.0.1:80']) {
      const { code, stderr } = await runToEnd(['--web.trustedProxies', wrong]);
      assert.notEqual(code, 0, wrong);
      assert.match(stderr, /web\.trustedProxies.*a network such as 10\.0\.0\.0\/8/s);
    }
  });
});
