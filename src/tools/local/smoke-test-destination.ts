import { join } from 'node:path';
import * as z from 'zod';
import { readBackOf } from '../../cache/index.ts';
import type { LedgerEntry } from '../../safety/index.ts';
import { idOf } from '../../sources/index.ts';
import { type ScenarioReport, type SmokeReport, smokeTest } from '../../sync/index.ts';
import { targetOf } from '../begin-sync.ts';
import type { Services } from '../services.ts';
import { asData, count } from '../text.ts';
import { defineTool } from '../tool.ts';

const output = z.object({
  destination: z.string(),
  passed: z.boolean(),
  scenarios: z.array(
    z.object({
      scenario: z.string(),
      about: z.string(),
      passed: z.boolean().optional(),
      skipped: z.string().optional(),
      written: z.number(),
      states: z.object({ sent: z.number(), returned: z.number() }),
      read_back: z.object({ compared: z.boolean(), records: z.number().optional(), why: z.string().optional() }),
      problems: z.array(z.string()),
      seconds: z.number(),
    }),
  ),
  left_behind: z.string(),
});

export const smokeTestDestination = defineTool({
  name: 'smoke_test_destination',
  title: 'Smoke-test a destination',
  description:
    'Test a saved destination: write made-up records (types, nulls, names, unicode, schema changes, batches, dedup…) into streams named sluice_smoke_…, and read them back if possible (local files, DuckDB, Postgres).',
  input: z.strictObject({ destination: z.string(), scenarios: z.array(z.string()).min(1).optional() }),
  output,
  realm: 'local',
  effect: 'change',
  async plan({ destination }, { services }) {
    return { effect: 'change', targets: [inLedger(await services.destinations.get(destination))] };
  },
  async run({ destination, scenarios }, { services, signal, progress, authorize }) {
    const control = { signal, progress };
    const target = await targetOf(services, destination, control);
    authorize('change', [inLedger(target)]);
    const { connectors, vault } = services;
    const report = await smokeTest(
      { connectors, redactor: vault.redactor, target, scenarios, readBack: () => readBack(target, services) },
      control,
    );
    const data = {
      destination,
      passed: report.passed,
      scenarios: [...report.scenarios].map(plain),
      left_behind: leftBehind(report),
    };
    return { text: textOf(data, report.scenarios), data };
  },
});

function inLedger({ id, name }: { readonly id?: string; readonly name: string }): LedgerEntry {
  return { realm: 'local', kind: 'destination', id: idOf(id === undefined ? { name } : { id, name }), name };
}

/** Passes the configuration, including its secrets, only to the reader. */
async function readBack(target: Awaited<ReturnType<typeof targetOf>>, { settings, project }: Services) {
  const { installed, config } = target;
  const cache = project.peek('cache');
  const inContainer = installed.start.kind === 'container';
  const hostPath = (path: string): string | undefined => {
    if (!inContainer) return path;
    const mount = settings.docker.mounts.find(
      ({ target: at }) => path === at || path.startsWith(`${at.replace(/\/$/, '')}/`),
    );
    return mount && join(mount.folder, path.slice(mount.target.length));
  };
  const location = { connector: installed.connector, hostPath, cacheFile: cache && join(cache, 'cache.duckdb') };
  return config.use((plainConfig) => {
    // Inside a container this machine has another name.
    const isHere = inContainer && plainConfig.host === 'host.docker.internal';
    return readBackOf({ ...location, config: isHere ? { ...plainConfig, host: '127.0.0.1' } : plainConfig });
  });
}

function plain(report: ScenarioReport) {
  return { ...report, problems: [...report.problems] };
}

function leftBehind({ prefix, scenarios }: SmokeReport): string {
  if (scenarios.every(({ written }) => written === 0)) return 'Nothing was written.';
  return `What was written stays there, in tables or files whose names begin with ${prefix}: remove them with the destination's own means.`;
}

function textOf(data: z.infer<typeof output>, scenarios: readonly ScenarioReport[]): string {
  const failed = scenarios.filter(({ passed }) => passed === false);
  const lines = scenarios.map(({ scenario, passed, skipped, written, states, read_back: back, seconds }) => {
    if (skipped !== undefined) return `- ${scenario}: skipped, ${skipped}`;
    const read = back.compared ? `${count(back.records ?? 0, 'record')} read back` : `not read back: ${back.why}`;
    return `- ${scenario}: ${passed ? 'passed' : 'FAILED'}; ${written.toLocaleString('en-US')} written, ${states.returned} of ${states.sent} states returned, ${read} (${seconds} s)`;
  });
  const problems = failed.flatMap(({ scenario, problems: reported }) =>
    reported.map((problem) => `${scenario}: ${problem}`),
  );
  const head = data.passed ? 'All passed' : `${failed.length} of ${scenarios.length} scenarios failed`;
  return [
    `Destination "${data.destination}": ${head}.`,
    ...lines,
    ...(problems.length > 0 ? [asData('problems', problems.join('\n'))] : []),
    data.left_behind,
  ].join('\n');
}
