import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { isLoginNeeded, token } from './api/client.ts';
import { Banner } from './parts/banner.tsx';
import { Boundary } from './parts/boundary.tsx';
import { Notices } from './parts/notices.tsx';
import { Preferences } from './parts/preferences.tsx';
import { loadAlgorithms } from './state/algorithms.ts';
import { startLive, version } from './state/live.ts';
import { hrefOf, place, workerOfStep } from './state/place.ts';
import { learnScope } from './state/who.ts';
import { t } from './text/index.ts';
import { Account } from './views/account.tsx';
import { Accounts } from './views/accounts.tsx';
import { Doorway } from './views/doorway.tsx';
import { Events } from './views/events.tsx';
import { Login } from './views/login.tsx';
import { Overview } from './views/overview.tsx';
import { Pools } from './views/pools.tsx';
import { System } from './views/system.tsx';
import { Worker } from './views/worker.tsx';
import { Workers } from './views/workers.tsx';

const VIEWS = ['overview', 'workers', 'accounts', 'pools', 'events', 'system'] as const;
type View = (typeof VIEWS)[number];

const ICONS: Readonly<Record<View, string>> = {
  overview: 'M3 13h4v7H3zm7-9h4v16h-4zm7 5h4v11h-4z',
  workers: 'M4 4h16v6H4zm0 10h16v6H4zm3-7h2v1H7zm0 10h2v1H7z',
  accounts: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-8 8c0-4 4-6 8-6s8 2 8 6z',
  pools:
    'M12 3c5 0 8 1.500 8 3.500S17 10 12 10 4 8.500 4 6.500 7 3 12 3zM4 10c2 2 14 2 16 0v3c-2 2.500-14 2.500-16 0zm0 6c2 2 14 2 16 0v2c-2 3-14 3-16 0z',
  events: 'M12 2v2a6 6 0 0 1 6 6v5l2 3H4l2-3v-5a6 6 0 0 1 6-6zm-2 18h4a2 2 0 0 1-4 0z',
  system: 'M4 5h10v2H4zm14 0h2v2h-2zM4 11h2v2H4zm6 0h10v2H10zM4 17h10v2H4zm14 0h2v2h-2z',
};

export function App() {
  const isLoginOpen = isLoginNeeded.value;
  // Who is not logged in hears nothing.
  useEffect(() => (isLoginOpen ? undefined : startLive()), [isLoginOpen, token.value]);
  useEffect(() => {
    if (isLoginOpen) return;
    loadAlgorithms().catch(() => undefined);
    learnScope().catch(() => undefined);
  }, [token.value, isLoginOpen]);
  if (isLoginOpen) return <Login />;
  const { steps } = place.value;
  const view = VIEWS.find((one) => one === steps[0]) ?? 'overview';
  document.title = `${t(view)} – stratum-proxy`;
  return (
    <>
      <a class="skip" href="#content" onClick={focusContent}>
        {t('skip')}
      </a>
      <div class="shell">
        <Menu view={view} />
        <main id="content" tabIndex={-1}>
          <Banner />
          <Boundary key={steps.join('/')}>
            <Shown view={view} steps={steps} />
          </Boundary>
        </main>
      </div>
      <Notices />
    </>
  );
}

/** The address says where in the page one is, so the link to the content must not change it. */
function focusContent(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Menu({ view }: { readonly view: View }) {
  return (
    <nav aria-label={t('menu')}>
      <p class="brand">
        stratum-proxy <small>{version.value}</small>
      </p>
      <ul>
        {VIEWS.map((one) => (
          <li key={one}>
            <a
              href={hrefOf(one === 'overview' ? [] : [one])}
              aria-current={one === view ? 'page' : undefined}
            >
              <svg aria-hidden="true" viewBox="0 0 24 24">
                <path d={ICONS[one]} />
              </svg>
              <span>{t(one)}</span>
            </a>
          </li>
        ))}
      </ul>
      <div class="foot">
        <Preferences />
      </div>
    </nav>
  );
}

function Shown({
  view,
  steps,
}: {
  readonly view: View;
  readonly steps: readonly string[];
}): ComponentChildren {
  const [, first = '', second = ''] = steps;
  switch (view) {
    case 'overview':
      return <Overview />;
    case 'workers':
      if (first === '' && place.value.query.get('login') === 'none') return <Doorway />;
      // An empty name cannot stand in an address.
      return first === '' ? (
        <Workers />
      ) : (
        <Worker key={`${first}.${second}`} account={first} worker={workerOfStep(second)} />
      );
    case 'accounts':
      return first === '' ? <Accounts /> : <Account key={first} name={first} />;
    case 'pools':
      return <Pools />;
    case 'events':
      return <Events />;
    case 'system':
      return <System />;
  }
}
