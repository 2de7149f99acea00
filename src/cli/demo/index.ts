/** `sluice-mcp demo`: the main path, step by step, by a real client on a real server with a real connector. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, systemCode } from '../../errors.ts';
import { createScreen, type Screen } from '../screen.ts';
import { type Assistant, connectAssistant } from './client.ts';
import { type DemoSource, faker, meadow } from './plans.ts';
import { walk } from './walk.ts';

export interface DemoOptions {
  readonly version: string;
  /** Absolute; the default is in the user's data directory. */
  readonly projectDirectory?: string;
  /** What the server's process gets besides its settings. */
  readonly environment: Readonly<Record<string, string>>;
  /** The user's own data directory, for the default project. */
  readonly userDataDirectory: string;
}

const PACKAGE_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @returns the exit code */
export async function demo(options: DemoOptions): Promise<number> {
  const { version, projectDirectory, userDataDirectory } = options;
  const screen = createScreen(process.stdout);
  const startedAt = Date.now();
  const project = projectDirectory ?? join(userDataDirectory, 'demo');
  const settings = await prepare(project).catch((error: unknown) => {
    if (systemCode(error) === undefined) throw error;
    screen.bad(`The demo cannot write its project: ${messageOf(error)}.`);
    screen.line('Name a folder that you may write: sluice-mcp demo --project-dir PATH');
    return undefined;
  });
  if (!settings) return 1;
  const environment = { ...options.environment, ...settings };
  screen.heading(`Sluice ${version}: the main path, as an assistant runs it`);
  const { assistant, source } = await choose(screen, environment, version);
  try {
    const done = await walk(assistant, source, screen, project);
    if (done)
      screen.dim(
        `\nDone in ${((Date.now() - startedAt) / 1000).toFixed(1)} s. Run it again: nothing is installed twice.`,
      );
    return done ? 0 : 1;
  } finally {
    await assistant.close();
  }
}

/** The project with its env file: one secret, so that references can be seen at work. @returns the settings */
async function prepare(project: string): Promise<Record<string, string>> {
  await mkdir(project, { recursive: true, mode: 0o700 });
  const path = join(project, 'demo.env');
  await writeFile(
    path,
    "# Secrets of the demo: the assistant sees the names and never a value.\nMEADOW_API_KEY='meadow-demo-key-2f6b91'\n",
    { mode: 0o600 },
  );
  return {
    AIRBYTE_MCP_ENV_FILE: path,
    AIRBYTE_PROJECT_DIR: project,
    SLUICE_ALLOW_EXECUTABLES: join(PACKAGE_ROOT, 'fixtures', 'connectors'),
  };
}

/** The Python connector where there is a Python, else the small Node connector, which is reported. */
async function choose(
  screen: Screen,
  environment: Record<string, string>,
  version: string,
): Promise<{ assistant: Assistant; source: DemoSource }> {
  const binary = join(PACKAGE_ROOT, 'bin', 'sluice-mcp.js');
  const assistant = await connectAssistant(binary, environment, version);
  const status = await assistant.call<{ runtimes: { name: string; found: boolean }[] }>('get_status');
  if (!status.ok) throw new Error(`get_status failed: ${status.text}`);
  const python = status.data.runtimes.some(({ name, found }) => found && (name === 'python' || name === 'uv'));
  if (!python) {
    screen.line('No Python and no uv on this machine: the demo uses the small Node connector that comes with Sluice.');
    return { assistant, source: meadow(join(PACKAGE_ROOT, 'fixtures', 'connectors', 'source-meadow.mjs')) };
  }
  screen.moving("asking Airbyte's registry");
  const found = await assistant.call('list_connectors', { search: 'faker' });
  if (found.ok) return { assistant, source: faker };
  screen.line("Airbyte's registry cannot be reached: the demo uses the short list that comes with Sluice.");
  await assistant.close();
  const local = { ...environment, AIRBYTE_LOCAL_REGISTRY: join(PACKAGE_ROOT, 'fixtures', 'registry', 'registry.json') };
  return { assistant: await connectAssistant(binary, local, version), source: faker };
}
