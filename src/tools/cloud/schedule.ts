/** Schedules of connections: what Airbyte takes, how they are shown, and when they run next. */
import type { Schedule } from '../../cloud/index.ts';
import { InputError } from '../../errors.ts';

export interface GivenSchedule {
  /** `manual`, or a cron expression of six or seven fields, seconds first, without a time zone. */
  readonly expression: string;
  /** Undefined for `manual`. */
  readonly timeZone?: string | undefined;
}

/**
 * `manual`, or a cron expression as Airbyte takes it, with a time zone such as Europe/Berlin at its end; UTC without one.
 * @throws InputError `bad_schedule`
 */
export function checkSchedule(schedule: string): GivenSchedule {
  const fields = schedule.trim().split(/\s+/);
  if (fields.length === 1 && fields[0]?.toLowerCase() === 'manual') return { expression: 'manual' };
  const last = fields.at(-1) ?? '';
  const hasZone = fields.length > 6 && !/^[\d*/,-]+$/.test(last);
  const timed = hasZone ? fields.slice(0, -1) : fields;
  const reason =
    problemOf(timed) ?? (hasZone && !isTimeZone(last) ? `${JSON.stringify(last)} is not a time zone.` : undefined);
  if (reason === undefined) return { expression: timed.join(' '), timeZone: hasZone ? last : 'UTC' };
  throw new InputError(
    'bad_schedule',
    `${JSON.stringify(schedule.slice(0, 80))} is not a schedule that Airbyte accepts. ${reason}`,
    'Write "manual", or a Quartz cron expression of 6 or 7 fields with ? for the day that is not given, such as "0 0 6 * * ?" (daily at 6:00 UTC) or "0 30 6 ? * MON-FRI Europe/Berlin".',
  );
}

function problemOf(fields: readonly string[]): string | undefined {
  const [seconds = '', minutes = '', hours = ''] = fields;
  if (fields.length === 5) return 'With five fields it lacks the seconds in front.';
  if (fields.length !== 6 && fields.length !== 7) return 'It has neither six nor seven fields.';
  if (!isNumber(seconds)) return 'Its seconds must be a plain number.';
  if (!isNumber(minutes)) return 'Its minutes must be a plain number: Airbyte runs a connection once an hour at most.';
  return /^[\d*/,-]+$/.test(hours) ? undefined : 'Its hours are not of digits, *, /, - and commas.';
}

function isNumber(field: string): boolean {
  return /^\d{1,2}$/.test(field) && Number(field) < 60;
}

function isTimeZone(name: string): boolean {
  try {
    return name.length < 60 && new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** As `checkSchedule` takes it, so that what is shown can be sent back; a schedule of another kind in Airbyte's words. */
export function scheduleValue({ type, cron, timing }: Schedule): string {
  return type === 'manual' ? 'manual' : (cron ?? timing ?? type);
}

/** As the public API takes it, which supports only UTC. */
export function publicSchedule({ expression }: GivenSchedule): string {
  return expression === 'manual' ? expression : `${expression} UTC`;
}

/** ISO 8601, in UTC; undefined if nothing is scheduled or the expression is not supported. */
export async function nextRun({ expression, timeZone }: GivenSchedule): Promise<string | undefined> {
  if (expression === 'manual') return undefined;
  const { Cron } = await import('croner');
  try {
    // Quartz counts weekdays from Sunday, which is 1.
    const cron = new Cron(expression, { timezone: timeZone ?? 'UTC', alternativeWeekdays: true, paused: true });
    return cron.nextRun()?.toISOString();
  } catch {
    return undefined;
  }
}
