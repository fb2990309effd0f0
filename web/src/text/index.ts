import { spanText } from '../format/figures.ts';
import { language } from '../state/preferences.ts';
import { en } from './en.ts';
import { ru } from './ru.ts';

export const LANGUAGES = ['en', 'ru'] as const;
export type Language = (typeof LANGUAGES)[number];
export type TextKey = keyof typeof en;
export type Texts = Readonly<Record<TextKey, string>>;

const TEXTS: Readonly<Record<Language, Texts>> = { en, ru };
const NAMES: Readonly<Record<Language, string>> = { en: 'English', ru: 'Русский' };

/** A language by its own name. */
export function nameOfLanguage(one: Language): string {
  return NAMES[one];
}

/** The words for `key` in the language that is chosen, with these values in it. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fill(TEXTS[language.value][key], values);
}

type Counted = 'workers.count' | 'accounts.count';

/** The same for a number of things. */
export function tCount(key: Counted, n: number): string {
  const form = PLURALS[language.value].select(n);
  const known = form === 'one' || form === 'few' || form === 'many' ? form : 'other';
  return t(`${key}.${known}`, { n: n.toLocaleString(language.value) });
}

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Making one of these takes a thousand times as long as using it. */
const MOMENTS: Readonly<Record<Language, Intl.DateTimeFormat>> = {
  en: new Intl.DateTimeFormat('en', { dateStyle: 'short', timeStyle: 'medium' }),
  ru: new Intl.DateTimeFormat('ru', { dateStyle: 'short', timeStyle: 'medium' }),
};
const PLURALS: Readonly<Record<Language, Intl.PluralRules>> = {
  en: new Intl.PluralRules('en'),
  ru: new Intl.PluralRules('ru'),
};

/** A moment by the clock of the browser. */
export function momentText(iso: string): string {
  return MOMENTS[language.value].format(Date.parse(iso));
}

/** A time of so many seconds. */
export function timeText(seconds: number): string {
  const [d = '', h = '', min = '', s = ''] = t('span.units').split(' ');
  return spanText(seconds, [d, h, min, s]);
}
