/** The ports that tools know; `main.ts` wires the modules behind them. */
import type { Cache } from '../cache/index.ts';
import type { Cloud } from '../cloud/index.ts';
import type { Settings } from '../config/index.ts';
import type { Connectors } from '../connectors/index.ts';
import type { Project } from '../project/index.ts';
import type { Registry } from '../registry/index.ts';
import type { Audit, Ledger, SessionHistory } from '../safety/index.ts';
import type { Vault } from '../secrets/index.ts';
import type { Sources } from '../sources/index.ts';
import type { Syncs } from '../sync/index.ts';

export interface Services {
  readonly settings: Settings;
  readonly project: Project;
  readonly vault: Vault;
  readonly ledger: Ledger;
  readonly audit: Audit;
  /** The calls of this session, with what they did. */
  readonly history: SessionHistory;
  readonly registry: Registry;
  readonly connectors: Connectors;
  readonly sources: Sources;
  readonly destinations: Sources;
  readonly cache: Cache;
  readonly syncs: Syncs;
  /** An Airbyte that is operated over its API; without a configured one, every call fails with the way to configure it. */
  readonly cloud: Cloud;
}

/** The services and a function that stops what they run. */
export interface App {
  readonly services: Services;
  /** Ends connectors and syncs, writes what is pending, closes the cache. */
  endAll(): Promise<void>;
}
