/** What a destination left in files and in a DuckDB file, read again by this context. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../protocol/index.ts';
import { parseCsv } from './csv.ts';
import { readBackOf } from './read-back.ts';
import type { ReadBack } from './types.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-read-back-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (config: JsonObject, cacheFile?: string) =>
  readBackOf({ connector: 'destination-anything', config, hostPath: (path) => path, cacheFile });

async function reader(config: JsonObject): Promise<ReadBack> {
  const found = await open(config);
  if ('why' in found) throw new Error(found.why);
  return found;
}

describe('files below the configured folder', () => {
  it('JSON lines, under the name that the stream became', async () => {
    await mkdir(join(folder, 'deep'));
    await writeFile(join(folder, 'with%20space.jsonl'), '{"id":1}\n\n{"id":9007199254740993}\n');
    await writeFile(join(folder, 'deep', 'With_Capitals.json'), '{"id":2}');
    await writeFile(join(folder, '_airbyte_raw_old.jsonl'), '{"_airbyte_ab_id":"x","_airbyte_data":{"id":3}}\n');
    const { from, rows } = await reader({ destination_path: folder });
    expect(from).toBe('files');
    expect(await rows({ name: 'with space' })).toEqual(['{"id":1}', '{"id":9007199254740993}']);
    expect(await rows({ name: 'with capitals' })).toEqual(['{"id":2}']);
    expect(await rows({ name: 'old' })).toEqual(['{"id":3}']);
    expect(await rows({ name: 'nothing' })).toBeUndefined();
  });

  it('CSV, with the record in one column or in many', async () => {
    await writeFile(join(folder, 'many.csv'), 'id,text\n1,"a ""b"", c\nd"\n2,\n');
    await writeFile(join(folder, 'one.csv'), '_airbyte_ab_id,_airbyte_data\nx,"{""id"":1}"\n');
    const { rows } = await reader({ destination_path: folder });
    expect(await rows({ name: 'many' })).toEqual(['{"id":"1","text":"a \\"b\\", c\\nd"}', '{"id":"2","text":""}']);
    expect(await rows({ name: 'one' })).toEqual(['{"id":1}']);
    expect(parseCsv('a,b\r\n1,2')).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
  });

  it('of an unsupported format do not count as empty', async () => {
    await mkdir(join(folder, 'sluice_smoke_1_a'));
    await writeFile(join(folder, 'sluice_smoke_1_a', 'part-0.parquet'), 'PAR1');
    await writeFile(join(folder, 'sluice_smoke_1_b.jsonl.gz'), '\u001f');
    const { rows } = await reader({ destination_path: folder });
    await expect(rows({ name: 'sluice_smoke_1_a' })).rejects.toThrow('does not read: part-0.parquet');
    await expect(rows({ name: 'sluice_smoke_1_b' })).rejects.toThrow('does not read: sluice_smoke_1_b.jsonl.gz');
    expect(await rows({ name: 'sluice_smoke_1_c' })).toBeUndefined();
  });

  it('names that differ in case only are distinguished, not guessed', async () => {
    await writeFile(join(folder, 'Twin.jsonl'), '{"id":1}');
    await writeFile(join(folder, 'twin.jsonl'), '{"id":2}');
    const { rows } = await reader({ destination_path: folder });
    expect(await rows({ name: 'Twin' })).toEqual(['{"id":1}']);
    expect(await rows({ name: 'TWIN' })).toBeUndefined();
  });
});

describe('a DuckDB file', () => {
  const made = async (): Promise<string> => {
    const path = join(folder, 'warehouse.duckdb');
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run(
      'CREATE TABLE "Odd Name" AS SELECT 9007199254740993 AS id, TIMESTAMPTZ \'2024-02-29 12:00:00Z\' AS at',
    );
    await connection.run('CREATE SCHEMA other; CREATE TABLE other.odd_name AS SELECT 2 AS id');
    await connection.run('CREATE TABLE injected AS SELECT 3 AS id');
    connection.closeSync();
    instance.closeSync();
    return path;
  };

  it('is read without being changed, even if it is read-only', async () => {
    const path = await made();
    const before = await readFile(path);
    await chmod(path, 0o444);
    const { from, rows } = await reader({ destination_path: path, schema: 'main' });
    expect(from).toBe('duckdb');
    const [text = '{}'] = (await rows({ name: 'odd_name' })) ?? [];
    expect(text).toContain('9007199254740993');
    expect(text).toContain('2024-02-29 12:00:00+00');
    expect(await rows({ name: 'odd_name', namespace: 'other' })).toEqual(['{"id":2}']);
    expect(await rows({ name: "x'; DROP TABLE injected; --" })).toBeUndefined();
    expect(await rows({ name: 'injected' })).toEqual(['{"id":3}']);
    expect(await readFile(path)).toEqual(before);
  });

  it('that is the cache of this project is not read', async () => {
    const path = await made();
    expect(await open({ destination_path: path }, path)).toEqual({ why: expect.stringContaining('the cache') });
  });
});

it('reports why it cannot read', async () => {
  await writeFile(join(folder, 'other.sqlite'), 'SQLite format 3\0and more');
  const why = { why: expect.any(String) };
  expect(await open({ destination_path: join(folder, 'other.sqlite') })).toEqual(why);
  expect(await open({ destination_path: join(folder, 'nowhere') })).toEqual(why);
  expect(await open({ host: 'somewhere', database: 'mysql' })).toEqual(why);
  expect(await open({ destination_path: 'md:' })).toEqual(why);
  const inside = { connector: 'destination-csv', config: { destination_path: '/local' }, hostPath: () => undefined };
  expect(await readBackOf(inside)).toEqual({ why: expect.stringContaining('SLUICE_DOCKER_MOUNTS') });
});
