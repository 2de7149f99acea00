import { type Installed, installedName } from '../connectors/index.ts';
import type { Services } from './services.ts';

/** Enters in the ledger what this very call has installed: a connector, and what was installed for it. */
export async function noteInstalled({ ledger, connectors }: Services, installed: Installed | undefined): Promise<void> {
  const names = [installed?.newlyInstalled ? installed : undefined, installed?.alsoInstalled].flatMap((entry) =>
    entry ? installedName(entry) : [],
  );
  if (names.length === 0) return;
  for (const { id, name } of await connectors.installed()) {
    if (id !== undefined && names.includes(name)) ledger.enter({ realm: 'local', kind: 'connector', id, name });
  }
}
