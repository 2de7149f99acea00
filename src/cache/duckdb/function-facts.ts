/** Facts about DuckDB's own functions; the same for every database, so they are queried once. */
import type { DuckDBConnection } from '@duckdb/node-api';

export interface FunctionFacts {
  /** Whether it returns only plain values: no lists, structs or maps. */
  isPlain(name: string): boolean;
  /** How often it repeats its argument: a macro expands each mention of its parameters. */
  copies(name: string): number;
}

/** More than any allowed function repeats. */
export const MAX_COPIES = 4;
/** Assumed before DuckDB is queried. */
export const WORST: FunctionFacts = { isPlain: () => false, copies: () => MAX_COPIES };

const PLAIN_TYPES = new Set([
  ...['BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'],
  ...['UHUGEINT', 'BIGNUM', 'FLOAT', 'DOUBLE', 'DECIMAL', 'VARCHAR', 'BLOB', 'BIT', 'UUID', 'JSON', 'INTERVAL', 'DATE'],
  ...['TIME', 'TIME WITH TIME ZONE', 'TIMESTAMP', 'TIMESTAMP_NS', 'TIMESTAMP WITH TIME ZONE'],
]);

let asked: Promise<FunctionFacts> | undefined;

export function functionFacts(connection: DuckDBConnection): Promise<FunctionFacts> {
  asked ??= ask(connection).catch((error: unknown) => {
    asked = undefined;
    throw error;
  });
  return asked;
}

async function ask(connection: DuckDBConnection): Promise<FunctionFacts> {
  const reader = await connection.runAndReadAll(
    `SELECT lower(function_name), return_type, macro_definition, to_json(parameters)::VARCHAR FROM duckdb_functions()
     WHERE internal AND function_type IN ('scalar', 'aggregate', 'macro')`,
  );
  const plain = new Map<string, boolean>();
  const copies = new Map<string, number>();
  for (const [name, type, definition, parameters] of reader
    .getRows()
    .map((row) => row.map((cell) => cell?.toString()))) {
    if (name === undefined) continue;
    plain.set(name, (plain.get(name) ?? true) && type !== undefined && PLAIN_TYPES.has(type));
    const written = definition === undefined ? 1 : mostCopies(definition, JSON.parse(parameters ?? '[]'));
    copies.set(name, Math.max(copies.get(name) ?? 1, written));
  }
  return {
    isPlain: (name) => plain.get(name) ?? false,
    // A macro that a user made in this database.
    copies: (name) => copies.get(name) ?? MAX_COPIES,
  };
}

function mostCopies(definition: string, parameters: readonly string[]): number {
  const counts = parameters.map((parameter) => {
    const name = parameter.replaceAll('"', '').replace(/[^\w]/g, '\\$&');
    return definition.match(new RegExp(`(?<!\\w)${name}(?!\\w)`, 'gi'))?.length ?? 0;
  });
  return Math.max(1, ...counts);
}
