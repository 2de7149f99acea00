/** Reads the records of a destination. */
import type { JsonObject } from '../../protocol/index.ts';

export interface ReadBack {
  readonly from: 'files' | 'duckdb' | 'postgres';
  /**
   * All records of a stream, each as the text of a JSON object; undefined if there is nothing with its name.
   * @throws whatever reading throws; redact its text, which may contain the configuration
   */
  rows(stream: { readonly name: string; readonly namespace?: string }): Promise<readonly string[] | undefined>;
}

export interface ReadBackSource {
  /** Name or path of the connector. */
  readonly connector: string;
  /** The destination's configuration; used only to read. */
  readonly config: JsonObject;
  /** The path on this machine for a path in the configuration; undefined if the destination's files are elsewhere. */
  hostPath(path: string): string | undefined;
  /** The cache's own file: a process may open a DuckDB file only once. */
  readonly cacheFile?: string | undefined;
}
