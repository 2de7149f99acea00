/** Turns Postgres's errors about a query into errors that suggest what to write instead. */
import { InputError, LimitError, messageOf, nearFacts, SetupError, SluiceError } from '../../errors.ts';
import { foreignFunction, foreignSql, jsonComparison, reservedWord } from '../sql-hints.ts';
import { sqlState } from './errors.ts';

interface ServerError {
  readonly position?: string;
  readonly hint?: string;
  readonly routine?: string;
}
type Near = () => Promise<(name: string) => string[]>;

const WORD = /^(?:\s|;|\(|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*([A-Za-z]+)/;
const READING = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE']);
const READ = 'Write one SELECT (WITH, VALUES and TABLE work too).';
const INSTEAD: Readonly<Record<string, string>> = {
  EXPLAIN: 'Call query with dry_run: true and the SELECT alone: it gives the plan and runs nothing.',
  SHOW: 'Use describe_data, or SELECT from information_schema.tables.',
  DESCRIBE: 'Use describe_data, or SELECT from information_schema.columns.',
  FROM: 'This cache is a Postgres: write SELECT * FROM ….',
  SUMMARIZE: 'This cache is a Postgres: use describe_data, or count, min and max in a SELECT.',
  PIVOT: 'This cache is a Postgres: write one count(*) FILTER (WHERE name = …) for each column.',
  INSERT: 'Data gets into the cache by start_sync only.',
  COPY: 'Nothing is written to or read from files here: send the SELECT alone and take its rows.',
};

/** A statement that is not a query, or a query that writes. The first word only selects the message. */
export function notSelect(sql: string): InputError {
  const word = WORD.exec(sql)?.[1]?.toUpperCase() ?? '';
  const what = READING.has(word) || word === '' ? 'this one writes, locks rows or holds no SELECT' : `this is ${word}`;
  return new InputError(
    'sql_not_select',
    `Only a query that reads is run here; ${what}.`,
    INSTEAD[word] ?? `${READ} Nothing is changed, locked, copied or set here; for a plan use dry_run: true.`,
  );
}

/** Turns the error of parsing the SQL into an error of Sluice. `before` is the number of added characters before the SQL. */
export async function cannotJudge(error: unknown, sql: string, before: number, near: Near): Promise<unknown> {
  const state = sqlState(error);
  // A standby: the server is wrong, not the SQL.
  if (state === '25006') return error;
  if (state === '42501' && (error as ServerError).routine === 'InitTempTableNamespace') return noTemporary();
  const word = WORD.exec(sql)?.[1]?.toUpperCase() ?? '';
  if (state === '42601' && (error as ServerError).routine === 'exec_parse_message') return manyStatements();
  const isRead = READING.has(word) || word === '';
  if (state !== undefined && !isRead && /^(42601|42P13|0A000|42P01|42703)$/.test(state)) return notSelect(sql);
  // SELECT … INTO, and WITH … AS (DELETE …).
  if (state === '42P13' || state === '0A000') return notSelect(sql);
  if (state === '42P01') return unknownTable(error, sql, before, await near());
  return queryError(error, sql, before);
}

/** Turns what `pg` threw while planning or running a query into one of our errors, unless it is a bug. */
export function queryError(error: unknown, sql: string, before: number): unknown {
  const state = sqlState(error);
  if (error instanceof SluiceError || state === undefined) return error;
  const message = messageOf(error);
  if (state === '57014') {
    const next =
      'Filter or aggregate more, check joins for a missing condition, or look at the plan with dry_run: true.';
    return new LimitError('query_timeout', 'The query was ended by the server: it took too long.', next);
  }
  if (/^(53|54)/.test(state) || /^(invalid memory|out of memory)/.test(message)) {
    if (state === '54001') return tooDeep();
    const next = 'Aggregate or filter earlier, select fewer columns, or join on fewer rows.';
    return new LimitError('query_memory', 'The query needs more memory or disk space than the server allows.', next, {
      details: { postgres: message },
    });
  }
  if (state === '42601' && (error as ServerError).routine === 'exec_parse_message') return manyStatements();
  if (!/^(0A|2[0-9A-Z]|3F|42|44|P0|XX)/.test(state) || state === 'XX000') return error;
  const { hint } = error as ServerError;
  const found = lineOf(error, sql, before);
  if (/^memory exhausted/.test(message)) return tooDeep();
  if (state === '42601') {
    return new InputError(
      'sql_syntax',
      isAtEnd(error, sql, before)
        ? 'Postgres cannot read the SQL: something is missing, or too much, at its end.'
        : `Postgres cannot read the SQL${found && ` at ${found}`}: ${message}`,
      foreignSql(sql, 'postgres') ??
        foreignFunction(sql, message, 'postgres') ??
        reservedWord(sql, message, 'postgres') ??
        'Correct the SQL (PostgreSQL dialect) and call again.',
    );
  }
  const isColumn = state === '42703';
  return new InputError(
    isColumn ? 'unknown_column' : 'sql_error',
    `Postgres refused the query${found && ` at ${found}`}: ${message}.${hint ? ` ${hint}` : ''}`,
    nextFor(message, sql, isColumn),
  );
}

function nextFor(message: string, sql: string, isColumn: boolean): string {
  if (/invalid input syntax for type json/.test(message)) return jsonComparison('postgres');
  const foreign = foreignSql(sql, 'postgres') ?? foreignFunction(sql, message, 'postgres');
  if (foreign !== undefined) return foreign;
  return isColumn
    ? 'Use a column that the table has; describe_data lists them as they are written in SQL: names with capital letters in double quotes.'
    : 'Correct the SQL (PostgreSQL dialect); describe_data with detail: "full" shows columns, types and samples.';
}

function unknownTable(error: unknown, sql: string, before: number, near: (name: string) => string[]): InputError {
  const at = Number((error as ServerError).position ?? Number.NaN) - 1 - before;
  const written = /^(?:"(?:[^"]|"")*"|[^\s"(),;]+)+/.exec([...sql].slice(Number.isInteger(at) ? at : 0).join(''))?.[0];
  const name = (written ?? '').replaceAll('"', '');
  const found = near(name);
  const hint = found.length > 0 ? `Did you mean ${found.join(', ')}? Write dataset.table; d` : 'Write dataset.table; d';
  return new InputError(
    'unknown_table',
    `There is no table ${JSON.stringify(name.slice(0, 200))} in the cache.`,
    foreignSql(sql, 'postgres') ?? `${hint}escribe_data lists all tables.`,
    nearFacts(found),
  );
}

