import type { JsonObject } from '../../protocol/index.ts';
import type { Redactor } from '../../secrets/index.ts';

/** Keywords of the protocol and of JSON Schema; never redacted, even if a secret has the same value. */
const OWN_WORDS = new Set(
  (
    'streams name namespace json_schema supported_sync_modes source_defined_cursor default_cursor_field ' +
    'source_defined_primary_key is_resumable is_file_based type format properties items description title required ' +
    'additionalProperties airbyte_type oneOf anyOf allOf enum const default $schema $ref definitions'
  ).split(' '),
);

/** A catalog comes from a program that knows the configuration: redact any secret in it before it is cached. */
export function redactCatalog(catalog: JsonObject, redactor: Redactor): JsonObject {
  return redactor.redactValue(catalog, 'data', (key) => OWN_WORDS.has(key)) as JsonObject;
}
