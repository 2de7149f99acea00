import * as z from 'zod';
import type { Validation } from '../../sources/index.ts';
import { noteInstalled } from '../note-installed.ts';
import { asData } from '../text.ts';
import { defineTool } from '../tool.ts';
import { connectorFields, toConnectorConfig } from './connector-arguments.ts';

export const validationOutput = z.object({
  valid: z.boolean(),
  problems: z.array(z.object({ path: z.string(), message: z.string(), fix: z.string() })),
  warnings: z.array(z.string()),
  check_message: z.string().optional(),
  connector: z.string(),
  version: z.string(),
  runtime: z.string(),
  runtime_reason: z.string().optional(),
  spec_from: z.enum(['connector', 'registry', 'manifest']),
  next: z.string().optional(),
});

export const validateConfig = defineTool({
  name: 'validate_config',
  title: 'Validate a configuration',
  description:
    "Check a connector's configuration without saving it: references, schema, then the connector's own check (installs the connector if needed). schema_only: against the registry's spec, nothing runs.",
  input: z.strictObject({ ...connectorFields, schema_only: z.boolean().optional() }),
  output: validationOutput,
  realm: 'local',
  effect: {
    shown: 'run',
    possible: ['run', 'read'],
  },
  async plan({ schema_only: schemaOnly, connector, runtime }) {
    // An executable has no spec in the registry: even its schema needs a run.
    const isRead = schemaOnly && runtime !== 'executable' && !connector.startsWith('/');
    return { effect: isRead ? 'read' : 'run', targets: [] };
  },
  async run(input, { services, signal, progress }) {
    const validation = await services.sources.validate(toConnectorConfig(input), input.schema_only ?? false, {
      signal,
      progress,
    });
    await noteInstalled(services, validation.installed);
    const next = nextOf(validation, input.config);
    const text = [validationText(validation), ...(next ? [`Next: ${next}`] : [])].join('\n');
    return { text, data: { ...validationData(validation), next } };
  },
});

export function validationData(validation: Validation): z.infer<typeof validationOutput> {
  const { checkMessage, specFrom, runtimeReason, checked: _, installed: __, ...rest } = validation;
  return {
    ...rest,
    problems: [...validation.problems],
    warnings: [...validation.warnings],
    check_message: checkMessage,
    spec_from: specFrom,
    runtime_reason: runtimeReason,
  };
}

export function validationText(validation: Validation): string {
  const { valid, connector, version, runtime, runtimeReason, problems, warnings, checkMessage } = validation;
  return [
    `${valid ? 'valid' : 'NOT valid'}: ${connector} ${version} (${runtime}), spec from the ${validation.specFrom}.`,
    ...(runtimeReason ? [`Runtime: ${runtimeReason}.`] : []),
    ...problems.map(({ path, message, fix }) => `- ${path ? `${path}: ` : ''}${message} ${fix}`),
    ...warnings.map((warning) => `Warning: ${warning}`),
    ...(checkMessage ? [asData("connector's check message", checkMessage)] : []),
  ].join('\n');
}

/** The messages of Python, Node, Go and Java for an untrusted certificate. */
const UNTRUSTED =
  /certificate[ _]verify[ _]failed|self[- ]signed certificate|unable to get local issuer|signed by unknown authority|PKIX path building failed/i;

/**
 * The next step after a failed check; listed problems have their own fixes.
 * @param written the configuration as the assistant wrote it: its references are names
 */
export function checkNext(written: object | undefined, checkMessage: string | undefined): string {
  if (UNTRUSTED.test(checkMessage ?? '')) {
    return 'The connector does not trust the certificate at that address. If the address is right, ask the user to set REQUESTS_CA_BUNDLE and SSL_CERT_FILE, in the configuration of the client, to the absolute path of a file with the certificates that hold on their network, and to restart the client.';
  }
  const found = JSON.stringify(written ?? {}).matchAll(/"secret_reference::([A-Za-z_][A-Za-z0-9_]{0,63})/g);
  const names = [...new Set([...found].map(([, name]) => name))];
  const login = names.length > 0 ? ` a rejected login in the value of ${names.join(', ')} (a person, env file),` : '';
  return `Correct what the connector's message names:${login} the rest in the configuration.`;
}

function nextOf({ valid, problems, checkMessage }: Validation, written: object | undefined): string | undefined {
  return valid || problems.length > 0 ? undefined : checkNext(written, checkMessage);
}
