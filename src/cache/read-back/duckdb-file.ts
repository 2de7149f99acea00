/** Tables of a DuckDB file that a destination wrote; opened read-only, and closed after each read. */
import { quoteName } from '../load/names.ts';
import { findName } from './find-name.ts';
import type { ReadBack } from './types.ts';

export function readDuckdb(path: string, schema: string | undefined): ReadBack {
  return {
    from: 'duckdb',
    async rows({ name, namespace }) {
      const { DuckDBInstance } = await import('@duckdb/node-api');
      const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY', threads: '1' });
      try {
        const connection = await instance.connect();
        const texts = async (sql: string): Promise<string[][]> =>
          (await connection.runAndReadAll(sql)).getRowsJson().map((row) => row.map(String));
        await connection.run("SET TimeZone = 'UTC'");
        const tables = await texts('SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal');
        const expected = namespace ?? schema;
        const own = tables.filter(([of]) => expected === undefined || of?.toLowerCase() === expected.toLowerCase());
        const found = findName(
          name,
          own.map(([, table = '']) => table),
        );
        const [of, table] = own.find(([, other]) => other === found) ?? [];
        if (of === undefined || table === undefined) return undefined;
        const rows = await texts(`SELECT to_json(t)::VARCHAR FROM ${quoteName(of)}.${quoteName(table)} t`);
        return rows.map(([text = '{}']) => text);
      } finally {
        instance.closeSync();
      }
    },
  };
}
