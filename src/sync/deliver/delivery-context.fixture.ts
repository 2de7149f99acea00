/** Context of the delivery tests: requests for the hostile destination, and access to what it wrote. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../protocol/index.ts';
import type { TestContext } from '../sync-context.fixture.ts';
import type { DeliveryTarget, SyncRequest } from '../types.ts';

const HOSTILE = fileURLToPath(new URL('../../../fixtures/connectors/destination-hostile.mjs', import.meta.url));
const SPEC: JsonObject = { type: 'object', properties: { token: { type: 'string', airbyte_secret: true } } };

export interface TestDestination {
  readonly folder: string;
  /** The request with this destination; `config` is merged over its path. */
  into(request: SyncRequest, config?: JsonObject, changes?: Partial<DeliveryTarget>): Promise<SyncRequest>;
  /** The records that it wrote of a stream. */
  written(stream: string): Promise<JsonObject[]>;
  /** The state file of `source`, as text. */
  storedStates(source: string): Promise<string>;
  /** The catalog that it was last given. */
  catalog(): Promise<{ streams: JsonObject[] }>;
}

export async function testDestination(context: TestContext, name = 'shelf'): Promise<TestDestination> {
  const folder = join(context.folder, name);
  await mkdir(folder, { recursive: true });
  return {
    folder,
    async into(request, config = {}, changes = {}) {
      const { config: resolved, problems } = await context.vault.resolve(
        { config: { destination_path: folder, token: 'secret_reference::MEADOW_API_KEY', ...config } },
        { spec: SPEC, secretKeys: new Set(), isPublished: true },
      );
      if (problems.length > 0) throw new Error(JSON.stringify(problems));
      const start = { kind: 'process', command: [process.execPath, HOSTILE] } as const;
      const installed = { connector: HOSTILE, version: 'local', runtime: 'executable', start, stamp: '' } as const;
      const target: DeliveryTarget = {
        id: name,
        name,
        installed: { ...installed, newlyInstalled: false },
        config: resolved,
        locationKey: folder,
        location: { connector: HOSTILE, fields: { destination_path: changes.locationKey ?? folder } },
        modes: ['overwrite', 'append', 'append_dedup'],
        supportsRefreshes: false,
        ...changes,
      };
      return { ...request, destination: target };
    },
    async written(stream) {
      const text = await readFile(join(folder, `${encodeURIComponent(stream)}.jsonl`), 'utf8').catch(() => '');
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as JsonObject]));
    },
    async storedStates(source) {
      const path = join(await context.project.folder('states'), source, `${name}.json`);
      return readFile(path, 'utf8').catch(() => '');
    },
    catalog: async () => JSON.parse(await readFile(join(folder, 'catalog.json'), 'utf8')),
  };
}
