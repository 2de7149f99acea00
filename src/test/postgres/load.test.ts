/** The tests of loading, on a real Postgres: the same promises, whatever database is behind the cache. */
import { afterAll, beforeAll, describe } from 'vitest';
import { openLoadContextsOn } from '../../cache/load/load-context.fixture.ts';
import { startPostgres, type TestPostgres } from '../harness/postgres.ts';
import { installPostgres } from '../harness/postgres-context.ts';
import { describeWith } from '../harness/requirements.ts';

let postgres: TestPostgres;

describeWith(['postgres'], 'on Postgres', async () => {
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());
  openLoadContextsOn((_folder, stagingDirectory) => installPostgres(postgres, stagingDirectory));
  describe('values', () => import('../../cache/load/values.test.ts').then(() => undefined));
  describe('tables', () => import('../../cache/load/tables.test.ts').then(() => undefined));
  describe('ownership', () => import('../../cache/load/ownership.test.ts').then(() => undefined));
  describe('identity', () => import('../../cache/load/identity.test.ts').then(() => undefined));
  describe('times', () => import('../../cache/load/times.test.ts').then(() => undefined));
  describe('names', () => import('../../cache/load/odd-names.test.ts').then(() => undefined));
  describe('wide tables', () => import('../../cache/load/wide.test.ts').then(() => undefined));
  describe('merges', () => import('../../cache/load/merge.test.ts').then(() => undefined));
});
