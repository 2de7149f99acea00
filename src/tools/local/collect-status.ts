/** What `get_status` and the terminal's `doctor` report. */
import { join } from 'node:path';
import type * as z from 'zod';
import type { Modes, ProjectFolder } from '../../config/index.ts';
import { type ConnectorsStatus, type InstalledEntry, SHARED_CDK } from '../../connectors/index.ts';
import { type Problem, SluiceError } from '../../errors.ts';
import { exists } from '../../project/index.ts';
import type { VaultStatus } from '../../secrets/index.ts';
import type { SavedConnector } from '../../sources/index.ts';
import type { Services } from '../services.ts';
import type { Call } from '../tool.ts';
import type { mode, realmModes, Status } from './status-output.ts';

/** What was read for a status, before formatting. */
interface Facts {
  readonly secrets: VaultStatus;
  readonly found: ConnectorsStatus;
  readonly saved: readonly SavedConnector[];
  readonly envFound: boolean;
  readonly projectProblem: string | undefined;
  readonly cacheProblem: string | undefined;
}

/** Contacts nothing outside this machine. */
export async function collectStatus({ services }: Pick<Call, 'services'>): Promise<Status> {
  const { settings, connectors, vault, ledger, project } = services;
  const [secrets, found, saved, envFound, projectProblem, cacheProblem] = await Promise.all([
    vault.status(),
    connectors.status(),
    savedSources(services),
    settings.envFile.path === undefined ? false : exists(settings.envFile.path),
    problemOfProject(services),
    missingUrl(services),
  ]);
  const facts: Facts = { secrets, found, saved, envFound, projectProblem, cacheProblem };
  return {
    version: settings.version,
    modes: { local: modesText(settings.modes.local), cloud: modesText(settings.modes.cloud) },
    project_directory: {
      path: settings.projectDirectory.path,
      set_by: settings.projectDirectory.origin,
      problem: projectProblem,
    },
    env_file: envFileStatus(services, facts),
    runtimes: found.runtimes.map((runtime) => ({ ...runtime })),
    sandbox: sandboxStatus(services, facts),
    installed_connectors: withUsers(found.installed, saved),
    hosts: found.hosts.map(({ host, reached, at }) => ({ host, reached, at: new Date(at).toISOString() })),
    cache: cacheStatus(services, facts),
    exports_path: pathIn(project, 'exports'),
    cloud: cloudStatus(services),
    created_this_session: ledger.list().map((entry) => ({ ...entry })),
    warnings: warningsOf(services, facts),
  };
}

/** Asking for a folder creates a missing project directory and detects an unusable one. */
async function problemOfProject({ project }: Services): Promise<string | undefined> {
  return project.folder('logs').then(
    () => undefined,
    (error: { message: string; next?: string }) => `${error.message} ${error.next ?? ''}`.trim(),
  );
}

function envFileStatus({ settings: { envFile } }: Services, { secrets, envFound }: Facts): Status['env_file'] {
  const readable = secrets.envFile?.readable ?? false;
  // The file is read again, so a problem fixed since the start is no longer reported.
  const problem = readable ? undefined : (envFile.problem ?? secrets.problems[0]);
  return {
    path: envFile.path,
    set_by: envFile.origin,
    found: envFound,
    readable,
    readable_by: secrets.envFile?.readableBy ?? 'owner',
    problem: described(problem) || undefined,
  };
}

function sandboxStatus({ settings }: Services, { found: { sandbox } }: Facts): Status['sandbox'] {
  return {
    setting: sandbox.setting,
    kind: sandbox.kind,
    reason: sandbox.reason,
    fix: sandbox.fix,
    read_directories: [...settings.readDirectories],
    write_directories: [...settings.writeDirectories],
  };
}

function cacheStatus(
  { settings: { sharedCache }, cache, project }: Services,
  { cacheProblem }: Facts,
): Status['cache'] {
  return {
    database: cache.kind,
    path: cache.kind === 'duckdb' ? pathIn(project, 'cache', 'cache.duckdb') : undefined,
    url: sharedCache?.problem ? undefined : sharedCache?.reference,
    problem: described(sharedCache?.problem) || cacheProblem,
  };
}

