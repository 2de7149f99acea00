/** `sluice-mcp doctor`: what `get_status` reports to a model, for a person, with a fix for each problem. */
import { collectStatus, missingText, type Services, type Status, sandboxText } from '../tools/index.ts';

import { showCloud } from './doctor-cloud.ts';
import { showNetwork } from './doctor-network.ts';
import { createScreen, type Screen } from './screen.ts';

/** @returns the exit code: 1 where something must be fixed before the main path works, else 0 */
export async function doctor(services: Services, out: NodeJS.WriteStream): Promise<number> {
  const screen = createScreen(out);
  const status = redactStatus(services, await collectStatus({ services }));
  screen.heading(`Sluice ${status.version}`);
  showPaths(screen, status);
  showRuntimes(screen, status);
  const networkAnswers = await showNetwork(screen, services);
  showSandbox(screen, status);
  showModes(screen, status);
  const cloudAnswers = await showCloud(screen, status, services);
  if (status.warnings.length > 0) {
    screen.heading('Problems');
    for (const warning of status.warnings) screen.bad(warning);
  } else {
    screen.line();
    if (cloudAnswers && networkAnswers) screen.good('No problems found.');
  }
  const broken = status.project_directory.problem ?? status.env_file.problem ?? status.cache.problem;
  const isRefused = status.sandbox.setting === 'require' && status.sandbox.kind === 'none';
  return canRun(status.runtimes) && !isRefused && broken === undefined && cloudAnswers ? 0 : 1;
}

function canRun(runtimes: Status['runtimes']): boolean {
  return runtimes.some(({ name, found }) => found && (name === 'uv' || name === 'python'));
}

function redactStatus(services: Services, status: Status): Status {
  return services.vault.redactor.redactValue(status, 'text', () => true) as Status;
}

function showPaths(
  screen: Screen,
  { project_directory: project, env_file: env, installed_connectors: installed, cache }: Status,
): void {
  screen.heading('Places');
  const tell = (ok: boolean, text: string): void => (ok ? screen.good(text) : screen.bad(text));
  tell(project.problem === undefined, `project directory: ${project.path ?? 'none'} (${project.set_by})`);
  if (env.path === undefined && env.problem === undefined)
    screen.dim('  env file: not set. To use secrets, set AIRBYTE_MCP_ENV_FILE to the absolute path of a file.');
  else
    tell(
      env.readable && env.readable_by === 'owner',
      `env file: ${env.path ?? 'unusable'}${env.readable ? '' : ', not readable'}`,
    );
  tell(
    cache.problem === undefined,
    `cache: ${cache.database}${cache.url ? ` (${cache.url})` : ''}${cache.problem ? ', not usable' : ''}`,
  );
  if (installed.length > 0) {
    screen.heading('Installed connectors');
    const rows = installed.map(({ connector, version, runtime, bytes, note = '' }) => [
      connector,
      version,
      runtime,
      `${Math.round(bytes / 1e6)} MB`,
      note,
    ]);
    screen.table(['connector', 'version', 'runtime', 'size', ''], rows);
  }
}

function showRuntimes(screen: Screen, { runtimes }: Status): void {
  screen.heading('Runtimes');
  // uv or Python is enough: only what is missing for the main path is wrong.
  const enough = canRun(runtimes);
  for (const { name, found, version, path, fix } of runtimes) {
    const what = [name, version, path].filter((part) => part !== undefined).join(' ');
    if (found) screen.good(what);
    else if (enough) screen.dim(`  ${missingText({ name, path, fix })}`);
    else screen.bad(missingText({ name, path, fix }));
  }
}

function showSandbox(screen: Screen, { sandbox }: Status): void {
  screen.heading('Sandbox');
  if (sandbox.kind !== 'none') screen.good(sandboxText(sandbox));
  else if (sandbox.setting === 'off') screen.dim(`  ${sandboxText(sandbox)}`);
  else screen.bad(sandboxText(sandbox));
  const folders = { read: sandbox.read_directories, write: sandbox.write_directories };
  for (const [verb, names] of Object.entries(folders)) {
    if (names.length > 0) screen.dim(`  connectors may ${verb}: ${names.join(', ')}`);
  }
}

function showModes(screen: Screen, { modes }: Status): void {
  screen.heading('Modes');
  const rows = Object.entries(modes).flatMap(([realm, { safe_mode: safe, read_only_mode: readOnly }]) =>
    [safe, readOnly].map(({ variable, on, set_by: by }) => [realm, variable, on ? 'on' : 'off', by]),
  );
  screen.table(['realm', 'variable', 'now', 'set by'], rows);
}
