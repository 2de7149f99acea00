/** What a query may not do on a real Postgres, and which role may not ask. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DryRun, QueryResult } from '../../cache/types.ts';
import { openPostgresShop, type PostgresShop } from '../harness/postgres-shop.ts';
import { describeWith } from '../harness/requirements.ts';

let shop: PostgresShop;
const never = new AbortController().signal;
const run = (sql: string, limit = 100, offset = 0): Promise<QueryResult> =>
  shop.cache.query(sql, { limit, offset, signal: never });
const cells = async (sql: string): Promise<unknown> => (await run(sql)).rows;
const dry = (sql: string): Promise<DryRun> => shop.cache.dryRun(sql, never);

describeWith(['postgres'], 'refusals on Postgres', () => {
  beforeAll(async () => {
    shop = await openPostgresShop();
  });
  afterAll(() => shop.close());

  describe('what does not read', () => {
    it.each([
      ['DELETE FROM shop.orders', 'sql_not_select'],
      ['INSERT INTO shop.keyed VALUES (1, 2) RETURNING a', 'sql_not_select'],
      ['WITH gone AS (DELETE FROM shop.orders RETURNING *) SELECT * FROM gone', 'sql_not_select'],
      ['SELECT * INTO shop.copy FROM shop.orders', 'sql_syntax'],
      ['CREATE TABLE shop.x AS SELECT 1', 'sql_not_select'],
      ['DROP TABLE shop.orders', 'sql_not_select'],
      ['COPY shop.orders TO STDOUT', 'sql_not_select'],
      ["COPY (SELECT 1) TO PROGRAM 'touch /tmp/sluice-was-here'", 'sql_not_select'],
      ['EXPLAIN ANALYZE SELECT 1', 'sql_not_select'],
      ['ANALYZE SELECT 1', 'sql_not_select'],
      ['SET statement_timeout = 0', 'sql_not_select'],
      ['BEGIN', 'sql_not_select'],
      ['COMMIT; SELECT 1', 'sql_not_select'],
      ['DO $$ BEGIN PERFORM 1; END $$', 'sql_not_select'],
      ['SELECT 1; SELECT 2', 'sql_many_statements'],
      ['SELECT 1; END; DROP TABLE shop.orders; --', 'sql_many_statements'],
      ['SELECT 1; COMMIT; DROP TABLE shop.orders', 'sql_not_select'],
      ['SELECT id FROM shop.orders FOR UPDATE', 'sql_not_select'],
      ['SELECT * FROM (SELECT id FROM shop.orders FOR SHARE) AS t', 'sql_not_select'],
      ['', 'sql_empty'],
      [' ; -- nothing', 'sql_empty'],
      ['SELECT $1', 'sql_error'],
      ['SELEC 1', 'sql_not_select'],
      ['SELECT FROM WHERE', 'sql_syntax'],
      ['SELECT 1 WITH HOLD', 'sql_syntax'],
      ['SELECT nme FROM shop.orders', 'unknown_column'],
      ['SELECT * FROM shop.order', 'unknown_table'],
      ['SELECT * FROM orders', 'unknown_table'],
      ['SELECT 1/0', 'sql_error'],
      ['SELECT * FROM _sluice.secretive', 'sql_refused'],
      ['SELECT * FROM shop._sluice_new__orders', 'sql_refused'],
      ['SELECT query FROM pg_stat_activity', 'sql_refused'],
      ['SELECT * FROM pg_catalog.pg_user_mappings', 'sql_refused'],
      ['SELECT * FROM information_schema.applicable_roles', 'sql_refused'],
      [`SELECT '\0'`, 'sql_characters'],
      [`SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`, 'sql_too_deep'],
    ])('%s', async (sql, code) => {
      await expect(run(sql)).rejects.toMatchObject({ kind: 'input', code });
      await expect(dry(sql)).rejects.toMatchObject({ kind: 'input' });
      expect(await cells('SELECT count(*) FROM shop.orders')).toEqual([[50000]]);
    });

    it.each([
      "pg_read_file('/etc/passwd')",
      "pg_ls_dir('/')",
      "lo_import('/etc/passwd')",
      'lo_create(0)',
      "set_config('transaction_read_only', 'off', true)",
      "set_config('statement_timeout', '0', false)",
      "current_setting('data_directory')",
      'pg_sleep(0)',
      'pg_terminate_backend(1)',
      'pg_cancel_backend(1)',
      'pg_advisory_lock(1)',
      'pg_try_advisory_lock(1)',
      "nextval('shop.numbers')",
      "setval('shop.numbers', 5)",
      "query_to_xml('DELETE FROM shop.orders', true, true, '')",
      "database_to_xml(true, true, '')",
      "ts_stat('SELECT 1')",
      "pg_notify('a', 'b')",
      "pg_logical_emit_message(false, 'a', 'b')",
      'pg_export_snapshot()',
      'shop.writes()',
      'inet_server_addr()',
      'pg_stat_get_activity(NULL)',
      'pg_show_all_settings()',
      'txid_current()',
      'pg_current_xact_id()',
      'current_query()',
      'pg_catalog.pg_sleep(1.0 + 0)',
    ])('does not call %s', async (call) => {
      for (const sql of [
        `SELECT ${call}`,
        `SELECT 1 WHERE EXISTS (SELECT ${call})`,
        `WITH a AS (SELECT ${call} AS x) SELECT 1`,
      ]) {
        await expect(run(sql), sql).rejects.toMatchObject({ code: 'sql_function' });
      }
      await expect(dry(`SELECT ${call}`)).rejects.toMatchObject({ code: 'sql_function' });
    });

    it('does not call dblink', async () => {
      await expect(run("SELECT * FROM public.dblink('host=127.0.0.1', 'SELECT 1') AS t(a int)")).rejects.toMatchObject({
        code: 'sql_function',
      });
    });

    it('reports where, and what to use instead', async () => {
      await expect(run('SELECT id\nFROM shop.orders\nWHERE nme = 1')).rejects.toMatchObject({
        code: 'unknown_column',
        message: expect.stringContaining('line 3, column 7'),
      });
      await expect(run('SELECT * FROM shop.order')).rejects.toMatchObject({
        next: expect.stringContaining('shop.orders'),
        message: expect.stringContaining('"shop.order"'),
      });
      await expect(run('FROM shop.orders')).rejects.toMatchObject({ next: expect.stringContaining('SELECT * FROM') });
      await expect(run('SELECT upper(1)')).rejects.toMatchObject({ code: 'sql_error' });
    });

    it('a view that writes writes nothing: the transaction reads only', async () => {
      await shop.postgres.run(shop.database, 'SET ROLE plain; CREATE VIEW shop.bad AS SELECT shop.writes() AS w');
      await expect(run('SELECT * FROM shop.bad')).rejects.toMatchObject({
        code: 'sql_error',
        message: expect.stringContaining('read-only transaction'),
      });
      expect(await cells('SELECT count(*) FROM shop.orders')).toEqual([[50000]]);
      await shop.postgres.run(shop.database, 'DROP VIEW shop.bad');
    });

    it('another role keeps its tables to itself', async () => {
      await shop.postgres.run(shop.database, 'CREATE SCHEMA others; CREATE TABLE others.t AS SELECT 1 AS a');
      await expect(run('SELECT * FROM others.t')).rejects.toMatchObject({
        message: expect.stringContaining('permission denied'),
      });
      expect(JSON.stringify(await shop.cache.describe({ detail: 'names' }))).not.toContain('others');
    });

    it('a table outside the cache is not read although the role may: directly, by functions, operators, types or extensions', async () => {
      await shop.postgres.run(
        shop.database,
        `CREATE SCHEMA payroll; CREATE TABLE payroll.pay AS SELECT 4711 AS amount; CREATE EXTENSION tablefunc SCHEMA shop;
        CREATE FUNCTION payroll.total() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT sum(amount) FROM payroll.pay';
        CREATE FUNCTION payroll.plus(a int, b int) RETURNS bigint STABLE LANGUAGE sql AS 'SELECT sum(amount) FROM payroll.pay';
        CREATE OPERATOR payroll.<+> (LEFTARG = int, RIGHTARG = int, FUNCTION = payroll.plus);
        CREATE FUNCTION payroll.fits(a int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT a > 4710 FROM payroll.pay';
        CREATE DOMAIN payroll.guess AS int CHECK (payroll.fits(VALUE))`,
      );
      await shop.postgres.run(
        shop.database,
        'GRANT USAGE ON SCHEMA payroll TO plain; GRANT SELECT ON payroll.pay TO plain; GRANT pg_read_all_data TO plain',
      );
      for (const [sql, code] of [
        ['SELECT amount FROM payroll.pay', 'sql_refused'],
        ['TABLE payroll.pay', 'sql_refused'],
        ['SELECT (SELECT max(amount) FROM payroll.pay) FROM shop.orders LIMIT 1', 'sql_refused'],
        ['WITH p AS (SELECT * FROM payroll.pay) SELECT 1', 'sql_refused'],
        ['SELECT 1 FROM shop.orders WHERE EXISTS (SELECT FROM payroll.pay)', 'sql_refused'],
        ['SELECT p FROM shop.orders, LATERAL (SELECT amount FROM payroll.pay) AS x(p)', 'sql_refused'],
        ['SELECT payroll.total()', 'sql_function'],
        ['SELECT * FROM payroll.total()', 'sql_function'],
        ['SELECT 1 OPERATOR(payroll.<+>) 2', 'sql_function'],
        ['SELECT 4711::payroll.guess', 'sql_refused'],
        ["SELECT '4711'::payroll.guess", 'sql_refused'],
        ["SELECT ARRAY['4711']::payroll.guess[]", 'sql_refused'],
        ["SELECT * FROM shop.crosstab('SELECT 1, 1, amount FROM payroll.pay') AS t(a int, b int)", 'sql_function'],
        ["SELECT query_to_xml('SELECT * FROM payroll.pay', true, true, '')", 'sql_function'],
        ["SELECT table_to_xml('payroll.pay', true, true, '')", 'sql_function'],
        ['SELECT reltuples FROM pg_class', 'sql_refused'],
      ] as const) {
        await expect(run(sql), sql).rejects.toMatchObject({ code });
        await expect(dry(sql), sql).rejects.toMatchObject({ code });
      }
      const wrong = await run('SELECT * FROM pays').catch((error: { next: string }) => error);
      expect(JSON.stringify(wrong)).not.toContain('payroll');
    });

    it('a view or a function that a person put into a dataset is part of it', async () => {
      await shop.postgres.run(
        shop.database,
        `CREATE VIEW shop.shown AS SELECT amount FROM payroll.pay; GRANT SELECT ON shop.shown TO plain;
        CREATE FUNCTION shop.sum_shown() RETURNS bigint STABLE SECURITY DEFINER LANGUAGE sql AS 'SELECT sum(amount) FROM shop.shown'`,
      );
      expect(await cells('SELECT amount, shop.sum_shown() FROM shop.shown')).toEqual([[4711, 4711]]);
      expect(await cells('SELECT shop.doubled(2)')).toEqual([[4]]);
      await shop.postgres.run(
        shop.database,
        'DROP FUNCTION shop.sum_shown; DROP VIEW shop.shown; DROP EXTENSION tablefunc; DROP SCHEMA payroll CASCADE; REVOKE pg_read_all_data FROM plain',
      );
    });
  });

  describe('the role', () => {
    it('of a superuser, or one that may become more, is not asked; the statements for another are given', async () => {
      const owner = shop.open(shop.postgres.url(shop.database, 'owner'));
      const refused = expect.objectContaining({
        kind: 'setup',
        code: 'cache_role',
        next: expect.stringContaining('CREATE ROLE sluice LOGIN'),
      });
      await expect(owner.query('SELECT 1', { limit: 1, offset: 0, signal: never })).rejects.toEqual(refused);
      await expect(owner.dryRun('SELECT 1', never)).rejects.toEqual(refused);
      expect((await owner.describe({ detail: 'names' })).datasets.map(({ dataset }) => dataset)).toContain('shop');
      await owner.close();
      await shop.postgres.run(
        shop.database,
        'CREATE ROLE between NOLOGIN; GRANT pg_read_server_files TO between; GRANT between TO plain; ALTER ROLE plain NOINHERIT',
      );
      await expect(run('SELECT 1')).rejects.toEqual(refused);
      await shop.postgres.run(
        shop.database,
        'REVOKE between FROM plain; ALTER ROLE plain INHERIT; GRANT owner TO plain',
      );
      await expect(run('SELECT 1')).rejects.toEqual(refused);
      await shop.postgres.run(shop.database, 'REVOKE owner FROM plain');
      expect(await cells('SELECT 1')).toEqual([[1]]);
    });

    it('without the right to create temporary tables gets the grant to run; one that only reads by default may query', async () => {
      const other = await shop.postgres.makeDatabase();
      await shop.postgres.run(
        other,
        `REVOKE TEMPORARY ON DATABASE ${other} FROM public; ALTER DATABASE ${other} OWNER TO owner`,
      );
      const shared = shop.open(shop.postgres.url(other));
      await expect(shared.query('SELECT 1', { limit: 1, offset: 0, signal: never })).rejects.toMatchObject({
        code: 'cache_not_permitted',
        next: expect.stringContaining('GRANT TEMPORARY'),
      });
      await shop.postgres.run(
        other,
        `GRANT TEMPORARY ON DATABASE ${other} TO plain; ALTER ROLE plain SET default_transaction_read_only = on`,
      );
      expect((await shared.query('SELECT 1', { limit: 1, offset: 0, signal: never })).rows).toEqual([[1]]);
      await shop.postgres.run(other, 'ALTER ROLE plain RESET ALL');
      await shared.close();
    });

    it('made by the statements that are given may ask', async () => {
      const other = await shop.postgres.makeDatabase();
      const owner = shop.open(shop.postgres.url(other, 'owner'));
      const error = (await owner
        .query('SELECT 1', { limit: 1, offset: 0, signal: never })
        .catch((thrown: unknown) => thrown)) as {
        next: string;
      };
      await owner.close();
      await shop.postgres.run(other, error.next.slice(error.next.indexOf('CREATE ROLE')));
      const sluice = shop.open(shop.postgres.url(other).replace(/\/\/[^@]*@/, '//sluice:a%20long%20password@'));
      expect((await sluice.query('SELECT 1', { limit: 1, offset: 0, signal: never })).rows).toEqual([[1]]);
      await sluice.close();
    });
  });
});
