/** A temporary folder for each test: env file, project, and the files of the test; removed afterwards. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const BINARY = join(ROOT, 'bin', 'sluice-mcp.js');
export const FIXTURE_CONNECTORS = join(ROOT, 'fixtures', 'connectors');
export const MEADOW = join(FIXTURE_CONNECTORS, 'source-meadow.mjs');
export const HOSTILE = join(FIXTURE_CONNECTORS, 'source-hostile.mjs');
export const SHELF = join(FIXTURE_CONNECTORS, 'destination-hostile.mjs');
/** A module that the hostile source imports from its folder. */
export const HOSTILE_LEAKS = join(FIXTURE_CONNECTORS, 'hostile-leaks.mjs');
export const LEDGER = join(FIXTURE_CONNECTORS, 'source-ledger.mjs');
export const ECHO_SOURCE = join(FIXTURE_CONNECTORS, 'source-echo.mjs');
export const GATED_SOURCE = join(FIXTURE_CONNECTORS, 'source-gated.mjs');
export const SMALL_REGISTRY = join(ROOT, 'fixtures', 'registry', 'registry.json');

export interface Workplace {
  readonly directory: string;
  readonly envFile: string;
  readonly project: string;
  /** A folder that connectors may read and write. */
  readonly open: string;
  /** Settings that a client's configuration would hold: env file, project, small registry, the fixtures' folder. */
  readonly environment: Record<string, string>;
  writeEnvFile(text: string | Uint8Array): Promise<void>;
  /** Every file below a folder of the workplace, path to bytes. */
  files(folder?: string): Promise<Map<string, Buffer>>;
  remove(): Promise<void>;
}

/** @param parent the folder that contains it; a confined connector has its own /tmp */
export async function makeWorkplace(
  envFileText = "MEADOW_API_KEY='a-key-of-the-meadow-77'\n",
  parent = tmpdir(),
): Promise<Workplace> {
  const directory = await mkdtemp(join(parent, 'sluice-test-'));
  const envFile = join(directory, 'test.env');
  const project = join(directory, 'project');
  const open = join(directory, 'open');
  await mkdir(open);
  const writeEnvFile = (text: string | Uint8Array): Promise<void> => writeFile(envFile, text, { mode: 0o600 });
  await writeEnvFile(envFileText);
  return {
    directory,
    envFile,
    project,
    open,
    environment: {
      HOME: directory,
      XDG_DATA_HOME: join(directory, 'data'),
      AIRBYTE_MCP_ENV_FILE: envFile,
      AIRBYTE_PROJECT_DIR: project,
      AIRBYTE_LOCAL_REGISTRY: SMALL_REGISTRY,
      SLUICE_ALLOW_EXECUTABLES: FIXTURE_CONNECTORS,
      SLUICE_WRITE_DIRS: open,
    },
    writeEnvFile,
    files: (folder = directory) => readTree(folder),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

async function readTree(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (path) => [path, await readFile(path)] as const)));
}
