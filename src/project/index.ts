export { diskError } from './disk-error.ts';
export { exists, makePrivate, readJson, writeAtomic } from './files.ts';
export { type KnownProject, knownProjects } from './known-projects.ts';
export { withLock } from './lock.ts';
export { identify, isAlive, type ProcessIdentity } from './process-identity.ts';
export { openProject, type Project } from './project.ts';
