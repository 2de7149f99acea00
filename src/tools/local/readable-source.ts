/** The source that list_streams and preview_stream read: a saved one by its name, or a connector with its configuration. */
import * as z from 'zod';
import { InputError } from '../../errors.ts';
import type { Prepared } from '../../sources/index.ts';
import { noteInstalled } from '../note-installed.ts';
import type { Call } from '../tool.ts';
import { RUNTIMES, toConnectorConfig } from './connector-arguments.ts';

/** Without descriptions: validate_config has them, and the list has a budget. */
export const readableFields = {
  source: z.string().optional().describe('saved; else connector and config as in validate_config'),
  connector: z.string().optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  config_file: z.string().optional(),
  config_secret: z.string().optional(),
  version: z.string().optional(),
  runtime: z.enum(RUNTIMES).optional(),
  manifest_path: z.string().optional(),
};
const shape = z.object(readableFields);
type ReadableInput = z.infer<typeof shape>;

/**
 * @returns what to call it in the answer, and the source ready to run
 * @throws InputError `source_or_connector` if neither or both are given; what preparing throws
 */
export async function openSource(
  input: ReadableInput,
  { services, signal, progress }: Call,
): Promise<Pick<Prepared, 'installed' | 'config'> & { readonly label: string }> {
  const control = { signal, progress };
  const { source, connector, ...rest } = input;
  if ((source === undefined) === (connector === undefined)) throw sourceOrConnector(source !== undefined);
  const given = SUBJECT_FIELDS.filter((name) => rest[name] !== undefined);
  if (source !== undefined && given.length > 0) throw notOfSaved(source, given);
  const { installed, config } =
    source === undefined
      ? await services.sources.prepareUnsaved(toConnectorConfig({ ...rest, connector: connector ?? '' }), control)
      : await services.sources.prepare(await services.sources.get(source), control);
  await noteInstalled(services, installed);
  return { installed, config, label: source ?? connector ?? '' };
}

const SUBJECT_FIELDS = ['config', 'config_file', 'config_secret', 'version', 'runtime', 'manifest_path'] as const;

function sourceOrConnector(both: boolean): InputError {
  return new InputError(
    'source_or_connector',
    both ? 'Both source and connector are given.' : 'Neither source nor connector is given.',
    'Give source, the name of a saved source (list_sources); or connector with config.',
  );
}

function notOfSaved(source: string, given: readonly string[]): InputError {
  return new InputError(
    'source_or_connector',
    `${given.join(', ')} belong to a connector, and "${source}" is a saved source with its own.`,
    'Leave them out, or give connector instead of source.',
  );
}
