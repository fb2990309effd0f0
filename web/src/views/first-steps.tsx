import type { ServerFacts } from '../api/types.ts';
import { Copy } from '../parts/save.tsx';
import { hrefOf } from '../state/place.ts';
import { useRead } from '../state/use-read.ts';
import { t } from '../text/index.ts';

const STRATUM_PORT = 9332;

/** What to do where nothing mines yet. */
export function FirstSteps() {
  const { data } = useRead<ServerFacts>('/server');
  const url = `stratum+tcp://${location.hostname}:${data?.stratum.port ?? STRATUM_PORT}`;
  return (
    <section aria-label={t('fleet.none')}>
      <h2>{t('fleet.none')}</h2>
      <ol>
        <li>
          {t('first.register')} <a href={hrefOf(['accounts'])}>{t('accounts.register')}</a>
        </li>
        <li>
          {t('first.miner')} <code>{url}</code> <Copy text={url} what={t('first.url')} />
        </li>
        <li>
          {t('first.lost')} <a href={hrefOf(['workers'], { login: 'none' })}>{t('doorway.title')}</a>
        </li>
      </ol>
    </section>
  );
}
