/** Names of sources and destinations, and of the sources' datasets. */
import { InputError } from '../errors.ts';

const NAME = /^[a-z][a-z0-9_-]{0,62}$/;
const RESERVED_DATASETS = new Set([
  'main',
  'temp',
  'pg_catalog',
  'information_schema',
  '_sluice',
  'system',
  'cache',
  'pg_temp',
]);

/** The schema of a source's tables: its name with `-` as `_`. */
export function datasetName(sourceName: string): string {
  return sourceName.replaceAll('-', '_');
}

/**
 * Checks the name of a source.
 * @throws InputError for characters, lengths and reserved names
 */
export function checkSourceName(name: string): void {
  checkName(name, 'source');
  if (RESERVED_DATASETS.has(datasetName(name))) {
    throw new InputError(
      'reserved_source_name',
      `The name "${name}" is reserved: its dataset would be the database's own schema.`,
      `Choose another name, such as "${name}_data".`,
    );
  }
}

/** @throws InputError for characters and lengths; a destination has no dataset, and no name is reserved */
export function checkDestinationName(name: string): void {
  checkName(name, 'destination');
}

/** Whether a text can be the name of a saved source or destination. */
export function isConnectorName(name: string): boolean {
  return NAME.test(name);
}

function checkName(name: string, kind: 'source' | 'destination'): void {
  if (isConnectorName(name)) return;
  throw new InputError(
    `bad_${kind}_name`,
    `${JSON.stringify(name.slice(0, 80))} cannot be the name of a ${kind}.`,
    'Use a lower-case letter first, then up to 62 lower-case letters, digits, "_" or "-", such as "shop_orders".',
  );
}
