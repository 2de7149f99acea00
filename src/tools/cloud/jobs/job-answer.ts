/** A job of Airbyte as the tools show it: the same fields for run_cloud_sync, get_cloud_job and cancel_cloud_job. */
import * as z from 'zod';
import type { Connection, Job } from '../../../cloud/index.ts';
import { asData, bytesText, count, textTable } from '../../text.ts';
import type { Call } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { webAddress } from '../fields.ts';

const attempt = z.object({
  /** 0 is the first. */
  attempt: z.number(),
  state: z.string(),
  started_at: z.string().optional(),
  ended_at: z.string().optional(),
  records: z.number().optional(),
  bytes: z.number().optional(),
  streams: z.array(
    z.object({
      stream: z.string(),
      records_read: z.number().optional(),
      records_committed: z.number().optional(),
    }),
  ),
  streams_total: z.number(),
  failures: z.array(z.object({ from: z.string().optional(), type: z.string().optional(), message: z.string() })),
});

export const jobOutput = z.object({
  job_id: z.number(),
  type: z.string(),
  state: z.string(),
  connection_id: z.string(),
  connection: z.string().optional(),
  started_at: z.string().optional(),
  updated_at: z.string().optional(),
  duration: z.string().optional(),
  records: z.number().optional(),
  bytes: z.number().optional(),
  web_address: z.string().optional(),
  already_running: z.boolean().optional(),
  attempts: z.array(attempt).optional(),
  error: z.string().optional(),
  /** First line is `log_offset`, counted from 0. */
  log: z.array(z.string()).optional(),
  log_attempt: z.number().optional(),
  log_offset: z.number().optional(),
  log_total: z.number().optional(),
  next_log_offset: z.number().optional(),
  warnings: z.array(z.string()),
  next: z.string(),
});
export type JobOutput = z.infer<typeof jobOutput>;

/** Between two attempts a job is incomplete, and continues; an unknown state may be an intermediate one too. */
export function isActive({ state }: Pick<Job, 'state'>): boolean {
  return !/^(succeeded|failed|cancelled)$/.test(state);
}

/** @param connection absent if it was deleted */
export function jobData(job: Job, connection: Connection | undefined, { services }: Call): JobOutput {
  return {
    job_id: job.id,
    type: job.type,
    state: job.state,
    connection_id: job.connectionId,
    connection: connection && shortName(connection.name),
    started_at: job.startedAt,
    updated_at: job.updatedAt,
    duration: job.duration,
    records: job.records,
    bytes: job.bytes,
    web_address: connection && webAddress(services.cloud.addresses(), connection.workspaceId, 'job', connection.id),
    warnings: [],
    next: nextStep(job),
  };
}

export function jobText(data: JobOutput): string {
  const { attempts = [], log, log_offset: from = 0, log_total: total = 0 } = data;
  const of = data.connection === undefined ? data.connection_id : `"${data.connection}"`;
  const facts = [
    ...(data.records === undefined ? [] : [count(data.records, 'record')]),
    ...(data.bytes === undefined ? [] : [bytesText(data.bytes)]),
    ...(data.started_at === undefined ? [] : [`started ${data.started_at}`]),
    ...(data.duration === undefined ? [] : [`${isActive(data) ? 'for' : 'took'} ${data.duration}`]),
  ];
  return [
    `Job ${data.job_id} (${data.type}) of ${of}: ${data.state}.${facts.length > 0 ? ` ${facts.join(', ')}.` : ''}`,
    ...(data.web_address ? [data.web_address] : []),
    ...(attempts.length > 0 ? [attemptsTable(attempts)] : []),
    ...streamsTable(attempts.at(-1)),
    ...failuresText(attempts),
    ...(log ? [asData(logLabel(data, log.length, from, total), log.join('\n'))] : []),
    ...(data.next_log_offset === undefined ? [] : [`The log continues at log_offset ${data.next_log_offset}.`]),
    ...data.warnings.map((warning) => `Warning: ${warning}`),
    `Next: ${data.next}`,
  ].join('\n');
}

type AttemptOutput = NonNullable<JobOutput['attempts']>[number];

function attemptsTable(attempts: readonly AttemptOutput[]): string {
  return textTable(
    ['attempt', 'state', 'started', 'ended', 'records', 'bytes'],
    attempts.map(({ attempt: number, state, started_at, ended_at, records, bytes }) => [
      String(number),
      state,
      started_at ?? '',
      ended_at ?? '',
      (records ?? 0).toLocaleString('en-US'),
      bytesText(bytes ?? 0),
    ]),
  );
}

function streamsTable(last: AttemptOutput | undefined): string[] {
  if (!last || last.streams.length === 0) return [];
  const some = last.streams.length < last.streams_total ? `, ${last.streams.length} of ${last.streams_total}` : '';
  return [
    `Streams of attempt ${last.attempt}${some}:`,
    textTable(
      ['stream', 'read', 'committed'],
      last.streams.map(({ stream, records_read: read = 0, records_committed: committed = 0 }) => [
        stream,
        read.toLocaleString('en-US'),
        committed.toLocaleString('en-US'),
      ]),
    ),
  ];
}

function failuresText(attempts: readonly AttemptOutput[]): string[] {
  const lines = attempts.flatMap(({ attempt: number, failures }) =>
    failures.map(({ from, type, message }) =>
      [`attempt ${number}`, [from, type].filter(Boolean).join(', '), message].filter(Boolean).join(': '),
    ),
  );
  return lines.length > 0 ? [asData('failures', lines.join('\n'))] : [];
}

function logLabel({ log_attempt: number }: JobOutput, lines: number, from: number, total: number): string {
  return `log of attempt ${number}, ${lines === 0 ? 'no lines' : `lines ${from} to ${from + lines - 1}`} of ${total}`;
}

function nextStep({ id, connectionId, state, type }: Job): string {
  if (isActive({ state })) {
    return `get_cloud_job with job_id ${id} and wait_seconds; cancel_cloud_job ends it.`;
  }
  const again = `run_cloud_sync with connection_id "${connectionId}"`;
  if (state === 'succeeded') return type === 'sync' ? 'nothing, it is done.' : `${again} reads the data again.`;
  if (state === 'cancelled') return `${again} starts over.`;
  return `get_cloud_job with job_id ${id} and log_lines 100 shows the end of the log; check_cloud_connector tests the source and the destination; ${again} tries again.`;
}
