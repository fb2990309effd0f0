import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, type TestContext } from 'node:test';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { listenTo, startBrowser } from './browser.ts';
import { Farm } from './farm.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 900 };
/** Where to leave pictures of every view; without, none are made. */
const PICTURES = process.env['DASHBOARD_PICTURES'] ?? '';

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

/** A farm, and what is to be closed before it: a page that loses its server complains. */
const pagesOf = new WeakMap<Farm, (() => Promise<void>)[]>();

export async function openFarm(t: TestContext, flags: readonly string[] = []): Promise<Farm> {
  const farm = await Farm.open({ flags });
  const closers: (() => Promise<void>)[] = [];
  pagesOf.set(farm, closers);
  t.after(async () => {
    try {
      for (const close of closers) await close();
    } finally {
      await farm[Symbol.asyncDispose]();
    }
  });
  return farm;
}

/** A browser of its own. */
export async function openContext(farm: Farm, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-US', viewport: DESK, ...options });
  pagesOf.get(farm)?.push(() => context.close());
  return context;
}

/** A page of its own, whose complaints fail the test at its end. */
export async function openPage(farm: Farm, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await openContext(farm, options);
  const page = await context.newPage();
  const complaints = listenTo(page, farm.program.web);
  pagesOf.get(farm)?.push(async () => assert.deepEqual(complaints.list, []));
  return page;
}

export async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === '') return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
}

/** What a screen reader, or eyes that see little contrast, would stumble over, in the part that a selector names. */
export async function barriersOf(page: Page, within = 'html'): Promise<string[]> {
  // The policy of the page lets no script in that is not its own; this one comes from the outside.
  await page.evaluate(AXE);
  const {
    violations,
  }: { readonly violations: readonly { id: string; nodes: readonly { html: string }[] }[] } =
    await page.evaluate(`axe.run(${JSON.stringify(within)})`);
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
  );
}
