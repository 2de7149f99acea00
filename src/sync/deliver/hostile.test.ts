/** Destinations that misbehave, and sources that fail: which one is blamed, what is confirmed, and that nothing hangs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../protocol/index.ts';
import {
  catalogOf,
  errorLine,
  openTestContext,
  type Part,
  recordLine,
  SECRET,
  stateLine,
  type TestContext,
} from '../sync-context.fixture.ts';
import type { SyncStatus } from '../types.ts';
import { type TestDestination, testDestination } from './delivery-context.fixture.ts';

let context: TestContext;
let shelf: TestDestination;
beforeEach(async () => {
  context = await openTestContext(undefined, undefined, undefined, 2_000);
  shelf = await testDestination(context);
});
afterEach(() => context.close());

/** Users of the meadow, 50 between two states. */
const sync = async (config: JsonObject, count = 200): Promise<SyncStatus> =>
  context.sync(await shelf.into(await context.meadow({ count, batch: 50, delay_ms: 5 }, ['users']), config));

const item = catalogOf({ name: 'item', properties: { id: { type: 'integer' } }, incremental: true });
const play = async (parts: readonly Part[], config: JsonObject = {}): Promise<SyncStatus> =>
  context.sync(await shelf.into(await context.play('p', item, parts), config));

const ids = async (): Promise<unknown[]> => (await shelf.written('users')).map(({ id }) => id);

describe('a destination that fails', () => {
  it.each([
    ['dies', /ended by SIGKILL/],
    ['fails', /the disk of this destination is full/],
    ['leaves', /closed its input, or ended, before the source was read/],
  ])(
    '%s: the error names the destination, the states it returned are stored, and the next sync loses nothing',
    async (behaviour, message) => {
      const status = await sync({ behaviour, after: 120 }, 20_000);
      expect(status).toMatchObject({ state: 'incomplete', streams: [{ state: 'incomplete', committed_state: true }] });
      expect(status.errors).toMatchObject([{ from: 'destination', message: expect.stringMatching(message) }]);
      const [{ confirmed = 0, records } = { records: 0 }] = status.streams;
      expect(confirmed).toBe(100);
      expect(records).toBeGreaterThanOrEqual(100);
      const again = await sync({}, 300);
      expect(again).toMatchObject({ state: 'complete', records: 200, warnings: [] });
      expect(new Set(await ids()).size).toBe(300);
      // Repeated is only what was not confirmed.
      expect((await ids()).length).toBeLessThanOrEqual(320);
    },
  );

  it('closes its input and stays: it is ended, not waited for', async () => {
    const status = await sync({ behaviour: 'closes_stdin', after: 120 }, 20_000);
    expect(status).toMatchObject({ state: 'incomplete', streams: [{ confirmed: 100 }] });
    expect(status.errors).toMatchObject([{ from: 'destination' }]);
  }, 40_000);

  it('sends a TRACE ERROR and exits with status 0: the sync is incomplete', async () => {
    const status = await sync({ behaviour: 'complains' });
    expect(status).toMatchObject({ state: 'incomplete', streams: [{ state: 'incomplete', confirmed: 200 }] });
    expect(status.errors).toMatchObject([{ from: 'destination', message: 'not all was well' }]);
  });

  it.each(['hangs', 'stalls'])(
    '%s: its limit ends it, and the source with it',
    async (behaviour) => {
      const status = await sync({ behaviour, after: 120 }, behaviour === 'stalls' ? 20_000 : 200);
      expect(status.state).toBe('incomplete');
      expect(status.errors).toMatchObject([
        { from: 'destination', message: expect.stringContaining('sent nothing for') },
      ]);
    },
    40_000,
  );

  it('cannot be started: nothing is read', async () => {
    const request = await shelf.into(await context.meadow({ count: 5 }, ['users']));
    const { destination } = request;
    if (!destination) throw new Error('no destination');
    const start = { kind: 'process', command: ['/nowhere/at-all'] } as const;
    const installed = { ...destination.installed, start };
    const status = await context.sync({ ...request, destination: { ...destination, installed } });
    expect(status).toMatchObject({ state: 'failed', records: 0, errors: [{ from: 'destination' }] });
  });

  it('prints its token: it is redacted in the status and in the log', async () => {
    const status = await sync({ behaviour: 'babbles' });
    expect(JSON.stringify(status)).not.toContain(SECRET);
    const log = (await context.syncs.log(status.sync_id, 500)).join('\n');
    expect(log).toContain('destination: connecting with');
    expect(log).not.toContain(SECRET);
  });

  it.each(['garbage', 'floods'])(
    '%s: output that is not a message is logged, and the sync continues',
    async (behaviour) => {
      const status = await sync({ behaviour });
      expect(status).toMatchObject({ state: 'complete', errors: [], streams: [{ confirmed: 200 }] });
    },
    40_000,
  );
});

