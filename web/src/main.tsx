import 'uplot/dist/uPlot.min.css';
import './style.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { followAddress } from './state/place.ts';
import { followPreferences } from './state/preferences.ts';

const holder = document.getElementById('page');
if (holder === null) throw new Error('no element for the page');
followPreferences();
followAddress();
render(<App />, holder);
