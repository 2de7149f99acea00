/** Converts the schedule that a person types to the syntax of systemd, launchd and cron. */
import { InputError } from '../../errors.ts';

/** An interval in minutes, or the five fields of a cron line. */
export type When = { readonly every: number } | { readonly cron: string };

const UNITS: Readonly<Record<string, number>> = { m: 1, min: 1, h: 60, d: 1440 };
const MAX_MINUTES = 31 * 1440;
/** Range of each field of a cron line: minute, hour, day of the month, month, day of the week. */
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
/** More entries than a sensible line has; launchd requires an entry for each time. */
const MAX_MOMENTS = 500;

/** @throws InputError `bad_schedule` */
export function parseWhen(every: string | undefined, cron: string | undefined): When {
  if ((every === undefined) === (cron === undefined))
    throw badSchedule('Say either --every or --cron.', 'Write --every 1h, or --cron "0 6 * * 1-5".');
  return every === undefined ? { cron: cronLine(cron ?? '') } : { every: minutes(every) };
}

export function whenText(when: When): string {
  return 'cron' in when ? `by cron "${when.cron}"` : `every ${intervalText(when.every)}`;
}

function intervalText(every: number): string {
  if (every % 1440 === 0) return `${every / 1440}d`;
  return every % 60 === 0 ? `${every / 60}h` : `${every}min`;
}

function minutes(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,5})\s*([a-z]+)$/i.exec(text.trim()) ?? [];
  const found = Number(number) * (UNITS[unit.toLowerCase()] ?? 0);
  if (found >= 1 && found <= MAX_MINUTES) return found;
  throw badSchedule(`--every cannot be ${JSON.stringify(text.slice(0, 40))}.`, 'Write 15min, 1h or 1d: at most 31d.');
}

function cronLine(text: string): string {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5)
    throw badSchedule(
      `--cron takes five fields, and ${JSON.stringify(text.slice(0, 60))} has ${fields.length}.`,
      'Write minute, hour, day of the month, month, day of the week, such as "30 6 * * 1-5".',
    );
  for (const [at, field] of fields.entries()) valuesOf(field, at);
  return fields.join(' ');
}

/** The values that a field means, ascending; undefined for all of them. */
function valuesOf(field: string, at: number): readonly number[] | undefined {
  const [least = 0, most = 0] = RANGES[at] ?? [];
  if (field === '*') return undefined;
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [, from, to, step] = /^(\*|\d{1,2})(?:-(\d{1,2}))?(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    const first = from === '*' ? least : Number(from);
    const last = to === undefined ? (from === '*' || step !== undefined ? most : first) : Number(to);
    const by = Number(step ?? 1);
    if (
      from === undefined ||
      (from === '*' && to !== undefined) ||
      first < least ||
      last > most ||
      first > last ||
      by < 1
    )
      throw badSchedule(
        `${JSON.stringify(part.slice(0, 20))} is not possible in field ${at + 1} of --cron.`,
        `Use numbers from ${least} to ${most}, *, lists, ranges and steps; no names.`,
      );
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return [...values].sort((one, other) => one - other);
}

/** @throws InputError `bad_schedule` for an interval that a cron line cannot hold */
export function toCron(when: When): string {
  if ('cron' in when) return when.cron;
  const { every } = when;
  if (every < 60 && 60 % every === 0) return `*/${every} * * * *`;
  const hours = every / 60;
  if (Number.isInteger(hours) && hours < 24 && 24 % hours === 0) return `0 */${hours} * * *`;
  if (every === 1440) return '0 0 * * *';
  throw badSchedule(
    `cron cannot run something every ${intervalText(every)}.`,
    'Use a part of an hour (5min, 15min), a part of a day (1h, 6h), 1d, or --cron.',
  );
}

/** The lines of a timer's section. */
export function toSystemd(when: When): string[] {
  if ('every' in when) return [`OnActiveSec=${when.every}min`, `OnUnitActiveSec=${when.every}min`];
  const [minute, hour, day, month, weekday] = when.cron.split(' ').map(valuesOf);
  const list = (values: readonly number[] | undefined): string =>
    values === undefined ? '*' : values.map((value) => String(value).padStart(2, '0')).join(',');
  const time = `${list(hour)}:${list(minute)}:00`;
  const days = weekday && [...new Set(weekday.map((value) => DAYS[value]))].join(',');
  const byWeekday = days === undefined ? [] : [`OnCalendar=${days} *-${list(month)}-* ${time}`];
  const byDay = [`OnCalendar=*-${list(month)}-${list(day)} ${time}`];
  // Where both are given, cron runs on either.
  const lines = days === undefined ? byDay : day === undefined ? byWeekday : [...byWeekday, ...byDay];
  return [...lines, 'Persistent=true'];
}

/** The moments of a launchd agent, or its interval in seconds. @throws InputError `bad_schedule` */
export function toLaunchd(when: When): { readonly seconds: number } | { readonly moments: Record<string, number>[] } {
  if ('every' in when) return { seconds: when.every * 60 };
  const [minute, hour, day, month, weekday] = when.cron.split(' ').map(valuesOf);
  const spread = (fields: readonly (readonly [string, readonly number[] | undefined])[]): Record<string, number>[] =>
    fields.reduce<Record<string, number>[]>(
      (all, [key, values]) =>
        values === undefined ? all : all.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
      [{}],
    );
  const common = [
    ['Minute', minute],
    ['Hour', hour],
    ['Month', month],
  ] as const;
  const byDay = spread([...common, ['Day', day]]);
  const byWeekday = spread([...common, ['Weekday', weekday]]);
  const moments = weekday === undefined ? byDay : day === undefined ? byWeekday : [...byWeekday, ...byDay];
  if (moments.length <= MAX_MOMENTS) return { moments };
  throw badSchedule('--cron means too many moments for launchd.', 'Use --every, or a line with fewer values.');
}

function badSchedule(message: string, next: string): InputError {
  return new InputError('bad_schedule', message, next);
}
