/** Checks a manifest before it is published to an Airbyte; installs and runs nothing. */
import type { Settings } from '../../config/index.ts';
import { InputError } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import type { OwnManifest } from '../types.ts';
import { checkSpec, readManifestFile } from './manifest-file.ts';
import { checkManifest, type Manifest } from './read-manifest.ts';
import { follow } from './references.ts';

/** @throws see `Connectors.publishable` */
export async function publishable(given: OwnManifest, settings: Settings): Promise<JsonObject> {
  const source = 'path' in given ? given.path : 'The manifest';
  const manifest =
    'path' in given ? (await readManifestFile(given.path, settings)).manifest : checkManifest(given.document, source);
  checkSpec(manifest, source);
  checkNoCode(manifest, source);
  const { document } = manifest;
  if (!isObject(follow(document, document.check))) {
    throw bad(source, 'it has no check', 'Write check: {type: CheckStream, stream_names: [NAME]}.');
  }
  const streams = follow(document, document.streams);
  for (const [index, stream] of (Array.isArray(streams) ? streams : []).entries()) {
    checkStream(document, stream, `${source}, streams[${index}]`);
  }
  return { ...document, type: document.type ?? 'DeclarativeSource' };
}

function checkStream(document: JsonObject, written: JsonValue, location: string): void {
  const stream = follow(document, written);
  if (!isObject(stream))
    throw bad(location, 'it is not an object', 'Write each stream with its name and its retriever.');
  // The other kinds of streams hold theirs inside.
  if (stream.type !== undefined && stream.type !== 'DeclarativeStream') return;
  const parameters = follow(document, stream.$parameters);
  const inherited = isObject(parameters) ? parameters : {};
  if (typeof (stream.name ?? inherited.name) !== 'string') {
    throw bad(location, 'the stream has no name', 'Give it a name.');
  }
  if (!isObject(follow(document, stream.retriever ?? inherited.retriever))) {
    throw bad(
      location,
      'the stream has no retriever',
      'Write retriever: {type: SimpleRetriever, …}, or a $ref to one.',
    );
  }
}

function checkNoCode({ bringsCode }: Manifest, source: string): void {
  if (!bringsCode) return;
  throw new InputError(
    'manifest_brings_code',
    `${source} names Python classes of its own (class_name), and Airbyte's API publishes no code.`,
    "Use the built-in components only; or a person publishes it in Airbyte's connector builder, where custom components are switched on.",
  );
}

function bad(location: string, reason: string, fix: string): InputError {
  return new InputError('bad_manifest', `${location} cannot be published: ${reason}.`, fix);
}
