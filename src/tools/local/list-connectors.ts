import * as z from 'zod';
import type { Here } from '../../connectors/index.ts';
import type { RegistryEntry } from '../../registry/index.ts';
import { defineTool } from '../tool.ts';
import { REGISTRY_RUNTIMES } from './connector-arguments.ts';

const row = z.object({
  name: z.string(),
  title: z.string(),
  type: z.enum(['source', 'destination']),
  runtimes: z.array(z.enum(REGISTRY_RUNTIMES)),
  support_level: z.string(),
  version: z.string(),
  here: z.enum(['ready', 'download', 'unreachable', 'missing']),
});

export const listConnectors = defineTool({
  name: 'list_connectors',
  title: 'Find connectors',
  description:
    'Search the Airbyte registry by name or title. Returns connectors with runtimes and whether they run here: ready, download, unreachable, missing.',
  input: z.strictObject({
    search: z.string().optional(),
    type: z.enum(['source', 'destination']).optional(),
    runtime: z.enum(REGISTRY_RUNTIMES).optional(),
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
    const [{ entries, total, nextCursor, near, note }, here] = await Promise.all([
      services.registry.search(input, signal),
      services.connectors.here(signal),
    ]);
    const rows = entries.map((entry) => rowOf(entry, here));
    const lines = [
      total === 0
        ? nothingFound(near)
        : `${entries.length} of ${total}: name | title | type | runtimes | support | version | here`,
      ...rows.map(lineOf),
      ...machineText(rows, here),
      ...(nextCursor ? [`More: call again with cursor "${nextCursor}".`] : []),
      ...(note ? [`Note: ${note}`] : []),
    ];
    return {
      text: lines.join('\n'),
      data: {
        connectors: rows,
        total,
        next_cursor: nextCursor,
        near: near.length > 0 ? [...near] : undefined,
        note,
      },
    };
  },
});

type Row = z.infer<typeof row>;

const BEST_FIRST: readonly Row['here'][] = ['ready', 'download', 'unreachable', 'missing'];

/** Of the runtimes that it has, the best; installed it needs no download. */
function rowOf(
  { name, title, type, runtimes, supportLevel, version }: RegistryEntry,
  { runtimes: verdicts, installed }: Here,
): Row {
  const states = verdicts
    .filter(({ runtime }) => runtimes.some((own) => own === runtime))
    .map(({ runtime, state }) =>
      installed.has(`${runtime} ${name}`) && (runtime !== 'docker' || state !== 'missing') ? 'ready' : state,
    );
  const here = BEST_FIRST.find((state) => states.includes(state)) ?? 'missing';
  return { name, title, type, runtimes: [...runtimes], support_level: supportLevel, version, here };
}

function lineOf({ name, title, type, runtimes, support_level: support, version, here }: Row): string {
  return [name, title, type, runtimes.join(', '), support, version, here].join(' | ');
}

/** Only of runtimes that the connectors shown have and need. */
function machineText(rows: readonly Row[], { runtimes }: Here): string[] {
  const own = new Set<string>(rows.flatMap((row) => (row.here === 'ready' ? [] : row.runtimes)));
  const words = runtimes
    .filter(({ runtime, state }) => own.has(runtime) && state !== 'ready')
    .map(({ runtime, state, reason }) =>
      state === 'download' ? `${runtime} ${reason}` : `${runtime} does not work: ${reason}`,
    );
  return words.length > 0 ? [`What is not ready here: ${words.join('; ')}.`] : [];
}

function nothingFound(near: readonly string[]): string {
  const advice = near.length > 0 ? `Similar names: ${near.join(', ')}.` : 'Try one shorter word, or fewer filters.';
  return `No connector matches. ${advice}`;
}
