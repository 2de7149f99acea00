/** The document of Airbyte's configuration API: a servable subset, extended with paths of the full document. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** In use, and not in the servable part. */
const ADDED = ['/v1/connections/refresh', '/v1/connections/clear/stream', '/v1/connections/update'];

interface Components {
  schemas: Record<string, unknown>;
  responses: Record<string, unknown>;
}

interface Document {
  paths: Record<string, unknown>;
  components: Components;
}

/** @param folder with `config-api.subset.json` and `config.yaml`, the full document as it was published */
export async function configurationDocument(folder: string): Promise<Document> {
  const subset = JSON.parse(await readFile(join(folder, 'config-api.subset.json'), 'utf8')) as Document;
  const full = parse(await readFile(join(folder, 'config.yaml'), 'utf8')) as Document;
  for (const path of ADDED) {
    if (subset.paths[path]) continue;
    subset.paths[path] = full.paths[path];
    addReferred(subset.paths[path], full.components, subset.components);
  }
  return subset;
}

/** What a part refers to and is not there yet, with all that this refers to. */
function addReferred(part: unknown, from: Components, to: Components): void {
  for (const [, kind, name] of JSON.stringify(part).matchAll(/"#\/components\/(schemas|responses)\/(\w+)"/g)) {
    const group = kind as keyof Components;
    if (name === undefined || to[group]?.[name] !== undefined) continue;
    to[group] ??= {};
    to[group][name] = from[group][name];
    addReferred(to[group][name], from, to);
  }
}
