/** What was typed after `npm run bench --`. */
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface Options {
  /** The folder for data, environments and results. */
  readonly data: string;
  /** A tenth of the size. */
  readonly small: boolean;
  readonly rounds: number;
  /** Of d and faker, which take minutes each. */
  readonly longRounds: number;
  readonly only: readonly string[];
  readonly engines: readonly string[];
  readonly json: string;
  /** Whether docs/performance.md is written. */
  readonly document: boolean;
  readonly positionals: readonly string[];
}

export const ALL = ['a', 'b', 'c', 'd', 'faker', 'manifest', 'second', 'warm', 'start'];
export const ENGINES = ['sluice', 'docker', 'pyairbyte', 'duckdb'];

/** @throws Error for an option or a word that does not exist */
export function readOptions(argv: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      small: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      'long-rounds': { type: 'string', default: '1' },
      only: { type: 'string', default: ALL.join() },
      engines: { type: 'string', default: ENGINES.join() },
      json: { type: 'string' },
      document: { type: 'boolean', default: false },
    },
  });
  const data = resolve(values.data ?? join(tmpdir(), `sluice-bench-${userInfo().username}`));
  return {
    data,
    small: values.small,
    document: values.document,
    rounds: countOf('--rounds', values.rounds),
    longRounds: countOf('--long-rounds', values['long-rounds']),
    only: listed('--only', values.only, ALL),
    engines: listed('--engines', values.engines, ENGINES),
    json: resolve(values.json ?? join(data, 'bench.json')),
    positionals,
  };
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`${option}: ${text} is no number of rounds`);
  return count;
}

function listed(option: string, text: string, known: readonly string[]): string[] {
  const words = text.split(',');
  const unknown = words.filter((word) => !known.includes(word));
  if (unknown.length > 0) throw new Error(`${option}: ${unknown.join()} is none of ${known.join()}`);
  return words;
}
