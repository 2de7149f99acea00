/** What a connector can be asked: spec, check, discover, and read of a source or write of a destination. */
import { configuredCatalogJson, type JsonObject, type JsonValue, parseCatalog } from '../../protocol/index.ts';
import type { Redactor, ResolvedConfig } from '../../secrets/index.ts';
import { redactedStart } from '../process/tail.ts';
import type { Runner, Task, WithText } from '../runner.ts';
import type { Sandbox } from '../sandbox/index.ts';
import type {
  CheckResult,
  ConnectorRun,
  Connectors,
  DestinationRun,
  Discovered,
  Installed,
  ReadInputs,
  RunControl,
  WriteInputs,
} from '../types.ts';
import type { AnswerCache } from './answer-cache.ts';
import { ask } from './ask.ts';
import { redactCatalog } from './redact-catalog.ts';

export interface VerbDeps {
  readonly runner: Runner;
  readonly redactor: Redactor;
  readonly cache: AnswerCache;
  readonly sandbox: Pick<Sandbox, 'admit' | 'status'>;
}

const SPEC_MS = 60_000;
const CHECK_MS = 300_000;
const DISCOVER_MS = 600_000;
const MAX_CHECK_MESSAGE_LENGTH = 2000;
const MAX_MISFITS = 1_000;

export function createVerbs(
  deps: VerbDeps,
): Pick<Connectors, 'spec' | 'check' | 'discover' | 'noteMisfits' | 'read' | 'write'> {
  const { runner, redactor, cache, sandbox } = deps;
  const admit = ({ runtime }: Installed, config?: ResolvedConfig, isDestination = false): Promise<unknown> =>
    sandbox.admit({ runtime, literals: config?.literals, isDestination });
  const starting = async ({ connector, version, runtime }: Installed): Promise<string> => {
    const confinement = runtime === 'docker' ? '' : `; ${(await sandbox.status()).text}`;
    return `starting ${connector} ${version}${confinement}`;
  };
  const task = (installed: Installed, verb: Task['verb'], { signal }: RunControl, files: Task['files'] = {}): Task => ({
    installed,
    verb,
    files,
    signal,
  });
  return {
    async spec(installed, control) {
      if (installed.spec) return installed.spec;
      const key = keyOf(installed);
      const before = await cache.get('spec', key);
      if (before) return before.value;
      await admit(installed);
      control.progress(`asking ${installed.connector} ${installed.version} for its specification`);
      const question = { answer: 'SPEC', limitMs: SPEC_MS } as const;
      const { spec } = await ask(runner, redactor, task(installed, 'spec', control), question);
      await cache.put('spec', key, spec);
      return spec;
    },

    async check(installed, config, control): Promise<CheckResult> {
      await admit(installed, config);
      control.progress(`checking the connection with ${installed.connector} ${installed.version}`);
      const question = {
        answer: 'CONNECTION_STATUS',
        limitMs: CHECK_MS,
        onControl: config.keepUpdate,
      } as const;
      const asked = task(installed, 'check', control, { config: withConfigText(config) });
      const { succeeded, message } = await ask(runner, redactor, asked, question);
      return { succeeded, message: redactedStart(message, redactor, MAX_CHECK_MESSAGE_LENGTH) };
    },

    async discover(installed, config, control, maxAgeMs = Number.POSITIVE_INFINITY): Promise<Discovered> {
      await admit(installed, config);
      const key = catalogKey(installed, config);
      const before = await cache.get('catalog', key);
      if (before && Date.now() - before.keptAt < maxAgeMs) return { ...parseCatalog(before.value), asked: false };
      control.progress(`asking ${installed.connector} ${installed.version} for its streams`);
      const question = {
        answer: 'CATALOG',
        limitMs: DISCOVER_MS,
        onControl: config.keepUpdate,
      } as const;
      const asked = task(installed, 'discover', control, { config: withConfigText(config) });
      const answer = await ask(runner, redactor, asked, question);
      // What is kept and what is used are the same, so that the first sync and the second agree.
      const catalog = redactCatalog(answer.catalog, redactor);
      await cache.put('catalog', key, catalog, before?.misfits);
      return { ...parseCatalog(catalog), asked: true };
    },

    async noteMisfits(installed, config, misfits) {
      const key = catalogKey(installed, config);
      const before = await cache.get('catalog', key);
      const sealed = misfits.map((misfit) => redactor.redact(misfit, 'data'));
      const fresh = sealed.filter((misfit) => !before?.misfits.includes(misfit));
      if (!before || fresh.length === 0) return;
      // Older than any age: the next sync asks again.
      const all = [...before.misfits, ...fresh].slice(-MAX_MISFITS);
      await cache.put('catalog', key, before.value, all, new Date(0));
    },

    async read<T>(
      installed: Installed,
      { config, streams, stateText }: ReadInputs,
      control: RunControl,
      body: (run: ConnectorRun) => Promise<T>,
    ): Promise<T> {
      await admit(installed, config);
      control.progress(await starting(installed));
      const asked = task(installed, 'read', control, {
        config: withConfigText(config),
        catalog: withJsonText(configuredCatalogJson(streams)),
        ...(stateText === undefined ? {} : { state: withText(stateText) }),
      });
      return runner.run(asked, body);
    },

    async write<T>(
      installed: Installed,
      { config, catalog }: WriteInputs,
      control: RunControl,
      body: (run: DestinationRun) => Promise<T>,
    ): Promise<T> {
      await admit(installed, config, true);
      control.progress(await starting(installed));
      const asked = task(installed, 'write', control, {
        config: withConfigText(config),
        catalog: withJsonText(catalog),
      });
      return runner.run({ ...asked, writes: true }, (running) => {
        const { stdin } = running;
        if (!stdin) throw new TypeError('a task that writes has its stdin');
        return body({ ...running, stdin });
      });
    },
  };
}

function catalogKey(installed: Installed, { fingerprint }: ResolvedConfig): JsonObject {
  return { ...keyOf(installed), fingerprint };
}

function keyOf({ connector, version, runtime, stamp }: Installed): JsonObject {
  return { connector, version, runtime, stamp };
}

function withConfigText(config: ResolvedConfig): WithText {
  return (use) => config.use((plain) => use(JSON.stringify(plain)));
}

function withJsonText(value: JsonValue): WithText {
  return withText(JSON.stringify(value));
}

function withText(text: string): WithText {
  return (use) => use(text);
}
