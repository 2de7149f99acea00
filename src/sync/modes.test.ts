import { describe, expect, it } from 'vitest';
import { type Catalog, parseCatalog } from '../protocol/index.ts';
import { configureStreams, defaultMode } from './modes.ts';

const properties = { id: { type: 'integer' }, updated_at: { type: 'string' } };
const catalog: Catalog = parseCatalog({
  streams: [
    {
      name: 'users',
      json_schema: { properties },
      supported_sync_modes: ['full_refresh', 'incremental'],
      source_defined_cursor: true,
      default_cursor_field: ['updated_at'],
      source_defined_primary_key: [['id']],
    },
    { name: 'free', json_schema: { properties }, supported_sync_modes: ['full_refresh', 'incremental'] },
    { name: 'full', json_schema: { properties }, supported_sync_modes: ['full_refresh'] },
    { name: 'twin', namespace: 'a', json_schema: {}, supported_sync_modes: ['full_refresh'] },
    { name: 'twin', namespace: 'b', json_schema: {}, supported_sync_modes: ['full_refresh'] },
  ],
});

describe('the default mode', () => {
  it('is incremental where the stream has a cursor, deduplicated where it has a key', () => {
    expect(catalog.streams.map((stream) => defaultMode(stream))).toEqual([
      'incremental_deduped_history',
      'full_refresh_overwrite',
      'full_refresh_overwrite',
      'full_refresh_overwrite',
      'full_refresh_overwrite',
    ]);
  });
});

describe('configureStreams', () => {
  it('takes modes, cursors and keys', () => {
    const [users, free, twin] = configureStreams(
      catalog,
      ['users', 'free', 'b.twin'],
      [{ stream: 'free', cursorField: 'updated_at', primaryKey: ['id'] }],
    );
    expect(users).toMatchObject({
      mode: 'incremental_deduped_history',
      cursorField: ['updated_at'],
      primaryKey: [['id']],
    });
    expect(free).toMatchObject({
      mode: 'incremental_deduped_history',
      cursorField: ['updated_at'],
      primaryKey: [['id']],
    });
    expect(twin).toMatchObject({ mode: 'full_refresh_overwrite', cursorField: [], stream: { namespace: 'b' } });
  });

  const mode = 'incremental_append' as const;
  it.each([
    ['no_streams', [], []],
    ['unknown_stream', ['user'], []],
    ['ambiguous_stream', ['twin'], []],
    ['stream_twice', ['users', 'users'], []],
    ['unknown_stream', ['users'], [{ stream: 'usres' }]],
    ['option_without_stream', ['users'], [{ stream: 'full' }]],
    ['option_twice', ['users'], [{ stream: 'users' }, { stream: 'users' }]],
    [
      'primary_key_needed',
      ['free'],
      [{ stream: 'free', mode: 'incremental_deduped_history' as const, cursorField: 'id' }],
    ],
    ['mode_not_supported', ['full'], [{ stream: 'full', mode }]],
    ['cursor_needed', ['free'], [{ stream: 'free', mode }]],
    ['unknown_cursor_field', ['free'], [{ stream: 'free', cursorField: 'updatedat' }]],
    ['cursor_defined_by_source', ['users'], [{ stream: 'users', cursorField: 'id' }]],
    ['cursor_not_used', ['full'], [{ stream: 'full', mode: 'full_refresh_overwrite' as const, cursorField: 'id' }]],
  ])('refuses %s', (code, names, options) => {
    expect(() => configureStreams(catalog, names, options)).toThrow(
      expect.objectContaining({ code, kind: 'input', next: expect.stringMatching(/\S/) }),
    );
  });

  it('offers near names', () => {
    expect(() => configureStreams(catalog, ['usrs'])).toThrow(
      expect.objectContaining({ next: expect.stringContaining('users') }),
    );
  });
});
