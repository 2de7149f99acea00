/** What is measured on one set of data. */
import type { Figures } from '../measure/measure.ts';

/** One source, as each engine is given it. */
export interface Job {
  /** Letter of the set, or the connector's name. */
  readonly name: string;
  /** Absolute path of the connector. */
  readonly connector: string;
  readonly config: object;
  readonly streams: readonly string[];
  /** A folder that the bench recreates for each run. */
  readonly folder: string;
}

/** Where a run left its tables. */
export interface Result {
  readonly figures: Figures;
  readonly database: string;
  readonly schema: string;
}
