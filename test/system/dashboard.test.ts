import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { hashToken } from '../../src/http/auth.ts';
import { readBuiltPage } from '../../src/http/page.ts';
import { barriersOf, DESK, openContext, openFarm, openPage, PHONE, picture } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';

const VIEWS = ['', 'workers', 'workers?login=none', 'accounts', 'pools', 'events', 'system'] as const;

describe('the dashboard', () => {
  test('is small, and asks for nothing from elsewhere', () => {
    const page = readBuiltPage();
    assert.ok(page !== null, 'built by "npm run page"');
    const files = [page.index, ...page.assets.values()];
    const bytes = files.reduce((sum, { bodies }) => sum + bodies.br.length, 0);
    assert.ok(bytes < 200_000, `${bytes} bytes compressed`);
    assert.ok(!files.some(({ bodies }) => /https?:\/\/(?!www\.w3\.org)/.test(bodies.identity.toString())));
  });

  for (const [language, scheme, viewport] of [
    ['en-US', 'light', DESK],
    ['ru-RU', 'dark', DESK],
    ['en-US', 'dark', PHONE],
    ['ru-RU', 'light', PHONE],
  ] as const) {
    const width = viewport === PHONE ? 'phone' : 'desk';
    test(`every view opens and can be used by everybody: ${language}, ${scheme}, ${width}`, async (t) => {
      const farm = await openFarm(t);
      const pool = await farm.pool({ difficulty: 1e-7 });
      const name = await farm.account(pool, 'alice');
      const miner = farm.miner(`${name}.rig1`);
      await miner.waitFor(({ accepted }) => accepted >= 3);
      const page = await openPage(farm, { locale: language, colorScheme: scheme, viewport });
      await page.goto(farm.program.web);
      await page.locator('.tile .value', { hasText: 'H/s' }).first().waitFor();
      const lastHour = language === 'ru-RU' ? 'найденной за последний час' : 'found in the last hour';
      const efficiency = page.locator('.tile', { hasText: new RegExp(`± \\d.*${lastHour}`) });
      await efficiency.locator('.value', { hasText: /\d %/ }).waitFor();
      for (const view of [...VIEWS, `workers/${name}/rig1`, `accounts/${name}`]) {
        await page.goto(`${farm.program.web}/#/${view}`);
        await page.locator('main h1').waitFor();
        await page.locator('main .problem').waitFor({ state: 'detached' });
        await page.waitForTimeout(400);
        assert.equal(await page.locator('main .problem').count(), 0, view);
        const title = language === 'ru-RU' ? /[а-я]/i : /[a-z]/i;
        assert.match(await page.title(), title);
        const overflow: number = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        assert.ok(overflow <= 0, `${view} is ${overflow} px too wide`);
        assert.deepEqual(await barriersOf(page), [], view);
        const kind =
          view === '' ? 'overview' : view.split('/').length > 1 ? `one-of-${view.split('/')[0]}` : view;
        await picture(page, `${kind}-${width}-${scheme}`);
      }
    });
  }

  test('a pool is added and tried, an account registered, and its miner is seen', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 }, false);
    const address = formatEndpoint(pool.endpoint);
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/pools`);
    const form = page.getByRole('form', { name: 'Add a pool' });
    await form.getByLabel('Address').fill(address);
    await form.getByLabel('Algorithm').selectOption('sha256d');
    await form.getByLabel('User at the pool').fill('alice');
    await form.getByRole('button', { name: 'Test' }).click();
    await page.getByRole('region', { name: 'What the pool says' }).getByText('bitcoin-v1').waitFor();
    await form.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText(`${address} is in the pool list.`).waitFor();

    await page.getByRole('link', { name: 'Accounts' }).click();
    await page.getByRole('button', { name: 'Register an account' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Pool', { exact: true }).fill(address);
    await dialog.getByLabel('User at the pool').fill('alice');
    await dialog.getByLabel('Password at the pool').fill('secret of the pool');
    await dialog.getByLabel('Note').fill('hall 3');
    await dialog.getByRole('button', { name: 'Register an account' }).click();
    const told = await page.getByText(/Miners use the name [0-9a-f]{16}/).textContent();
    const name = /[0-9a-f]{16}/.exec(told ?? '')?.[0] ?? '';

    const miner = farm.miner(`${name}.new-rig`);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    await page.getByRole('link', { name: 'Workers', exact: true }).click();
    await page.getByRole('link', { name: 'new-rig' }).click();
    await page.getByRole('heading', { name: 'new-rig' }).waitFor();
    // Shares run in while one looks.
    await page.locator('.shares li').first().waitFor();
    await page.getByText('What it and the proxy say').click();
    await page.getByRole('button', { name: 'Record the dialogue' }).click();
    await page.locator('.lines code', { hasText: 'mining.submit' }).first().waitFor();
    assert.ok(!(await page.content()).includes('secret of the pool'));
  });

  test('an account is switched to another pool while its miner mines', async (t) => {
    const farm = await openFarm(t);
    const first = await farm.pool({ difficulty: 1e-7 });
    const second = await farm.pool({ difficulty: 1e-7 });
    const body = {
      pool: formatEndpoint(first.endpoint),
      user: 'alice',
      password: 'x',
      backups: [{ pool: formatEndpoint(second.endpoint), user: 'bob', password: 'y' }],
    };
    const { name } = (await farm.program.post('/api/v1/users', body)).json as { name: string };
    const miner = farm.miner(`${name}.rig1`);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/accounts/${name}`);
    await page.getByRole('button', { name: 'Switch to this pool' }).click();
    await page.getByText(`Miners move to ${formatEndpoint(second.endpoint)}.`).waitFor();
    await eventually(
      () => second.stats.accepted >= 3,
      () => `shares at the second pool: ${second.stats.summary()}`,
      20_000,
    );
    assert.equal(miner.stats.connections, 1, 'on the same socket');
    // With the password that the backup had.
    assert.equal(second.stats.user('bob').accepted, second.stats.accepted);
    await page
      .getByRole('row', { name: new RegExp(formatEndpoint(second.endpoint)) })
      .getByText('Mines here')
      .waitFor();
  });

  test('asks for a token where the API does, and keeps it to itself', async (t) => {
    const token = 'sp_for-the-test';
    const farm = await openFarm(t, ['--web.tokens', `admin:${hashToken(token)}`]);
    const context = await openContext(farm);
    const page = await context.newPage();
    await page.goto(farm.program.web);
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await page.getByLabel('Token').fill('sp_wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('This token is not known.').waitFor();
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Live').waitFor();
    assert.equal(
      await page.evaluate(() => localStorage.length > 0 && JSON.stringify(localStorage).includes('sp_')),
      false,
    );
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
  });

  test('the first token that is made on the page is shown, and the page goes on with it', async (t) => {
    const farm = await openFarm(t);
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/system`);
    // What was asked before, without a token, is answered: the browser would complain of a refusal.
    for (const text of ['Up for', 'Nobody is banned', 'No token: the API is open', 'No change yet', 'Live'])
      await page.getByText(text).first().waitFor();
    const form = page.getByRole('form', { name: 'Make a token' });
    await form.getByLabel('Scope').selectOption('admin');
    await form.getByLabel('Note').fill('of the page');
    await form.getByRole('button', { name: 'Make a token' }).click();
    const token = (await page.locator('.made code').textContent()) ?? '';
    assert.match(token, /^sp_/);
    // It is asked for now, and the page has it.
    assert.equal((await farm.program.get('/api/v1/users')).status, 401);
    await page.getByRole('cell', { name: 'of the page', exact: true }).waitFor();
    assert.equal(await page.locator('.made code').textContent(), token);
    await page.getByRole('navigation', { name: 'Views' }).getByText('Live').waitFor();
  });

  test('a tab without a good token leaves the others alone', async (t) => {
    const token = 'sp_for-the-test';
    const farm = await openFarm(t, ['--web.tokens', `admin:${hashToken(token)}`]);
    const context = await openContext(farm);
    const stranger = await context.newPage();
    await stranger.goto(farm.program.web);
    await stranger.getByRole('heading', { name: 'Log in' }).waitFor();
    const page = await context.newPage();
    await page.goto(farm.program.web);
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Live').waitFor();
    await page.locator('.tile .value', { hasText: /\d/ }).first().waitFor();
    await stranger.reload();
    await stranger.getByRole('heading', { name: 'Log in' }).waitFor();
    const another = await context.newPage();
    await another.goto(farm.program.web);
    await another.getByRole('heading', { name: 'Log in' }).waitFor();
    assert.equal(await page.getByText('Live').isVisible(), true);
    assert.equal(await stranger.getByRole('heading', { name: 'Log in' }).isVisible(), true);
  });

  test('a miner without a worker name has its page, and its history', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const name = await farm.account(pool, 'alice');
    const miner = farm.miner(name);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/workers`);
    await page.getByRole('link', { name: '(no name)' }).click();
    await page.getByRole('heading', { name: '(no name)' }).waitFor();
    await page.locator('.shares li').first().waitFor();
    assert.equal(await page.locator('main .problem').count(), 0);
  });

  test('several pages of a browser read one stream, and another takes over where the first was', async (t) => {
    const farm = await openFarm(t);
    const context = await openContext(farm);
    const streams: string[] = [];
    context.on('request', (request) => {
      if (request.url().includes('/api/v1/stream')) streams.push(request.headers()['last-event-id'] ?? '');
    });
    const pages = [await context.newPage(), await context.newPage(), await context.newPage()] as const;
    for (const page of pages) await page.goto(farm.program.web);
    for (const page of pages) await page.getByText('Live').waitFor();
    assert.equal(streams.length, 1);
    // Each has heard of it.
    for (const page of pages) await page.locator('.tile .value', { hasText: /\d/ }).first().waitFor();
    await pages[0].close();
    await eventually(
      () => streams.length === 2,
      () => `${streams.length} streams`,
    );
    assert.match(streams[1] ?? '', /^\d+$/, 'goes on behind the last message');
    for (const page of pages.slice(1)) await page.getByText('Live').waitFor();
  });

  test('works by the keyboard alone', async (t) => {
    const farm = await openFarm(t);
    const page = await openPage(farm);
    await page.goto(farm.program.web);
    await page.getByText('Live').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement?.id'), 'content');
    await page.goto(`${farm.program.web}/#/accounts`);
    await page.getByRole('button', { name: 'Register an account' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    assert.equal(
      await page.evaluate("document.querySelector('dialog').contains(document.activeElement)"),
      true,
    );
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.match(String(await page.evaluate('document.activeElement?.textContent')), /Register an account/);
  });
});
