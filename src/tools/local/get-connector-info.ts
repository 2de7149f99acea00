import * as z from 'zod';
import { configSkeleton, type FieldSummary, optionalFields, requiredFields } from '../../connectors/index.ts';
import { isObject, type JsonObject, secretFields } from '../../protocol/index.ts';
import { defineTool } from '../tool.ts';
import { type Info, type InfoField, infoOutput } from './connector-info-output.ts';
import { infoText } from './connector-info-text.ts';
import { INCLUDES, moreOf } from './connector-more.ts';
import { runtimesHere } from './connector-runtimes.ts';

export const getConnectorInfo = defineTool({
  name: 'get_connector_info',
  title: 'Describe a connector',
  description:
    'What a connector is, whether it runs here, required and secret fields, suggested streams, documentation; include adds the whole spec, versions with breaking changes, upstream docs; of low-code connectors streams and authentication, manifest.',
  input: z.strictObject({
    connector: z.string(),
    include: z.array(z.enum(INCLUDES)).optional(),
    version: z.string().optional(),
  }),
  output: infoOutput,
  realm: 'local',
  effect: 'read',
  async run({ connector, include = [], version = 'latest' }, call) {
    const { services, signal } = call;
    const { registry } = services;
    const { note } = await registry.all(signal);
    const entry = await registry.find(connector, signal);
    const wanted = version === 'latest' ? entry.version : version;
    const [message, runtimes, more] = await Promise.all([
      registry.specFor(entry, wanted, signal),
      runtimesHere(entry, version === 'latest' ? undefined : version, services, signal),
      moreOf(entry, wanted, include, call),
    ]);
    const spec: JsonObject = isObject(message.connectionSpecification) ? message.connectionSpecification : {};
    const data: Info = {
      name: entry.name,
      title: entry.title,
      type: entry.type,
      version: wanted,
      support_level: entry.supportLevel,
      repository: entry.repository,
      language: entry.language,
      pypi_package: entry.pypiPackage,
      runs_here: runtimes.some((runtime) => runtime.runs_here),
      runtimes,
      required_fields: requiredFields(spec).map(fieldData),
      optional_fields: optionalFields(spec),
      secret_fields: secretFields(spec),
      example_config: configSkeleton(spec),
      suggested_streams: [...entry.suggestedStreams],
      documentation_url: entry.documentationUrl,
      spec: include.includes('spec') ? message : undefined,
      ...more.data,
      notes: [...(note ? [note] : []), ...more.notes],
    };
    return { text: infoText(data), data };
  },
});

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
