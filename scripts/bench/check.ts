/** Compares what an engine loaded with what the connector printed: rows, and a sum over every column. */
import { DuckDBInstance } from '@duckdb/node-api';
import { type Column, type Kind, SQL_TYPES } from './data/columns.ts';
import type { DataStream } from './data/sets.ts';

/** By stream: the number of rows, then of each column how many values it has and their sum. */
export type Sums = Record<string, string>;

/** The same for the types that engines choose differently: DECIMAL or DOUBLE, with a zone or without. */
const SUMS: Record<Kind, (value: string) => string> = {
  integer: (value) => `sum(${value}::HUGEINT)`,
  number: (value) => `sum(round(${value}::DOUBLE * 100)::BIGINT)`,
  string: (value) => `sum(hash(${value}::VARCHAR)::HUGEINT)`,
  boolean: (value) => `count_if(${value}::BOOLEAN)`,
  date: (value) => `sum(${value}::DATE - DATE '1970-01-01')`,
  'date-time': (value) => `sum(epoch_us(${value}::TIMESTAMPTZ))`,
  json: (value) => `sum(hash(json(${value}::VARCHAR)::VARCHAR)::HUGEINT)`,
};

/** @throws Error naming the first stream that differs */
export async function checkTables(
  database: string,
  schema: string,
  streams: readonly DataStream[],
  truth: Sums,
): Promise<void> {
  await withConnection(database, async (query) => {
    for (const { name, columns } of streams) {
      const found = await query(sumsOf(columns, `"${schema}"."${name}"`, (column) => `"${column}"`));
      if (found !== truth[name]) {
        throw new Error(`${database}: the table ${name} is not what was sent:\n${found}\ninstead of\n${truth[name]}`);
      }
    }
  });
}

/** What the connector's messages hold, as DuckDB itself reads them. */
export async function truthOf(messages: string, streams: readonly DataStream[]): Promise<Sums> {
  const truth: Sums = {};
  await withConnection(undefined, async (query) => {
    for (const { name, columns } of streams) {
      const data = columns.map((column) => `"${column.name}" ${SQL_TYPES[column.kind]}`).join(', ');
      const record = `{'type': 'VARCHAR', 'record': 'STRUCT(stream VARCHAR, data STRUCT(${data}))'}`;
      const from = `read_ndjson('${messages}', columns = ${record}) WHERE type = 'RECORD' AND record.stream = '${name}'`;
      truth[name] = await query(sumsOf(columns, from, (column) => `record.data."${column}"`));
    }
  });
  return truth;
}

function sumsOf(columns: readonly Column[], from: string, path: (column: string) => string): string {
  const sums = columns.flatMap(({ name, kind }) => [`count(${path(name)})`, SUMS[kind](path(name))]);
  return `SELECT concat_ws(' ', count(*), ${sums.join(', ')}) FROM ${from}`;
}

/** Opens a database that nothing else has open, or one in memory, for as long as the callback runs. */
async function withConnection(
  database: string | undefined,
  use: (query: (sql: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const instance = await DuckDBInstance.create(database, database ? { access_mode: 'READ_ONLY' } : {});
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    await use(async (sql) => String((await connection.runAndReadAll(sql)).getRows()[0]?.[0]));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
