/** A real source into a real destination process: what is delivered, what is stored, what resumes. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  catalogOf,
  openTestContext,
  type Part,
  recordLine,
  stateLine,
  statusLine,
  type TestContext,
} from '../sync-context.fixture.ts';
import { type TestDestination, testDestination } from './delivery-context.fixture.ts';

let context: TestContext;
let shelf: TestDestination;
beforeEach(async () => {
  context = await openTestContext();
  shelf = await testDestination(context);
});
afterEach(() => context.close());

const item = catalogOf({ name: 'item', properties: { id: { type: 'integer' } }, incremental: true });

describe('a sync into a destination', () => {
  it('delivers every record, stores the returned states, and resumes there', async () => {
    const first = await context.sync(
      await shelf.into(await context.meadow({ count: 250, batch: 100 }, ['users', 'notes'])),
    );
    expect(first.errors).toEqual([]);
    expect(first.warnings).toEqual([]);
    expect(first).toMatchObject({ state: 'complete', source: 'meadow', destination: 'shelf', records: 500 });
    expect(first).not.toHaveProperty('dataset');
    expect(first.streams).toMatchObject([
      {
        stream: 'users',
        mode: 'incremental_deduped_history',
        state: 'complete',
        confirmed: 250,
        committed_state: true,
      },
      { stream: 'notes', mode: 'full_refresh_overwrite', state: 'complete', confirmed: 250, committed_state: false },
    ]);
    expect((await shelf.written('users')).map(({ id }) => id)).toEqual(Array.from({ length: 250 }, (_, id) => id + 1));
    const second = await context.sync(
      await shelf.into(await context.meadow({ count: 300, batch: 100 }, ['users', 'notes'])),
    );
    expect(second.streams.map(({ records, confirmed }) => [records, confirmed])).toEqual([
      [50, 50],
      [300, 300],
    ]);
    expect(await shelf.written('users')).toHaveLength(300);
    expect(await shelf.written('notes')).toHaveLength(300);
    const { streams } = await shelf.catalog();
    expect(streams).toMatchObject([
      { destination_sync_mode: 'append_dedup', sync_mode: 'incremental', generation_id: 1, minimum_generation_id: 0 },
      { destination_sync_mode: 'overwrite', sync_mode: 'full_refresh', generation_id: 2, minimum_generation_id: 2 },
    ]);
    expect(streams[0]?.sync_id).toBeGreaterThan(1_700_000_000_000);
  });

  it('keeps states as the source wrote them, beyond what a double holds', async () => {
    const state =
      '{"type":"STREAM","stream":{"stream_descriptor":{"name":"item"},"stream_state":{"at":9007199254740993,"x":1.10}}}';
    const lines = [recordLine('item', { id: 1 }), `{"type":"STATE","state":${state}}\n`];
    const play = (parts: string[]) => context.play('p', item, parts);
    const first = await context.sync(await shelf.into(await play(lines), { behaviour: 'rounds' }));
    expect(first).toMatchObject({ state: 'complete', warnings: [], streams: [{ committed_state: true }] });
    expect(JSON.parse(await shelf.storedStates('p')).states).toMatchObject([{ text: state }]);
    await context.sync(await shelf.into(await play([])));
    expect(await context.seenText()).toBe(`[${state}]`);
  });

  it('delivers only records and states of the requested streams', async () => {
    const lines = [
      statusLine('item', 'STARTED'),
      'no message\n',
      recordLine('other', { id: 7 }),
      recordLine('item', { id: 1 }),
      stateLine('other', { at: 1 }),
      stateLine('item', { at: 1 }),
      recordLine('item', { id: 2 }).trimEnd(),
    ];
    const status = await context.sync(await shelf.into(await context.play('p', item, lines)));
    expect(status).toMatchObject({ state: 'complete', streams: [{ records: 2, confirmed: 2 }] });
    expect(await shelf.written('item')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(status.warnings.join('\n')).toMatch(/"other", which was not asked for/);
    expect(status.warnings.join('\n')).toMatch(/state that belongs to no stream/);
  });

  it('starts over with restart, and if the destination has moved', async () => {
    const read = async (restart: boolean, at = shelf.folder) =>
      context.sync({
        ...(await shelf.into(await context.meadow({ count: 100, batch: 50 }, ['users']), {}, { locationKey: at })),
        restart,
      });
    expect(await read(false)).toMatchObject({ records: 100 });
    expect(await read(false)).toMatchObject({ records: 0, state: 'complete' });
    expect(await read(true)).toMatchObject({ records: 100, state: 'complete' });
    expect(await shelf.written('users')).toHaveLength(100);
    expect(await read(false)).toMatchObject({ records: 0 });
    const moved = await read(false, 'elsewhere');
    expect(moved).toMatchObject({ records: 100, warnings: [expect.stringContaining('another configuration')] });
  });

  it('keeps a GLOBAL state for the streams that it speaks of, and not for one that was overwritten since', async () => {
    const two = catalogOf({ name: 'a', incremental: true }, { name: 'b', incremental: true });
    const global = (at: number): string =>
      `{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"at":${at}},"stream_states":[{"stream_descriptor":{"name":"a"},"stream_state":{"a":${at}}},{"stream_descriptor":{"name":"b"},"stream_state":{"b":${at}}}]}}}\n`;
    const sync = async (parts: string[], mode?: 'full_refresh_overwrite') =>
      context.sync(await shelf.into(await context.play('p', two, parts, mode ? [{ stream: 'a', mode }] : [])));
    expect(await sync([recordLine('a', { id: 1 }), recordLine('b', { id: 1 }), global(1)])).toMatchObject({
      state: 'complete',
      streams: [{ committed_state: true }, { committed_state: true }],
    });
    await sync([], 'full_refresh_overwrite');
    expect(await context.seenState()).toMatchObject([
      { global: { stream_states: [{ stream_descriptor: { name: 'b' }, stream_state: { b: 1 } }] } },
    ]);
    await sync([]);
    expect(JSON.stringify(await context.seenState())).not.toContain('"a":1');
  });

  it('restarts a stream that was left out while a GLOBAL state moved on', async () => {
    const stream = (name: string) => ({ name, incremental: true, properties: { id: { type: 'integer' } } });
    const global = (at: number): string =>
      `{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"at":${at}},"stream_states":[{"stream_descriptor":{"name":"a"},"stream_state":{}},{"stream_descriptor":{"name":"b"},"stream_state":{}}]}}}\n`;
    const sync = async (names: string[], parts: string[]) =>
      context.sync(await shelf.into(await context.play('p', catalogOf(...names.map(stream)), parts)));
    await sync(['a', 'b'], [recordLine('a', { id: 1 }), recordLine('b', { id: 1 }), global(1)]);
    await sync(['a'], [recordLine('a', { id: 2 }), global(2)]);
    // What happened to b between 1 and 2 would be lost to one that continues from 2.
    const third = await sync(['a', 'b'], [recordLine('b', { id: 1 }), recordLine('b', { id: 2 }), global(3)]);
    expect(await context.seenState()).toMatchObject([
      { global: { shared_state: { at: 2 }, stream_states: [{ stream_descriptor: { name: 'a' } }] } },
    ]);
    expect(third).toMatchObject({ state: 'complete', warnings: [expect.stringContaining('read from its beginning')] });
    expect(await shelf.written('a')).toHaveLength(2);
    expect(await shelf.written('b')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await sync(['a', 'b'], [global(4)])).toMatchObject({ warnings: [] });
    expect(JSON.stringify(await context.seenState())).toContain('"b"');
  });

  it('warns of a stream that a LEGACY state no longer speaks of, and continues with one that it does', async () => {
    const stream = (name: string) => ({ name, incremental: true, properties: { id: { type: 'integer' } } });
    const legacy = (data: object): string => `${JSON.stringify({ type: 'STATE', state: { data } })}\n`;
    const sync = async (names: string[], parts: string[]) =>
      context.sync(await shelf.into(await context.play('p', catalogOf(...names.map(stream)), parts)));
    const all = ['a', 'b', 'c'];
    await sync(all, [...all.map((name) => recordLine(name, { id: 1 })), legacy({ a: 1, b: 1, c: 1 })]);
    await sync(['a'], [recordLine('a', { id: 2 }), legacy({ a: 2, c: 1 })]);
    const third = await sync(all, [recordLine('b', { id: 1 }), legacy({ a: 2, b: 1, c: 1 })]);
    expect(await context.seenState()).toEqual({ a: 2, c: 1 });
    expect(third.warnings).toEqual([expect.stringContaining('"b" was not read')]);
    expect(await shelf.written('b')).toEqual([{ id: 1 }]);
    expect(await shelf.written('c')).toEqual([{ id: 1 }]);
  });

  it('re-reads nothing if the stored states are damaged, unless restart is set', async () => {
    const lines = [recordLine('item', { id: 1 }), stateLine('item', { at: 1 })];
    const sync = async (restart = false) =>
      context.sync({ ...(await shelf.into(await context.play('p', item, lines))), restart });
    await sync();
    await writeFile(join(await context.project.folder('states'), 'p', 'shelf.json'), '{"locationKey":');
    expect(await sync()).toMatchObject({
      state: 'failed',
      errors: [{ message: expect.stringContaining('shelf.json') }],
    });
    expect(await shelf.written('item')).toHaveLength(1);
    expect(await sync(true)).toMatchObject({ state: 'complete' });
    expect(await shelf.written('item')).toHaveLength(1);
  });

  it('overwrites until a read is complete, and never repeats a part of it', async () => {
    const sync = async (parts: Part[], restart = false) =>
      context.sync({ ...(await shelf.into(await context.play('p', item, parts))), restart });
    const one = [recordLine('item', { id: 1 }), stateLine('item', { at: 1 })];
    const both = [...one, recordLine('item', { id: 2 }), stateLine('item', { at: 2 })];
    await sync(both);
    await sync([...one, { exit: 1 }], true);
    expect(await shelf.written('item')).toEqual([{ id: 1 }]);
    // What is there is a part: the state that came back does not count.
    expect(await sync(both)).toMatchObject({ state: 'complete', records: 2 });
    expect(await context.seenState()).toBeUndefined();
    expect(await shelf.written('item')).toEqual([{ id: 1 }, { id: 2 }]);
    await sync([recordLine('item', { id: 3 })]);
    expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 2 } } }]);
    expect(await shelf.written('item')).toHaveLength(3);
  });

  it('warns if records are appended to the result of a full refresh', async () => {
    const lines = [recordLine('item', { id: 1 }), stateLine('item', { at: 1 })];
    const sync = async (mode: 'full_refresh_overwrite' | 'incremental_append') =>
      context.sync(await shelf.into(await context.play('p', item, lines, [{ stream: 'item', mode }])));
    expect(await sync('full_refresh_overwrite')).toMatchObject({ state: 'complete', warnings: [] });
    expect(await sync('incremental_append')).toMatchObject({ warnings: [expect.stringContaining('there twice')] });
    expect(await sync('incremental_append')).toMatchObject({ warnings: [] });
  });

  it('marks old records for a destination with generations until the stream is complete', async () => {
    const sync = async (parts: Part[], restart = false) => {
      const request = await shelf.into(await context.play('p', item, parts), {}, { supportsRefreshes: true });
      const { state } = await context.sync({ ...request, restart });
      const [stream] = (await shelf.catalog()).streams;
      return [state, stream?.destination_sync_mode, stream?.generation_id, stream?.minimum_generation_id];
    };
    const lines = [recordLine('item', { id: 1 }), stateLine('item', { at: 1 })];
    expect(await sync(lines)).toEqual(['complete', 'append', 1, 0]);
    expect(await sync(lines)).toEqual(['complete', 'append', 1, 0]);
    expect(await sync([...lines, { exit: 1 }], true)).toEqual(['incomplete', 'append', 2, 2]);
    // It continues with what replaces the old records.
    expect(await sync(lines)).toEqual(['complete', 'append', 2, 2]);
    expect(await context.seenState()).toMatchObject([{ stream: { stream_state: { at: 1 } } }]);
    expect(await sync(lines)).toEqual(['complete', 'append', 2, 0]);
  });

  it('keeps LEGACY states', async () => {
    const lines = [recordLine('item', { id: 1 }), '{"type":"STATE","state":{"data":{"item":{"at":5}}}}\n'];
    expect(await context.sync(await shelf.into(await context.play('p', item, lines)))).toMatchObject({
      state: 'complete',
    });
    await context.sync(await shelf.into(await context.play('p', item, [])));
    expect(await context.seenState()).toEqual({ item: { at: 5 } });
  });

  it('sends COMPLETE to a destination that waits for it, even if the source never does', async () => {
    const { destination } = await shelf.into(await context.meadow({ count: 1 }, ['notes']));
    if (!destination) throw new Error('no destination');
    const received = `${shelf.folder}/heard`;
    const start = { kind: 'process', command: ['/bin/sh', '-c', `cat > '${received}'`, 'sh'] } as const;
    const installed = { ...destination.installed, start };
    const plain = catalogOf({ name: 'item' });
    const request = await context.play('p', plain, [recordLine('item', { id: 1 })]);
    for (const supportsRefreshes of [true, false]) {
      await context.sync({ ...request, destination: { ...destination, installed, supportsRefreshes } });
      const text = await readFile(received, 'utf8');
      expect(text.includes('"COMPLETE"')).toBe(supportsRefreshes);
      expect(text.startsWith(recordLine('item', { id: 1 }))).toBe(true);
    }
  });
});
