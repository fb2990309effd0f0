import { setTimeout as sleep } from 'node:timers/promises';
import sparticuz from '@sparticuz/chromium';
import { type CDPSession, chromium, type Locator, type Page } from 'playwright-core';
import type { Scenario } from '../scenario.ts';

const WORKERS = 10_000;
const WATCH_MS = 10_000;
const SETTLE_MS = 3_000;
const SCROLLS = 60;

/** The dashboard in a real browser in front of a fleet of 10,000 workers: how soon it is there, what an update costs it, and whether its table scrolls. */
export const page: Scenario = {
  name: 'page',
  title: 'The dashboard with 10,000 workers',
  metrics: () => [
    {
      id: 'page.first',
      label: `dashboard, ${WORKERS} workers: opened until their hashrate is seen`,
      unit: 'ms',
      decimals: 0,
      goal: null,
      variantGoals: { shared: { max: 1000 } },
    },
    {
      id: 'page.table',
      label: 'the table of workers opened until its first rows are seen',
      unit: 'ms',
      decimals: 0,
      goal: null,
      variantGoals: { shared: { max: 1000 } },
    },
    {
      id: 'page.update',
      label: 'main thread of the page per second, fleet view, a live update each',
      unit: 'ms',
      decimals: 1,
      goal: null,
      variantGoals: { shared: { max: 16 } },
    },
    {
      id: 'page.rows',
      label: 'main thread of the page per second, table of workers, read every two',
      unit: 'ms',
      decimals: 1,
      goal: null,
    },
    {
      id: 'page.frame',
      label: 'a frame while the table is scrolled, p95',
      unit: 'ms',
      decimals: 1,
      goal: null,
    },
    {
      id: 'page.scroll',
      label: 'main thread of the page per frame while the table is scrolled',
      unit: 'ms',
      decimals: 1,
      goal: null,
      variantGoals: { shared: { max: 16 } },
    },
  ],
  openFiles: () => WORKERS + 1000,
  run: async (bench) => {
    for (const kind of bench.kinds.filter(({ name }) => name === 'shared')) {
      await bench.withOne(kind, { connections: WORKERS, cpus: null }, async (rig) => {
        const origin = rig.target.metricsUrl?.replace(/\/metrics$/, '') ?? '';
        const accounts = await rig.enrol(WORKERS);
        const users = Array.from({ length: WORKERS }, (_, i) => `${accounts[i % accounts.length]}.rig${i}`);
        const { group } = await rig.connect('page', WORKERS, 200, { users, resume: [] });
        // So that there are rates to show and to sort by.
        await rig.load('page', group, 5000, 4000);
        const browser = await chromium.launch({
          executablePath: await sparticuz.executablePath(),
          args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
        });
        try {
          for (let round = 0; round < bench.size.freshRounds; round += 1) {
            const context = await browser.newContext({
              locale: 'en-US',
              viewport: { width: 1280, height: 900 },
            });
            const tab = await context.newPage();
            const session = await context.newCDPSession(tab);
            await session.send('Performance.enable');
            const record = (id: string, value: number): void => bench.record(`page.${id}`, kind.name, value);
            const rates = tab.locator('.tile .value', { hasText: 'H/s' }).first();
            record('first', await timeUntil(() => tab.goto(origin), rates));
            await sleep(SETTLE_MS);
            record('update', await mainThreadMs(session));
            const row = tab.locator('.rows .space .row a').nth(10);
            record('table', await timeUntil(() => tab.goto(`${origin}/#/workers`), row));
            await sleep(SETTLE_MS);
            record('rows', await mainThreadMs(session));
            const before = await taskSeconds(session);
            record('frame', await frameMs(tab));
            record('scroll', (((await taskSeconds(session)) - before) / SCROLLS) * 1000);
            await context.close();
          }
        } finally {
          await browser.close();
        }
      });
    }
  },
};

async function timeUntil(begin: () => Promise<unknown>, seen: Locator): Promise<number> {
  const startedAt = performance.now();
  await begin();
  await seen.waitFor();
  return performance.now() - startedAt;
}

/** What the page's main thread has worked per second, whatever for, while nobody touches it. */
async function mainThreadMs(session: CDPSession): Promise<number> {
  const before = await taskSeconds(session);
  await sleep(WATCH_MS);
  return (((await taskSeconds(session)) - before) / (WATCH_MS / 1000)) * 1000;
}

async function taskSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
}

/** Scrolls through the table as fast as frames come. */
async function frameMs(tab: Page): Promise<number> {
  const times: number[] = await tab.evaluate(`new Promise((done) => {
    const body = document.querySelector('.rows');
    const times = [];
    let last = performance.now();
    let left = ${SCROLLS};
    const step = (now) => {
      times.push(now - last);
      last = now;
      body.scrollTop += 900;
      left -= 1;
      if (left > 0) requestAnimationFrame(step); else done(times);
    };
    requestAnimationFrame(step);
  })`);
  const sorted = times.slice(1).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)] ?? 0;
}
