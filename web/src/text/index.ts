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

type Counted = 'workers.count' | 'accounts.count' | 'miners.count' | 'connections.count';

/** The same for a number of things. */
export function tCount(key: Counted, n: number): string {
  const form = PLURALS[language.value].select(n);
  const known = form === 'one' || form === 'few' || form === 'many' ? form : 'other';
  return t(`${key}.${known}`, { n: n.toLocaleString(language.value) });
}

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

const PLURALS: Readonly<Record<Language, Intl.PluralRules>> = {
  en: new Intl.PluralRules('en'),
  ru: new Intl.PluralRules('ru'),
};

/** Whether there are words for it. */
export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(en, key);
}

/** The words for a code of the API, `prefix.code`; the code itself where there are none. */
export function tCode(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  return isTextKey(key) ? t(key) : code;
}

/** How moments are written: by the language of the page. English without a country would be American, with months before days. */
const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', ru: 'ru' };

/** Making one of these takes a thousand times as long as using it. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** A moment, so written, by the clock of the browser. */
export function formatMoment(ms: number, options: Intl.DateTimeFormatOptions): string {
  const locale = LOCALES[language.value];
  const key = `${locale} ${JSON.stringify(options)}`;
  const format = FORMATS.get(key) ?? new Intl.DateTimeFormat(locale, options);
  FORMATS.set(key, format);
  return format.format(ms);
}

/** A moment by the clock of the browser. */
export function momentText(iso: string): string {
  return formatMoment(Date.parse(iso), { dateStyle: 'medium', timeStyle: 'medium' });
}

/** A time of day to the millisecond, for what comes in quick succession. */
export function instantText(iso: string): string {
  return formatMoment(Date.parse(iso), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  });
}

/** A time of so many seconds. */
export function timeText(seconds: number): string {
  const [d = '', h = '', min = '', s = ''] = t('span.units').split(' ');
  return spanText(seconds, [d, h, min, s]);
}
