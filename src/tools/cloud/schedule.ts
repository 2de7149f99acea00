import type { Schedule } from '../../cloud/index.ts';
import { InputError } from '../../errors.ts';

/**
 * `manual`, or a cron expression as Airbyte takes it: six or seven fields, seconds first.
 * @throws InputError `bad_schedule`
 */
export function checkSchedule(schedule: string): string {
  const fields = schedule.trim().split(/\s+/);
  if (fields.length === 1 && fields[0] === 'manual') return 'manual';
  const timed = fields.at(-1) === 'UTC' ? fields.slice(0, -1) : fields;
  const isCron = timed.slice(0, 3).every((field) => /^[\d*/,-]+$/.test(field));
  if (isCron && (timed.length === 6 || timed.length === 7)) return fields.join(' ');
  const hint = isCron && timed.length === 5 ? ' With five fields it lacks the seconds in front.' : '';
  throw new InputError(
    'bad_schedule',
    `${JSON.stringify(schedule.slice(0, 80))} is no schedule that Airbyte takes.${hint}`,
    'Write "manual", or a Quartz cron expression of 6 or 7 fields with ? for the day that is not given, such as "0 0 6 * * ?" (daily at 6:00 UTC).',
  );
}

/** As `checkSchedule` takes it, so that what is shown can be sent back; a schedule of another kind in Airbyte's words. */
export function scheduleValue({ type, cron, timing }: Schedule): string {
  return type === 'manual' ? 'manual' : (cron ?? timing ?? type);
}
