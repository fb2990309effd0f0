/** How things are drawn: with what terminal and locale can show. */
export interface Style {
  /** The text in this colour, or as it is where there are none. It must have its final width already. */
  paint(colour: Colour, text: string): string;
  /** Whether only ASCII may be written. */
  readonly isAscii: boolean;
  readonly cutMark: string;
  readonly plusMinus: string;
  readonly rising: string;
  readonly falling: string;
}

/** Select Graphic Rendition [ECMA-48, 8.3.117]: what 16 colours can do on any background. */
const CODES = { bold: '1', dim: '2', inverse: '7', red: '31', green: '32', yellow: '33' } as const;

export type Colour = keyof typeof CODES;

export interface StyleOptions {
  readonly hasColour: boolean;
  readonly isAscii: boolean;
}

export function createStyle({ hasColour, isAscii }: StyleOptions): Style {
  return {
    paint: (colour, text) => (hasColour ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text),
    isAscii,
    ...(isAscii
      ? { cutMark: '~', plusMinus: '+-', rising: '^', falling: 'v' }
      : { cutMark: '…', plusMinus: '±', rising: '▲', falling: '▼' }),
  };
}

/** No colour where it was asked for [no-color.org], where the terminal has none, or where there is no terminal. */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  return isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Whether the locale is another than UTF-8 [POSIX, 8.2: LC_ALL before LC_CTYPE before LANG]. Windows' terminals have it in any. */
export function wantsAscii(env: Readonly<Record<string, string | undefined>>, platform: string): boolean {
  if (platform === 'win32') return false;
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((name) => (name ?? '') !== '');
  return locale === undefined || !/utf-?8/i.test(locale);
}
