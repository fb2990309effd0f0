import type { ComponentChildren } from 'preact';

export interface TableColumn<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly isFigure?: boolean;
  /** The title is for screen readers alone. */
  readonly isTitleHidden?: boolean;
  /** Not shown where there is little room. */
  readonly isMinor?: boolean;
}

/** A table of few rows, on a phone a card each; what is said instead where there are none. */
export function Table<Row>({
  columns,
  rows,
  keyOf,
  label,
  none,
}: {
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  readonly label: string;
  readonly none: string;
}) {
  if (rows.length === 0) return <p class="none">{none}</p>;
  return (
    <div class="table" tabIndex={0} role="group" aria-label={label}>
      {/* Laid out as cards it would be no table to a screen reader, but for the roles. */}
      <table role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ title, isFigure, isMinor, isTitleHidden }) => (
              <th key={title} role="columnheader" scope="col" class={classOf(isFigure, isMinor)}>
                {isTitleHidden === true ? <span class="hidden">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row">
              {columns.map(({ title, cell, isFigure, isMinor, isTitleHidden }) => (
                <td
                  key={title}
                  role="cell"
                  class={classOf(isFigure, isMinor)}
                  data-title={isTitleHidden === true ? undefined : title}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The classes of a column. */
export function classOf(isFigure = false, isMinor = false): string {
  return `${isFigure ? 'figure' : ''} ${isMinor ? 'minor' : ''}`.trim();
}
