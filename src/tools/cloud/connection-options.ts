/** The options of a connection besides its streams: where it writes, how it treats a changed schema, its tags. */
import * as z from 'zod';
import { type Connection, SCHEMA_CHANGES, type Tag } from '../../cloud/index.ts';
import { InputError } from '../../errors.ts';
import { nearest } from '../../protocol/index.ts';
import type { Call } from '../tool.ts';

export const connectionOptions = {
  namespace: z.string().optional().describe('source, destination, or a format'),
  schema_changes: z.enum(SCHEMA_CHANGES).optional(),
  tags: z.array(z.string()).optional(),
};

/** The names of the options. */
export const CONNECTION_OPTIONS = ['namespace', 'schema_changes', 'tags'] as const;

/** @throws InputError `unknown_tag`: tags are made in Airbyte */
export async function chosenTags(
  names: readonly string[] | undefined,
  workspaceId: string,
  { services, signal }: Call,
): Promise<Tag[] | undefined> {
  if (names === undefined) return undefined;
  if (names.length === 0) return [];
  const all = await services.cloud.connections.tags(workspaceId, signal);
  return names.map((requested) => {
    const found = all.find(({ name }) => name.toLowerCase() === requested.trim().toLowerCase());
    if (found) return found;
    const near = nearest(
      requested,
      all.map(({ name }) => name),
    );
    throw new InputError(
      'unknown_tag',
      `The workspace has no tag ${JSON.stringify(requested.slice(0, 80))}.`,
      near.length > 0 ? `It has: ${near.join(', ')}.` : 'It has none: a person makes tags in Airbyte.',
    );
  });
}

/** As `namespace` is given; undefined if Airbyte does not return it. */
export function namespaceText({
  namespaceDefinition: of,
  namespaceFormat: format,
}: Pick<Connection, 'namespaceDefinition' | 'namespaceFormat'>): string | undefined {
  return of === 'custom_format' && format ? format : of;
}
