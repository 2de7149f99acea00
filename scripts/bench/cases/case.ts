/** One line of the plan: a set of data, and the engines that can be measured on it. */
import type { Figures } from '../measure/measure.ts';

export interface Case {
  readonly name: string;
  readonly title: string;
  readonly records: number;
  /** How often it is run where every other one is run `rounds` times. */
  readonly long: boolean;
  /** By the engine's name, in the order of a round; each checks its own result. */
  readonly engines: ReadonlyMap<string, () => Promise<Figures>>;
}

/** Where runs leave their files. */
export interface RunFolders {
  readonly parent: string;
  /** Leave what a run made until the next one. */
  readonly keep: boolean;
}
