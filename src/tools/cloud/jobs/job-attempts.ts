/** What only the configuration API knows about a job: attempts, failures, logs. Without it, the answer has a warning instead. */
import type { Attempt, Job } from '../../../cloud/index.ts';
import { InputError, SluiceError } from '../../../errors.ts';
import type { Call } from '../../tool.ts';
import { isoDate } from '../bounds.ts';
import { type RedactText, textRedactor } from '../messages.ts';
import { isActive, type JobOutput } from './job-answer.ts';
import { logPart } from './job-log.ts';

const MAX_STREAMS = 50;
const MAX_FAILURES = 5;

/** Undefined, with a warning, if only the public API can be asked. */
async function attemptsOf(
  job: Job,
  data: JobOutput,
  { services, signal }: Call,
): Promise<readonly Attempt[] | undefined> {
  try {
    return await services.cloud.jobs.attempts(job, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof SluiceError)) throw error;
    data.warnings.push(`Attempts, errors and logs are not available: ${error.message} ${error.next}`);
    return undefined;
  }
}

const MAX_ATTEMPTS = 10;

/** Puts attempts with their streams, and the error of the last one, into the answer. @returns as `attemptsOf` */
export async function addAttempts(job: Job, data: JobOutput, call: Call): Promise<readonly Attempt[] | undefined> {
  const report = await attemptsOf(job, data, call);
  if (!report) return undefined;
  const redact = await textRedactor(call.services, call.signal);
  data.attempts = report.slice(-MAX_ATTEMPTS).map((attempt) => shownAttempt(attempt, redact));
  if (job.state !== 'succeeded') data.error = data.attempts.at(-1)?.failures[0]?.message;
  return report;
}

function shownAttempt(attempt: Attempt, redact: RedactText): NonNullable<JobOutput['attempts']>[number] {
  const { number, state, createdAt, endedAt, bytes, records, streams, failures } = attempt;
  return {
    attempt: number,
    state,
    started_at: isoDate(createdAt),
    ended_at: isoDate(endedAt),
    records,
    bytes,
    streams: streams.slice(0, MAX_STREAMS).map(({ name, namespace, emitted, committed }) => ({
      stream: namespace === undefined ? name : `${namespace}.${name}`,
      records_read: emitted,
      records_committed: committed,
    })),
    streams_total: streams.length,
    failures: failures.slice(0, MAX_FAILURES).map(({ origin, type, message }) => ({
      from: origin && redact(origin, 100),
      type: type && redact(type, 100),
      message: redact(message, 1_500),
    })),
  };
}

/** @throws InputError `no_attempt` */
export function chosenAttempt(
  attempts: readonly Attempt[],
  requested: number | undefined,
  job: number,
): Attempt | undefined {
  if (requested === undefined) return attempts.at(-1);
  const found = attempts.find(({ number }) => number === requested);
  if (found) return found;
  const numbers = attempts.map(({ number }) => number).join(', ');
  throw new InputError(
    'no_attempt',
    `Job ${job} has no attempt ${requested}.`,
    numbers === ''
      ? 'It has none so far: leave attempt out.'
      : `It has: ${numbers}. Leave attempt out for the last one.`,
  );
}

export async function addLog(
  data: JobOutput,
  { number }: Attempt,
  asked: { readonly most: number; readonly offset: number | undefined },
  { services, signal }: Call,
): Promise<void> {
  let raw: readonly string[];
  try {
    raw = await services.cloud.jobs.log(data.job_id, number, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof SluiceError)) throw error;
    data.warnings.push(`The log is not available: ${error.message} ${error.next}`);
    return;
  }
  const { keys } = await services.registry.secretKeys(signal);
  const { lines, offset, total } = logPart(raw, asked, services.vault.redactor, keys);
  const end = offset + lines.length;
  data.log = [...lines];
  data.log_attempt = number;
  data.log_offset = offset;
  data.log_total = total;
  if (lines.length < Math.min(asked.most, total - (asked.offset ?? 0)) && lines.length < total) {
    const where =
      asked.offset === undefined
        ? `those before them from a smaller log_offset than ${offset}`
        : `the next from log_offset ${end}`;
    data.warnings.push(`Only ${lines.length} lines fit into an answer; ${where}.`);
  }
  // The log of a running attempt grows on.
  if (end < total || isActive(data)) data.next_log_offset = end;
}
