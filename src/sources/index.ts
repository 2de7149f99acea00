import type { Project } from '../project/index.ts';
import { createSourceStore } from './store.ts';
import type { Sources } from './types.ts';
import { prepare, type Rooms, validate } from './validate.ts';

export type { Prepared, SavedSource, Sources, Subject, Validation } from './types.ts';

export function createSources(project: Project, rooms: Rooms): Sources {
  return {
    ...createSourceStore(project),
    validate: (subject, schemaOnly, control) => validate(rooms, subject, schemaOnly, control),
    prepare: (source, control) => prepare(rooms, source, control),
  };
}
