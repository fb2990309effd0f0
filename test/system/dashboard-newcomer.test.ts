import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { hashToken } from '../../src/http/auth.ts';
import { barriersOf, DESK, openContext, openFarm, openPage, picture } from '../support/dashboard.ts';
import { until } from '../support/until.ts';

const NARROW = { width: 360, height: 740 };

describe('a newcomer at the dashboard', () => {
  test('is told what to do first, does it, and sees the miner', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    const page = await openPage(farm);
    await page.goto(farm.program.web);
    const steps = page.getByRole('region', { name: 'No miner yet' });
    await steps.getByText(`stratum+tcp://127.0.0.1:${farm.program.stratum.port}`).waitFor();
    await steps.getByRole('link', { name: 'Register an account' }).click();
    await page.getByText('register one to begin').waitFor();
    await page.getByRole('button', { name: 'Register an account' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Pool', { exact: true }).fill(formatEndpoint(pool.endpoint));
    await dialog.getByLabel('User at the pool').fill('alice');
    await dialog.getByRole('button', { name: 'Register an account' }).click();
    const told = await page.getByText(/Miners use the name [0-9a-f]{16}/).textContent();
    const name = /[0-9a-f]{16}/.exec(told ?? '')?.[0] ?? '';
    await page.getByText(`-u ${name}.WORKER`).waitFor();
    farm.miner(`${name}.rig1`);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.locator('.tile', { hasText: 'sha256d' }).getByText('H/s').waitFor({ timeout: 60_000 });
    await steps.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Workers', exact: true }).click();
    await page.getByRole('row', { name: /^rig1 / }).waitFor();
  });

  for (const [language, scheme, viewport] of [
    ['en-US', 'light', DESK],
    ['ru-RU', 'dark', NARROW],
  ] as const) {
    test(`finds every view of an empty proxy whole: ${language}, ${scheme}, ${viewport.width} px`, async (t) => {
      const farm = await openFarm(t);
      const page = await openPage(farm, { locale: language, colorScheme: scheme, viewport });
      for (const view of ['', 'workers', 'workers?login=none', 'accounts', 'pools', 'events', 'system']) {
        await page.goto(`${farm.program.web}/#/${view}`);
        await page.locator('main h1').waitFor();
        await page.waitForTimeout(400);
        await picture(page, `empty-${view.replace(/\W/g, '-')}-${viewport.width}`);
        assert.deepEqual(await barriersOf(page), [], view);
        const overflow: number = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        assert.ok(overflow <= 0, `${view} is ${overflow} px too wide`);
        const uneven: unknown =
          await page.evaluate(`[...document.querySelectorAll('.filters')].flatMap((row) => {
          const ends = [...row.querySelectorAll('label')].filter((one) => one.closest('.field'))
            .map((one) => Math.round(one.getBoundingClientRect().bottom)).sort((a, b) => a - b);
          return ends.filter((end, i) => i > 0 && end - ends[i - 1] > 0 && end - ends[i - 1] < 20);
        })`);
        assert.deepEqual(uneven, [], `labels of one line end at one height: ${view}`);
      }
    });
  }

  for (const scheme of ['light', 'dark'] as const) {
    test(`is asked for a token by a form that everybody can use: ${scheme}`, async (t) => {
      const farm = await openFarm(t, ['--web.tokens', `admin:${hashToken('sp_for-the-test')}`]);
      const context = await openContext(farm, { colorScheme: scheme, viewport: NARROW });
      const page = await context.newPage();
      await page.goto(farm.program.web);
      await page.getByRole('heading', { name: 'Log in' }).waitFor();
      assert.equal(await page.evaluate('document.activeElement.type'), 'password');
      await page.keyboard.type('sp_wrong');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('This token is not known.').waitFor();
      await picture(page, `login-${scheme}`);
      assert.deepEqual(await barriersOf(page), []);
    });
  }

  test('reads how long ago something was, as time goes by', async (t) => {
    const farm = await openFarm(t);
    const pool = await farm.pool({ difficulty: 1e-7 });
    await farm.account(pool, 'alice');
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/events`);
    const cell = page.getByRole('row', { name: /account registered/ }).locator('time');
    const before = await cell.textContent();
    await until(async () => (await cell.textContent()) !== before, 'another time', 5000);
  });

  test('is told that there is no such account, and the way to those that there are', async (t) => {
    const farm = await openFarm(t);
    const context = await openContext(farm);
    const page = await context.newPage();
    for (const name of ['0123456789abcdef', 'rubbish']) {
      await page.goto(`${farm.program.web}/#/accounts/${name}`);
      await page.getByRole('heading', { name }).waitFor();
      await page.getByText('There is no such account.').waitFor();
    }
    await page.getByRole('link', { name: 'All accounts' }).click();
    await page.getByRole('heading', { name: 'Accounts' }).waitFor();
  });
});
