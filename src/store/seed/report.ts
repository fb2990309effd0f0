/** What an import of the original program's data did. Holds no password and no user name. */
export interface SeedReport {
  readonly pools: {
    readonly added: readonly { readonly pool: string; readonly algorithm: string }[];
    /** How many were in the list already. */
    readonly listed: number;
    readonly skipped: readonly Skipped[];
  };
  readonly accounts: {
    /** Names, as the miners know them. */
    readonly imported: readonly string[];
    /** How many had been imported before. */
    readonly existing: number;
    readonly skipped: readonly Skipped[];
  };
  /** What is taken differently here than there, a line each. */
  readonly notes: readonly string[];
}

export interface Skipped {
  /** A pool's `host:port` or an account's name. */
  readonly what: string;
  /** Why, and what to do about it; on one line. */
  readonly why: string;
}

/** The report for a terminal, with what was added and why anything was left out. */
export function renderSeedReport(report: SeedReport, { from, to }: { from: string; to: string }): string {
  const { pools, accounts, notes } = report;
  const lines = [
    `${from} -> ${to}`,
    `pools: ${pools.added.length} added, ${pools.listed} listed already, ${pools.skipped.length} skipped`,
    ...pools.added.map(({ pool, algorithm }) => `  added    ${pool} (${algorithm})`),
    ...pools.skipped.map(skippedLine),
    `accounts: ${accounts.imported.length} imported, ${accounts.existing} here already, ${accounts.skipped.length} skipped`,
    ...accounts.imported.map((name) => `  imported ${name}`),
    ...accounts.skipped.map(skippedLine),
    ...notes.map((note) => `note: ${note}`),
  ];
  return `${lines.join('\n')}\n`;
}

function skippedLine({ what, why }: Skipped): string {
  return `  skipped  ${what}: ${why}`;
}
