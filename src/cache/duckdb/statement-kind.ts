/** The kind of a refused statement, for the message only: the decision follows from DuckDB's parse tree. */

/** DuckDB's numbers of kinds, by the first word of a statement. */
const KINDS: Readonly<Record<string, number>> = {
  INSERT: 2,
  UPDATE: 3,
  EXPLAIN: 4,
  DELETE: 5,
  TRUNCATE: 5,
  PREPARE: 6,
  CREATE: 7,
  EXECUTE: 8,
  DEALLOCATE: 8,
  ALTER: 9,
  COMMENT: 9,
  BEGIN: 10,
  START: 10,
  COMMIT: 10,
  ROLLBACK: 10,
  ABORT: 10,
  COPY: 11,
  DROP: 15,
  EXPORT: 16,
  IMPORT: 16,
  PRAGMA: 17,
  ANALYZE: 18,
  CHECKPOINT: 18,
  FORCE: 18,
  VACUUM: 18,
  CALL: 19,
  RESET: 20,
  SET: 20,
  USE: 20,
  INSTALL: 21,
  LOAD: 21,
  ATTACH: 25,
  DETACH: 26,
};

const SKIPPED = /\s+|;|--[^\n\r]*|\/\*[\s\S]*?\*\//y;
const WORD = /[A-Za-z]+/y;

/** DuckDB's number of the kind; undefined if the first word is not enough, as with WITH. */
export function statementKind(sql: string): number | undefined {
  let at = 0;
  for (SKIPPED.lastIndex = 0; SKIPPED.test(sql); at = SKIPPED.lastIndex);
  WORD.lastIndex = at;
  const word = WORD.exec(sql)?.[0];
  return word === undefined ? undefined : KINDS[word.toUpperCase()];
}

/** The number of statements, counted in an empty database; 1 where DuckDB cannot tell. */
export async function countStatements(sql: string): Promise<number> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const nowhere = await DuckDBInstance.create(':memory:', { threads: '1', enable_external_access: 'false' });
  try {
    const connection = await nowhere.connect();
    try {
      return (await connection.extractStatements(sql)).count;
    } catch {
      return 1;
    } finally {
      connection.closeSync();
    }
  } finally {
    nowhere.closeSync();
  }
}
