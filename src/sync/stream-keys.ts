/** Which configured stream a message means. */

export interface StreamName {
  readonly name: string;
  readonly namespace?: string;
}

/** One text for a stream's name and namespace, for maps. */
export function streamKey({ name, namespace }: StreamName): string {
  return JSON.stringify([namespace || null, name]);
}

/** Tells the index of the configured stream that a message means, or -1. */
export type StreamIndex = (name: string, namespace: string | undefined) => number;

/**
 * Name and namespace as configured. Where one of the two has no namespace, and only one configured stream has the name,
 * the name alone will do, for connectors drop namespaces.
 */
export function indexStreams(streams: readonly StreamName[]): StreamIndex {
  const exact = new Map(streams.map((stream, index) => [streamKey(stream), index]));
  const named = new Map<string, number>();
  for (const [index, { name }] of streams.entries()) named.set(name, named.has(name) ? -1 : index);
  return (name, namespace) => {
    const index = exact.get(streamKey({ name, ...(namespace ? { namespace } : {}) }));
    if (index !== undefined) return index;
    const only = named.get(name) ?? -1;
    return namespace && streams[only]?.namespace ? -1 : only;
  };
}

/** Whether the name alone identifies the stream. */
export function isOnlyOne(streams: readonly StreamName[], name: string): boolean {
  return streams.filter((stream) => stream.name === name).length === 1;
}
