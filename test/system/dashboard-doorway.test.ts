import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { barriersOf, openFarm, openPage, picture } from '../support/dashboard.ts';
import type { Farm } from '../support/farm.ts';
import type { ScriptedMiner } from '../support/scripted-miner.ts';

interface Bed {
  readonly farm: Farm;
  readonly silent: ScriptedMiner;
  readonly refused: ScriptedMiner;
}

/** One that says nothing, and one whose name is misspelt. */
async function bedOf(t: TestContext): Promise<Bed> {
  const farm = await openFarm(t);
  const pool = await farm.pool({ difficulty: 1e-7 });
  const name = await farm.account(pool, 'alice');
  const miner = farm.miner(`${name}.rig1`);
  await miner.waitFor(({ accepted }) => accepted >= 1);
  const silent = await farm.scriptedMiner({ from: '127.0.5.9' });
  const refused = await farm.scriptedMiner({ from: '127.0.5.10', user: 'ffeeddccbbaa9988.rig7' });
  await refused.subscribe();
  await refused.call({ id: 7, method: 'mining.authorize', params: ['ffeeddccbbaa9988.rig7', 'secret'] });
  return { farm, silent, refused };
}

describe('connections without a login on the page', () => {
  test('are listed with what they sent and why they were refused, disconnected and banned', async (t) => {
    const { farm, silent, refused } = await bedOf(t);
    const page = await openPage(farm);
    await page.goto(farm.program.web);
    await page.getByRole('link', { name: /without a login: \d/ }).click();
    const list = page.getByRole('region', { name: 'Connections without a login' });
    await list.getByText('2 connections').waitFor();
    const silentRow = list.getByRole('row', { name: /^127\.0\.5\.9:\d+ / });
    await silentRow.getByText('0 B').waitFor();
    const refusedRow = list.getByRole('row', { name: /^127\.0\.5\.10:\d+ / });
    await refusedRow.getByText(/ffeeddccbbaa9988\.rig7: Unknown user name/).waitFor();
    await refusedRow.getByText('bitcoin-v1').waitFor();
    const logins = page.getByRole('region', { name: 'Refused logins of miners' });
    await logins.getByRole('row', { name: /ffeeddccbbaa9988\.rig7 .*127\.0\.5\.10/ }).waitFor();
    await list.getByLabel('Search').fill('nothing like it');
    await list.getByText('No such connection waits for a login').waitFor();
    await list.getByLabel('Search').fill('');
    await refusedRow.waitFor();
    await picture(page, 'doorway');
    const beyond: number = await page.evaluate(
      "Math.max(...[...document.querySelectorAll('.table')].map((one) => one.scrollWidth - one.clientWidth))",
    );
    assert.ok(beyond <= 0, `a table is ${beyond} px wider than the page`);
    assert.deepEqual(await barriersOf(page), []);

    // What it says, and a recording of it that is found afterwards.
    await refusedRow.getByRole('button', { name: /Dialogue: 127\.0\.5\.10/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Record the dialogue' }).click();
    await dialog.getByRole('button', { name: 'Stop recording' }).waitFor();
    await refused.call({ id: 8, method: 'mining.authorize', params: ['ffeeddccbbaa9988.rig7', 'secret'] });
    await dialog.locator('.lines code', { hasText: 'mining.authorize' }).first().waitFor();
    assert.ok(!(await page.content()).includes('secret'));
    assert.deepEqual(await barriersOf(page, 'dialog'), []);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    await silentRow.getByRole('button', { name: /Disconnect: 127\.0\.5\.9/ }).click();
    await silentRow.getByText('Disconnect this miner?').waitFor();
    await silentRow.getByRole('button', { name: 'Disconnect', exact: true }).click();
    await silent.closed();
    await silentRow.waitFor({ state: 'detached' });
    await list.getByText('1 connection', { exact: true }).waitFor();

    await refusedRow.getByRole('button', { name: /Ban: 127\.0\.5\.10/ }).click();
    await refusedRow.getByText(/0 miners of 0 accounts/).waitFor();
    await refusedRow.getByRole('button', { name: 'Ban', exact: true }).click();
    await refused.closed();
    await page.getByText('127.0.5.10 is banned for an hour.').waitFor();
    await list.getByText('Every connection is logged in').waitFor();

    const recordings = page.getByRole('region', { name: 'Recordings' });
    await recordings.getByRole('heading', { name: 'Recordings' }).click();
    await recordings.getByText(/Without a login · 127\.0\.5\.10/).click();
    await recordings.locator('.lines code', { hasText: 'mining.authorize' }).first().waitFor();
  });

  test('on a phone, in Russian, in the dark', async (t) => {
    const { farm } = await bedOf(t);
    const page = await openPage(farm, {
      locale: 'ru-RU',
      colorScheme: 'dark',
      viewport: { width: 360, height: 740 },
    });
    await page.goto(`${farm.program.web}/#/workers`);
    const tabs = page.getByRole('list', { name: 'Какие майнеры' });
    await tabs.getByRole('link', { name: 'Без входа' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('2 соединения').waitFor();
    await page.getByText(/ffeeddccbbaa9988\.rig7: Unknown/).waitFor();
    await picture(page, 'doorway-phone');
    assert.deepEqual(await barriersOf(page), []);
    const overflow: number = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    const current = tabs.locator('[aria-current=page]');
    assert.equal(await current.textContent(), 'Без входа');
    await tabs.getByRole('link', { name: 'Воркеры' }).click();
    await page.getByText('1 воркер').waitFor();
  });
});
