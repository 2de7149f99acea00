import { type Installed, installedName } from '../connectors/index.ts';
import type { Services } from './services.ts';

/** Enters in the ledger a connector that this very call has installed. */
export function noteInstalled({ ledger }: Services, installed: Installed | undefined): void {
  if (!installed?.newlyInstalled) return;
  ledger.enter({ realm: 'local', kind: 'connector', id: installedName(installed) });
}
