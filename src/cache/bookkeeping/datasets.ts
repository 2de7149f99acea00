/** The schemas that syncs have used, each with an id. */
import { randomUUID } from 'node:crypto';
import { idOfOld } from '../../safety/index.ts';
import type { SqlConnection } from '../sql.ts';
import { hasIds } from './schema.ts';

export interface DatasetRow {
  readonly id: string;
  /** Whether a sync made the schema: one that existed before is not dropped. */
  readonly made: boolean;
}

/** A dataset of an earlier version has no record: it gets an id that no session owns. */
export async function readDataset(connection: SqlConnection, dataset: string): Promise<DatasetRow> {
  return (await findDataset(connection, dataset)) ?? { id: idOfOld(dataset), made: true };
}

export async function findDataset(connection: SqlConnection, dataset: string): Promise<DatasetRow | undefined> {
  if (!(await hasIds(connection))) return undefined;
  const [row] = await connection.rows(
    'SELECT id, CAST(made AS VARCHAR) AS made FROM _sluice.datasets WHERE dataset = $1',
    [dataset],
  );
  return row && { id: row.id ?? idOfOld(dataset), made: row.made === 'true' };
}

/** @returns the new id */
export async function saveDataset(
  connection: SqlConnection,
  { dataset, source, made }: { readonly dataset: string; readonly source: string; readonly made: boolean },
): Promise<string> {
  const id = randomUUID();
  await deleteDataset(connection, dataset);
  await connection.run(`INSERT INTO _sluice.datasets VALUES ($1, $2, $3, ${made})`, [dataset, id, source]);
  return id;
}

export async function deleteDataset(connection: SqlConnection, dataset: string): Promise<void> {
  if (await hasIds(connection)) await connection.run('DELETE FROM _sluice.datasets WHERE dataset = $1', [dataset]);
}
