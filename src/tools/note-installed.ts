import { type Installed, installedName } from '../connectors/index.ts';
import type { Services } from './services.ts';

/** Enters in the ledger what this very call has installed: a connector, and what was installed for it. */
export function noteInstalled({ ledger }: Services, installed: Installed | undefined): void {
  const entries = [installed?.newlyInstalled ? installed : undefined, installed?.alsoInstalled];
  for (const entry of entries) if (entry) ledger.enter({ realm: 'local', kind: 'connector', id: installedName(entry) });
}
