/** One project whose syncs are killed repeatedly, and compared with the expected rows after each crash. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerConfig, LedgerStream } from '../../../fixtures/connectors/source-ledger.mjs';
import { startServer, type TestServer } from '../harness/client.ts';
import { copyConnector, makeUnguardedWorkplace, runningConnectors, strays, waitUntil } from '../harness/machine.ts';
import { LEDGER, type Workplace } from '../harness/workplace.ts';
import { duckdbCache, type LookAtCache } from './cache-view.ts';
import { chooseMoment, type Phase, phaseOf, stateOf, waitForMoment } from './moments.ts';
import { postgresCache } from './postgres-view.ts';
import { createRandom, type Random } from './random.ts';
import { type Comparison, compare, type Past } from './truth.ts';

export type Target = 'server' | 'connector' | 'both' | 'server twice';

export interface LanePlan {
  readonly name: string;
  readonly seed: number;
  readonly modes: Partial<Record<LedgerStream, string>>;
  /** The initial ledger. */
  readonly config: LedgerConfig;
  /** Added to `count` after each complete sync. */
  readonly growth: number;
  /** How long the first sync takes, about, in ms. */
  readonly lengthMs: number;
  /** Its part of all kills, relative to the other lanes'. */
  readonly share: number;
  /** Share of the syncs that start without their state. */
  readonly restarts: number;
}

export interface Kill {
  readonly lane: string;
  readonly target: Target;
  readonly phase: Phase;
  readonly compared: Comparison;
}

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly errors?: { message: string }[];
}

export interface Lane {
  /** Starts a sync, kills a random target, and compares. */
  kill(): Promise<Kill>;
  /** Runs a sync without a kill, and compares the cache after it. */
  finish(): Promise<Comparison>;
  /** Removes the lane's folder. */
  remove(): Promise<void>;
}

const SOURCE = 'ledger';

