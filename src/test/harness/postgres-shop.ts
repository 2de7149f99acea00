/** A Postgres with a small shop in it, for the tests of queries. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cache } from '../../cache/cache.ts';
import { postgresCache } from '../../cache/postgres/postgres-cache.ts';
import { createRedactor } from '../../secrets/index.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

export interface PostgresShop {
  readonly postgres: TestPostgres;
  readonly database: string;
  readonly staging: string;
  /** Of the plain role, which owns the shop. */
  readonly cache: Cache;
  open(url: string, redactor?: ReturnType<typeof createRedactor>): Cache;
  close(): Promise<void>;
}

const SHOP = `CREATE SCHEMA shop AUTHORIZATION plain; CREATE SCHEMA _sluice AUTHORIZATION plain; SET ROLE plain;
  CREATE TABLE shop.orders AS SELECT i::bigint AS id, 'c' || i % 10 AS customer, (i % 7)::double precision AS total FROM generate_series(0, 49999) AS i;
  CREATE TABLE shop.wide AS SELECT i AS id, repeat('é', 5000) AS text FROM generate_series(1, 200) AS i;
  CREATE TABLE shop.keyed (a bigint, b text, PRIMARY KEY (b, a)); COMMENT ON COLUMN shop.keyed.a IS 'the first';
  CREATE VIEW shop.good AS SELECT id FROM shop.orders WHERE total > 3;
  CREATE TABLE _sluice.secretive (a int); CREATE TABLE _sluice.datasets (dataset text); INSERT INTO _sluice.datasets VALUES ('shop'); CREATE TABLE shop._sluice_new__orders (a int); CREATE SEQUENCE shop.numbers;
  CREATE FUNCTION shop.writes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shop.orders; RETURN 1; END $$;
  CREATE FUNCTION shop.doubled(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2 $$; RESET ROLE`;

export async function openPostgresShop(): Promise<PostgresShop> {
  const postgres = await startPostgres();
  const staging = await mkdtemp(join(tmpdir(), 'sluice-query-'));
  const database = await postgres.makeDatabase();
  await postgres.run(database, SHOP);
  await postgres.run(database, 'CREATE EXTENSION dblink');
  const open = (url: string, redactor = createRedactor()): Cache =>
    postgresCache({ redactor, url: (use) => use(url), stagingDirectory: async () => staging });
  const cache = open(postgres.url(database));
  return {
    postgres,
    database,
    staging,
    cache,
    open,
    async close() {
      await cache.close();
      await postgres.stop();
      await rm(staging, { recursive: true });
    },
  };
}
