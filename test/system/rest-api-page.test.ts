import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { createToken, hashToken } from '../../src/http/auth.ts';
import { type CurlExample, curlExamples, differencesOfShape } from '../support/curl-examples.ts';
import { Farm } from '../support/farm.ts';
import { until } from '../support/until.ts';

const PAGE = readFileSync(new URL('../../docs/rest-api.md', import.meta.url), 'utf8');
const EXAMPLES = curlExamples(PAGE);
/** The page's names for what there is one of. */
const NAME = '0123456789abcdef';
const API = 'http://127.0.0.1:12743';

type Json = Readonly<Record<string, unknown>>;

/** What has to be there before an example makes sense, by the heading that it stands under. */
type Preparations = Readonly<Record<string, () => Promise<void>>>;

describe('every curl of docs/rest-api.md does what the page says', () => {
  const token = createToken();
  let farm: Farm;
  let pools: { readonly first: string; readonly second: string };
  let tokenId = '';
  let sessionId = '';

  before(async () => {
    farm = await Farm.open({
      token,
      flags: ['--web.rateLimitPerMinute', '0', '--web.tokens', `admin:${hashToken(token)}`],
    });
    const easy = { difficulty: 400 / 2 ** 32 };
    const [first, second] = [await farm.pool(easy), await farm.pool(easy)];
    pools = { first: formatEndpoint(first.endpoint), second: formatEndpoint(second.endpoint) };
  });

  after(() => farm[Symbol.asyncDispose]());

  const request = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const answer = await farm.program.request(method, path, body === undefined ? {} : { body });
    assert.ok(answer.status < 500, `${method} ${path}: ${answer.text}`);
    return (answer.json ?? {}) as Json;
  };
  const alice = async (): Promise<void> => {
    await request(
      'POST',
      '/api/v1/users/import',
      JSON.stringify({ name: NAME, pool: pools.first, user: 'alice', password: 'y' }),
    );
  };
  const myHash = async (): Promise<void> => {
    await request('POST', '/api/v1/algorithms', { name: 'my-hash', dialects: ['bitcoin-v1'] });
  };
  /** A miner of a user that mines. */
  const miner = async (): Promise<void> => {
    await alice();
    const connected = await farm.scriptedMiner({ user: `${NAME}.rig1` });
    ({ sessionId } = await connected.subscribe());
    await connected.authorize();
  };
  const recorded = async (): Promise<void> => {
    await miner();
    await request('POST', `/api/v1/sessions/${sessionId}/recording`, {});
  };
  const banned = async (): Promise<void> => {
    await request('POST', '/api/v1/bans', { address: '192.0.2.0/24' });
  };
  const PREPARED: Preparations = {
    'GET /api/v1/sessions': async () => {
      await miner();
      // One that says nothing. What is known of connections is kept for a second.
      await farm.scriptedMiner({ user: NAME });
      await until(async () => {
        const { sessions } = await request('GET', '/api/v1/sessions?login=none');
        return (sessions as readonly Json[]).length > 0;
      }, 'it is seen');
    },
    'GET /api/v1/sessions/{id}': miner,
    'DELETE /api/v1/sessions/{id}': miner,
    'POST /api/v1/sessions/{id}/recording': miner,
    'DELETE /api/v1/sessions/{id}/recording': recorded,
    'GET /api/v1/sessions/{id}/lines': recorded,
    'GET /api/v1/workers': miner,
    'GET /api/v1/totals': miner,
    'GET /api/v1/pools/state': miner,
    'GET /api/v1/server': miner,
    'GET /api/v1/bans': banned,
    'DELETE /api/v1/bans/{address}': banned,
    'GET /api/v1/events': miner,
    'GET /api/v1/users/{name}': alice,
    'PATCH /api/v1/users/{name}': alice,
    'DELETE /api/v1/users/{name}': alice,
    'GET /api/v1/users': alice,
    'GET /api/v1/users/export': alice,
    'POST /api/v1/users/move': alice,
    'GET /api/v1/pools': () => farm.program.addPool('127.0.0.1:3333', 'sha256d'),
    'PATCH /api/v1/pools/{pool}': () => farm.program.addPool('127.0.0.1:3333', 'sha256d'),
    'DELETE /api/v1/pools/{pool}': () => farm.program.addPool('127.0.0.1:3334', 'sha256d'),
    'PATCH /api/v1/algorithms/{name}': myHash,
    'DELETE /api/v1/algorithms/{name}': myHash,
    'GET /api/v1/tokens': async () => {
      await request('POST', '/api/v1/tokens', { scope: 'read', label: 'x' });
    },
    'GET /api/v1/audit': () => farm.program.addPool('127.0.0.1:3333', 'sha256d'),
    'DELETE /api/v1/tokens/{id}': async () => {
      tokenId = String((await request('POST', '/api/v1/tokens', { scope: 'read' }))['id']);
    },
  };

  /** Nothing of an example that ran before is in the way of this one. */
  async function clear(): Promise<void> {
    const { users } = await request('GET', '/api/v1/users?limit=1000');
    for (const { name } of users as readonly Json[]) await request('DELETE', `/api/v1/users/${String(name)}`);
    for (const pool of ['127.0.0.1:3333', '127.0.0.1:3334']) await request('DELETE', `/api/v1/pools/${pool}`);
    await request('DELETE', '/api/v1/algorithms/my-hash');
  }

  /** The page's names replaced by what is here. */
  function here(text: string): string {
    return text
      .replaceAll(API, farm.program.web)
      .replaceAll('pool.example.com:3333', pools.first)
      .replaceAll('backup.example.com:3333', pools.second)
      .replaceAll('9f0c1d2e3a4b5c6d', sessionId)
      .replace(/\/tokens\/\d+$/, `/tokens/${tokenId}`);
  }

  test('there are examples, of every call that is described with a body', () => {
    assert.ok(EXAMPLES.length > 20, String(EXAMPLES.length));
    const described = [...PAGE.matchAll(/^### `((?:POST|PATCH|DELETE) \S+)`/gm)].map(
      ([, heading]) => heading,
    );
    const shown = new Set(EXAMPLES.map(({ heading }) => heading));
    for (const heading of described) assert.ok(shown.has(heading ?? ''), `${heading} has no example`);
  });

  for (const example of EXAMPLES) {
    const { line, method, url, heading } = example;
    test(`line ${line}: ${method} ${url.replace(API, '')}`, async () => {
      await clear();
      await PREPARED[heading]?.();
      await run(example);
    });
  }

  async function run({ method, url, headers, body, shown }: CurlExample): Promise<void> {
    const response = await fetch(here(url), {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === null ? {} : { body: here(body) }),
    });
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('text/event-stream')) {
      // It has no end.
      await response.body?.cancel();
      return;
    }
    const text = await response.text();
    assert.ok([200, 201, 204].includes(response.status), `${response.status} ${text}`);
    if (shown === null || response.status === 204) return;
    const answer: unknown = JSON.parse(
      type.startsWith('application/x-ndjson') ? (text.split('\n')[0] ?? '') : text,
    );
    assert.deepEqual(differencesOfShape(shown, answer), []);
  }
});