function noTemporary(): SetupError {
  return new SetupError(
    'cache_not_permitted',
    'Queries cannot be checked: the role lacks the TEMPORARY privilege on this database.',
    'A person grants it: GRANT TEMPORARY ON DATABASE … TO …;',
  );
}

function manyStatements(): InputError {
  return new InputError(
    'sql_many_statements',
    'The SQL holds several statements; exactly one SELECT is run.',
    'Send one SELECT per call; combine the others with WITH or UNION ALL.',
  );
}

function tooDeep(): InputError {
  return new InputError(
    'sql_too_deep',
    'The SQL is nested too deeply, or chains too many operators.',
    'Give its parts names in a WITH, and write long lists with IN (…) or VALUES.',
  );
}

/** Text after this was added by Sluice, not written by the caller. */
function isAtEnd(error: unknown, sql: string, before: number): boolean {
  return Number((error as ServerError).position ?? Number.NaN) - 1 - before >= [...sql].length;
}

function lineOf(error: unknown, sql: string, before: number): string {
  // Postgres counts characters, from 1.
  const at = Number((error as ServerError).position ?? Number.NaN) - 1 - before;
  if (!Number.isInteger(at) || at < 0) return '';
  const lines = [...sql].slice(0, at).join('').split('\n');
  return `line ${lines.length}, column ${[...(lines.at(-1) ?? '')].length + 1}`;
}
