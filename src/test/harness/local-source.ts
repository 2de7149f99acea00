/** Saved sources and destinations written as files, for tests that export them without running them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Definition } from '../../../fixtures/airbyte/index.ts';
import type { Kind, SavedConnector } from '../../sources/index.ts';
import type { Workplace } from './workplace.ts';

export async function saveLocal(
  { project }: Workplace,
  kind: Kind,
  saved: Omit<SavedConnector, 'savedAt' | 'version' | 'runtime'> & Partial<SavedConnector>,
): Promise<void> {
  const folder = join(project, `${kind}s`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const complete = { version: '1.0.0', runtime: 'python', savedAt: '2026-01-06T12:00:00.000Z', ...saved };
  await writeFile(join(folder, `${saved.name}.json`), JSON.stringify(complete));
}

/** A registry of the connectors that the fake Airbyte knows, with their ids and specs; its path. */
export async function writeRegistry({ directory }: Workplace, definitions: readonly Definition[]): Promise<string> {
  const entries = (kind: Kind) =>
    definitions
      .filter((definition) => definition.kind === kind)
      .map(({ id, name, connector, version, spec, documentationUrl }) => ({
        [`${kind}DefinitionId`]: id,
        name,
        dockerRepository: `airbyte/${connector}`,
        dockerImageTag: version,
        documentationUrl,
        language: 'python',
        supportLevel: 'certified',
        tombstone: false,
        public: true,
        custom: false,
        spec: { connectionSpecification: spec },
      }));
  const path = join(directory, 'registry.json');
  await writeFile(path, JSON.stringify({ sources: entries('source'), destinations: entries('destination') }));
  return path;
}
