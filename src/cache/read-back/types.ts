/** What reads the records of a destination, and where they are. */
import type { JsonObject } from '../../protocol/index.ts';

export interface ReadBack {
  readonly from: 'files' | 'duckdb' | 'postgres';
  /**
   * All records of a stream, each as the text of a JSON object; undefined where nothing of its name is found.
   * @throws whatever reading throws: its text may hold what was configured, so seal it
   */
  rows(stream: { readonly name: string; readonly namespace?: string }): Promise<readonly string[] | undefined>;
}

export interface ReadBackSource {
  /** Name or path of the connector. */
  readonly connector: string;
  /** The destination's configuration; only what is read gets anything of it. */
  readonly config: JsonObject;
  /** The path on this machine of a path in the configuration; undefined where the destination's own lies elsewhere. */
  hostPath(path: string): string | undefined;
  /** The cache's own file: one process may open a file of DuckDB only once. */
  readonly cacheFile?: string | undefined;
}
