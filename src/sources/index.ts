import { join } from 'node:path';
import type { Project } from '../project/index.ts';
import { exportForCloud, inspectLayers } from './export-for-cloud.ts';
import type { SourceDeps } from './located.ts';
import { createStore } from './store.ts';
import type { Kind, Sources } from './types.ts';
import { prepare, prepareUnsaved, validate } from './validate.ts';

export { idOf, originOf } from './saved-source.ts';
export type {
  CloudExport,
  ConnectorConfigInput,
  Kind,
  Prepared,
  SavedConnector,
  Sources,
  StoredVersion,
  Validation,
} from './types.ts';

/** The saved connectors of one kind. */
export function createSources(project: Project, deps: Omit<SourceDeps, 'updates'>, kind: Kind = 'source'): Sources {
  const folder = project.peek('updates');
  // A source and a destination may have the same name.
  const updates = deps.vault.configUpdates(kind === 'source' ? folder : folder && join(folder, 'destinations'));
  // Values from earlier runs must be redacted from the first answer on.
  updates.registerStoredValues();
  const allDeps = { ...deps, updates };
  const store = createStore(project, kind);
  return {
    ...store,
    kind,
    async save(source, mayReplace, checked) {
      const saved = await store.save(source, mayReplace);
      updates.keepFor(source, checked);
      return saved;
    },
    registerUpdates: () => updates.registerStoredValues(),
    async remove(name, mayReplace) {
      await store.remove(name, mayReplace);
      return { hadUpdate: updates.drop(name) };
    },
    updateOf: (source) => updates.fieldsOf(source),
    validate: (input, schemaOnly, control) => validate(allDeps, input, { schemaOnly }, control),
    validateOwn: (input, control) => validate(allDeps, input, { schemaOnly: false, kind }, control),
    exportForCloud: (source, control) => exportForCloud(allDeps, source, control),
    inspect: (layers, spec, control) => inspectLayers(allDeps, layers, spec, control),
    prepareUnsaved: (input, control) => prepareUnsaved(allDeps, input, control),
    prepare: (source, control) => prepare(allDeps, source, kind, control),
  };
}
