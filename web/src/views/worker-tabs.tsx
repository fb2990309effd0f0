import { hrefOf } from '../state/place.ts';
import { t } from '../text/index.ts';

const TABS = [
  ['workers', 'tabs.workers', {}],
  ['doorway', 'tabs.doorway', { login: 'none' }],
] as const;

/** Between those that mine, or have mined, and those that have not logged in. */
export function WorkerTabs({ at }: { readonly at: (typeof TABS)[number][0] }) {
  return (
    <ul class="tabs" aria-label={t('tabs')}>
      {TABS.map(([tab, text, query]) => (
        <li key={tab}>
          <a href={hrefOf(['workers'], query)} aria-current={tab === at ? 'page' : undefined}>
            {t(text)}
          </a>
        </li>
      ))}
    </ul>
  );
}
