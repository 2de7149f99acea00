/** Many objects in the fake Airbyte, instead of its seed. */
import { airbyteId, type FakeAirbyte } from '../../../fixtures/airbyte/index.ts';

export function addConnections(airbyte: FakeAirbyte, many: number, name: (index: number) => string): void {
  const [pattern] = airbyte.state.connections;
  if (!pattern) throw new Error('the seed has no connection');
  airbyte.state.connections.splice(
    0,
    Number.POSITIVE_INFINITY,
    ...Array.from({ length: many }, (_, index) => ({
      ...structuredClone(pattern),
      connectionId: airbyteId('connection', index + 1),
      name: name(index + 1),
    })),
  );
}

export function addJobs(
  airbyte: FakeAirbyte,
  jobs: readonly { connection: number; hour: number; outcome: 'succeeded' | 'failed' }[],
): void {
  const [pattern] = airbyte.state.jobs;
  if (!pattern) throw new Error('the seed has no job');
  airbyte.state.jobs.splice(
    0,
    Number.POSITIVE_INFINITY,
    ...jobs.map(({ connection, hour, outcome }, index) => {
      const createdAt = Date.UTC(2025, 0, 1) + hour * 3_600_000;
      const connectionId = airbyteId('connection', connection);
      const plan = { ...pattern.plan, outcome };
      return {
        ...structuredClone(pattern),
        jobId: index + 1,
        connectionId,
        createdAt,
        updatedAt: createdAt,
        plan,
        status: 'pending' as const,
        attempts: [],
      };
    }),
  );
}
