/** Several servers on one Postgres, other readers, and TLS. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cache } from '../../cache/cache.ts';
import {
  type LoadContext,
  openLoadContext,
  openLoadContextsOn,
  record,
  stream,
} from '../../cache/load/load-context.fixture.ts';
import { postgresCache } from '../../cache/postgres/postgres-cache.ts';
import { createRedactor } from '../../secrets/index.ts';
import { startPostgres, type TestPostgres } from '../harness/postgres.ts';
import { installPostgres, type PostgresContext } from '../harness/postgres-context.ts';
import { describeWith, testWith } from '../harness/requirements.ts';

let postgres: TestPostgres;
let installed: PostgresContext;
const schema = stream('s', { id: { type: 'integer' } });
const never = new AbortController().signal;
const open = (url: string): Cache =>
  postgresCache({ redactor: createRedactor(), url: (use) => use(url), stagingDirectory: async () => tmpdir() });
const ask = (cache: Cache, sql: string): Promise<unknown> =>
  cache.query(sql, { limit: 10, offset: 0, signal: never }).then(({ rows }) => rows);

function prepare(cache: Cache, source: string, syncId: string): ReturnType<Cache['prepareSync']> {
  const facts = { state: 'running', startedAt: new Date().toISOString(), records: 0, rows: 0, streams: [] };
  const streams = [{ stream: schema, mode: 'incremental_append', cursorField: [], primaryKey: [] }] as const;
  const sync = { syncId, source, dataset: source, ...facts };
  return cache.prepareSync({ sync, streams, severalNamespaces: false, restart: false });
}

async function withRoom(body: (context: LoadContext) => Promise<void>): Promise<void> {
  const context = await openLoadContext();
  await body(context).finally(() => context.close());
}

describeWith(['postgres'], 'several servers on one Postgres', () => {
  beforeAll(async () => {
    postgres = await startPostgres();
    openLoadContextsOn(async (_folder, stagingDirectory) => {
      installed = await installPostgres(postgres, stagingDirectory);
      return installed;
    });
  });
  afterAll(() => postgres.stop());

  it('start at once in an empty database without blocking each other', () =>
    withRoom(async () => {
      const caches = Array.from({ length: 6 }, () => open(installed.url));
      const prepared = await Promise.all(caches.map((cache, at) => prepare(cache, `source_${at % 4}`, `sync_${at}`)));
      expect(prepared.map(({ streams }) => streams.length)).toEqual([1, 1, 1, 1, 1, 1]);
      await Promise.all(caches.map((cache) => cache.close()));
    }));

  it('load a source one at a time: the later one continues, the earlier one loads nothing more', () =>
    withRoom(async ({ cache, rows }) => {
      const other = open(installed.url);
      await prepare(cache, 'shop', 'first');
      await prepare(other, 'shop', 'second');
      const batch = {
        source: 'shop',
        streams: [],
        states: [{ kind: 'GLOBAL', text: '1' }],
        deleteStatesOf: [],
      } as const;
      await expect(cache.loadBatch({ ...batch, syncId: 'first' })).rejects.toMatchObject({ code: 'sync_superseded' });
      expect(await rows('SELECT count(*) FROM _sluice.states')).toEqual([['0']]);
      await other.loadBatch({ ...batch, syncId: 'second' });
      expect(await rows('SELECT count(*) FROM _sluice.states')).toEqual([['1']]);
      await other.close();
    }));

  it('swap a table when its readers are done, and block no reader before that', () =>
    withRoom(async (context) => {
      const first = await context.prepare([schema], 'full_refresh_overwrite');
      await context.load(first, [record({ id: 1 })]);
      const second = await context.prepare([schema], 'full_refresh_overwrite');
      let swapped: Promise<unknown> = Promise.resolve();
      await context.sql(async (reader) => {
        await reader.run('BEGIN');
        expect(await reader.rows('SELECT max(id) AS id FROM shop.s')).toEqual([{ id: '1' }]);
        swapped = context.load(second, [record({ id: 2 })]);
        // Longer than the swap waits in one turn: a new reader gets in between two of them.
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(await ask(context.cache, 'SELECT max(id) FROM shop.s')).toEqual([[1]]);
        expect(await reader.rows('SELECT max(id) AS id FROM shop.s')).toEqual([{ id: '1' }]);
        await reader.run('COMMIT');
      });
      await swapped;
      expect(await ask(context.cache, 'SELECT max(id) FROM shop.s')).toEqual([[2]]);
    }));

  it('do not use a schema that somebody else created, not even the public one', () =>
    withRoom(async (context) => {
      await context.rows('CREATE SCHEMA hr');
      await context.rows('CREATE TABLE hr.people AS SELECT 1 AS id');
      for (const source of ['hr', 'public']) {
        await expect(prepare(context.cache, source, `sync_${source}`)).rejects.toMatchObject({ code: 'schema_taken' });
      }
      // An empty schema was created for it.
      await context.rows('CREATE SCHEMA shop');
      await context.prepare([schema], 'full_refresh_overwrite');
    }));

  it('leave a table unchanged if the view of a person depends on it, and report which', () =>
    withRoom(async (context) => {
      const first = await context.prepare([schema], 'full_refresh_overwrite');
      await context.load(first, [record({ id: 1 })]);
      await context.rows('CREATE VIEW public.mine AS SELECT id FROM shop.s');
      const second = await context.prepare([schema], 'full_refresh_overwrite');
      await expect(context.load(second, [record({ id: 2 })])).rejects.toMatchObject({
        code: 'table_in_use',
        message: expect.stringContaining('mine'),
      });
      expect(await context.rows('SELECT id FROM public.mine')).toEqual([['1']]);
    }));

  it('repeat a load after a restart of the server, without duplicates', () =>
    withRoom(async (context) => {
      const prepared = await context.prepare([schema]);
      const lines = Array.from({ length: 100_000 }, (_, id) => record({ id }));
      const [loaded] = await Promise.all([
        context.load(prepared, lines),
        new Promise((resolve) => setTimeout(resolve, 250)).then(() => postgres.restart()),
      ]);
      expect(loaded.rows).toBe(100_000);
      expect(await context.rows('SELECT count(*), count(DISTINCT id) FROM shop.s')).toEqual([['100000', '100000']]);
    }));

  testWith(['openssl'], 'TLS follows the URL', async () => {
    const certificate = await postgres.turnOnTls();
    const folder = await mkdtemp(join(tmpdir(), 'sluice-tls-'));
    const authority = join(folder, 'ca.pem');
    await copyFile(certificate, authority);
    const url = postgres.url(await postgres.makeDatabase());
    const named = url.replace('127.0.0.1', 'localhost');
    const connects = async (target: string): Promise<unknown> => {
      const cache = open(target);
      return ask(cache, 'SELECT 1').finally(() => cache.close());
    };
    expect(await connects(url)).toEqual([[1]]);
    await postgres.refusePlain();
    for (const target of [
      `${url}?sslmode=require`,
      `${url}?sslmode=prefer`,
      `${named}?sslmode=verify-full&sslrootcert=${authority}`,
      `${url}?sslmode=verify-ca&sslrootcert=${authority}`,
    ]) {
      expect(await connects(target), target).toEqual([[1]]);
    }
    for (const target of [`${named}?sslmode=verify-full`, `${url}?sslmode=verify-full&sslrootcert=${authority}`]) {
      await expect(connects(target), target).rejects.toMatchObject({ code: 'cache_tls' });
    }
    await expect(connects(url)).rejects.toMatchObject({ code: 'cache_login' });
    await rm(folder, { recursive: true });
  });
});
