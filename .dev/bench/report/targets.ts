/** What is to be reached, and whether it is. */
import type { Figures } from '../measure/measure.ts';

export type Measure = 'wallSeconds' | 'cpuSeconds' | 'peakBytes';

/** The median figures of a case's engine, where it was measured. */
export type Medians = (name: string, engine: string) => Figures | undefined;

export interface Verdict {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
  readonly met: boolean;
  /** How far it is off, in percent of the aim; 0 where it is met. */
  readonly offPercent: number;
}

interface Target {
  readonly what: string;
  readonly aim: number;
  readonly unit: '×' | 'MB';
  readonly atLeast: boolean;
  readonly value: (medians: Medians) => number | undefined;
}

const sluice =
  (name: string, measure: Measure, divisor: (medians: Medians) => number | undefined, inverse = false) =>
  (medians: Medians): number | undefined => {
    const own = medians(name, 'sluice')?.[measure];
    const other = divisor(medians);
    if (own === undefined || other === undefined) return undefined;
    return inverse ? other / own : own / other;
  };

function fasterThanPyairbyte(name: string, aim: number): Target[] {
  return (['wallSeconds', 'cpuSeconds'] as const).map((measure) => ({
    what: `${name}: ${measure === 'wallSeconds' ? 'wall' : 'CPU'}, times faster than PyAirbyte`,
    aim,
    unit: '×',
    atLeast: true,
    value: sluice(name, measure, (medians) => medians(name, 'pyairbyte')?.[measure], true),
  }));
}

function ratio(what: string, aim: number, name: string, measure: Measure, to: readonly [string, string]): Target {
  return { what, aim, unit: '×', atLeast: false, value: sluice(name, measure, (medians) => medians(...to)?.[measure]) };
}

function memory(name: string, aim: number): Target {
  return { what: `${name}: peak memory`, aim, unit: 'MB', atLeast: false, value: sluice(name, 'peakBytes', () => 1e6) };
}

const TARGETS: readonly Target[] = [
  ...fasterThanPyairbyte('a', 13),
  ...fasterThanPyairbyte('c', 13),
  ...fasterThanPyairbyte('b', 8),
  ratio('a: CPU against DuckDB alone', 1.6, 'a', 'cpuSeconds', ['a', 'duckdb']),
  ratio('faker: wall against the connector alone', 1.03, 'faker', 'wallSeconds', ['faker', 'connector']),
  memory('a', 400),
  memory('b', 650),
  ratio('d: peak memory against a', 1.1, 'd', 'peakBytes', ['a', 'sluice']),
];

/** Targets that rest on what was not measured are left out. */
export function judge(medians: Medians, secondSync: readonly string[] | undefined): Verdict[] {
  const verdicts = TARGETS.flatMap((target) => {
    const value = target.value(medians);
    return value === undefined ? [] : [verdictOf(target, value)];
  });
  if (!secondSync) return verdicts;
  const met = secondSync.join() === 'read';
  const what = 'second sync, nothing new: calls of the connector';
  return [...verdicts, { what, aim: 'read', measured: secondSync.join(' ') || 'none', met, offPercent: met ? 0 : 100 }];
}

function verdictOf({ what, aim, unit, atLeast }: Target, value: number): Verdict {
  const met = atLeast ? value >= aim : value <= aim;
  const offPercent = met ? 0 : (Math.abs(value - aim) / aim) * 100;
  const measured = unit === 'MB' ? `${value.toFixed(0)} MB` : `${value.toFixed(2)} ×`;
  return { what, aim: `${atLeast ? '≥' : '≤'} ${aim} ${unit}`, measured, met, offPercent };
}
