/** Names of sources and of the datasets they become. */
import { InputError } from '../errors.ts';

const SOURCE_NAME = /^[a-z][a-z0-9_-]{0,62}$/;
const RESERVED_DATASETS = new Set(['main', 'temp', 'pg_catalog', 'information_schema', '_sluice', 'system']);

/** The schema that a source's tables stand in: its name with `-` as `_`. */
export function datasetName(sourceName: string): string {
  return sourceName.replaceAll('-', '_');
}

/**
 * Accepts a name for a source, or says what a name must be.
 * @throws InputError for characters, lengths and reserved names
 */
export function checkSourceName(name: string): void {
  if (!SOURCE_NAME.test(name)) {
    throw new InputError(
      'bad_source_name',
      `${JSON.stringify(name.slice(0, 80))} cannot be the name of a source.`,
      'Use a lower-case letter first, then up to 62 lower-case letters, digits, "_" or "-", such as "shop_orders".',
    );
  }
  if (RESERVED_DATASETS.has(datasetName(name))) {
    throw new InputError(
      'reserved_source_name',
      `The name "${name}" is reserved: its dataset would be the database's own schema.`,
      `Choose another name, such as "${name}_data".`,
    );
  }
}