/** @param shared URL of a Postgres database of the lane's own, to be its cache instead of a file */
export async function createLane(plan: LanePlan, shared?: string): Promise<Lane> {
  const envFileText = shared && `SHARED_URL='${shared}'\nSLUICE_CACHE_URL=secret_reference::SHARED_URL\n`;
  const workplace = await makeUnguardedWorkplace(envFileText);
  const connector = await copyConnector(workplace, LEDGER);
  const cacheFolder = join(workplace.project, 'cache');
  for (const folder of [cacheFolder, join(workplace.project, 'staging')]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  const random = createRandom(plan.seed);
  const look = shared ? postgresCache(shared) : duckdbCache(join(cacheFolder, 'cache.duckdb'));
  const lane: Running = { plan, workplace, connector, cacheFolder, random, look, server: undefined, saved: '' };
  let config: LedgerConfig = { ...plan.config, seed: plan.seed, epoch: 1 };
  let past: Past = { epoch: 0, complete: 0, begun: 0 };
  let positions: Comparison['positions'] = {};

  /** A sync that continues with little is shorter. */
  const length = (restart: boolean): number => {
    const all = Object.keys(positions).length * (plan.config.count ?? 1);
    const left = Object.values(positions).reduce((sum, position) => sum + (config.count ?? 0) - position, 0);
    return restart || all === 0 ? plan.lengthMs : plan.lengthMs * (0.15 + (0.85 * left) / all);
  };

  const check = async (syncId: string): Promise<Comparison> => {
    const compared = await look((view) => compare(view, { source: SOURCE, modes: plan.modes, config }, past));
    positions = compared.positions;
    if ((await stateOf(workplace.project, syncId)) === 'complete') {
      past = { ...past, epoch: config.epoch ?? 0, complete: past.complete + 1 };
      config = { ...config, count: (config.count ?? 0) + plan.growth, epoch: (config.epoch ?? 0) + 1 };
    }
    return compared;
  };

  return {
    async kill() {
      const target = random.pick<Target>(['server', 'server', 'server', 'connector', 'both', 'server twice']);
      const restart = random.chance(plan.restarts);
      const moment = chooseMoment(random, length(restart));
      const begin = async (): Promise<string> => {
        // A restart rebuilds every table: the copies that syncs have appended go with the old one.
        past = { ...past, begun: past.begun + 1, complete: restart ? 0 : past.complete };
        return start(lane, config, restart);
      };
      let syncId = await begin();
      const folder = shared ? join(workplace.project, 'staging') : cacheFolder;
      await waitForMoment(moment, folder, async () => (await stateOf(workplace.project, syncId)) !== 'running');
      const phase = await phaseOf(lane.server?.pid ?? 0, workplace.project, syncId);
      const hit = await strike(lane, target, syncId);
      if (target === 'server twice') {
        syncId = await begin();
        await sleep(random.below(400));
        await strike(lane, 'server', syncId);
      }
      return { lane: plan.name, target, phase: hit ? phase : 'ended', compared: await check(syncId) };
    },
    async finish() {
      past = { ...past, begun: past.begun + 1 };
      const syncId = await start(lane, { ...config, pause_ms: 0 }, false);
      const sync = await settled(lane, syncId);
      const compared = await check(syncId);
      if (sync.state !== 'complete') compared.problems.push(`the last sync is ${sync.state}: ${JSON.stringify(sync)}`);
      return compared;
    },
    async remove() {
      await lane.server?.close();
      await waitUntil(async () => (await strays(workplace)).length === 0).catch(() => undefined);
      await workplace.remove();
    },
  };
}

interface Running {
  readonly plan: LanePlan;
  readonly workplace: Workplace;
  readonly connector: string;
  readonly cacheFolder: string;
  readonly random: Random;
  readonly look: LookAtCache;
  server: TestServer | undefined;
  /** The configuration that is saved. */
  saved: string;
}

async function start(lane: Running, config: LedgerConfig, restart: boolean): Promise<string> {
  lane.server ??= await startServer({ workplace: lane.workplace });
  const text = JSON.stringify(config);
  if (text !== lane.saved) {
    await lane.server.call('save_source', { name: SOURCE, connector: lane.connector, runtime: 'executable', config });
    lane.saved = text;
  }
  const modes = Object.entries(lane.plan.modes);
  const sync = await lane.server.call<Sync & { already_running: boolean }>('start_sync', {
    source: SOURCE,
    streams: modes.map(([stream]) => stream),
    options: modes.map(([stream, mode]) => ({ stream, mode })),
    restart,
    wait_seconds: 0,
  });
  if (sync.already_running) throw new Error(`${lane.plan.name}: sync ${sync.sync_id} was running already`);
  return sync.sync_id;
}

/**
 * Kills; where the server lives on, its sync has come to its end when this returns.
 * @returns whether there was somebody to kill
 */
async function strike(lane: Running, target: Target, syncId: string): Promise<boolean> {
  const serverFirst = lane.random.chance(0.5);
  const killServer = async (): Promise<void> => {
    const { server } = lane;
    lane.server = undefined;
    if (!server) return;
    process.kill(server.pid, 'SIGKILL');
    await waitUntil(() => !isAlive(server.pid));
    await server.close();
  };
  if (target === 'both' && serverFirst) await killServer();
  if (target === 'both') await killConnectors(lane.workplace);
  if (target !== 'connector') {
    await killServer();
    return true;
  }
  let killed = 0;
  // While the server gets ready there is nobody yet.
  await waitUntil(async () => {
    killed = await killConnectors(lane.workplace);
    return killed > 0 || (await stateOf(lane.workplace.project, syncId)) !== 'running';
  });
  await settled(lane, syncId);
  return killed > 0;
}

async function killConnectors(workplace: Workplace): Promise<number> {
  let killed = 0;
  for (const line of await runningConnectors(workplace)) {
    const pid = Number.parseInt(line, 10);
    // It may have ended by itself.
    if (!isAlive(pid)) continue;
    process.kill(pid, 'SIGKILL');
    killed += 1;
  }
  return killed;
}

async function settled(lane: Running, syncId: string): Promise<Sync> {
  for (;;) {
    const sync = await lane.server?.call<Sync>('get_sync', { sync_id: syncId, wait_seconds: 40 });
    if (!sync) throw new Error('the server has exited');
    const refused = sync.errors?.find(({ message }) => message.includes('not consistent'));
    if (refused) throw new Error(`${lane.plan.name}: ${refused.message}`);
    if (sync.state !== 'running') return sync;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
