import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium, type Page } from 'playwright-core';

/**
 * A real headless Chromium. Not with the arguments that come with the package: they turn off the web's own security, which is among what is tested.
 * Root may not use the sandbox.
 */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await sparticuz.executablePath(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
    ],
  });
}

/** What a page has complained of: console errors, exceptions, requests to elsewhere. */
export interface Complaints {
  readonly list: string[];
}

/** Listens to a page from its beginning. `origin` is where all of its requests may go. */
export function listenTo(page: Page, origin: string): Complaints {
  const list: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') list.push(message.text());
  });
  page.on('pageerror', (error) => list.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith('data:')) list.push(`asked elsewhere: ${url}`);
  });
  return { list };
}
