import type { Project } from '../project/index.ts';
import { createSourceStore } from './store.ts';
import type { Sources } from './types.ts';
import { prepare, type Rooms, validate } from './validate.ts';

export type { Prepared, SavedSource, Sources, Subject, Validation } from './types.ts';

export function createSources(project: Project, rooms: Omit<Rooms, 'updates'>): Sources {
  const updates = rooms.vault.configUpdates(project.peek('updates'));
  // From the first answer on, what earlier runs were given is sealed.
  updates.learn();
  const inside = { ...rooms, updates };
  const store = createSourceStore(project);
  return {
    ...store,
    async save(source, checked) {
      const saved = await store.save(source);
      updates.keepFor(source, checked);
      return saved;
    },
    learnUpdates: () => updates.learn(),
    async remove(name) {
      await store.remove(name);
      return { hadUpdate: updates.drop(name) };
    },
    updateOf: (source) => updates.fieldsOf(source),
    validate: (subject, schemaOnly, control) => validate(inside, subject, schemaOnly, control),
    prepare: (source, control) => prepare(inside, source, control),
  };
}
