/** Every word that a database knows, as the name of a column, a table and a schema. */
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { sqlName, sqlPath, withoutQuotes } from './sql-name.ts';

test('DuckDB finds every name as it is shown', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = async (sql: string): Promise<unknown[][]> => (await connection.runAndReadAll(sql)).getRows();
  try {
    const keywords = (await rows('SELECT keyword_name FROM duckdb_keywords()')).map(([word]) => String(word));
    expect(keywords.length).toBeGreaterThan(300);
    const names = [...keywords, 'Order', 'ALL', 'a b', '1a', 'é', 'a"b', "a'b", '', 'current_date', 'rowid'].filter(
      (name) => name !== '',
    );
    for (const name of names) {
      const shown = sqlName(name, 'duckdb');
      const quoted = `"${name.replaceAll('"', '""')}"`;
      await connection.run(`CREATE OR REPLACE TABLE t (${quoted} VARCHAR); INSERT INTO t VALUES ('v')`);
      expect(await rows(`SELECT ${shown} FROM t WHERE ${shown} = 'v' GROUP BY ${shown}`), name).toEqual([['v']]);
      if (name === 'system' || name === 'temp') continue;
      await connection.run(`CREATE SCHEMA ${quoted}; CREATE TABLE ${quoted}.${quoted} AS SELECT 1 AS a`);
      expect(await rows(`SELECT a FROM ${sqlPath(name, name, 'duckdb')}`), name).toEqual([[1]]);
      await connection.run(`DROP SCHEMA ${quoted} CASCADE`);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
});

test('quotes are added only if needed, and removed again', () => {
  expect(['id', 'Name', 'a1', 'date', 'order', 'a-b'].map((name) => sqlName(name, 'duckdb'))).toEqual([
    'id',
    'Name',
    'a1',
    'date',
    '"order"',
    '"a-b"',
  ]);
  expect(sqlName('Name', 'postgres')).toBe('"Name"');
  for (const path of ['shop.order', 'a"b.c', 'plain.table']) {
    const [dataset = '', table = ''] = path.split('.');
    expect(withoutQuotes(sqlPath(dataset, table, 'postgres'))).toBe(path);
  }
});
