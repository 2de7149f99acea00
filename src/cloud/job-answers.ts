/** The shapes of Airbyte's answers about jobs. */
import * as z from 'zod';
import { anId, aWord, maybe } from './answers.ts';

const text = maybe(z.string());
const number = maybe(z.number());

export const job = z
  .object({
    jobId: z.number(),
    // An unknown word of a later Airbyte must not break a list.
    status: aWord,
    jobType: aWord,
    connectionId: anId,
    startTime: text,
    lastUpdatedAt: text,
    duration: text,
    bytesSynced: number,
    rowsSynced: number,
  })
  .transform((answer) => ({
    id: answer.jobId,
    connectionId: answer.connectionId,
    type: answer.jobType,
    state: answer.status,
    startedAt: answer.startTime,
    updatedAt: answer.lastUpdatedAt,
    duration: answer.duration,
    bytes: answer.bytesSynced,
    records: answer.rowsSynced,
  }));

/** The configuration API's word for a job that clears. */
export const RESET = 'reset_connection';

/** A job of the configuration API: with times in seconds, and without counts. */
const configurationJob = z
  .object({ id: z.number(), configType: aWord, configId: z.string(), status: aWord, createdAt: number })
  .transform((answer) => ({
    id: answer.id,
    // The API allows any text here; a text that is not an id must not be taken for the connection's.
    connectionId: anId.safeParse(answer.configId).data ?? '',
    type: answer.configType === RESET ? 'reset' : answer.configType,
    state: answer.status,
    startedAt: instant(milliseconds(answer.createdAt)),
  }));

export const startedJob = z.object({ job: configurationJob }).transform(({ job: started }) => started);

/** Not every refresh makes a job at once. */
export const refreshedJob = z.object({ job: maybe(configurationJob) });

const attempt = z
  .object({
    id: z.number(),
    status: z.string(),
    createdAt: number,
    endedAt: number,
    bytesSynced: number,
    recordsSynced: number,
    totalStats: maybe(z.object({ recordsCommitted: number, bytesCommitted: number })),
    streamStats: maybe(
      z.array(
        z.object({
          streamName: z.string(),
          streamNamespace: text,
          stats: maybe(z.object({ recordsEmitted: number, recordsCommitted: number })),
        }),
      ),
    ),
    failureSummary: maybe(
      z.object({
        failures: maybe(
          z.array(z.object({ failureOrigin: text, failureType: text, externalMessage: text, internalMessage: text })),
        ),
      }),
    ),
  })
  .transform((answer) => ({
    number: answer.id,
    state: answer.status,
    // Seconds in some answers, milliseconds in others.
    createdAt: milliseconds(answer.createdAt),
    endedAt: milliseconds(answer.endedAt),
    bytes: answer.totalStats?.bytesCommitted ?? answer.bytesSynced,
    records: answer.totalStats?.recordsCommitted ?? answer.recordsSynced,
    streams: (answer.streamStats ?? []).map(({ streamName, streamNamespace, stats }) => ({
      name: streamName,
      namespace: streamNamespace || undefined,
      emitted: stats?.recordsEmitted,
      committed: stats?.recordsCommitted,
    })),
    failures: (answer.failureSummary?.failures ?? []).map((failure) => ({
      origin: failure.failureOrigin,
      type: failure.failureType,
      message: failure.externalMessage ?? failure.internalMessage ?? 'no message',
    })),
  }));

function instant(time: number | undefined): string | undefined {
  const date = new Date(time ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace(/\.\d+Z$/, 'Z');
}

function milliseconds(time: number | undefined): number | undefined {
  return time !== undefined && time < 100_000_000_000 ? time * 1000 : time;
}

export const jobsWithAttempts = z.object({
  jobs: z.array(z.object({ job: maybe(z.object({ id: z.number() })), attempts: maybe(z.array(attempt)) })),
});

const logEvent = z.object({ timestamp: number, level: text, logSource: text, message: z.string(), stackTrace: text });

/** Logs come as lines, or as events. */
export const attemptLog = z
  .object({ logs: maybe(z.object({ logLines: maybe(z.array(z.string())), events: maybe(z.array(logEvent)) })) })
  .transform(({ logs }) => logs?.logLines ?? (logs?.events ?? []).map(lineOf));

function lineOf({ timestamp, level, logSource, message, stackTrace }: z.infer<typeof logEvent>): string {
  const time = new Date(timestamp ?? Number.NaN);
  const at = Number.isNaN(time.getTime()) ? '' : `${time.toISOString()} `;
  return `${at}${logSource ?? ''} ${level ?? ''} ${message}${stackTrace ? `\n${stackTrace}` : ''}`.trim();
}
