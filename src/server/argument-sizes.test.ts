import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tools } from '../tools/index.ts';
import { checkSizes, sizeLimit } from './argument-sizes.ts';

const tool = (name: string) => {
  const found = tools.find((entry) => entry.name === name);
  if (!found) throw new Error(`no tool ${name}`);
  return found;
};

describe('checkSizes', () => {
  it('refuses a text beyond the limit in any argument of any tool, also in one that is unknown', () => {
    for (const entry of tools) {
      for (const name of [...Object.keys(entry.input.shape), 'nothing_such']) {
        const long = 'x'.repeat(sizeLimit(name).text + 1);
        for (const value of [long, [long], { a: [{ b: long }] }, { [long]: 1 }]) {
          expect(() => checkSizes(entry, { [name]: value }), `${entry.name} ${name}`).toThrow(
            expect.objectContaining({ code: 'argument_too_large' }),
          );
        }
      }
      expect(() => checkSizes(entry, { ['k'.repeat(5_000)]: 1 })).toThrow();
    }
  });

  it('refuses many small values as it refuses a large one', () => {
    const many = Array.from({ length: 300_000 }, () => 1);
    expect(() => checkSizes(tool('start_sync'), { streams: many })).toThrow(/larger than 200,000/);
    expect(() => checkSizes(tool('query'), { sql: 'SELECT 1', limit: many })).toThrow();
  });

  it('accepts what people send', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => checkSizes(tool('validate_config'), { connector: 'source-x', config: value })).not.toThrow();
      }),
    );
    expect(() => checkSizes(tool('query'), { sql: 'x'.repeat(100_000) })).not.toThrow();
  });
});
