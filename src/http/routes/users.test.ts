import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView, testServer } from '../../../test/support/http-fixtures.ts';
import { totalRow, workerReport } from '../../../test/support/report-fixtures.ts';
import { type AccountMining, miningOf } from '../mining.ts';
import type { AccountPage, AccountQuery } from '../ports/accounts.ts';

function listing(page: AccountPage) {
  const queries: AccountQuery[] = [];
  const server = testServer({
    accounts: {
      async list(query) {
        queries.push(query);
        return page;
      },
    },
  });
  return { queries, get: (query: string) => server.inject(`/api/v1/users${query}`) };
}

describe('GET /api/v1/users', () => {
  test('gives a page and where the next begins', async () => {
    const users = [accountView(), accountView({ name: 'ffffffffffffffff', algorithm: null })];
    const { get, queries } = listing({ users, next: 'ffffffffffffffff' });
    const response = await get('');
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json(), {
      users: users.map((user) => Object.assign({ mining: miningOf([], [user])(user.name) }, user)),
      next: 'ffffffffffffffff',
    });
    assert.deepEqual(queries, [{ limit: 100, after: null, search: null }]);
  });

  test('shows what the miners of each user do, from one look at all of them', async () => {
    const users = [accountView(), accountView({ name: 'ffffffffffffffff' })];
    const totals = users.map(({ name }, at) =>
      totalRow({ account: name, workFound: 100, workAtPool: 90 + at, sharesAtPool: 9 }),
    );
    let asked = 0;
    const server = testServer({
      accounts: { list: async () => ({ users, next: null }) },
      reports: {
        async read() {
          asked += 1;
          return [workerReport({ totals })];
        },
      },
    });
    const page = (await server.inject('/api/v1/users')).json<{
      readonly users: readonly { readonly mining: AccountMining }[];
    }>();
    assert.deepEqual(
      page.users.map(({ mining }) => [mining.efficiency, mining.pools.length]),
      [
        [0.9, 1],
        [0.91, 1],
      ],
    );
    assert.equal(asked, 1);
  });

  test('the last page has no next', async () => {
    assert.deepEqual((await listing({ users: [], next: null }).get('')).json(), { users: [], next: null });
  });

  test('passes on the filters', async () => {
    const { get, queries } = listing({ users: [], next: null });
    await get('?limit=5&after=00000000000000AF&search=Hall%203');
    await get('?search=%20');
    assert.deepEqual(queries, [
      { limit: 5, after: '00000000000000af', search: 'hall 3' },
      { limit: 100, after: null, search: null },
    ]);
  });

  const { get } = listing({ users: [], next: null });
  const refused: readonly [string, number, RegExp][] = [
    ['?limit=0', 422, /"limit\\" must be >= 1/],
    ['?limit=1001', 422, /"limit\\" must be <= 1000/],
    ['?limit=ten', 400, /"limit\\" must be an integer, not a string/],
    ['?after=5', 422, /"after\\" must be the \\"next\\" of the page before/],
    ['?serch=5', 400, /"serch\\" \(did you mean \\"search\\"\?\)/],
  ];
  for (const [query, status, message] of refused) {
    test(`${status} for ${query}`, async () => {
      const response = await get(query);
      assert.equal(response.statusCode, status);
      assert.match(response.payload, message);
      assert.deepEqual(Object.keys(response.json()), ['error']);
    });
  }
});
