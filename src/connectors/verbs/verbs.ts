/** The four things a connector can be asked: spec, check, discover, read. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Catalog,
  configuredCatalogJson,
  type JsonObject,
  type JsonValue,
  parseCatalog,
} from '../../protocol/index.ts';
import type { Redactor, ResolvedConfig } from '../../secrets/index.ts';
import type { Launch, Processes } from '../process/processes.ts';
import { sealedStart } from '../process/tail.ts';
import type { CheckResult, ConnectorRun, Connectors, Installed, ReadInputs, RunControl } from '../types.ts';
import { ask } from './ask.ts';
import type { Kept } from './kept.ts';
import { sealCatalog } from './seal-catalog.ts';

export interface VerbRooms {
  readonly processes: Processes;
  readonly redactor: Redactor;
  readonly kept: Kept;
  readonly environment: Readonly<Record<string, string>>;
  /** What tells one build of an installed connector from another of the same version. */
  stampOf(installed: Installed): Promise<string>;
}

const SPEC_MS = 60_000;
const CHECK_MS = 300_000;
const DISCOVER_MS = 600_000;
const LONGEST_CHECK_MESSAGE = 2000;

const CONFIG = 'config.json';
const CATALOG = 'catalog.json';
const STATE = 'state.json';

export function createVerbs(rooms: VerbRooms): Pick<Connectors, 'spec' | 'check' | 'discover' | 'read'> {
  const { processes, redactor, kept, environment } = rooms;

  const launch = (
    { command: [program, ...leading] }: Installed,
    control: RunControl,
    verb: string,
    files: Readonly<Record<string, (path: string) => Promise<void>>>,
  ): Launch => ({
    command: (folder) => [
      program,
      ...leading,
      verb,
      ...Object.keys(files).flatMap((name) => [`--${name.replace('.json', '')}`, join(folder, name)]),
    ],
    async prepare(folder) {
      for (const [name, write] of Object.entries(files)) await write(join(folder, name));
    },
    environment,
    signal: control.signal,
  });

  const keyOf = async ({ connector, version, runtime, ...installed }: Installed): Promise<JsonObject> => ({
    connector,
    version,
    runtime,
    stamp: await rooms.stampOf({ connector, version, runtime, ...installed }),
  });

  return {
    async spec(installed, control) {
      const key = await keyOf(installed);
      const before = await kept.get('spec', key);
      if (before) return before;
      control.progress(`asking ${installed.connector} ${installed.version} for its specification`);
      const question = { verb: 'spec', answer: 'SPEC', limitMs: SPEC_MS } as const;
      const { spec } = await ask(processes, redactor, installed, question, launch(installed, control, 'spec', {}));
      await kept.put('spec', key, spec);
      return spec;
    },

    async check(installed, config, control): Promise<CheckResult> {
      control.progress(`checking the connection with ${installed.connector} ${installed.version}`);
      const question = {
        verb: 'check',
        answer: 'CONNECTION_STATUS',
        limitMs: CHECK_MS,
        onControl: config.keepUpdate,
      } as const;
      const asked = launch(installed, control, 'check', { [CONFIG]: configWriter(config) });
      const { succeeded, message } = await ask(processes, redactor, installed, question, asked);
      return { succeeded, message: sealedStart(message, redactor, LONGEST_CHECK_MESSAGE) };
    },

    async discover(installed, config, control, refresh = false): Promise<Catalog> {
      const key = { ...(await keyOf(installed)), fingerprint: config.fingerprint };
      const before = refresh ? undefined : await kept.get('catalog', key);
      if (before) return parseCatalog(before);
      control.progress(`asking ${installed.connector} ${installed.version} for its streams`);
      const question = {
        verb: 'discover',
        answer: 'CATALOG',
        limitMs: DISCOVER_MS,
        onControl: config.keepUpdate,
      } as const;
      const asked = launch(installed, control, 'discover', { [CONFIG]: configWriter(config) });
      const answer = await ask(processes, redactor, installed, question, asked);
      // What is kept and what is used are the same, so that the first sync and the second agree.
      const catalog = sealCatalog(answer.catalog, redactor);
      await kept.put('catalog', key, catalog);
      return parseCatalog(catalog);
    },

    async read<T>(
      installed: Installed,
      { config, streams, stateText }: ReadInputs,
      control: RunControl,
      body: (run: ConnectorRun) => Promise<T>,
    ): Promise<T> {
      control.progress(`starting ${installed.connector} ${installed.version}`);
      const asked = launch(installed, control, 'read', {
        [CONFIG]: configWriter(config),
        [CATALOG]: jsonWriter(configuredCatalogJson(streams)),
        ...(stateText === undefined ? {} : { [STATE]: textWriter(stateText) }),
      });
      return processes.run(asked, body);
    },
  };
}

function configWriter(config: ResolvedConfig): (path: string) => Promise<void> {
  return (path) => config.use((plain) => jsonWriter(plain)(path));
}

function jsonWriter(value: JsonValue): (path: string) => Promise<void> {
  return textWriter(JSON.stringify(value));
}

function textWriter(text: string): (path: string) => Promise<void> {
  return (path) => writeFile(path, text, { mode: 0o600, flag: 'wx' });
}
