/** What was typed after `npm run bench --`. */
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface Options {
  /** Where data, environments and results lie. */
  readonly data: string;
  /** A tenth of the size. */
  readonly small: boolean;
  readonly rounds: number;
  readonly only: readonly string[];
  readonly engines: readonly string[];
  readonly json: string;
  readonly positionals: readonly string[];
}

export const ALL = ['a', 'b', 'c', 'd', 'faker', 'second'];
export const ENGINES = ['sluice', 'pyairbyte', 'duckdb'];

/** @throws Error for an option or a word that does not exist */
export function readOptions(argv: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      small: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: ALL.join() },
      engines: { type: 'string', default: ENGINES.join() },
      json: { type: 'string' },
    },
  });
  const data = resolve(values.data ?? join(tmpdir(), `sluice-bench-${userInfo().username}`));
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is not a number of rounds`);
  return {
    data,
    small: values.small,
    rounds,
    only: listed('--only', values.only, ALL),
    engines: listed('--engines', values.engines, ENGINES),
    json: resolve(values.json ?? join(data, 'bench.json')),
    positionals,
  };
}

function listed(option: string, text: string, known: readonly string[]): string[] {
  const words = text.split(',');
  const unknown = words.filter((word) => !known.includes(word));
  if (unknown.length > 0) throw new Error(`${option}: ${unknown.join()} is none of ${known.join()}`);
  return words;
}
