/** A `curl` command of a page, as a request. */
export interface CurlExample {
  /** The heading that it stands under, without the backquotes. */
  readonly heading: string;
  readonly line: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** The JSON that the page shows behind it, before the next command or heading; null where it shows none. */
  readonly shown: unknown;
}

/** Every `curl` of the page's `sh` blocks, in order. Throws where one uses what is not read here, so that none is passed over. */
export function curlExamples(page: string): readonly CurlExample[] {
  const examples: CurlExample[] = [];
  let heading = '';
  let waiting: number[] = [];
  for (const { line, kind, text } of blocksOf(page)) {
    if (kind === 'heading') {
      heading = text;
      waiting = [];
    } else if (kind === 'sh') {
      waiting = [];
      for (const words of commandsOf(text)) {
        if (words[0] !== 'curl') continue;
        waiting.push(examples.length);
        examples.push({ heading, line, ...readCurl(words.slice(1)), shown: null });
      }
    } else {
      const shown: unknown = JSON.parse(text);
      for (const index of waiting.splice(0, 1)) {
        const example = examples[index];
        if (example !== undefined) examples[index] = { ...example, shown };
      }
    }
  }
  return examples;
}

interface Block {
  readonly line: number;
  readonly kind: 'heading' | 'sh' | 'json';
  readonly text: string;
}

function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  const pattern = /^#{1,6} (?<heading>.+)$|^```(?<kind>sh|json)\n(?<text>[\s\S]*?)^```$/gm;
  for (const match of page.matchAll(pattern)) {
    const { heading, kind, text = '' } = match.groups ?? {};
    const line = page.slice(0, match.index).split('\n').length;
    if (heading !== undefined) blocks.push({ line, kind: 'heading', text: heading.replaceAll('`', '') });
    else blocks.push({ line, kind: kind === 'sh' ? 'sh' : 'json', text });
  }
  return blocks;
}

/** Words of each command, as a shell splits them: single and double quotes, comments, line ends. */
function commandsOf(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [];
  let words: string[] = [];
  const pattern = /\s*(?:(#[^\n]*)|((?:'[^']*'|"(?:\\.|[^"\\])*"|\\\n|[^\s'"#][^\s'"]*)+))([ \t]*\n)?/gy;
  for (const match of text.matchAll(pattern)) {
    const [, comment, word, end] = match;
    if (comment === undefined && word !== undefined && word !== '\\\n') words.push(unquoted(word));
    if ((end !== undefined && word !== '\\\n') || comment !== undefined) {
      if (words.length > 0) commands.push(words);
      words = [];
    }
  }
  if (words.length > 0) commands.push(words);
  return commands;
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:\\.|[^"\\])*)"/g,
    (_, single: string | undefined, double: string | undefined) =>
      single ?? (double ?? '').replace(/\\(.)/g, '$1'),
  );
}

function readCurl(words: readonly string[]): Pick<CurlExample, 'method' | 'url' | 'headers' | 'body'> {
  const headers: Record<string, string> = {};
  let method: string | null = null;
  let body: string | null = null;
  let url = '';
  const rest = words.values();
  for (const word of rest) {
    if (word.startsWith('-X')) method = word.slice(2) || String(rest.next().value);
    else if (word === '-H') {
      const [name = '', ...value] = String(rest.next().value).split(':');
      headers[name.trim().toLowerCase()] = value.join(':').trim();
    } else if (word === '-d') body = String(rest.next().value);
    // How an answer is shown, and how long one waits for it.
    else if (['-s', '-N', '-i'].includes(word)) continue;
    else if (word.startsWith('-')) throw new Error(`curl ${word} is not known to this test`);
    else url = word;
  }
  if (body !== null) headers['content-type'] ??= 'application/x-www-form-urlencoded';
  return { method: method ?? (body === null ? 'GET' : 'POST'), url, headers, body };
}

/** In the place of what is left out: a key or a text of these dots stands for anything. */
const LEFT_OUT = '…';

/**
 * How an answer is not of the shape that is shown; empty where it is. Objects have the same keys, lists elements of one shape, values are of one type; `null` and what is left out
 * stand for anything.
 */
export function differencesOfShape(shown: unknown, answer: unknown, path = 'the answer'): readonly string[] {
  if (shown === null || answer === null || shown === LEFT_OUT) return [];
  if (Array.isArray(shown)) {
    if (!Array.isArray(answer)) return [`${path} is no list`];
    if (shown.length === 0 || answer.length === 0) return [];
    return differencesOfShape(shown[0], answer[0], `${path}[0]`);
  }
  if (typeof shown !== typeof answer || Array.isArray(answer)) return [`${path} is no ${typeof shown}`];
  if (typeof shown !== 'object') return [];
  const expected = Object.keys(shown);
  const found = Object.keys(answer as object);
  const isOpen = expected.includes(LEFT_OUT);
  const missing = expected.filter((key) => key !== LEFT_OUT && !found.includes(key));
  const further = isOpen ? [] : found.filter((key) => !expected.includes(key));
  return [
    ...missing.map((key) => `${path} has no "${key}"`),
    ...further.map((key) => `${path} has "${key}", which is not shown`),
    ...expected.flatMap((key) =>
      key === LEFT_OUT || missing.includes(key)
        ? []
        : differencesOfShape(
            (shown as Readonly<Record<string, unknown>>)[key],
            (answer as Readonly<Record<string, unknown>>)[key],
            `${path}.${key}`,
          ),
    ),
  ];
}
