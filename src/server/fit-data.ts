/** Cuts the data of an answer to a size: lists and texts that are too long, evenly, and reports which. */
import { isObject } from '../protocol/index.ts';

export interface FittedData {
  readonly data: unknown;
  /** What was cut, such as `streams[0].records: 20 of 100`; empty if nothing was. */
  readonly cuts: readonly string[];
}

/** How much of each list and text is shown. */
interface Measure {
  readonly items: number;
  readonly text: number;
}

const STEPS = 30;
const MAX_NAMED = 5;
const MAX_PATH = 100;

/**
 * @param data already redacted: half a secret would not be recognised afterwards
 * @param size characters of JSON
 * @param isOutputField keys that belong to the answer's form; they stay, while other keys are cut like items of a list
 */
export function fitData(data: unknown, size: number, isOutputField: (key: string) => boolean): FittedData {
  if (lengthOf(data) <= size) return { data, cuts: [] };
  let [tooLarge, fits] = [-1, STEPS];
  let best: FittedData = { data: {}, cuts: ['all of it'] };
  while (fits - tooLarge > 1) {
    const step = Math.floor((tooLarge + fits) / 2);
    const cut = cutTo(measure(step), data, isOutputField);
    if (lengthOf(cut.data) <= size) {
      fits = step;
      best = cut;
    } else {
      tooLarge = step;
    }
  }
  return best;
}

function lengthOf(data: unknown): number {
  return JSON.stringify(data)?.length ?? 0;
}

function measure(step: number): Measure {
  return {
    items: Math.max(1, Math.floor(2_000 * 0.75 ** step)),
    text: Math.max(200, Math.floor(20_000 * 0.7 ** step)),
  };
}

function cutTo({ items, text }: Measure, data: unknown, isOutputField: (key: string) => boolean): FittedData {
  const cuts: string[] = [];
  let cutsInAll = 0;
  const note = (path: string, shown: number, all: number, what = ''): void => {
    cutsInAll += 1;
    if (cuts.length < MAX_NAMED)
      cuts.push(`${path.slice(0, MAX_PATH)}: ${shown} of ${all.toLocaleString('en-US')}${what}`);
  };
  const cut = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') {
      if (value.length <= text) return value;
      note(path, text, value.length, ' characters');
      return `${value.slice(0, text).replace(/[\ud800-\udbff]$/, '')}…`;
    }
    if (Array.isArray(value)) {
      if (value.length > items) note(path, items, value.length);
      return value.slice(0, items).map((item, at) => cut(item, `${path}[${at}]`));
    }
    if (!isObject(value)) return value;
    const keys = Object.keys(value);
    const others = keys.filter((key) => !isOutputField(key));
    if (others.length > items) note(path, items, others.length, ' fields');
    const shown = new Set(others.slice(0, items));
    const entries = keys.filter((key) => shown.has(key) || isOutputField(key));
    return Object.fromEntries(entries.map((key) => [key, cut(value[key], path === '' ? key : `${path}.${key}`)]));
  };
  const result = cut(data, '');
  const more = cutsInAll - cuts.length;
  return { data: result, cuts: more > 0 ? [...cuts, `${more.toLocaleString('en-US')} more values`] : cuts };
}
