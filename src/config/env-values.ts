/** The content of the env file when it was read: values go to the vault and nowhere else. */
import type { Problem } from '../errors.ts';

export interface EnvFileContents {
  readonly path: string;
  /** Name to value, in the file's order. */
  readonly values: ReadonlyMap<string, string>;
  /** Mistakes that make part of the file unusable; each names a line. */
  readonly problems: readonly Problem[];
  /** One sentence each: a value cut at `#`, a duplicate name, a file that others can read. */
  readonly warnings: readonly string[];
  /** By name, how a value may differ from what was meant: a sentence to show next to its rejection. */
  readonly suspicions: ReadonlyMap<string, string>;
  /** Who other than the owner can read it: `group`, `everyone`, or nobody. */
  readonly readableBy?: 'group' | 'everyone';
  /** Changes when the file changes: modification time, size and inode. */
  readonly stamp: string;
}
