/** A destination receives exactly the bytes that the source wrote, wherever the pipe cuts them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { catalogOf, openTestContext, type TestContext } from '../sync-context.fixture.ts';
import { testDestination } from './delivery-context.fixture.ts';

let context: TestContext;
beforeEach(async () => {
  context = await openTestContext();
});
afterEach(() => context.close());

const streams = ['a', 'b', 'ü "quoted"'];
const catalog = catalogOf(...streams.map((name) => ({ name })));

/** A line, and whether the destination is to have it. */
const line = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(fc.constantFrom(...streams), fc.jsonValue(), fc.constantFrom(0, 1, 2)).map(record),
  },
  { weight: 1, arbitrary: fc.constantFrom(...streams).map((name) => [state(name), true] as const) },
  { weight: 1, arbitrary: fc.nat(300_000).map((size) => record(['a', 'x'.repeat(size), 0])) },
  { weight: 1, arbitrary: fc.string().map((text) => [`no message ${text.replace(/[\r\n]/g, '')}`, false] as const) },
  { weight: 1, arbitrary: fc.constant(['{"type":"LOG","log":{"level":"INFO","message":"hello"}}', false] as const) },
  { weight: 1, arbitrary: fc.constant(['', false] as const) },
);

function record([stream, value, form]: [string, unknown, number]): readonly [string, boolean] {
  const [name, data] = [JSON.stringify(stream), JSON.stringify({ value })];
  const forms = [
    `{"type":"RECORD","record":{"stream":${name},"data":${data},"emitted_at":1}}`,
    ` { "record" : {"emitted_at":2,"data":${data},"stream":${name}}, "type" : "RECORD" } `,
    `{"type":"RECORD","record":{"stream":${name},"namespace":null,"data":${data},"emitted_at":3}}\r`,
  ];
  return [forms[form] ?? '', true];
}

function state(name: string): string {
  return `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":${JSON.stringify(name)}},"stream_state":{"at":9007199254740993}}}}`;
}

it('records and states in their order, nothing else, nothing changed', async () => {
  const shelf = await testDestination(context);
  const [input, received] = [join(context.folder, 'input'), join(context.folder, 'heard')];
  const request = await shelf.into(await context.play('p', catalog, []));
  const { destination } = request;
  if (!destination) throw new Error('no destination');
  const shell = (command: string) => ({ kind: 'process', command: ['/bin/sh', '-c', command, 'sh'] }) as const;
  const source = { ...request.installed, start: shell(`cat '${input}'`) };
  const target = { ...destination, installed: { ...destination.installed, start: shell(`cat > '${received}'`) } };
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 60 }), async (some) => {
      // Enough for the pipe to cut it many times.
      const lines = Array.from({ length: 10 }, () => some).flat();
      await writeFile(input, lines.map(([text]) => `${text}\n`).join(''));
      const status = await context.sync({ ...request, installed: source, destination: target });
      const expected = lines.flatMap(([text, passes]) => (passes ? [`${text}\n`] : [])).join('');
      expect((await readFile(received)).equals(Buffer.from(expected))).toBe(true);
      expect(status.records).toBe(lines.filter(([text]) => text.includes('RECORD')).length);
    }),
    { numRuns: 15, endOnFailure: true },
  );
}, 60_000);
