/** For tests: a database file with objects of syncs, of a user and of another program. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedactor, type Redactor } from '../../secrets/index.ts';
import { type Database, openDatabase } from './database.ts';

export interface Shop {
  readonly folder: string;
  readonly database: Database;
  remove(): Promise<void>;
}

/** Dataset `shop` (tables, views and macros, harmless and not), table `main.bare`, and the engine's own tables. */
export async function openShop(redactor: Redactor = createRedactor()): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-query-'));
  await mkdir(join(folder, 'staging'));
  await writeFile(join(folder, 'staging', 'segment.ndjson'), '{"a":"staged"}\n');
  await writeFile(join(folder, 'outside.csv'), 'a\n1\n');
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const notebook = await DuckDBInstance.create(join(folder, 'cache.duckdb'));
  const cell = await notebook.connect();
  await cell.run(`CREATE SCHEMA shop; CREATE VIEW shop.password AS SELECT * FROM read_text('${folder}/outside.csv')`);
  cell.closeSync();
  notebook.closeSync();
  const database = openDatabase({
    redactor,
    file: async () => join(folder, 'cache.duckdb'),
    stagingDirectory: async () => join(folder, 'staging'),
  });
  await database.use('make', async (connection) => {
    await connection.run(`
      CREATE SCHEMA _sluice; CREATE SEQUENCE shop.numbers;
      CREATE TABLE shop.orders AS SELECT i AS id, 'customer ' || (i % 7) AS customer, i * 1.5 AS total FROM range(50000) r(i);
      CREATE TABLE shop."Odd Name" AS SELECT 1 AS "a b";
      CREATE TABLE shop._sluice_pending_1 AS SELECT 1 AS a;
      CREATE TABLE _sluice.state AS SELECT 1 AS a;
      CREATE TABLE bare AS SELECT 7 AS n;
      CREATE VIEW shop.big AS SELECT * FROM shop.orders WHERE total > 100;
      CREATE MACRO shop.next_number() AS nextval('shop.numbers');
      CREATE VIEW shop.staged AS SELECT * FROM read_ndjson('${join(folder, 'staging', 'segment.ndjson')}');
      CREATE VIEW shop.twice_removed AS SELECT max(a) AS a FROM shop.staged;
      CREATE MACRO shop.peek() AS (SELECT max(a) FROM read_json('${join(folder, 'staging', '*')}'));
      CREATE VIEW shop.settings AS SELECT * FROM duckdb_settings();
      CREATE TABLE shop.wide AS SELECT i AS id, repeat('é', 50000) AS text FROM range(200) r(i);
    `);
  });
  return {
    folder,
    database,
    async remove() {
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