function cloudStatus({ settings, cloud }: Services): Status['cloud'] {
  return {
    configured: settings.cloud.configured,
    contacted: cloud.lastContact() !== undefined,
    last_contact: cloud.lastContact(),
    api_url: settings.cloud.configured ? settings.cloud.apiUrl : undefined,
    settings: [...settings.cloud.names],
  };
}

function warningsOf({ settings, audit }: Services, { secrets, found, projectProblem, cacheProblem }: Facts): string[] {
  const { sandbox } = found;
  const isEnvFixed = secrets.envFile?.readable ?? false;
  const auditProblem = audit.problem();
  return [
    ...settings.warnings.filter((text) => !(isEnvFixed && text === described(settings.envFile.problem))),
    ...(projectProblem && !settings.projectDirectory.problem ? [projectProblem] : []),
    ...(cacheProblem ? [cacheProblem] : []),
    ...secretWarnings(secrets, settings.warnings),
    ...sandbox.warnings,
    ...(sandbox.kind === 'none' && sandbox.setting !== 'off'
      ? [`Connectors that run as processes are not confined: ${sandbox.reason}. ${sandbox.fix ?? ''}`]
      : []),
    ...(auditProblem ? [auditProblem] : []),
  ];
}

/** @param reported warnings that must not appear twice */
function secretWarnings(secrets: VaultStatus, reported: readonly string[]): string[] {
  return [
    ...secrets.problems
      .filter((problem) => !reported.includes(described(problem)))
      .map((problem) => `${problem.path}: ${described(problem)}`),
    ...secrets.warnings,
    ...secrets.tooShort.map(
      (name) => `${name} has fewer than 8 characters: too short to protect everywhere. Use a longer secret.`,
    ),
    ...secrets.guessable.map(
      (name) =>
        `${name} could be guessed: a query that contains its value would show that it is redacted. Use a longer, random secret.`,
    ),
    ...secrets.changedSettings.map(
      (name) => `${name} changed in the env file: restart the server for it to take effect.`,
    ),
  ];
}

/** A damaged saved source, and an unusable project directory, are reported elsewhere. */
async function savedSources({ sources }: Services): Promise<readonly SavedConnector[]> {
  return sources.list().catch((error: unknown) => {
    if (error instanceof SluiceError) return [];
    throw error;
  });
}

/** Saved sources with their own manifest use the shared environment of manifests too. */
function withUsers(
  installed: readonly InstalledEntry[],
  sources: readonly SavedConnector[],
): Status['installed_connectors'] {
  const own = sources.filter(({ manifestPath }) => manifestPath !== undefined).map(({ name }) => `source "${name}"`);
  const shared = installed.filter(({ runtime }) => runtime === 'manifest').map(({ name }) => name);
  const users = [...shared, ...own];
  return installed.map(({ id: _, ...entry }) =>
    entry.connector === SHARED_CDK && users.length > 0 ? { ...entry, note: `shared by ${users.join(', ')}` } : entry,
  );
}

function pathIn(project: Services['project'], folder: ProjectFolder, file = ''): string | undefined {
  const path = project.peek(folder);
  return path === undefined ? undefined : join(path, file);
}

function described(problem: Problem | undefined): string {
  return problem ? `${problem.message} ${problem.fix}` : '';
}

/** The cache's URL is a named secret: checks that it exists, without reading it. */
async function missingUrl({ settings, vault }: Services): Promise<string | undefined> {
  const name = /^secret_reference::(\w+)/.exec(
    settings.sharedCache?.problem ? '' : (settings.sharedCache?.reference ?? ''),
  )?.[1];
  if (name === undefined) return undefined;
  const found = (await vault.list()).find((entry) => entry.name === name);
  if (found?.set) return undefined;
  return `SLUICE_CACHE_URL names the secret ${name}, which does not exist. Write ${name}='postgres://…' into the env file.`;
}

function modesText({ safe, readOnly }: Modes): z.infer<typeof realmModes> {
  const of = ({ on, variable, origin }: Modes['safe']): z.infer<typeof mode> => ({ on, variable, set_by: origin });
  return { safe_mode: of(safe), read_only_mode: of(readOnly) };
}
