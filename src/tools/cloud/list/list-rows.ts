/** Rows of list_cloud_objects: one shape for all kinds, each kind with its own columns. */
import * as z from 'zod';
import type { Actor, Connection, Job } from '../../../cloud/index.ts';
import { textTable } from '../../text.ts';
import { shortName } from '../bounds.ts';
import { scheduleValue } from '../schedule.ts';

export const KINDS = ['workspace', 'organization', 'source', 'destination', 'connection', 'job', 'definition'] as const;
export type Kind = (typeof KINDS)[number];

const end = z.object({ id: z.string(), name: z.string().optional() });

export const row = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  /** Where a call names no workspace. */
  default: z.boolean().optional(),
  type: z.string().optional(),
  definition_id: z.string().optional(),
  version: z.string().optional(),
  status: z.string().optional(),
  source: end.optional(),
  destination: end.optional(),
  schedule: z.string().optional(),
  last_job: z
    .object({ job_id: z.number(), type: z.string(), state: z.string(), started_at: z.string().optional() })
    .optional(),
  job_id: z.number().optional(),
  connection: end.optional(),
  started_at: z.string().optional(),
  duration: z.string().optional(),
  records: z.number().optional(),
  bytes: z.number().optional(),
});
export type Row = z.infer<typeof row>;

/** Names by id, as far as they were cheap to have. */
export type Names = ReadonlyMap<string, string>;

export function actorRow({ id, name, type, definitionId }: Actor): Row {
  return { id, name: shortName(name), type, definition_id: definitionId };
}

export function connectionRow(connection: Connection, names: Names, last: Job | undefined): Row {
  const { id, name, status, sourceId, destinationId, schedule } = connection;
  return {
    id,
    name: shortName(name),
    status,
    source: { id: sourceId, name: names.get(sourceId) },
    destination: { id: destinationId, name: names.get(destinationId) },
    schedule: scheduleValue(schedule),
    last_job: last && { job_id: last.id, type: last.type, state: last.state, started_at: last.startedAt },
  };
}

export function jobRow({ id, connectionId, type, state, startedAt, duration, records, bytes }: Job, names: Names): Row {
  const connection = { id: connectionId, name: names.get(connectionId) };
  return { job_id: id, type, status: state, connection, started_at: startedAt, duration, records, bytes };
}

type Column = readonly [header: string, cell: (row: Row) => string | undefined];

const id: Column = ['id', (each) => each.id];
const name: Column = ['name', (each) => each.name];
const actor: Column[] = [name, ['type', (each) => each.type], id];
const named = (each: Row['source']): string | undefined => each?.name ?? each?.id;

const COLUMNS: Record<Kind, readonly Column[]> = {
  workspace: [name, id, ['default', (each) => (each.default ? 'yes' : '')]],
  organization: [name, ['status', (each) => each.status], id],
  source: actor,
  destination: actor,
  connection: [
    name,
    ['status', (each) => each.status],
    ['source', (each) => named(each.source)],
    ['destination', (each) => named(each.destination)],
    ['schedule', (each) => each.schedule],
    ['last job', ({ last_job: job }) => (job ? `${job.job_id} ${job.type} ${job.state} ${job.started_at ?? ''}` : '')],
    id,
  ],
  job: [
    ['job_id', (each) => String(each.job_id)],
    ['type', (each) => each.type],
    ['status', (each) => each.status],
    ['connection', (each) => named(each.connection)],
    ['started', (each) => each.started_at],
    ['duration', (each) => each.duration],
    ['records', (each) => each.records?.toLocaleString('en-US')],
  ],
  definition: [name, ['version', (each) => each.version], id],
};

export function rowsText(kind: Kind, rows: readonly Row[]): string {
  const columns = COLUMNS[kind];
  return textTable(
    columns.map(([header]) => header),
    rows.map((each) => columns.map(([, cell]) => (cell(each) ?? '').trim())),
  );
}
