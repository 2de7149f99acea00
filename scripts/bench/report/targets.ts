/** The performance targets, and whether they are met. */
import { availableParallelism } from 'node:os';
import type { Figures } from '../measure/measure.ts';

export type Measure = 'wallSeconds' | 'cpuSeconds' | 'peakBytes';

/** The median figures of a case's engine, where it was measured. */
export type Medians = (name: string, engine: string) => Figures | undefined;

export interface Verdict {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
  readonly met: boolean;
  /** Whether it depends on wall times of a busy machine: the result is then meaningless, met or not. */
  readonly disturbed: boolean;
  /** How far it is off, in percent of the aim; 0 where it is met. */
  readonly offPercent: number;
}

export interface Aim {
  readonly what: string;
  readonly aim: number;
  readonly unit: '×' | 'MB' | 's' | 'ms';
  readonly atLeast?: boolean;
}

interface Target extends Aim {
  readonly value: (medians: Medians) => number | undefined;
  /** The other engine whose wall time it depends on, in addition to that of Sluice. */
  readonly wall?: readonly [string, string];
}

/** Of all processors' time. */
const BUSY_SHARE = 0.1;

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
    ...(measure === 'wallSeconds' ? { wall: [name, 'pyairbyte'] as const } : {}),
  }));
}

function ratio(what: string, aim: number, name: string, measure: Measure, to: readonly [string, string]): Target {
  const value = sluice(name, measure, (medians) => medians(...to)?.[measure]);
  return { what, aim, unit: '×', value, ...(measure === 'wallSeconds' ? { wall: to } : {}) };
}

function memory(name: string, aim: number): Target {
  return { what: `${name}: peak memory`, aim, unit: 'MB', value: sluice(name, 'peakBytes', () => 1e6) };
}

/** A container's CPU time is not that of Sluice: only the wall time shows the cost of Docker. */
function inDocker(name: string, aim: number): Target {
  const value = (medians: Medians): number | undefined => {
    const [docker, native] = [medians(name, 'docker')?.wallSeconds, medians(name, 'sluice')?.wallSeconds];
    return docker === undefined || native === undefined ? undefined : docker / native;
  };
  const what = `${name}: wall in Docker against native`;
  return { what, aim, unit: '×', value, wall: [name, 'docker'] };
}

/** CPU that is not the connector's. */
function ownCpu(name: string, aim: number): Target {
  const value = (medians: Medians): number | undefined => {
    const own = medians(name, 'sluice');
    return own && own.cpuSeconds - own.connectorCpuSeconds;
  };
  return { what: `${name}: CPU of Sluice itself`, aim, unit: 's', value };
}

function againstAlone(name: string, aim: number): Target {
  return ratio(`${name}: wall against the connector alone`, aim, name, 'wallSeconds', [name, 'connector']);
}

export const START_UP: Aim = { what: 'start-up against bare Node', aim: 2.8, unit: '×' };

const TARGETS: readonly Target[] = [
  ...fasterThanPyairbyte('a', 16),
  ...fasterThanPyairbyte('c', 16),
  ...fasterThanPyairbyte('b', 10),
  ratio('a: CPU against DuckDB alone', 2, 'a', 'cpuSeconds', ['a', 'duckdb']),
  againstAlone('faker', 1.05),
  ownCpu('faker', 2),
  againstAlone('manifest', 1.05),
  inDocker('a', 1.5),
  inDocker('faker', 1.05),
  memory('a', 400),
  memory('b', 650),
  ratio('d: peak memory against a', 1.1, 'd', 'peakBytes', ['a', 'sluice']),
];

/** Targets without measurements are left out. */
export function judge(medians: Medians): Verdict[] {
  return TARGETS.flatMap((target) => {
    const value = target.value(medians);
    return value === undefined ? [] : [verdictOf(target, value, isDisturbed(target, medians))];
  });
}

/** Whether other processes used much of the machine during the median run of either engine. */
function isDisturbed({ wall }: Target, medians: Medians): boolean {
  if (!wall) return false;
  return [medians(...wall), medians(wall[0], 'sluice')].some(
    (figures) => figures && figures.othersCpuSeconds > figures.wallSeconds * availableParallelism() * BUSY_SHARE,
  );
}

export function verdictOf({ what, aim, unit, atLeast = false }: Aim, value: number, disturbed = false): Verdict {
  const met = atLeast ? value >= aim : value <= aim;
  const offPercent = met ? 0 : (Math.abs(value - aim) / aim) * 100;
  const measured = `${value.toFixed(unit === 'MB' || unit === 'ms' ? 0 : 2)} ${unit}`;
  return { what, aim: `${atLeast ? '≥' : '≤'} ${aim} ${unit}`, measured, met, disturbed, offPercent };
}
