import { join } from 'node:path';
import type { Project } from '../project/index.ts';
import { handOver, inspectLayers } from './hand-over.ts';
import type { Rooms } from './located.ts';
import { createStore } from './store.ts';
import type { Kind, Sources } from './types.ts';
import { prepare, prepareUnsaved, validate } from './validate.ts';

export { idOf, originOf } from './saved-source.ts';
export type { HandOver, KeptVersion, Kind, Prepared, SavedSource, Sources, Subject, Validation } from './types.ts';

/** The saved connectors of one kind. */
export function createSources(project: Project, rooms: Omit<Rooms, 'updates'>, kind: Kind = 'source'): Sources {
  const folder = project.peek('updates');
  // A source and a destination may have the same name.
  const updates = rooms.vault.configUpdates(kind === 'source' ? folder : folder && join(folder, 'destinations'));
  // From the first answer on, what earlier runs were given is sealed.
  updates.learn();
  const inside = { ...rooms, updates };
  const store = createStore(project, kind);
  return {
    ...store,
    kind,
    async save(source, mayReplace, checked) {
      const saved = await store.save(source, mayReplace);
      updates.keepFor(source, checked);
      return saved;
    },
    learnUpdates: () => updates.learn(),
    async remove(name, mayReplace) {
      await store.remove(name, mayReplace);
      return { hadUpdate: updates.drop(name) };
    },
    updateOf: (source) => updates.fieldsOf(source),
    validate: (subject, schemaOnly, control) => validate(inside, subject, { schemaOnly }, control),
    validateOwn: (subject, control) => validate(inside, subject, { schemaOnly: false, kind }, control),
    handOver: (source, control) => handOver(inside, source, control),
    inspect: (layers, spec, control) => inspectLayers(inside, layers, spec, control),
    prepareUnsaved: (subject, control) => prepareUnsaved(inside, subject, control),
    prepare: (source, control) => prepare(inside, source, kind, control),
  };
}
