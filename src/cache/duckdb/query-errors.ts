/** Turns DuckDB's errors about a query into errors that suggest what to write instead. */
import { InputError, LimitError, messageOf, SluiceError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/index.ts';
import { foreignFunction, foreignSql, jsonComparison, reservedWord } from '../sql-hints.ts';
import { GROWTH_CAP, GROWTH_ERROR } from './guard-functions.ts';
import { isFileError } from './open-errors.ts';

const READ = 'Write one SELECT (WITH, FROM, VALUES, DESCRIBE, SHOW TABLES and SUMMARIZE work too).';

/** By DuckDB's number of the statement kind: its name, and what to do instead. */
const KINDS: Readonly<Record<number, readonly [name: string, instead: string]>> = {
  // DuckDB rewrites some pragmas to queries.
  1: ['PRAGMA', 'Use DESCRIBE dataset.table, SHOW ALL TABLES, or describe_data.'],
  2: ['INSERT', 'Only start_sync writes data to the cache.'],
  3: ['UPDATE', 'The cache is read-only here: compute the new value in a SELECT.'],
  4: ['EXPLAIN', 'Call query with dry_run: true and the SELECT alone: it returns the plan and runs nothing.'],
  5: ['DELETE', 'The cache is read-only here: filter with WHERE in a SELECT.'],
  6: ['PREPARE', 'Write the values into the SELECT itself.'],
  7: ['CREATE', 'Nothing is created here: use WITH name AS (SELECT …) in the query. A PIVOT needs an IN list.'],
  8: ['EXECUTE', 'Write the SELECT itself.'],
  9: ['ALTER', READ],
  10: ['transaction', 'Each query runs in its own transaction: send the SELECT alone.'],
  11: ['COPY', 'Nothing is written to or read from files here: send the SELECT alone and take its rows.'],
  12: ['ANALYZE', READ],
  13: ['SET VARIABLE', 'Write the value into the SELECT itself.'],
  14: ['CREATE FUNCTION', READ],
  15: ['DROP', 'Tables are not dropped by a query.'],
  16: ['EXPORT', 'Nothing is written to files here: send a SELECT and take its rows.'],
  17: ['PRAGMA', 'Use DESCRIBE dataset.table, SHOW ALL TABLES, or describe_data.'],
  18: ['VACUUM or CHECKPOINT', 'Sluice maintains the file of the cache itself.'],
  19: ['CALL', 'Table functions are not called here: SELECT from tables of the cache.'],
  20: ['SET', 'Settings are fixed (the time zone is UTC): remove it.'],
  21: ['LOAD or INSTALL', 'Extensions are not loaded; json and icu are built in.'],
  25: ['ATTACH', 'Only the tables of this cache can be read.'],
  26: ['DETACH', 'Only the tables of this cache can be read.'],
};

// The first is the parser's own stack, the second the limit that instances are opened with.
const TOO_DEEP = /^memory exhausted at or near|Max expression depth limit/;

/** A statement that is not a query. `kind` is DuckDB's number, where known. */
export function refusedStatement(kind: number | undefined, count: number): InputError {
  if (count > 1) {
    return new InputError(
      'sql_many_statements',
      `The SQL holds ${count} statements; exactly one SELECT is run (a PIVOT without an IN list counts as two).`,
      `Send one SELECT a call. ${READ} Give a PIVOT its values: PIVOT t ON column IN ('a', 'b') USING ….`,
    );
  }
  const known = kind === undefined ? undefined : KINDS[kind];
  const name = known?.[0] ?? 'a statement that is not a SELECT';
  return new InputError(
    'sql_not_select',
    `Only a query that reads is run here; this is ${known ? `a statement of kind ${name}` : name}.`,
    known?.[1] ?? `${READ} Nothing is changed, attached, copied or set here; for a plan use dry_run: true.`,
  );
}

/** The parser's error, with its position in the text. */
export function syntaxError(sql: string, answer: JsonObject): InputError {
  if (TOO_DEEP.test(String(answer.error_message))) return tooDeep();
  const position = Number(answer.position ?? Number.NaN);
  const location = Number.isInteger(position) ? ` at ${lineAndColumn(sql, position)}` : '';
  return new InputError(
    'sql_syntax',
    `DuckDB cannot read the SQL${location}: ${firstParagraph(String(answer.error_message ?? 'syntax error'))}`,
    foreignSql(sql, 'duckdb') ??
      foreignFunction(sql, String(answer.error_message), 'duckdb') ??
      reservedWord(sql, String(answer.error_message), 'duckdb') ??
      'Correct the SQL (DuckDB dialect) and call again.',
  );
}

/** Turns what DuckDB threw while planning or running a query into one of our errors, unless it is a bug. */
export function queryError(error: unknown, sql: string): unknown {
  if (error instanceof SluiceError || isFileError(error)) return error;
  const message = messageOf(error);
  const grown = message.indexOf(GROWTH_ERROR);
  if (grown >= 0) {
    const name = /^\w+/.exec(message.slice(grown + GROWTH_ERROR.length))?.[0];
    return new InputError(
      'sql_too_large_value',
      `${name}(…) would make a value of more than ${GROWTH_CAP.toLocaleString('en-US')} elements.`,
      'Make it shorter; for many rows read FROM range(…) as a table.',
    );
  }
  if (/out of memory/i.test(message) || /max_temp_directory_size/.test(message)) {
    return new LimitError(
      'query_memory',
      'The query exceeds its memory limit.',
      'Aggregate or filter earlier, select fewer columns, or join on fewer rows.',
      { details: { duckdb: firstParagraph(message) } },
    );
  }
  if (TOO_DEEP.test(message)) return tooDeep();
  if (!/^[A-Z][A-Za-z ]*(Error|Exception): /.test(message) || /^(INTERNAL|FATAL)/.test(message)) return error;
  const column = /Referenced column "(.*?)" not found/.exec(message)?.[1];
  return new InputError(
    column === undefined ? 'sql_error' : 'unknown_column',
    `DuckDB refused the query${at(message, sql)}: ${firstParagraph(message)}`,
    nextFor(message, sql, column !== undefined),
  );
}

function nextFor(message: string, sql: string, isColumn: boolean): string {
  if (/Malformed JSON/.test(message)) return jsonComparison('duckdb');
  const foreign = foreignSql(sql, 'duckdb') ?? foreignFunction(sql, message, 'duckdb');
  if (foreign !== undefined) return foreign;
  return isColumn
    ? 'Use a column that the table has; describe_data lists them as they are written in SQL.'
    : 'Correct the SQL; describe_data with detail: "full" shows columns, types and samples.';
}

export function tooDeep(): InputError {
  return new InputError(
    'sql_too_deep',
    'The SQL is nested too deeply, or chains too many operators.',
    'Move parts of it to a WITH, and write long lists with IN (…) or VALUES.',
  );
}

function at(message: string, sql: string): string {
  const line = /\nLINE (\d+): /.exec(message)?.[1];
  return line !== undefined && sql.includes('\n') ? ` at line ${line}` : '';
}

function lineAndColumn(sql: string, position: number): string {
  // DuckDB counts bytes.
  const before = Buffer.from(sql, 'utf8').subarray(0, position).toString('utf8').split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function firstParagraph(message: string): string {
  const end = message.indexOf('\n\nLINE ');
  return (end < 0 ? message : message.slice(0, end)).trim().replace(/\s*\n+\s*/g, ' ');
}
