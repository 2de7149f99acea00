import * as z from 'zod';
import type { RegistryEntry } from '../../registry/index.ts';
import { defineTool } from '../tool.ts';

const row = z.object({
  name: z.string(),
  title: z.string(),
  type: z.enum(['source', 'destination']),
  runtimes: z.array(z.enum(['python', 'docker', 'manifest'])),
  support_level: z.string(),
  version: z.string(),
});

export const listConnectors = defineTool({
  name: 'list_connectors',
  title: 'Find connectors',
  description: 'Connectors of the Airbyte registry by words of name or title, with the runtimes that can run them.',
  input: z.strictObject({
    search: z.string().optional(),
    type: z.enum(['source', 'destination']).optional(),
    runtime: z.enum(['python', 'docker', 'manifest']).optional(),
    support: z.enum(['certified', 'community', 'archived']).optional(),
    limit: z.int().min(1).max(200).default(50),
    cursor: z.string().optional(),
  }),
  output: z.object({
    connectors: z.array(row),
    total: z.number(),
    next_cursor: z.string().optional(),
    /** Names that resemble the search, where nothing matches. */
    near: z.array(z.string()).optional(),
    note: z.string().optional(),
  }),
  realm: 'local',
  effect: 'read',
  async run(input, { services, signal }) {
    const { entries, total, nextCursor, near, note } = await services.registry.search(input, signal);
    const lines = [
      total === 0
        ? nothingFound(near)
        : `${entries.length} of ${total}: name | title | type | runtimes | support | version`,
      ...entries.map(lineOf),
      ...(nextCursor ? [`More: call again with cursor "${nextCursor}".`] : []),
      ...(note ? [`Note: ${note}`] : []),
    ];
    return {
      text: lines.join('\n'),
      data: {
        connectors: entries.map(rowOf),
        total,
        next_cursor: nextCursor,
        near: near.length > 0 ? [...near] : undefined,
        note,
      },
    };
  },
});

function rowOf({ name, title, type, runtimes, supportLevel, version }: RegistryEntry): z.infer<typeof row> {
  return { name, title, type, runtimes: [...runtimes], support_level: supportLevel, version };
}

function lineOf({ name, title, type, runtimes, supportLevel, version }: RegistryEntry): string {
  return [name, title, type, runtimes.join(', '), supportLevel, version].join(' | ');
}

function nothingFound(near: readonly string[]): string {
  const advice = near.length > 0 ? `Near names: ${near.join(', ')}.` : 'Try one shorter word, or fewer filters.';
  return `No connector matches. ${advice}`;
}
