/** `remove` of what has a name that SQL wants in quotes: as describe_data shows it, and bare. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { play, recordOf } from '../harness/script.ts';

const TABLES = ['select', 'Line items', 'Users', 'users_2', 'say "hi"', 'say hi', 'a.b', '"x"', 'x', "it's; --"];

interface Described {
  readonly datasets: { dataset: string; sql?: string; tables: { table: string; sql?: string }[] }[];
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  // Both datasets are reserved words.
  for (const source of ['order', 'select']) await load(source);
});
afterAll(() => server.close());

async function load(source: string): Promise<void> {
  const properties = { id: { type: 'integer' } };
  const streams = TABLES.map((name) => ({ name, properties }));
  const output = TABLES.map((name) => `${recordOf(name, { id: 1 })}\n`).join('');
  const { state } = await play(server, source, streams, output);
  expect(state).toBe('complete');
}

async function described(): Promise<Described['datasets']> {
  return (await server.call<Described>('describe_data', { detail: 'names' })).datasets;
}
async function tablesOf(dataset: string): Promise<string[]> {
  const found = (await described()).find((one) => one.dataset === dataset);
  return (found?.tables ?? []).map(({ table }) => table).sort();
}

test('a table is removed by the name that describe_data shows and by its plain one; no other table is removed', async () => {
  const shown = (await described()).find(({ dataset }) => dataset === 'order')?.tables ?? [];
  expect(shown.map(({ table }) => table).sort()).toEqual([...TABLES].sort());
  const left = new Set(TABLES);
  const remove = async (table: string, name: string): Promise<void> => {
    const { removed } = await server.call<{ removed: string[] }>('remove', { kind: 'table', name });
    left.delete(table);
    expect(await tablesOf('order'), name).toEqual([...left].sort());
    expect(removed.join()).toContain(table.replaceAll('"', '""'));
  };
  // The shown name of the one is the bare name of the other.
  await remove('x', 'order."x"');
  await remove('"x"', 'order."x"');
  await remove('say "hi"', 'order.say "hi"');
  for (const { table, sql } of shown) {
    if (!left.has(table)) continue;
    await remove(table, left.size % 2 === 0 ? (sql ?? `order.${table}`) : `order.${table}`);
  }
  expect(left.size).toBe(0);
});

test('what does not exist is an error with near names, as they are written in SQL', async () => {
  for (const name of ['select.line item', '"select"."Line item"', 'select."line items"']) {
    expect(await server.fail('remove', { kind: 'table', name }), name).toMatchObject({
      code: 'unknown_table',
      next: expect.stringContaining('"select"."Line items"'),
    });
  }
  expect((await server.fail('remove', { kind: 'table', name: '"selekt".x' })).next).toContain('Did you mean "select"');
  expect((await server.fail('remove', { kind: 'table', name: 'Users' })).next).toContain('"select".Users');
  expect((await server.fail('remove', { kind: 'dataset', name: 'selec' })).next).toContain('Did you mean "select"');
  expect(await tablesOf('select')).toEqual([...TABLES].sort());
});

test('describe_data takes both names of a table', async () => {
  for (const [table, name] of [
    ['say "hi"', 'say "hi"'],
    ['say "hi"', '"say ""hi"""'],
    ['say hi', '"say hi"'],
    ['x', '"x"'],
    ['"x"', '"""x"""'],
    ['a.b', '"select"."a.b"'],
    ['a.b', 'select.a.b'],
  ]) {
    const { datasets } = await server.call<Described>('describe_data', { dataset: 'select', table: name });
    expect(
      datasets[0]?.tables.map((one) => one.table),
      name,
    ).toEqual([table]);
  }
});

test('a person’s command is one that a shell takes', async () => {
  const other = await startServer({ workplace: server.workplace });
  try {
    const { next } = await other.fail('remove', { kind: 'table', name: 'select."Line items"' });
    expect(next).toContain(`sluice-mcp remove table 'select."Line items"'`);
    expect((await other.fail('remove', { kind: 'table', name: "select.it's; --" })).next).toContain(
      `remove table 'select.it'\\''s; --'`,
    );
  } finally {
    await other.close();
  }
});

test('a dataset is removed by both names', async () => {
  await server.call('remove', { kind: 'dataset', name: '"select"' });
  expect(await tablesOf('select')).toEqual([]);
  await load('select');
  await server.call('remove', { kind: 'dataset', name: 'select' });
  expect(await tablesOf('select')).toEqual([]);
});
