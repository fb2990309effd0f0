import type { MetricFamily } from './exposition.ts';
import { minerFamilies } from './miners.ts';
import { poolFamilies } from './pools.ts';
import { processFamilies } from './process.ts';
import { proxyFamilies } from './proxy.ts';
import type { Scrape } from './scrape.ts';
import { shareFamilies } from './shares.ts';

/** Every family the program exports, in the order of the exposition. The bounded part comes first. */
export const METRIC_FAMILIES: readonly MetricFamily<Scrape>[] = [
  ...proxyFamilies,
  ...poolFamilies,
  ...shareFamilies,
  ...minerFamilies,
  ...processFamilies,
];
