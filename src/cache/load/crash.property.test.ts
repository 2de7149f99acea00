/** No input ends the process that loads: records of any shape, loaded in a process of their own. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const run = promisify(execFile);

/** Loads each line of a file as its own segment, in two modes, and prints the count. */
const LOADER = `
import { readFileSync } from 'node:fs';
import { openLoadContext, stream } from ${JSON.stringify(join(import.meta.dirname, 'load-context.fixture.ts'))};
const cases = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const context = await openLoadContext();
let done = 0;
for (const [index, { schema, lines }] of cases.entries()) {
  const prepared = await context.prepare([stream('s' + index, schema)], index % 2 ? 'incremental_append' : 'incremental_deduped_history');
  await context.load(prepared, lines.map((line) => Buffer.from(line, 'base64')), { mayLose: true });
  done += 1;
}
await context.close();
console.log('loaded', done);
`;

const repeated = (part: string, close: string, inner = '1'): fc.Arbitrary<string> =>
  fc.integer({ min: 1, max: 30_000 }).map((count) => part.repeat(count) + inner + close.repeat(count));
const value = fc.oneof(
  repeated('[', ']'),
  repeated('{"a":', '}'),
  repeated('[{"a":', '}]'),
  repeated('[', '', ''),
  fc.integer({ min: 1, max: 300_000 }).map((count) => '9'.repeat(count)),
  fc.integer({ min: 1, max: 300_000 }).map((count) => `1e${'9'.repeat(count)}`),
  fc.integer({ min: 1, max: 300_000 }).map((count) => `0.${'1'.repeat(count)}`),
  fc.integer({ min: 1, max: 50_000 }).map((count) => JSON.stringify('\\u0000"\\'.repeat(count))),
  fc
    .integer({ min: 1, max: 3_000 })
    .map((count) => `{${Array.from({ length: count }, (_one, at) => `"k${at}":${at}`)}}`),
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '{', '"', 'nul', '-', '{"a":}', '\ufeff{}', 'NaN', '"\\ud800"', '\u0000'),
);
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(value, value)
      .map(([id, v]) => `{"type":"RECORD","record":{"stream":"s","data":{"id":${id},"v":${v}},"emitted_at":1}}`),
  },
  { weight: 1, arbitrary: value },
  { weight: 1, arbitrary: value.map((v) => `{"type":"RECORD","record":{"stream":"s","data":${v},"emitted_at":${v}}}`) },
);
const type = fc.constantFrom('integer', 'number', 'string', 'object', 'boolean');
const cases = fc.array(
  fc.record({
    schema: fc.record({ id: fc.record({ type }), v: fc.record({ type }) }),
    lines: fc.array(
      line.map((text) => Buffer.from(text.replaceAll('\n', ' ')).toString('base64')),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  { minLength: 5, maxLength: 5 },
);

it('loads records of any shape without crashing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-crash-'));
  const loader = join(folder, 'loader.mts');
  await writeFile(loader, LOADER);
  /** The run that the time limit leaves behind. */
  let underWay: Promise<unknown> = Promise.resolve();
  const tsx = join(import.meta.dirname, '../../../node_modules/tsx/dist/cli.mjs');
  try {
    const property = fc.asyncProperty(cases, async (all) => {
      const file = join(folder, 'cases.json');
      await writeFile(file, JSON.stringify(all));
      const running = run(process.execPath, [tsx, loader, file], { timeout: 50_000 });
      underWay = running;
      const { stdout } = await running;
      expect(stdout).toContain(`loaded ${all.length}`);
    });
    await fc.assert(property, {
      numRuns: Number(process.env.PROPERTY_CALLS ?? 3),
      interruptAfterTimeLimit: 15_000,
      endOnFailure: true,
    });
  } finally {
    await underWay.catch(() => undefined);
    await rm(folder, { recursive: true });
  }
}, 120_000);
