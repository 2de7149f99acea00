import type { InstalledEntry } from './types.ts';

/** The "connector" whose environments run low-code manifests. */
export const SHARED_CDK = 'airbyte-cdk';

/** What `remove` and the ledger call an installed connector: by name and version alone two runtimes would be one. */
export function installedName({
  connector,
  version,
  runtime,
}: Pick<InstalledEntry, 'connector' | 'version' | 'runtime'>): string {
  return `${connector}@${version} (${runtime})`;
}
