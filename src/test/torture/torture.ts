/** Many kills over several lanes at once, and what they add up to. */
import { createLane, type Kill, type LanePlan } from './lane.ts';
import { makeDatabase } from './postgres-view.ts';

export interface Outcome {
  readonly kills: readonly Kill[];
  readonly rows: number;
  readonly lost: number;
  readonly repeated: number;
  /** One line for each difference or failure, with the lane and where it came. */
  readonly problems: readonly string[];
}

export interface TortureOptions {
  readonly plans: readonly LanePlan[];
  /** Over all lanes. */
  readonly kills: number;
  /** URL of a Postgres whose role may make databases: the caches are made there, one for each lane. */
  readonly postgres?: string;
  readonly onKill?: (kill: Kill, done: number) => void;
}

/** Runs the lanes side by side until the kills are done; each ends with a clean sync that is compared too. */
export async function torture({ plans, kills: total, postgres, onKill }: TortureOptions): Promise<Outcome> {
  const kills: Kill[] = [];
  const problems: string[] = [];
  const sums = { rows: 0, lost: 0, repeated: 0 };
  const shares = plans.reduce((sum, { share }) => sum + share, 0);
  const add = (where: string, compared: Kill['compared']): void => {
    sums.rows += compared.rows;
    sums.lost += compared.lost;
    sums.repeated += compared.repeated;
    problems.push(...compared.problems.map((problem) => `${where}: ${problem}`));
  };
  await Promise.all(
    plans.map(async (plan, index) => {
      const database = postgres && (await makeDatabase(postgres, `sluice_torture_${process.pid}_${index}`));
      const lane = await createLane(plan, database ? database.url : undefined);
      let own = 0;
      try {
        while (own < Math.ceil((total * plan.share) / shares)) {
          const kill = await lane.kill();
          own += 1;
          kills.push(kill);
          add(`${plan.name}, kill ${own} (${kill.target}, ${kill.phase})`, kill.compared);
          onKill?.(kill, kills.length);
          if (kill.compared.problems.length > 0) return;
        }
        add(`${plan.name}, after ${own} kills`, await lane.finish());
      } catch (error) {
        problems.push(`${plan.name}, after ${own} kills: ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        await lane.remove();
        if (database) await database.drop();
      }
    }),
  );
  return { kills, ...sums, problems };
}
