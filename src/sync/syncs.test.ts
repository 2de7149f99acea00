import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestRoom, type TestRoom } from './test-room.ts';

let room: TestRoom;
beforeEach(async () => {
  room = await openTestRoom();
});
afterEach(() => room.close());

describe('a sync of a good source', () => {
  it('reads, loads and goes on where it ended', async () => {
    const first = await room.sync(await room.meadow({ count: 250, batch: 100 }, ['users', 'notes']));
    expect(first.errors).toEqual([]);
    expect(first.warnings).toEqual([]);
    expect(first).toMatchObject({ state: 'complete', source: 'meadow', dataset: 'meadow', records: 500 });
    expect(first.streams).toMatchObject([
      { stream: 'users', mode: 'incremental_append', state: 'complete', rows: 250, committed_state: true },
      { stream: 'notes', mode: 'full_refresh_overwrite', state: 'complete', rows: 250 },
    ]);
    const second = await room.sync(await room.meadow({ count: 300, batch: 100 }, ['users', 'notes']));
    expect(second.streams.map(({ records, rows }) => [records, rows])).toEqual([
      [50, 50],
      [300, 300],
    ]);
    expect(await room.rows('SELECT count(*), count(DISTINCT id) FROM meadow.users')).toEqual([['300', '300']]);
    expect(await room.rows('SELECT count(*), count(DISTINCT id) FROM meadow.notes')).toEqual([['300', '300']]);
    expect(
      await room.rows(
        'SELECT typeof(id), typeof(height_m), typeof(active), typeof(address), typeof(birthday), typeof(created_at), typeof(_airbyte_extracted_at) FROM meadow.users LIMIT 1',
      ),
    ).toEqual([
      ['BIGINT', 'DOUBLE', 'BOOLEAN', 'JSON', 'DATE', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP WITH TIME ZONE'],
    ]);
  });
});
