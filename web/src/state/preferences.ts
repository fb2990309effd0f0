import { effect, signal } from '@preact/signals';
import type { Language } from '../text/index.ts';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const THEME_KEY = 'stratum-proxy.theme';
const LANGUAGE_KEY = 'stratum-proxy.language';

export const theme = signal<Theme>(THEMES.find((one) => one === localStorage.getItem(THEME_KEY)) ?? 'auto');
export const language = signal<Language>(firstLanguage());

function firstLanguage(): Language {
  const kept = localStorage.getItem(LANGUAGE_KEY);
  if (kept === 'en' || kept === 'ru') return kept;
  return navigator.languages.find((one) => /^(?:en|ru)/.test(one))?.startsWith('ru') === true ? 'ru' : 'en';
}

const darkScheme = matchMedia('(prefers-color-scheme: dark)');
/** What `auto` comes to now. */
const isDarkByDevice = signal(darkScheme.matches);
darkScheme.addEventListener('change', ({ matches }) => {
  isDarkByDevice.value = matches;
});

const smallScreen = matchMedia('(max-width: 46rem)');
/** Whether rows are cards, as the style has it for screens so narrow. */
export const isPhone = signal(smallScreen.matches);
smallScreen.addEventListener('change', ({ matches }) => {
  isPhone.value = matches;
});

/** Whether the page is dark: charts draw by it. */
export const isDark = signal(false);

/** The page follows what is chosen, and the browser keeps it. */
export function followPreferences(): void {
  effect(() => {
    isDark.value = theme.value === 'dark' || (theme.value === 'auto' && isDarkByDevice.value);
    document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
    localStorage.setItem(THEME_KEY, theme.value);
  });
  effect(() => {
    document.documentElement.lang = language.value;
    localStorage.setItem(LANGUAGE_KEY, language.value);
  });
}
