/** The SQL dialect of Postgres. */
import { quoteText } from '../load/names.ts';
import type { ColumnType } from '../load/types.ts';
import type { Dialect } from '../sql.ts';

/**
 * JSON is `jsonb`: it can be compared, so it may be a part of a key, be grouped and indexed, and numbers keep all their digits
 * (`json` supports none of that). In return, the last of a repeated key wins, and U+0000 is removed.
 */
const TYPES: Readonly<Record<ColumnType, string>> = {
  BIGINT: 'bigint',
  HUGEINT: 'numeric',
  DOUBLE: 'double precision',
  BOOLEAN: 'boolean',
  DATE: 'date',
  TIMESTAMPTZ: 'timestamptz',
  TIME: 'time',
  JSON: 'jsonb',
  VARCHAR: 'text',
};

/** The column of an incoming table that numbers its rows by arrival. */
export const ARRIVAL = '_sluice_arrival';

export const POSTGRES: Dialect = {
  kind: 'postgres',
  typeName: (type) => TYPES[type],
  nameBytes: 63,
  foreignSchema: `SELECT n.nspname::text AS schema FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1 AND (n.nspname = 'public'
    OR EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.relnamespace = n.oid)
    OR EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = n.oid))`,
  systemColumns: ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'],
  isoTime: (expression) => `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  jsonMember: (column, path) =>
    `(${column} #>> ARRAY[${path.map((part) => quoteText(part.replaceAll('\0', ''))).join(', ')}]::text[])`,
  toJson: (column) => `to_jsonb(${column})`,
  arrival: ARRIVAL,
  storedOrder: 'ctid',
};
