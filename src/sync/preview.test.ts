import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { previewStreams } from './preview.ts';
import {
  catalogOf,
  errorLine,
  openTestContext,
  type Part,
  recordLine,
  SECRET,
  statusLine,
  type TestContext,
} from './sync-context.fixture.ts';

let context: TestContext;
beforeEach(async () => {
  context = await openTestContext();
});
afterEach(() => context.close());

const catalog = catalogOf({ name: 'a' }, { name: 'b' });

async function preview(parts: readonly Part[], limit: number) {
  const { installed, config } = await context.play('p', catalog, parts);
  const control = { signal: new AbortController().signal, progress: () => undefined };
  return previewStreams(
    context.connectors,
    { installed, config, catalog, names: ['a', 'b'], limit },
    control,
    context.vault.redactor,
  );
}

describe('a preview', () => {
  it('ends the connector as soon as there is enough', async () => {
    const before = Date.now();
    const found = await preview(
      [
        ...[1, 2, 3].map((id) => recordLine('a', { id })),
        recordLine('b', { id: 4 }),
        recordLine('b', { id: 5 }),
        { sleep: 60_000 },
      ],
      2,
    );
    expect(Date.now() - before).toBeLessThan(10_000);
    expect(found).toEqual({
      streams: [
        { stream: 'a', records: [{ id: 1 }, { id: 2 }], complete: false },
        { stream: 'b', records: [{ id: 4 }, { id: 5 }], complete: false },
      ],
      errors: [],
    });
  });

  it('does not wait for a stream that is whole', async () => {
    const found = await preview(
      [recordLine('a', { id: 1 }), statusLine('a', 'COMPLETE'), statusLine('b', 'COMPLETE'), { sleep: 60_000 }],
      5,
    );
    expect(found.streams).toEqual([
      { stream: 'a', records: [{ id: 1 }], complete: true },
      { stream: 'b', records: [], complete: true },
    ]);
  });

  it('gives what came before an error, and the error redacted', async () => {
    await context.meadow({}, ['users']);
    const found = await preview([recordLine('a', { id: 1 }), errorLine(`bad key ${SECRET}`), { exit: 1 }], 5);
    expect(found.streams[0]).toEqual({ stream: 'a', records: [{ id: 1 }], complete: false });
    expect(found.errors).toEqual(['bad key [secret:MEADOW_API_KEY]']);
  });
});
