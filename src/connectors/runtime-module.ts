import type { ConnectorFacts, ConnectorRequest, Installed, RunControl } from './types.ts';

/** Whether a runtime works on this machine, with what it needs or has. */
export type Availability =
  | { readonly works: true; readonly by: string }
  | { readonly works: false; readonly why: string; readonly fix: string };

export interface RuntimeModule {
  /** Called if the caller leaves the choice; never throws because of the machine. */
  available(signal: AbortSignal): Promise<Availability>;
  /**
   * Finds or installs a connector. Two calls at once install once.
   * @throws InputError, SetupError, UpstreamError, ConnectorError
   */
  install(request: ConnectorRequest, facts: ConnectorFacts, control: RunControl): Promise<Installed>;
  /** The hosts that an installation would contact, as far as known in advance. */
  fetchesFrom?(request: ConnectorRequest, facts: ConnectorFacts): Promise<readonly string[]>;
  /** Versions of a connector that run here without a download; if absent, those that have a marker. */
  installed?(request: ConnectorRequest, facts: ConnectorFacts, signal: AbortSignal): Promise<readonly string[]>;
}
