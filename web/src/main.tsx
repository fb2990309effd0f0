import './start-fault.ts';
import './state/sound-language.ts';
import 'uplot/dist/uPlot.min.css';
import './style.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { Boundary } from './parts/boundary.tsx';
import { hasStarted } from './start-fault.ts';
import { followClock } from './state/clock.ts';
import { followAddress } from './state/place.ts';
import { followPreferences } from './state/preferences.ts';

const holder = document.getElementById('page');
if (holder === null) throw new Error('no element for the page');
followPreferences();
followAddress();
followClock();
// What stands there says that the page has not started.
holder.replaceChildren();
render(
  <Boundary>
    <App />
  </Boundary>,
  holder,
);
hasStarted();
