/** What a manifest offers, read without running anything: streams, authentication, code of its own, and the spec. Pure. */
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import type { Manifest } from './read-manifest.ts';
import { follow, reachable, writtenOut } from './references.ts';

export interface ManifestStream {
  readonly name: string;
  readonly syncModes: readonly ('full_refresh' | 'incremental')[];
  readonly cursorField?: string;
  /** Paths with dots. */
  readonly primaryKey: readonly string[];
  /** It appears only for some configurations. */
  readonly conditional?: true;
}

export interface ManifestDescription {
  readonly streams: readonly ManifestStream[];
  /** Whether more streams become known only when the source runs. */
  readonly moreAtDiscovery: boolean;
  /** Component types such as `OAuthAuthenticator`; empty if nothing authenticates. */
  readonly authentication: readonly string[];
  readonly bringsCode: boolean;
  /** The CDK that it was written for. */
  readonly cdkVersion: string;
}

const MAX_NAME_LENGTH = 200;

export function describeManifest({ document, version, bringsCode }: Manifest): ManifestDescription {
  const dynamic = list(follow(document, document.dynamic_streams));
  return {
    streams: list(follow(document, document.streams)).flatMap((stream) => streamsOf(document, stream, false)),
    moreAtDiscovery: dynamic.length > 0,
    authentication: authentication(document),
    bringsCode,
    cdkVersion: version,
  };
}

/** The spec message that a manifest holds; undefined if it holds none. */
export function specOf({ document }: Manifest): JsonObject | undefined {
  const spec = follow(document, document.spec);
  const schema =
    isObject(spec) && spec.connection_specification !== undefined ? spec.connection_specification : undefined;
  const written = schema === undefined ? undefined : writtenOut(document, schema);
  if (!isObject(spec) || !isObject(written)) return undefined;
  const { documentation_url: documentationUrl } = spec;
  return {
    ...(typeof documentationUrl === 'string' ? { documentationUrl } : {}),
    connectionSpecification: written,
  };
}

/** Adds a spec to a manifest without one, because the CDK requires it. Undefined if it has one. */
export function withSpec({ document }: Manifest, { connectionSpecification }: JsonObject): string | undefined {
  if (document.spec !== undefined) return undefined;
  const spec = { type: 'Spec', connection_specification: connectionSpecification ?? { type: 'object' } };
  // JSON is YAML, but for characters that YAML wants escaped.
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify({ ...document, spec }).replace(/[\u007f-\u009f\ufeff\ufffe\uffff]/g, escaped);
}

function streamsOf(document: JsonObject, reference: JsonValue, conditional: boolean): ManifestStream[] {
  const stream = follow(document, reference);
  if (!isObject(stream)) return [];
  if (stream.type === 'ConditionalStreams')
    return list(follow(document, stream.streams)).flatMap((inner) => streamsOf(document, inner, true));
  const parameters = objectOf(follow(document, stream.$parameters));
  const say = (value: JsonValue | undefined): string | undefined => withParameters(follow(document, value), parameters);
  const delegated = stream.type === 'StateDelegatingStream';
  const body = delegated ? objectOf(follow(document, stream.incremental_stream)) : stream;
  const cursor = follow(document, body.incremental_sync ?? parameters.incremental_sync);
  const cursorField = isObject(cursor)
    ? withParameters(follow(document, cursor.cursor_field ?? parameters.cursor_field), {
        ...parameters,
        ...objectOf(follow(document, body.$parameters)),
        ...objectOf(follow(document, cursor.$parameters)),
      })
    : undefined;
  return [
    {
      name: (say(stream.name ?? parameters.name) ?? '(without a name)').slice(0, MAX_NAME_LENGTH),
      syncModes: isObject(cursor) ? ['full_refresh', 'incremental'] : ['full_refresh'],
      ...(cursorField === undefined ? {} : { cursorField }),
      primaryKey: keysOf(follow(document, body.primary_key ?? parameters.primary_key)),
      ...(conditional ? { conditional: true } : {}),
    },
  ];
}

/** A text with the parameters in it that are plain; other templates stay as they are written. */
function withParameters(value: JsonValue | undefined, parameters: JsonObject): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const substitute = (original: string, name = '', otherwise?: string): string => {
    const parameter = parameters[name] ?? otherwise;
    return typeof parameter === 'string' || typeof parameter === 'number' ? `${parameter}` : original;
  };
  return value
    .replace(/\{\{\s*parameters\.(?!get\b)(\w+)\s*\}\}/g, (original, name) => substitute(original, name))
    .replace(/\{\{\s*parameters\[['"](\w+)['"]\]\s*\}\}/g, (original, name) => substitute(original, name))
    .replace(
      /\{\{\s*parameters\.get\(\s*['"](\w+)['"]\s*(?:,\s*['"]([^'"]*)['"]\s*)?\)\s*\}\}/g,
      (original, name, otherwise) => substitute(original, name, otherwise),
    );
}

/** One key, several, or several paths. */
function keysOf(value: JsonValue | undefined): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return list(value).flatMap((key) =>
    typeof key === 'string'
      ? [key]
      : [
          list(key)
            .filter((part) => typeof part === 'string')
            .join('.'),
        ].filter(Boolean),
  );
}

function authentication(document: JsonObject): string[] {
  const kinds = new Set<string>();
  const { definitions: _, ...used } = document;
  for (const node of reachable(document, used)) {
    const authenticator = follow(document, node.authenticator);
    if (isObject(authenticator) && typeof authenticator.type === 'string') kinds.add(authenticator.type);
    for (const choice of Object.values(objectOf(follow(document, objectOf(authenticator).authenticators)))) {
      const one = follow(document, choice);
      if (isObject(one) && typeof one.type === 'string') kinds.add(one.type);
    }
  }
  kinds.delete('NoAuth');
  if (kinds.size > 1) kinds.delete('SelectiveAuthenticator');
  return [...kinds].sort();
}

function list(value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}
