import type { ConnectorFacts, ConnectorRequest, Installed, RunControl } from './types.ts';

/** Whether a runtime works on this machine, with what it needs or has. */
export type Availability =
  | { readonly works: true; readonly by: string }
  | { readonly works: false; readonly why: string; readonly fix: string };

export interface RuntimeModule {
  /** Asked when the caller leaves the choice; never throws for the machine's sake. */
  available(signal: AbortSignal): Promise<Availability>;
  /**
   * Finds or installs a connector. Two calls at once install once.
   * @throws InputError, SetupError, UpstreamError, ConnectorError
   */
  install(request: ConnectorRequest, facts: ConnectorFacts, control: RunControl): Promise<Installed>;
  /** The hosts that installing it would ask, as far as that is known before. */
  fetchesFrom?(request: ConnectorRequest, facts: ConnectorFacts): Promise<readonly string[]>;
  /** Versions of a connector that run here without fetching anything; where it is absent, those that have a marker. */
  installed?(request: ConnectorRequest, facts: ConnectorFacts, signal: AbortSignal): Promise<readonly string[]>;
}
