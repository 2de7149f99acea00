import * as z from 'zod';
import {
  alternativeConfigs,
  exampleConfig,
  type FieldSummary,
  optionalFields,
  requiredFields,
} from '../../connectors/index.ts';
import { isObject, type JsonObject, secretFields } from '../../protocol/index.ts';
import { nameForExample, namesForField } from '../../secrets/index.ts';
import { defineTool } from '../tool.ts';
import { type Info, type InfoField, infoOutput } from './connector-info-output.ts';
import { infoText } from './connector-info-text.ts';
import { INCLUDES } from './connector-more.ts';
import { ofManifest, ofRegistry } from './connector-subject.ts';

export const getConnectorInfo = defineTool({
  name: 'get_connector_info',
  title: 'Describe a connector',
  description:
    'Describe a connector: whether it runs here, required and secret fields, suggested streams, documentation. include: full spec, versions with breaking changes, upstream docs; for low-code connectors also streams and authentication, manifest.',
  input: z.strictObject({
    connector: z.string(),
    include: z.array(z.enum(INCLUDES)).optional(),
    version: z.string().optional(),
    manifest_path: z.string().optional(),
  }),
  output: infoOutput,
  realm: 'local',
  effect: 'read',
  async run({ connector, include = [], version = 'latest', manifest_path: manifestPath }, call) {
    const { services } = call;
    const { basics, message, more, notes } =
      manifestPath === undefined
        ? await ofRegistry({ connector, include, version }, call)
        : await ofManifest({ connector, manifestPath, include }, call);
    const spec: JsonObject = isObject(message.connectionSpecification) ? message.connectionSpecification : {};
    const referable = (await services.vault.list()).filter(({ kind, set }) => set && kind !== 'setting');
    const known = referable.map(({ name }) => name);
    const nameFor = (key: string): string => nameForExample(basics.name, key, known) ?? 'NAME';
    const secret = secretFields(spec);
    const data: Info = {
      ...basics,
      runs_here: basics.runtimes.some((runtime) => runtime.runs_here),
      required_fields: requiredFields(spec).map(fieldData),
      optional_fields: optionalFields(spec),
      secret_fields: secret,
      fitting_secrets: secret.flatMap((field) => {
        const names = namesForField(basics.name, keyOf(field), known);
        return names.length > 0 ? [{ field, names }] : [];
      }),
      example_config: exampleConfig(spec, nameFor),
      alternatives: alternativeConfigs(spec, nameFor).map((one) => ({ ...one })),
      spec: include.includes('spec') ? message : undefined,
      ...more,
      notes,
    };
    return { text: infoText(data), data };
  },
});

/** The last key of a path such as `accounts[].token`. */
function keyOf(path: string): string {
  return path.split('.').at(-1)?.replace('[]', '') ?? path;
}

function fieldData({ options, ...rest }: FieldSummary): Info['required_fields'][number] {
  return {
    ...plain(rest),
    options: options?.map(({ required, ...choice }) => ({ ...choice, required: required.map(plain) })),
  };
}

function plain({
  path,
  type,
  title,
  description,
  secret,
  default: byDefault,
  allowed,
  allowedMore,
  example,
}: FieldSummary): InfoField {
  const values = { default: byDefault, allowed: allowed && [...allowed], allowed_more: allowedMore, example };
  return { path, type, title, description, secret, ...values };
}
