import type { ComponentChildren } from 'preact';

export interface TableColumn<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly isFigure?: boolean;
  /** The title is for screen readers alone. */
  readonly isTitleHidden?: boolean;
}

/** A table of few rows; what is said instead where there are none. */
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
      <table>
        <thead>
          <tr>
            {columns.map(({ title, isFigure, isTitleHidden }) => (
              <th key={title} scope="col" class={isFigure === true ? 'figure' : ''}>
                {isTitleHidden === true ? <span class="hidden">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, cell, isFigure }) => (
                <td key={title} class={isFigure === true ? 'figure' : ''} data-title={title}>
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
