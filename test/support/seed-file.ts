import Database from 'better-sqlite3';

/** The tables that the original program makes in its data file. */
const TABLES = [
  'create table hashes (id integer not null primary key, hash text not null, divider real not null, unique (hash collate nocase, divider))',
  `create table pools (id integer not null primary key autoincrement, host text not null collate nocase, port integer not null,
     hash_id integer not null, unique (host collate nocase, port),
     foreign key (hash_id) references hashes (id) on delete cascade on update cascade)`,
  `create table users (name text not null primary key collate nocase, pool_id integer not null, user text not null, password text not null,
     unique (name collate nocase), unique (pool_id, user collate nocase, password collate nocase),
     foreign key (pool_id) references pools (id) on delete cascade on update cascade)`,
];

/** Makes a data file as the original program does, with the rows of `statements`. It leaves foreign keys unchecked, and so does this. */
export function makeSeedFile(path: string, statements: readonly string[]): void {
  const database = new Database(path);
  database.pragma('foreign_keys = OFF');
  for (const statement of [...TABLES, ...statements]) database.exec(statement);
  database.close();
}
