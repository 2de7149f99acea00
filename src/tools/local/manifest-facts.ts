/** The streams and the authentication that a low-code connector's manifest declares, before anything is installed. */
import * as z from 'zod';
import type { ManifestDescription } from '../../connectors/index.ts';

const MAX_STREAMS = 300;
const MAX_IN_TEXT = 100;

export const manifestFactsOutput = z.object({
  streams: z.array(
    z.object({
      name: z.string(),
      sync_modes: z.array(z.enum(['full_refresh', 'incremental'])),
      cursor: z.string().optional(),
      primary_key: z.array(z.string()),
      conditional: z.boolean().optional(),
    }),
  ),
  stream_count: z.number(),
  more_at_discovery: z.boolean(),
  authentication: z.array(z.string()),
  custom_components: z.boolean(),
  written_for_cdk: z.string(),
  cdk_of_makers: z.string().optional(),
});
type ManifestFacts = z.infer<typeof manifestFactsOutput>;

export function manifestFacts(description: ManifestDescription, makers: string | undefined): ManifestFacts {
  const { streams, moreAtDiscovery, authentication, bringsCode, cdkVersion } = description;
  return {
    streams: streams.slice(0, MAX_STREAMS).map(({ name, syncModes, cursorField, primaryKey, conditional }) => ({
      name,
      sync_modes: [...syncModes],
      cursor: cursorField,
      primary_key: [...primaryKey],
      conditional,
    })),
    stream_count: streams.length,
    more_at_discovery: moreAtDiscovery,
    authentication: [...authentication],
    custom_components: bringsCode,
    written_for_cdk: cdkVersion,
    cdk_of_makers: makers,
  };
}

export function manifestLines(facts: ManifestFacts): string[] {
  const { streams, stream_count: count, cdk_of_makers: makers } = facts;
  const shown = streams.slice(0, MAX_IN_TEXT);
  return [
    `Streams in the manifest (${count}${facts.more_at_discovery ? ', and more that list_streams finds' : ''}):`,
    ...shown.map((stream) => `- ${streamText(stream)}`),
    ...(shown.length < count ? [`- and ${count - shown.length} more`] : []),
    `Authentication: ${facts.authentication.join(', ') || 'none'}`,
    ...(facts.custom_components
      ? ['It brings Python code of its own, run only when its checksum is the published one.']
      : []),
    `Written for CDK ${facts.written_for_cdk}${makers ? `; its authors run it with ${makers}` : ''}.`,
  ];
}

function streamText({
  name,
  cursor,
  sync_modes: modes,
  primary_key: key,
  conditional,
}: ManifestFacts['streams'][number]): string {
  const notes = [
    modes.includes('incremental') ? `incremental${cursor ? ` by ${cursor}` : ''}` : 'full refresh',
    key.length > 0 ? `key ${key.join(', ')}` : 'no key',
    ...(conditional ? ['only for some configurations'] : []),
  ];
  return `${name} (${notes.join('; ')})`;
}
