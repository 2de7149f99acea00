/** Plans a removal and runs the plan: shared by the tool `remove` and the terminal command. */
import { type Identified, nameReadings, sqlPath } from '../cache/index.ts';
import { type InstalledEntry, type Runtime, SHARED_CDK } from '../connectors/index.ts';
import { datasetName, nearest } from '../protocol/index.ts';
import { idOfOld, type LedgerEntry } from '../safety/index.ts';
import { idOf, type Sources } from '../sources/index.ts';
import { findTable, unknown } from './removal-names.ts';
import type { Services } from './services.ts';
import { bytesText } from './text.ts';
import type { Call } from './tool.ts';

export const REMOVABLE = ['source', 'destination', 'dataset', 'table', 'connector', 'sync'] as const;
export type Removable = (typeof REMOVABLE)[number];

export interface Removal {
  /** One phrase each, for the reader. */
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

export interface RemovalPlan {
  /** Everything that is removed, cascades included, as ledger entries. */
  readonly targets: readonly LedgerEntry[];
  run(authorize: Authorize): Promise<Removal>;
}

/** Asks the gate again, right before the targets are removed. */
type Authorize = (targets: readonly LedgerEntry[]) => void;

/**
 * Looks up what would be removed; nothing is removed before the plan runs.
 * @throws InputError for an unknown name, with similar ones
 */
export async function planRemoval(services: Services, kind: Removable, name: string): Promise<RemovalPlan> {
  try {
    return await PLANS[kind](services, name);
  } finally {
    // Another process may wait for the cache.
    await services.cache.release();
  }
}

/**
 * Runs a plan, and drops what was removed from the ledger.
 * @param authorize revalidates under the locks of the removal; a terminal command has none
 * @throws LimitError `sync_running`; RefusedError
 */
export async function remove(services: Services, plan: RemovalPlan, authorize?: Call['authorize']): Promise<Removal> {
  const removed: LedgerEntry[] = [];
  try {
    const removal = await plan.run((targets) => {
      authorize?.('destroy', targets);
      removed.push(...targets);
    });
    for (const target of removed) services.ledger.remove(target);
    return removal;
  } finally {
    await services.cache.release();
  }
}

const PLANS: Record<Removable, (services: Services, name: string) => Promise<RemovalPlan>> = {
  source: planSource,
  destination: planDestination,
  dataset: planDataset,
  table: planTable,
  connector: planConnector,
  sync: planSync,
};

const local = (kind: LedgerEntry['kind'], id: string, name: string): LedgerEntry => ({
  realm: 'local',
  kind,
  id,
  name,
});

async function planSource({ sources, connectors, syncs }: Services, name: string): Promise<RemovalPlan> {
  const source = await sources.get(name);
  const { connector, runtime } = source;
  return {
    targets: [local('source', idOf(source), name)],
    run: (authorize) =>
      syncs.whileIdle(name, `removing the source ${name}`, async () => {
        const { hadUpdate } = await sources.remove(name, mayRemove('source', authorize));
        const hadStates = await syncs.removeDeliveryStates({ source: name });
        await connectors.removeCatalogs(connector);
        const dataset = datasetName(name);
        return {
          removed: [
            `source "${name}"`,
            ...(hadUpdate ? ['the configuration changes that its connector made'] : []),
            ...(hadStates ? ['the states that destinations confirmed for it'] : []),
            `the cached catalogs of ${connector}`,
          ],
          kept: [
            inHistory('sources', name),
            `dataset "${dataset}", where it was synced: remove it with kind "dataset" and name "${dataset}"`,
            ...whatRan(connector, runtime),
            'its syncs and their logs',
          ],
        };
      }),
  };
}

function mayRemove(kind: 'source' | 'destination', authorize: Authorize): Parameters<Sources['remove']>[1] {
  return (present) => {
    authorize([local(kind, idOf(present), present.name)]);
    return false;
  };
}

function inHistory(command: 'sources' | 'destinations', name: string): string {
  return `its saved versions, until a person prunes them (sluice-mcp ${command} history ${name})`;
}

/** The user's own program was never installed. */
function whatRan(connector: string, runtime: Runtime): string[] {
  return runtime === 'executable' ? [] : [`the installed connector ${connector}`];
}

async function planDestination({ destinations, syncs }: Services, name: string): Promise<RemovalPlan> {
  const destination = await destinations.get(name);
  const { connector, runtime } = destination;
  const removeIt = async (authorize: Authorize): Promise<Removal> => {
    const { hadUpdate } = await destinations.remove(name, mayRemove('destination', authorize));
    const hadStates = await syncs.removeDeliveryStates({ destination: name });
    return {
      removed: [
        `destination "${name}"`,
        ...(hadUpdate ? ['the configuration changes that its connector made'] : []),
        ...(hadStates ? ['the states that it confirmed: a sync into a new destination of this name starts over'] : []),
      ],
      kept: [
        inHistory('destinations', name),
        'the data that was written to it',
        ...whatRan(connector, runtime),
        'its syncs and their logs',
      ],
    };
  };
  return {
    targets: [local('destination', idOf(destination), name)],
    async run(authorize) {
      // Sources that are syncing into it now are busy, and the refusal names the sync.
      const running = (await syncs.recent(Number.POSITIVE_INFINITY)).filter(({ state }) => state === 'running');
      const busy = running.flatMap(({ destination, source }) => (destination === name ? [source] : []));
      return busy.reduceRight<() => Promise<Removal>>(
        (inner, source) => () => syncs.whileIdle(source, `removing the destination ${name}`, inner),
        () => removeIt(authorize),
      )();
    },
  };
}

async function planDataset({ cache, sources, syncs }: Services, name: string): Promise<RemovalPlan> {
  // No dataset has quotes in its name.
  const [dataset = ''] = nameReadings(name);
  const { source, id, tables } = await cache.datasetTables(dataset);
  const isSaved = (await sources.list()).some(({ name }) => name === source);
  return {
    targets: [local('dataset', id, dataset), ...tables.map(inLedger)],
    run: (authorize) =>
      syncs.whileIdle(source, `removing the dataset ${dataset}`, async () => {
        const {
          tables: removed,
          left,
          datasetRemoved,
        } = await cache.removeTables(dataset, (targets) => authorize(targets.map(inLedger)));
        return {
          removed: [
            ...(datasetRemoved ? [`dataset "${dataset}"`] : []),
            ...removed.map((table) => `table ${sqlPath(dataset, table, cache.kind)}`),
            'its states',
          ],
          kept: [
            ...left.map((table) => `${sqlPath(dataset, table, cache.kind)}, which no sync created`),
            ...(isSaved ? [`source "${source}": its next sync re-reads everything`] : []),
          ],
        };
      }),
  };
}

export function inLedger({ kind, id, name }: Identified): LedgerEntry {
  return local(kind, id, name);
}

async function planTable({ cache, syncs }: Services, name: string): Promise<RemovalPlan> {
  const { dataset, source, found } = await findTable(cache, name);
  const shown = sqlPath(dataset, found.table, cache.kind);
  return {
    targets: [inLedger(found)],
    run: (authorize) =>
      syncs.whileIdle(source, `removing the table ${shown}`, async () => {
        await cache.removeTables(dataset, (targets) => authorize(targets.map(inLedger)), found.table);
        return {
          removed: [`table ${shown} and the state of its stream`],
          kept: [
            `the other tables of "${dataset}"`,
            `source "${source}": its next sync of this stream re-reads everything`,
          ],
        };
      }),
  };
}

/** The registry name selects everything installed of it, `name@version` one version in all runtimes, `name@version (runtime)` one. */
async function planConnector(
  { connectors, sources, destinations, syncs }: Services,
  name: string,
): Promise<RemovalPlan> {
  const all = await connectors.installed();
  const chosen = all.filter((entry) =>
    [entry.connector, `${entry.connector}@${entry.version}`, entry.name].includes(name),
  );
  if (chosen.length === 0) {
    const near = nearest(
      name,
      all.map((entry) => entry.name),
      3,
    );
    throw unknown('installed connector', name, near);
  }
  const uses = (saved: Saved): boolean => chosen.some((entry) => mayUse(saved, entry));
  const readers = (await sources.list()).filter(uses).map((source) => source.name);
  const writers = (await destinations.list()).filter(uses).map((destination) => destination.name);
  // A destination that a sync writes to now is in use by that sync's source.
  const writing = (await syncs.recent(Number.POSITIVE_INFINITY)).filter(
    ({ destination, state }) => state === 'running' && destination !== undefined && writers.includes(destination),
  );
  const busy = [...new Set([...readers, ...writing.map(({ source }) => source)])];
  const removeAll = async (authorize: Authorize): Promise<Removal> => {
    const removed: string[] = [];
    const kept: string[] = [];
    for (const entry of chosen) {
      const result = await connectors.remove(entry, (present) => authorize([installedInLedger(present)]));
      // The size is that of the image, which may remain.
      if (result)
        removed.push(result.stays ? result.entry.name : `${result.entry.name}: ${bytesText(result.entry.bytes)}`);
      if (result?.stays) kept.push(result.stays);
    }
    const again = 'its next use installs what it needs again';
    kept.push(...readers.map((reader) => `source "${reader}": ${again}`));
    kept.push(...writers.map((writer) => `destination "${writer}": ${again}`));
    return { removed, kept };
  };
  return {
    targets: chosen.map(installedInLedger),
    run: (authorize) =>
      busy.reduceRight<() => Promise<Removal>>(
        (inner, source) => () => syncs.whileIdle(source, `removing ${name}`, inner),
        () => removeAll(authorize),
      )(),
  };
}

function installedInLedger({ id, name }: Pick<InstalledEntry, 'id' | 'name'>): LedgerEntry {
  return local('connector', id ?? idOfOld(name), name);
}

type Saved = Pick<InstalledEntry, 'connector' | 'version' | 'runtime'>;

/** A saved connector names its version and runtime; all manifests share the environments of the CDK. */
function mayUse(saved: Saved, { connector, version, runtime }: InstalledEntry): boolean {
  if (connector === SHARED_CDK) return saved.runtime === 'manifest';
  return saved.connector === connector && saved.version === version && saved.runtime === runtime;
}

async function planSync({ cache, syncs }: Services, syncId: string): Promise<RemovalPlan> {
  const { dataset, destination } = await syncs.get(syncId);
  return {
    targets: [local('sync', syncId, syncId)],
    async run(authorize) {
      authorize([local('sync', syncId, syncId)]);
      await syncs.remove(syncId);
      await cache.deleteSync(syncId);
      return {
        removed: [`sync ${syncId}: its status and its log`],
        kept: [
          destination === undefined
            ? `the rows that it loaded into dataset "${dataset}", and the state of its streams`
            : `the records that it wrote to "${destination}", and the state of its streams`,
        ],
      };
    },
  };
}
