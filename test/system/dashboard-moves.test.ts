import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import type { CpuMiner } from '../../src/practice/cpu-miner.ts';
import type { PracticePool } from '../../src/practice/practice-pool.ts';
import { barriersOf, openFarm, openPage, picture } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import type { Farm } from '../support/farm.ts';

interface Bed {
  readonly farm: Farm;
  readonly from: string;
  readonly to: string;
  readonly newPool: PracticePool;
  readonly miner: CpuMiner;
  /** Of the account that mines, and of the one whose login is taken at the new pool. */
  readonly mined: string;
  readonly doubled: string;
}

async function bedOf(t: TestContext): Promise<Bed> {
  const farm = await openFarm(t);
  const [oldPool, newPool] = [
    await farm.pool({ difficulty: 1e-7 }),
    await farm.pool({ difficulty: 1e-7 }),
  ] as const;
  await farm.program.addPool('scrypt.example:3333', 'scrypt');
  const [mined, doubled] = [
    await farm.account(oldPool, 'alice'),
    await farm.account(oldPool, 'carol'),
  ] as const;
  await farm.account(newPool, 'carol');
  await farm.program.request('PATCH', `/api/v1/users/${mined}`, { body: { label: 'hall 3' } });
  const miner = farm.miner(`${mined}.rig1`);
  await miner.waitFor(({ accepted }) => accepted >= 2);
  const [from, to] = [formatEndpoint(oldPool.endpoint), formatEndpoint(newPool.endpoint)] as const;
  return { farm, from, to, newPool, miner, mined, doubled };
}

async function minesOn({ newPool, miner }: Bed): Promise<void> {
  await eventually(
    () => newPool.stats.accepted >= 3,
    () => `shares at the new pool: ${newPool.stats.summary()}`,
    20_000,
  );
  assert.equal(miner.stats.connections, 1, 'on the same socket');
}

describe('accounts moved between pools on the page', () => {
  test('are shown before, each with what happens to it, and their miners mine on', async (t) => {
    const bed = await bedOf(t);
    const { farm, from, to, mined, doubled } = bed;
    const page = await openPage(farm);
    await page.goto(`${farm.program.web}/#/pools`);
    const used = page.getByRole('region', { name: 'In use' });
    await used.getByRole('button', { name: `Move accounts …: ${from}` }).click();
    const dialog = page.getByRole('dialog');
    const target = dialog.getByLabel('To the pool');
    await target.locator('option', { hasText: to }).waitFor({ state: 'attached' });
    const offered = await target.locator('option').allTextContents();
    assert.ok(
      !offered.some((text) => text.includes('scrypt.example') || text.startsWith(from)),
      offered.join(),
    );
    await target.selectOption(to);
    await dialog.getByRole('button', { name: 'Show what would happen' }).click();
    const result = dialog.getByRole('region', { name: 'What happens to each account' });
    await result.getByText('Would move: 1 account with 1 miner.').waitFor();
    await result.getByText('Stay as they are: 1 account.').waitFor();
    await result.getByRole('row', { name: new RegExp(`${doubled} 0 stays .*password at`) }).waitFor();
    await result.getByRole('row', { name: 'hall 3 1 moves' }).waitFor();
    assert.deepEqual(await barriersOf(page, 'dialog'), []);
    await picture(page, 'move-told');
    // Nothing has happened yet, and another choice is another question.
    const userOf = async (name: string): Promise<string> =>
      ((await farm.program.get(`/api/v1/users/${name}`)).json as { readonly pool: string }).pool;
    assert.equal(await userOf(mined), from);
    await dialog.getByLabel('User at the new pool').fill('{user}.new');
    await result.waitFor({ state: 'detached' });
    await dialog.getByLabel('User at the new pool').fill('');
    await dialog.getByRole('button', { name: 'Show what would happen' }).click();
    await dialog.getByRole('button', { name: 'Move 1 account' }).click();
    await result.getByText('Moved: 1 account with 1 miner.').waitFor();
    await result.getByRole('row', { name: 'hall 3 1 moved' }).waitFor();
    assert.equal(await userOf(mined), to);
    assert.equal(await userOf(doubled), from);
    await minesOn(bed);
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await dialog.waitFor({ state: 'detached' });
  });

  test('from the accounts, by the keyboard alone, on a phone, in Russian', async (t) => {
    const bed = await bedOf(t);
    const { farm, to } = bed;
    const page = await openPage(farm, {
      locale: 'ru-RU',
      colorScheme: 'dark',
      viewport: { width: 360, height: 740 },
    });
    await page.goto(`${farm.program.web}/#/accounts`);
    await page.getByRole('button', { name: 'Перевести аккаунты …' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    const target = dialog.getByLabel('На пул');
    await target.locator('option', { hasText: to }).waitFor({ state: 'attached' });
    await target.focus();
    await page.keyboard.type(to);
    assert.equal(await target.inputValue(), to);
    // Past the user to the button.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const result = dialog.getByRole('region', { name: 'Что будет с каждым аккаунтом' });
    await result.getByText('Перейдут: 1 аккаунт, 1 майнер.').waitFor();
    const active = async (): Promise<string> =>
      String(
        await page.evaluate(
          'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent',
        ),
      );
    assert.equal(await active(), 'Что будет с каждым аккаунтом');
    assert.deepEqual(await barriersOf(page, 'dialog'), []);
    const wide: unknown = await page.evaluate(
      "[...document.querySelectorAll('dialog, dialog *')].filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1 && getComputedStyle(one).display !== 'inline').map((one) => one.className + one.tagName)",
    );
    await picture(page, 'move-phone');
    assert.deepEqual(wide, []);
    for (let tabs = 0; (await active()) !== 'Перевести 1 аккаунт'; tabs += 1) {
      assert.ok(tabs < 6, await active());
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await result.getByText('Перешли: 1 аккаунт, 1 майнер.').waitFor();
    await minesOn(bed);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await active(), 'Перевести аккаунты …');
  });
});
