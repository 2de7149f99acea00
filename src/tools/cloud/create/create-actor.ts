/** A source or a destination in Airbyte: a local one exported with its secrets, one made from references, or a draft. */
import type { ActorKind } from '../../../cloud/index.ts';
import { isUuid } from '../../../config/index.ts';
import { abortError, InputError, SluiceError } from '../../../errors.ts';
import { dottedPath, type JsonObject, missingSecrets, withEmptyTexts } from '../../../protocol/index.ts';
import type { ResolvedConfig } from '../../../secrets/index.ts';
import type { Call } from '../../tool.ts';
import { type Definite, neededSpec, refuseSecrets, resolved } from '../actor-config.ts';
import { isAsAsked, NOT_OWN } from '../created-as-asked.ts';
import { webAddress } from '../fields.ts';
import { chosenWorkspace } from '../found-object.ts';
import { missing } from '../kind-arguments.ts';
import { ignore } from '../masking.ts';
import { configFromSaved } from './config-from-saved.ts';
import type { CreateInput, Creator } from './creator.ts';
import { refuseTakenName } from './taken-name.ts';

/** Everything that is sent to Airbyte. */
interface Ready {
  readonly definitionId: string;
  readonly config: ResolvedConfig;
  /** Fields that a person types. */
  readonly toType?: { readonly required: readonly string[]; readonly optional: readonly string[] };
  readonly warnings?: readonly string[];
}

export const createActor: Creator = async (input, call, enter) => {
  const kind: ActorKind = input.kind === 'destination' ? 'destination' : 'source';
  const { services, signal, progress } = call;
  const { id: workspaceId } = await chosenWorkspace(input.workspace_id, services, signal);
  const { definitionId, config, toType, warnings: reported = [] } = await readyActor(kind, input, workspaceId, call);
  await refuseTakenName(input, workspaceId, call);
  if (signal.aborted) throw abortError(signal);
  progress(`creating the ${kind} in Airbyte`);
  const made = await config
    .use((configuration) =>
      services.cloud.actors.create(kind, { name: input.name, workspaceId, definitionId, configuration }),
    )
    .catch((error: unknown) => {
      throw toType ? rejectedDraft(error, newAddress(kind, definitionId, workspaceId, call)) : error;
    });
  const isOwn = isAsAsked(made, { workspaceId });
  if (isOwn) enter(made);
  const { id, name } = made;
  const warnings = [...reported, ...(isOwn ? [] : [NOT_OWN])];
  const check = `check_cloud_connector with kind ${kind} and this id; then create_cloud_object with kind connection.`;
  const all = toType && [...toType.required, ...toType.optional.map((field) => `${field} (if needed)`)];
  const typing = `A person opens web_address, types ${all?.join(', ') || 'what is missing'} and saves. After that ${check}`;
  return {
    kind,
    id,
    name,
    workspaceId: made.workspaceId,
    more: {
      ...(all ? { secrets_to_type: all } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
    },
    next: toType ? typing : check,
    after: { ...(made.type ? { type: made.type } : {}), configuration: made.configuration },
  };
};

async function readyActor(kind: ActorKind, input: CreateInput, workspaceId: string, call: Call): Promise<Ready> {
  const { from_source: saved, connector, config, draft } = input;
  if (saved !== undefined) {
    if (config !== undefined || draft !== undefined) {
      throw new InputError(
        'argument_does_not_fit',
        'config and draft do not go with from_source, which brings its own configuration.',
        'Leave them out; or give connector and config instead of from_source.',
      );
    }
    return configFromSaved(kind, saved, connector, workspaceId, call);
  }
  if (connector === undefined || (config === undefined && !draft)) {
    throw missing(
      kind,
      'from_source; or connector and config; or connector and draft',
      'from_source is a saved local one, with its secrets; in config secrets are secret_reference::NAME.',
    );
  }
  const definitionId = await definitionOf(kind, connector, call);
  const definite = { kind, definitionId, workspaceId };
  const written = (config ?? {}) as JsonObject;
  if (draft) return readyDraft(written, definite, call);
  const spec = await neededSpec(definite, call.services, call.signal);
  return { definitionId, config: await resolved(written, spec, call.services, call) };
}

/** Required secrets are sent empty, so that Airbyte accepts the rest and a person enters them. */
async function readyDraft(written: JsonObject, definite: Definite, call: Call): Promise<Ready> {
  const { services, signal } = call;
  const spec = await neededSpec(definite, services, signal);
  refuseSecrets(written, spec, (await services.registry.secretKeys(signal)).keys);
  const open = missingSecrets(spec, written);
  const required = open.filter((secret) => secret.required).map(({ path }) => path);
  const config = await resolved(withEmptyTexts(written, required), spec, services, call, { open: required });
  const optional = open.filter((secret) => !secret.required).map(({ path }) => dottedPath(path));
  return { definitionId: definite.definitionId, config, toType: { required: required.map(dottedPath), optional } };
}

/** @throws InputError `other_kind`, `no_definition_id`, `unknown_connector` */
async function definitionOf(kind: ActorKind, connector: string, { services, signal }: Call): Promise<string> {
  const { registry } = services;
  const byId = isUuid(connector);
  // Airbyte recognises the id even without a registry.
  const all = byId ? await registry.all(signal).catch(ignore(signal)) : undefined;
  const entry = byId
    ? all?.entries.find(({ definitionId }) => definitionId === connector.toLowerCase())
    : await registry.find(connector, signal);
  if (entry && entry.type !== kind) {
    throw new InputError(
      'other_kind',
      `${entry.name} is a ${entry.type}, not a ${kind}.`,
      `Use kind ${entry.type}, or a connector that list_connectors shows with type "${kind}".`,
    );
  }
  if (byId) return connector;
  if (entry?.definitionId !== undefined) return entry.definitionId;
  throw new InputError(
    'no_definition_id',
    `The registry has no Airbyte definition id for ${entry?.name ?? connector}.`,
    'Give the id of a definition as connector; list_cloud_objects with kind definition shows those of the workspace.',
  );
}

function newAddress(kind: ActorKind, definitionId: string, workspaceId: string, { services }: Call): string {
  return `${webAddress(services.cloud.addresses(), workspaceId, 'workspace')}/${kind}/new-${kind}/${definitionId}`;
}

function rejectedDraft(error: unknown, address: string): unknown {
  if (!(error instanceof SluiceError) || error.code !== 'cloud_rejected') return error;
  return new InputError(
    'draft_rejected',
    'Airbyte rejected this draft: its secrets are empty, or something else is wrong.',
    `Correct config as airbyte_says explains; or a person creates it at ${address}; or give the secrets as references, without draft.`,
    { details: error.details, cause: error },
  );
}
