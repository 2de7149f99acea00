import { describe, expect, it } from 'vitest';
import { parseCatalog } from '../../protocol/index.ts';
import { configureForDestination } from './modes.ts';

const catalog = parseCatalog({
  streams: [
    {
      name: 'keyed',
      json_schema: { properties: { id: {}, at: {} } },
      supported_sync_modes: ['full_refresh', 'incremental'],
      source_defined_cursor: true,
      default_cursor_field: ['at'],
      source_defined_primary_key: [['id']],
    },
    { name: 'plain', json_schema: {}, supported_sync_modes: ['full_refresh'] },
  ],
});

const modes = (supported: string[] | undefined): string[] =>
  configureForDestination(catalog, ['keyed', 'plain'], [], { name: 'shelf', modes: supported }).map(({ mode }) => mode);

describe('the mode of a stream into a destination', () => {
  it.each([
    [undefined, ['incremental_deduped_history', 'full_refresh_overwrite']],
    [
      ['overwrite', 'append', 'append_dedup'],
      ['incremental_deduped_history', 'full_refresh_overwrite'],
    ],
    [
      ['overwrite', 'append'],
      ['incremental_append', 'full_refresh_overwrite'],
    ],
    [['append'], ['incremental_append', 'full_refresh_append']],
    [['overwrite'], ['full_refresh_overwrite', 'full_refresh_overwrite']],
  ])('of one that supports %j', (supported, expected) => expect(modes(supported)).toEqual(expected));

  it('that it does not support is refused with those that it does', () => {
    const choose = (supported: string[]) => () =>
      configureForDestination(catalog, ['keyed'], [{ stream: 'keyed', mode: 'full_refresh_overwrite' }], {
        name: 'shelf',
        modes: supported,
      });
    expect(choose(['append'])).toThrow(
      expect.objectContaining({
        code: 'mode_not_supported_by_destination',
        next: 'Use one of: full_refresh_append, incremental_append.',
      }),
    );
    expect(choose(['update'])).toThrow(
      expect.objectContaining({ next: expect.stringContaining('no mode of writing') }),
    );
  });
});
