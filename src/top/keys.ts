import { naturalSort, rowCount, SORT_KEYS, type TopState, type View } from './state.ts';

/** A key as `node:readline` tells it. */
export interface Key {
  readonly name?: string | undefined;
  /** What was written to the terminal for it. */
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
}

/** What a key leads to: another state, or the end. */
export type KeyOutcome = TopState | 'quit' | 'suspend';

const LONGEST_FILTER = 200;

/** @param page rows that are shown at once. */
export function pressKey(state: TopState, key: Key, page: number): KeyOutcome {
  if (key.ctrl === true && (key.name === 'c' || key.name === 'd')) return 'quit';
  if (key.ctrl === true && key.name === 'z') return 'suspend';
  return state.typing === null ? command(state, key, page) : type(state, state.typing, key);
}

function command(state: TopState, key: Key, page: number): KeyOutcome {
  switch (key.name ?? key.sequence ?? '') {
    case 'q':
      return 'quit';
    case 'up':
    case 'k':
      return scrolled(state, state.scroll - 1, page);
    case 'down':
    case 'j':
      return scrolled(state, state.scroll + 1, page);
    case 'pageup':
      return scrolled(state, state.scroll - page, page);
    case 'pagedown':
    case 'space':
      return scrolled(state, state.scroll + page, page);
    case 'home':
      return scrolled(state, 0, page);
    case 'end':
      return scrolled(state, Infinity, page);
    case 's':
      return { ...state, view: 'workers', sort: naturalSort(nextKey(state)), scroll: 0 };
    case 'r': {
      const { key: by, order } = state.sort;
      return { ...state, sort: { key: by, order: order === 'asc' ? 'desc' : 'asc' }, scroll: 0 };
    }
    case 'w':
      return shown(state, 'workers');
    case 'p':
      return shown(state, state.view === 'pools' ? 'workers' : 'pools');
    case 'e':
      return shown(state, state.view === 'events' ? 'workers' : 'events');
    case 'escape':
      return state.filter === '' ? shown(state, 'workers') : { ...state, filter: '', scroll: 0 };
    default:
      return key.sequence === '/' ? { ...state, typing: state.filter } : state;
  }
}

function type(state: TopState, typed: string, key: Key): TopState {
  switch (key.name ?? '') {
    case 'return':
    case 'enter':
      return { ...state, filter: typed.trim(), typing: null, scroll: 0 };
    case 'escape':
      return { ...state, typing: null };
    case 'backspace':
      return { ...state, typing: withoutLast(typed) };
    default:
  }
  if (key.ctrl === true && key.name === 'u') return { ...state, typing: '' };
  const text = key.sequence ?? '';
  if (key.ctrl === true || key.meta === true || !PRINTABLE.test(text)) return state;
  return { ...state, typing: (typed + text).slice(0, LONGEST_FILTER) };
}

function withoutLast(text: string): string {
  return text.slice(0, [...graphemes.segment(text)].at(-1)?.index ?? 0);
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const PRINTABLE = /^\P{C}+$/u;

function nextKey({ sort, view }: TopState): (typeof SORT_KEYS)[number] {
  // The first `s` in another view only shows what is sorted.
  if (view !== 'workers') return sort.key;
  return SORT_KEYS[(SORT_KEYS.indexOf(sort.key) + 1) % SORT_KEYS.length] ?? 'hashrate';
}

function shown(state: TopState, view: View): TopState {
  return view === state.view ? state : { ...state, view, scroll: 0 };
}

/** Never past the row that fills the last page. */
export function scrolled(state: TopState, to: number, page: number): TopState {
  const last = Math.max(0, rowCount(state) - page);
  return { ...state, scroll: Math.min(Math.max(0, to), last) };
}
