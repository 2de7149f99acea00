/** For tests: the specs of a registry file, by the name of their connector. */
import { readFileSync } from 'node:fs';
import type { JsonObject } from '../protocol/index.ts';

interface RegistryFile {
  readonly sources: readonly { dockerRepository: string; spec: { connectionSpecification: JsonObject } }[];
  readonly destinations: RegistryFile['sources'];
}

export function specsOf(path: string | URL): Map<string, JsonObject> {
  const file = JSON.parse(readFileSync(path, 'utf8')) as RegistryFile;
  return new Map(
    [...file.sources, ...file.destinations].map((entry) => [
      entry.dockerRepository.split('/').at(-1) ?? '',
      entry.spec.connectionSpecification,
    ]),
  );
}

export const fixtureSpecs = specsOf(new URL('../../fixtures/registry/registry.json', import.meta.url));

export function specOf(name: string): JsonObject {
  const spec = fixtureSpecs.get(name);
  if (!spec) throw new Error(`${name} is missing`);
  return spec;
}
