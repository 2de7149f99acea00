import * as z from 'zod';
import type { Mode } from '../../config/index.ts';
import { SluiceError } from '../../errors.ts';
import { defineTool } from '../tool.ts';
import { shortName } from './bounds.ts';
import { webAddress, workspaceId } from './fields.ts';
import { chosenWorkspace } from './found-object.ts';
import { organizationState, organizationWarning } from './organization-state.ts';

const mode = z.object({ on: z.boolean(), variable: z.string() });

export const checkCloudWorkspace = defineTool({
  name: 'check_cloud_workspace',
  title: 'Check Airbyte Cloud',
  description: 'Check that Airbyte answers, as whom, in which workspace and organization, and what the modes allow.',
  input: z.strictObject({ workspace_id: workspaceId }),
  output: z.object({
    reachable: z.literal(true),
    api_url: z.string(),
    authenticated_as: z.string(),
    workspace: z.object({ id: z.string(), name: z.string(), web_address: z.string() }),
    organization: z.object({ id: z.string(), name: z.string(), status: z.string().optional() }).optional(),
    modes: z.object({ safe_mode: mode, read_only_mode: mode }),
    warnings: z.array(z.string()),
  }),
  realm: 'cloud',
  effect: 'read',
  async run({ workspace_id: requested }, { services, signal, about }) {
    const { cloud, settings } = services;
    const found = await chosenWorkspace(requested, services, signal);
    about({ kind: 'workspace', id: found.id, name: found.name });
    const warnings: string[] = [];
    // A self-managed Airbyte may have no organizations, or not offer that API.
    const organization = await cloud.workspaces.organization(found.id, signal).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof SluiceError)) throw error;
      warnings.push(`The organization is unknown: ${error.message}`);
      return undefined;
    });
    const stopped = organization && organizationWarning(organization);
    if (stopped) warnings.push(stopped);
    const as = await cloud.identity(signal);
    const addresses = cloud.addresses();
    const { safe, readOnly } = settings.modes.cloud;
    const web = webAddress(addresses, found.id, 'workspace');
    const shown = ({ on, variable }: Mode) => ({ on, variable });
    const data = {
      reachable: true as const,
      api_url: addresses.api,
      authenticated_as: as,
      workspace: { id: found.id, name: found.name, web_address: web },
      organization: organization && {
        id: organization.id,
        name: organization.name,
        status: organizationState(organization),
      },
      modes: { safe_mode: shown(safe), read_only_mode: shown(readOnly) },
      warnings,
    };
    const text = [
      `${addresses.api} answers; authenticated as ${as}.`,
      `Workspace: ${shortName(found.name)} (${found.id}), ${web}`,
      ...(organization ? [`Organization: ${shortName(organization.name)} (${organization.id})`] : []),
      allowed(safe, readOnly),
      ...warnings.map((warning) => `Warning: ${warning}`),
    ].join('\n');
    return { text, data };
  },
});

function allowed(safe: Mode, readOnly: Mode): string {
  if (readOnly.on) return `Read-only (${readOnly.variable}): reading, checks and syncs of existing connections.`;
  if (safe.on) return `Safe mode (${safe.variable}): only what this session created can be changed or deleted.`;
  return 'Safe mode is off: anything can be changed, and deleted by its exact name.';
}
