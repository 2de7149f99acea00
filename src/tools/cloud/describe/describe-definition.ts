import type { JsonObject } from '../../../protocol/index.ts';
import { MASK, maskConfiguration, maskManifest } from '../../../secrets/index.ts';
import type { Call } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { webAddress } from '../fields.ts';
import { findDefinition } from '../found-object.ts';
import { specOfManifest } from '../update/testing-values.ts';
import { newReport, type ObjectReport, put, type Question, usersOf } from './object-report.ts';

export async function describeDefinition(question: Question, call: Call): Promise<ObjectReport> {
  const { include } = question;
  const { services, signal, about } = call;
  const { cloud, registry } = services;
  const { definition, workspace } = await findDefinition(question, services, signal);
  about({ kind: 'definition', id: definition.id, name: definition.name });
  const users = await usersOf(
    (page) => cloud.actors.list('source', workspace.id, page, signal),
    (source) => source.definitionId === definition.id,
  );
  const report = newReport({
    id: definition.id,
    name: shortName(definition.name),
    web_address: webAddress(cloud.addresses(), workspace.id, 'definition'),
    workspace: { id: workspace.id, name: shortName(workspace.name) },
    version: definition.version,
    sources: users.found.map(({ id: of, name }) => ({ id: of, name: shortName(name) })),
  });
  if (users.note) report.notes.push(`sources: ${users.note}`);
  const { keys } = await registry.secretKeys(signal);
  const putManifest = (label: 'manifest' | 'draft_manifest', manifest: JsonObject): void => {
    const masked = maskManifest(manifest, keys);
    put(report, label, masked, call);
    if (JSON.stringify(masked) === JSON.stringify(manifest)) return;
    report.notes.push(`${label}: values that look secret are shown as ${MASK}; do not send them back like this`);
  };
  if (include.has('manifest')) putManifest('manifest', definition.manifest);
  const isOfBuilder = include.has('draft_manifest') || include.has('testing_values');
  const draft = isOfBuilder ? await cloud.definitions.draft(workspace.id, definition.id, signal) : undefined;
  if (include.has('testing_values')) {
    const spec = specOfManifest(draft?.manifest ?? {});
    if (draft?.testingValues)
      put(report, 'testing_values', maskConfiguration(draft.testingValues, { spec, secretKeys: keys }), call);
    else report.notes.push('testing_values: there are none in the connector builder');
  }
  if (include.has('draft_manifest')) {
    if (draft?.isDraft) putManifest('draft_manifest', draft.manifest);
    else report.notes.push('draft_manifest: the connector builder has no draft');
  }
  return report;
}
