/** Airbyte's catalog of a connection, without what a reader does not need: one row for each stream. */
import { isObject, type JsonObject, type JsonValue } from '../../../protocol/index.ts';

const MAX_FIELDS = 200;

export function catalogRows({ streams }: JsonObject): JsonValue {
  return (Array.isArray(streams) ? streams : []).filter(isObject).map(({ stream, config }) => {
    const {
      name = null,
      namespace,
      supportedSyncModes,
      jsonSchema,
      sourceDefinedPrimaryKey,
    } = isObject(stream) ? stream : {};
    const { selected = null, syncMode, destinationSyncMode } = isObject(config) ? config : {};
    const fields = isObject(jsonSchema) && isObject(jsonSchema.properties) ? Object.entries(jsonSchema.properties) : [];
    return {
      name,
      ...(namespace ? { namespace } : {}),
      selected,
      ...(selected === true && syncMode !== undefined ? { mode: `${syncMode} to ${destinationSyncMode}` } : {}),
      ...(supportedSyncModes === undefined ? {} : { supported_modes: supportedSyncModes }),
      ...(isEmpty(sourceDefinedPrimaryKey) ? {} : { primary_key: sourceDefinedPrimaryKey ?? null }),
      fields: Object.fromEntries(fields.slice(0, MAX_FIELDS).map(([field, schema]) => [field, typeOf(schema)])),
      ...(fields.length > MAX_FIELDS ? { fields_total: fields.length } : {}),
    };
  });
}

function typeOf(schema: JsonValue): string {
  if (!isObject(schema)) return 'any';
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).filter((type) => typeof type === 'string');
  const format = typeof schema.format === 'string' ? ` (${schema.format})` : '';
  return types.length > 0 ? `${types.filter((type) => type !== 'null').join(' or ') || 'null'}${format}` : 'any';
}

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
