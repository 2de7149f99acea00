/** `sluice-mcp sources` and `destinations`: what is saved, and the versions that were replaced or removed. */
import type { ErrorCode } from '../errors.ts';
import { nearest } from '../protocol/index.ts';
import type { Services } from '../tools/index.ts';
import type { Typed } from './arguments.ts';
import { confirmed } from './confirm.ts';
import { createOutput, hasProject, MISTAKE, type Output, tellError } from './output.ts';
import { createScreen } from './screen.ts';

type Store = Services['sources'];
type Version = Awaited<ReturnType<Store['versions']>>[number];

const ACTIONS = ['list', 'history', 'restore', 'prune'] as const;
type Action = (typeof ACTIONS)[number];

interface Asked {
  readonly store: Store;
  readonly name: string;
  readonly version: string | undefined;
  readonly typed: Typed;
  readonly output: Output;
}

/** @returns the exit status */
export async function runSaved(services: Services, typed: Typed): Promise<number> {
  const output = createOutput(services, typed.json);
  if (!hasProject(services, output)) return MISTAKE;
  const store = typed.name === 'destinations' ? services.destinations : services.sources;
  const [word = 'list', name = '', version] = typed.words;
  const action = ACTIONS.find((known) => known === word);
  if (!action) {
    return mistake(
      output,
      'unknown_action',
      `There is no action "${word}".`,
      `Did you mean ${nearest(word, ACTIONS, 1)[0]}?`,
    );
  }
  if (action !== 'list' && name === '') {
    return mistake(
      output,
      'name_missing',
      `"${typed.name} ${action}" needs the name of a ${store.kind}.`,
      `List them: sluice-mcp ${typed.name}`,
    );
  }
  try {
    return await RUN[action]({ store, name, version, typed, output });
  } catch (error) {
    return tellError(error, output);
  }
}

const RUN: Record<Action, (asked: Asked) => Promise<number>> = { list, history, restore, prune };

async function list({ store, typed, output }: Asked): Promise<number> {
  const saved = await store.list();
  const counts = new Map<string, number>();
  for (const name of await store.storedNames()) counts.set(name, (await store.versions(name)).length);
  const removed = [...counts].filter(([name, count]) => count > 0 && !saved.some((one) => one.name === name));
  if (typed.json) {
    output.json([
      ...saved.map((one) => ({ ...one, kept_versions: counts.get(one.name) ?? 0 })),
      ...removed.map(([name, count]) => ({ name, removed: true, kept_versions: count })),
    ]);
    return 0;
  }
  const rows = [
    ...saved.map(({ name, connector, version, runtime, savedAt }) => [
      name,
      connector,
      `${version} (${runtime})`,
      minute(savedAt),
      String(counts.get(name) ?? 0),
    ]),
    ...removed.map(([name, count]) => [name, 'removed', '', '', String(count)]),
  ].map((row) => row.map(output.clean));
  if (rows.length === 0) output.say(`No ${store.kind} is saved.`);
  else createScreen(process.stdout).table(['name', 'connector', 'version', 'saved (UTC)', 'kept versions'], rows);
  return 0;
}

async function history({ store, name, typed, output }: Asked): Promise<number> {
  // An unknown name is an error; one whose every version was pruned is not.
  const versions = await store.versions(name);
  if (versions.length === 0) await store.get(name);
  if (typed.json) output.json(versions.map(({ version, storedAt, saved }) => ({ version, kept_at: storedAt, saved })));
  else if (versions.length === 0) output.say(`No earlier version of "${name}" is kept.`);
  else
    createScreen(process.stdout).table(
      HEADER,
      versions.map(rowOf).map((row) => row.map(output.clean)),
    );
  return 0;
}

const HEADER = ['version', 'replaced (UTC)', 'saved (UTC)', 'connector', 'configuration'];

function rowOf({ version, storedAt, saved }: Version): string[] {
  const { connector, version: release, config, configFile, configSecret, savedAt } = saved;
  const parts = [
    config && Object.keys(config).length > 0 ? JSON.stringify(config) : undefined,
    configFile && `config_file ${configFile}`,
    configSecret && `config_secret ${configSecret}`,
  ];
  return [
    version,
    minute(storedAt),
    minute(savedAt),
    `${connector} ${release}`,
    parts.filter((part) => part !== undefined).join(' + ') || '{}',
  ];
}

async function restore({ store, name, version, output }: Asked): Promise<number> {
  const { restored, replaced } = await store.restore(name, version);
  output.json({ type: 'restored', exit_status: 0, kind: store.kind, name, version: restored.version, replaced });
  output.say(
    `Restored ${store.kind} "${name}" as it was saved at ${minute(restored.saved.savedAt)}${replaced ? '; the one in its place is kept' : ''}.`,
  );
  return 0;
}

async function prune({ store, name, version, typed, output }: Asked): Promise<number> {
  const chosen = version === undefined ? await store.versions(name) : await versionsOf(store, name, version);
  if (chosen.length > 0 && !typed.yes) {
    for (const one of chosen) process.stderr.write(output.clean(`  ${rowOf(one).join('  ')}\n`));
    if (!(await confirmed(output.clean(`Remove ${chosen.length === 1 ? 'it' : `these ${chosen.length}`} for good?`)))) {
      const next = process.stdin.isTTY ? 'Answer y to remove.' : 'There is no terminal to ask on: add --yes.';
      return mistake(output, 'not_confirmed', 'Nothing was removed.', next);
    }
  }
  const pruned = await store.prune(name, version);
  output.json({ type: 'pruned', exit_status: 0, kind: store.kind, name, versions: pruned.map((one) => one.version) });
  output.say(`Removed ${pruned.length} kept version${pruned.length === 1 ? '' : 's'} of "${name}".`);
  return 0;
}

async function versionsOf(store: Store, name: string, version: string): Promise<readonly Version[]> {
  return (await store.versions(name)).filter((one) => one.version === version || one.version.endsWith(`-${version}`));
}

function mistake(output: Output, code: ErrorCode, message: string, next: string): number {
  output.json({ type: 'error', exit_status: MISTAKE, error: { kind: 'input', code, message, next } });
  output.complain(`${message} ${next}`);
  return MISTAKE;
}

function minute(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}
