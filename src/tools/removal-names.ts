/** From the name of a table that is to be removed, quoted or bare, to the table. */
import { type Cache, type DatasetTables, nameReadings, sqlPath } from '../cache/index.ts';
import { InputError } from '../errors.ts';
import { nearest } from '../protocol/index.ts';

const MAX_NEAR = 6;

/** @throws InputError for a name that no table has, with near ones */
export async function findTable(
  cache: Cache,
  name: string,
): Promise<{ dataset: string; source: string; found: DatasetTables['tables'][number] }> {
  const readings = nameReadings(name).map(splitOnce);
  if (readings.every((reading) => reading === undefined)) throw await withoutDataset(cache, name);
  const [dataset = '', table = ''] = readings.find((reading) => reading !== undefined) ?? [];
  const { source, tables } = await cache.datasetTables(dataset);
  for (const reading of readings) {
    const found = tables.find((one) => one.table === reading?.[1]);
    if (found && reading?.[0] === dataset) return { dataset, source, found };
  }
  const names = tables.map((one) => one.table);
  const near = nearest(table, names, 3).map((other) => sqlPath(dataset, other, cache.kind));
  throw unknown('table', name, near);
}

/** Dataset and table; no dataset has a dot in its name, and tables may. */
function splitOnce(name: string): [string, string] | undefined {
  const at = name.indexOf('.');
  return at > 0 ? [name.slice(0, at), name.slice(at + 1)] : undefined;
}

async function withoutDataset(cache: Cache, name: string): Promise<InputError> {
  const { datasets } = await cache.describe({ detail: 'names' });
  const all = datasets.flatMap(({ dataset, tables }) => tables.map(({ table }) => ({ dataset, table })));
  const names = nearest(nameReadings(name)[0] ?? name, [...new Set(all.map(({ table }) => table))], 3);
  const near = all.filter(({ table }) => names.includes(table)).slice(0, MAX_NEAR);
  const paths = near.map(({ dataset, table }) => sqlPath(dataset, table, cache.kind));
  return new InputError(
    'table_without_dataset',
    `${JSON.stringify(name.slice(0, 120))} is not a dataset.`,
    `Write dataset.table, as describe_data lists them${paths.length > 0 ? `, such as ${paths.join(', ')}` : ''}.`,
  );
}

export function unknown(what: 'table' | 'installed connector', name: string, near: readonly string[]): InputError {
  return new InputError(
    what === 'installed connector' ? 'unknown_connector' : 'unknown_table',
    `Unknown ${what} ${JSON.stringify(name.slice(0, 120))}.`,
    near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'There is none of this kind.',
  );
}
