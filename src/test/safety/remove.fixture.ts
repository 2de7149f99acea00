/** A project with a small source, and the calls that `remove` tests need. */
import { startServer, type TestServer } from '../harness/client.ts';
import { copyConnector, makeConnectorWorkplace } from '../harness/machine.ts';
import { MEADOW, type Workplace } from '../harness/workplace.ts';

export interface Removed {
  readonly removed: string[];
  readonly kept: string[];
}

export interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly streams: { stream: string; records: number; rows: number }[];
}

export interface RemovalProject {
  readonly workplace: Workplace;
  server: TestServer;
  save(name?: string, config?: object): Promise<unknown>;
  sync(source?: string, args?: object): Promise<Sync & { text: string }>;
  remove(kind: string, name: string): Promise<Removed & { text: string }>;
  /** The tables of all datasets, as `dataset.table`. */
  tables(): Promise<string[]>;
  /** Replaces the server by one of another session, which has created nothing in this project. */
  startAnotherSession(environment?: Record<string, string>): Promise<void>;
  close(): Promise<void>;
}

export async function openRemovalProject(): Promise<RemovalProject> {
  const workplace = await makeConnectorWorkplace(
    "MEADOW_API_KEY='a-key-of-the-meadow-77'\nTURN_TOKEN='turn-the-first-token-0001'\n",
  );
  const connector = await copyConnector(workplace, MEADOW);
  const project: RemovalProject = {
    workplace,
    server: await startServer({ workplace }),
    save: (name = 'meadow', config = {}) =>
      project.server.call('save_source', {
        name,
        connector,
        runtime: 'executable',
        config: { api_key: 'secret_reference::MEADOW_API_KEY', count: 40, ...config },
      }),
    sync: (source = 'meadow', args = {}) =>
      project.server.call<Sync>('start_sync', { source, streams: ['users', 'notes'], wait_seconds: 38, ...args }),
    remove: (kind, name) => project.server.call('remove', { kind, name }),
    async tables() {
      const { datasets } = await project.server.call<Datasets>('describe_data', { detail: 'names' });
      return datasets.flatMap(({ dataset, tables }) => tables.map(({ table }) => `${dataset}.${table}`));
    },
    async startAnotherSession(environment = {}) {
      await project.server.close();
      project.server = await startServer({ workplace, environment });
    },
    async close() {
      await project.server.close();
      await workplace.remove();
    },
  };
  return project;
}

interface Datasets {
  readonly datasets: { dataset: string; tables: { table: string }[] }[];
}
