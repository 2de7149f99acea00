/** A connector's spec as a function that finds mistakes; loaded on first use, because Ajv is large. Specs are written by hand and by many: what is odd in one must not break it. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { ConnectorError } from '../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../protocol/index.ts';

const JSON_TYPES = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']);
/** Formats that connectors accept: a date alone, a time without a zone. */
const LOOSE_TIME = /^\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?)?)?$/i;

const compiled = new WeakMap<JsonObject, ValidateFunction>();

/**
 * All errors of a configuration, as Ajv reports them; compiled once per spec object.
 * @throws ConnectorError `bad_spec` for a spec that is not a JSON Schema at all
 */
export function schemaErrors(spec: JsonObject, config: JsonObject): readonly ErrorObject[] {
  const validate = compiled.get(spec) ?? compile(spec);
  compiled.set(spec, validate);
  validate(config);
  const errors = validate.errors ?? [];
  // The errors hold the configuration: never store them.
  validate.errors = null;
  return errors;
}

function compile(spec: JsonObject): ValidateFunction {
  const ajv = new Ajv({
    strict: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    unicodeRegExp: false,
    allErrors: true,
    // Problems are described from the schema in the error.
    verbose: true,
    logger: false,
    code: { regExp: Object.assign(tolerantRegExp, { code: 'new RegExp' }) },
  });
  formats.default(ajv);
  ajv.addFormat('password', true).addFormat('date-time', LOOSE_TIME).addFormat('date', LOOSE_TIME);
  try {
    return ajv.compile(tidy(spec, true));
  } catch (error) {
    throw new ConnectorError(
      'bad_spec',
      "The connector's own specification is not a usable JSON Schema.",
      'Try another version of the connector, and report it to those who publish it.',
      { cause: error },
    );
  }
}

/** A pattern in another dialect than ours cannot be checked: the connector will. */
function tolerantRegExp(pattern: string, flags: string): RegExp {
  const caseless = pattern.startsWith('(?i)');
  try {
    return new RegExp(caseless ? pattern.slice(4) : pattern, caseless ? `${flags}i` : flags);
  } catch {
    // The name contains the pattern, because Ajv caches expressions by their text.
    return new RegExp(`(?:)|${pattern.replace(/[^a-zA-Z0-9]/g, '_')}`);
  }
}

/** The schema without what would stop Ajv: foreign dialects, old `id`, keywords of the wrong shape. */
function tidy(schema: JsonObject, root: boolean): JsonObject {
  const tidied: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    const normalized = tidyKeyword(keyword, value);
    if (normalized !== undefined && !(root && keyword === '$schema')) tidied[keyword] = normalized;
  }
  return tidied;
}

function tidyKeyword(keyword: string, value: JsonValue): JsonValue | undefined {
  switch (keyword) {
    case 'id':
    case '$id':
    case '$async':
    case 'nullable':
    case 'discriminator':
      return undefined;
    case 'properties':
    case 'patternProperties':
    case 'definitions':
    case '$defs':
      return isObject(value) ? tidyMap(value) : undefined;
    case 'oneOf':
    case 'anyOf':
    case 'allOf':
      return Array.isArray(value) && value.length > 0 ? value.map(tidySchema) : undefined;
    case 'items':
      return Array.isArray(value) ? value.map(tidySchema) : isSchema(value) ? tidySchema(value) : undefined;
    case 'additionalProperties':
    case 'additionalItems':
    case 'contains':
    case 'propertyNames':
    case 'not':
    case 'if':
    case 'then':
    case 'else':
      return isSchema(value) ? tidySchema(value) : undefined;
    case 'type':
      return tidyType(value);
    case 'required':
      return Array.isArray(value) ? [...new Set(value.filter((name) => typeof name === 'string'))] : undefined;
    case 'enum':
      return Array.isArray(value) && value.length > 0 ? value : undefined;
    case 'pattern':
    case 'format':
      return typeof value === 'string' ? value : undefined;
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
    case 'multipleOf':
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return typeof value === 'number' ? value : undefined;
    case 'uniqueItems':
      return typeof value === 'boolean' ? value : undefined;
    default:
      return value;
  }
}

function tidyMap(map: JsonObject): JsonObject {
  // Ignore property names, because a property may be named like a keyword.
  return Object.fromEntries(
    Object.entries(map).flatMap(([name, value]) => (isSchema(value) ? [[name, tidySchema(value)]] : [])),
  );
}

function tidySchema(value: JsonValue): JsonValue {
  return isObject(value) ? tidy(value, false) : typeof value === 'boolean' ? value : {};
}

function isSchema(value: JsonValue): boolean {
  return isObject(value) || typeof value === 'boolean';
}

function tidyType(value: JsonValue): JsonValue | undefined {
  const types = (Array.isArray(value) ? value : [value]).filter(
    (type) => typeof type === 'string' && JSON_TYPES.has(type),
  );
  return types.length === 0 ? undefined : types.length === 1 ? (types[0] as string) : types;
}
