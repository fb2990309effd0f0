import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isPhone } from '../state/preferences.ts';
import { classOf } from './table.tsx';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Figures stand at the right. */
  readonly isFigure?: boolean;
  /** What the API sorts by; absent: not sorted by this. */
  readonly sort?: string;
  /** Not shown where there is little room. */
  readonly isMinor?: boolean;
  /** What it needs at least, in rem; what is left over is shared out in proportion. */
  readonly width: number;
}

export interface Order {
  readonly sort: string;
  readonly order: 'asc' | 'desc';
}

const ROW_PX = 38;
/** Of a card, which a row is on a phone. */
const CARD_PX = 172;
/** A column of so many rem has a line of a card for itself; of narrower ones two share a line. */
const WIDE_REM = 6.5;
/** As the style has it. */
const GAP_REM = 0.5;
/** Rows beyond what is seen, above and below. */
const SPARE = 4;

export interface RowsProps<Row> {
  readonly columns: readonly Column<Row>[];
  /** Of all rows there are, those from `first` on. */
  readonly rows: readonly Row[];
  readonly first: number;
  readonly total: number;
  readonly hrefOf: (row: Row) => string;
  readonly order: Order;
  readonly label: string;
  onOrder(order: Order): void;
  /** These rows are seen, or will be soon. */
  onRange(first: number, count: number): void;
}

/** A table of any number of rows, of which only those that are seen are there: the rest is asked for when it is scrolled to. */
export function Rows<Row>(props: RowsProps<Row>) {
  const { columns, rows, first, total, hrefOf, order, label, onOrder, onRange } = props;
  const body = useRef<HTMLDivElement>(null);
  const rowPx = isPhone.value ? CARD_PX : ROW_PX;
  const [seen, setSeen] = useState({ first: 0, count: 40 });

  useEffect(() => {
    const element = body.current;
    if (element === null) return undefined;
    const look = (): void => {
      const from = Math.max(0, Math.floor(element.scrollTop / rowPx) - SPARE);
      const count = Math.ceil(element.clientHeight / rowPx) + SPARE * 2;
      setSeen((before) =>
        before.first === from && before.count === count ? before : { first: from, count },
      );
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [rowPx]);
  useEffect(() => onRange(seen.first, seen.count), [seen]);

  const main = columns.filter(({ isMinor }) => isMinor !== true);
  const grid: Record<string, string> = {
    '--columns': columnsOf(columns),
    '--width': widthOf(columns),
    '--main-columns': columnsOf(main),
    '--main-width': widthOf(main),
    '--height': `${rowPx}px`,
  };
  const shown: JSX.Element[] = [];
  for (let at = seen.first; at < Math.min(total, seen.first + seen.count); at += 1) {
    const row = rows[at - first];
    shown.push(
      <div
        // A row that leaves the view lends its elements to one that comes into it.
        key={at % seen.count}
        class="row"
        role="row"
        aria-rowindex={at + 2}
        style={{ transform: `translateY(${at * rowPx}px)` }}
      >
        {columns.map(({ key, title, width, cell, isFigure, isMinor }, i) => (
          <div
            key={key}
            role="cell"
            class={`${classOf(isFigure, isMinor)} ${width >= WIDE_REM ? 'wide' : ''}`}
            data-title={i === 0 ? undefined : title}
          >
            {row === undefined ? (
              '…'
            ) : i === 0 ? (
              <a href={hrefOf(row)}>{cell(row)}</a>
            ) : (
              <span>{cell(row)}</span>
            )}
          </div>
        ))}
      </div>,
    );
  }
  // One box scrolls both ways, so the heading stays above its columns. It has to be reached by the keyboard.
  return (
    <div class="rows" ref={body} tabIndex={0} role="group" aria-label={label} onMouseOver={nameCut}>
      <div role="table" aria-label={label} aria-rowcount={total + 1} style={grid}>
        <div role="rowgroup" class="top">
          <div class="row head" role="row" aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.key} column={column} order={order} onOrder={onOrder} />
            ))}
          </div>
        </div>
        <div role="rowgroup" class="space" style={{ height: `${total * rowPx}px` }}>
          {shown}
        </div>
      </div>
    </div>
  );
}

/** What is cut short is told whole to a pointer. */
function nameCut({ target }: Event): void {
  const cell = target instanceof Element ? target.closest('[role=cell]') : null;
  if (!(cell instanceof HTMLElement)) return;
  if (cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent ?? '';
  else cell.removeAttribute('title');
}

/** All columns at their narrowest, with the gaps between them and the room at both ends. */
function widthOf(columns: readonly { readonly width: number }[]): string {
  return `${columns.reduce((sum, { width }) => sum + width + GAP_REM, 2 * GAP_REM)}rem`;
}

function columnsOf(columns: readonly { readonly width: number }[]): string {
  return columns.map(({ width }) => `minmax(${width}rem, ${width}fr)`).join(' ');
}

function Head<Row>({
  column,
  order,
  onOrder,
}: { readonly column: Column<Row> } & Pick<RowsProps<Row>, 'order' | 'onOrder'>) {
  const { sort, title, isFigure, isMinor } = column;
  const isSorted = sort !== undefined && order.sort === sort;
  const direction = isSorted ? (order.order === 'asc' ? 'ascending' : 'descending') : 'none';
  if (sort === undefined) {
    return (
      <div role="columnheader" class={classOf(isFigure, isMinor)}>
        {title}
      </div>
    );
  }
  const next = isSorted ? (order.order === 'asc' ? 'desc' : 'asc') : isFigure === true ? 'desc' : 'asc';
  return (
    <div role="columnheader" aria-sort={direction} class={classOf(isFigure, isMinor)}>
      <button type="button" class="sort" onClick={() => onOrder({ sort, order: next })}>
        {title}
        <span aria-hidden="true">{isSorted ? (order.order === 'asc' ? ' ▲' : ' ▼') : ''}</span>
      </button>
    </div>
  );
}