describe('states that a destination returns', () => {
  const two = [recordLine('item', { id: 1 }), stateLine('item', { at: 1 }, { sent: 1 }), recordLine('item', { id: 2 })];
  const lines = [...two, stateLine('item', { at: 2 }, { sent: 1 })];

  it('none: nothing is stored, and nothing is reported as complete', async () => {
    const status = await play(lines, { behaviour: 'keeps_states' });
    expect(status).toMatchObject({ state: 'failed', streams: [{ confirmed: 0, committed_state: false }] });
    expect(status.warnings.join('\n')).toContain('did not return the last state of "item"');
    expect(JSON.parse(await shelf.storedStates('p')).states).toEqual([]);
  });

  it.each(['early', 'other'])('%s: a state that was not sent is not stored', async (behaviour) => {
    const status = await play(lines, { behaviour });
    expect(status.warnings.join('\n')).toContain('returned a state that the source has not sent');
    expect(await shelf.storedStates('p')).not.toMatch(/2999|nobody/);
  });

  it('twice, or only the last one: as once', async () => {
    for (const behaviour of ['twice', 'last_only']) {
      const status = await play(lines, { behaviour });
      expect(status).toMatchObject({ state: 'complete', warnings: [], streams: [{ confirmed: 2 }] });
      expect(JSON.parse(await shelf.storedStates('p')).states).toHaveLength(1);
    }
  });

  it('with a different record count: a warning', async () => {
    const status = await play(lines, { behaviour: 'lies' });
    expect(status.warnings.join('\n')).toContain(
      'The source counted 2 records up to its states, and the destination 0',
    );
  });
});

describe('a source that fails, or ends oddly', () => {
  const lines = [recordLine('item', { id: 1 }), stateLine('item', { at: 1 }), recordLine('item', { id: 2 })];

  it.each<[string, Part[]]>([
    ['with an error', [errorLine('the source is tired'), { exit: 1 }]],
    ['by dying', [{ kill: 'SIGKILL' }]],
  ])('%s: the destination may finish, and keeps what it has', async (_how, end) => {
    const status = await play([...lines, ...end]);
    expect(status).toMatchObject({ state: 'incomplete', streams: [{ state: 'incomplete', records: 2, confirmed: 2 }] });
    expect(status.errors).toMatchObject([{ from: 'source' }]);
    expect(await shelf.written('item')).toEqual([{ id: 1 }, { id: 2 }]);
    await play([]);
    expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 1 } } }]);
  });

  it.each<[string, Part[], string]>([
    ['ended badly', [{ exit: 1 }], 'incomplete'],
    ['ended well', [], 'complete'],
  ])('%s after its last state: a warning reports the records that will be duplicated', async (_how, end, state) => {
    const sync = async (parts: Part[]) =>
      context.sync(
        await shelf.into(await context.play('p', item, parts, [{ stream: 'item', mode: 'incremental_append' }])),
      );
    const status = await sync([...lines, ...end]);
    expect(status).toMatchObject({
      state,
      warnings: [expect.stringMatching(/^1 record of "item" .* sends it again and may be there twice then/)],
    });
    const behind = [recordLine('item', { id: 2 }), stateLine('item', { at: 2 })];
    expect(await sync(behind)).toMatchObject({ state: 'complete', warnings: [] });
    expect(await shelf.written('item')).toEqual([{ id: 1 }, { id: 2 }, { id: 2 }]);
  });

  it('sends one state twice, which comes back once: no records are reported after it', async () => {
    const request = await context.play(
      'p',
      item,
      [1, 2].flatMap((id) => [recordLine('item', { id }), stateLine('item', { at: 1 })]),
      [{ stream: 'item', mode: 'incremental_append' }],
    );
    const status = await context.sync(await shelf.into(request, { behaviour: 'last_only' }));
    expect(status).toMatchObject({ state: 'complete', warnings: [] });
  });

  it('an overwritten stream that was not completed is reported as partial', async () => {
    const request = await context.play(
      'p',
      item,
      [...lines, { exit: 1 }],
      [{ stream: 'item', mode: 'full_refresh_overwrite' }],
    );
    const status = await context.sync(await shelf.into(request));
    expect(status.warnings.join('\n')).toContain('the destination may hold a part of it');
  });
});
