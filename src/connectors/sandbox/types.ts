/** The port of the sandbox: what confines a connector's process, and what its configuration may name. */
import type { SandboxSetting } from '../../config/index.ts';
import type { JsonObject } from '../../protocol/index.ts';
import type { Runtime } from '../runtime.ts';

export type SandboxKind = 'bubblewrap' | 'sandbox-exec' | 'none';

export interface SandboxStatus {
  /** `SLUICE_SANDBOX`. */
  readonly setting: SandboxSetting;
  /** What confines connectors on this machine. */
  readonly kind: SandboxKind;
  /** Why there is none. */
  readonly reason?: string | undefined;
  /** What to do so that there is one. */
  readonly fix?: string | undefined;
  /** For logs, without a full stop. */
  readonly text: string;
  /** One sentence each: what of the settings has no effect. */
  readonly warnings: readonly string[];
}

/** One start of a connector. */
export interface ConfinedRun {
  /** Absolute program with its arguments. */
  readonly command: readonly [string, ...string[]];
  /** The connector's folder of this run: its working directory and the only writable one. */
  readonly folder: string;
  /** The folder of the run's temporary files, below `folder`. */
  readonly temporary: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it is a destination that writes: writes to temporary paths must fail instead of being lost. */
  readonly writes: boolean;
  /** Folders of its own environment that it may also write: once, directly after the installation. */
  readonly completes?: readonly string[];
}

/** The program to start. */
export interface Admission {
  /** Undefined until chosen: then only rules for every runtime are checked. */
  readonly runtime: Runtime | undefined;
  /** What the assistant wrote of the configuration, with references as they are. */
  readonly literals: JsonObject | undefined;
  readonly isDestination: boolean;
}

/** How to start a program so that it is confined. */
export interface Confined {
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether a sandbox process runs between this one and the program: it reports signals as exit codes. */
  readonly isWrapped: boolean;
}

export interface Sandbox {
  /** Tries the sandbox out on the first call, once per process. */
  status(): Promise<SandboxStatus>;
  /**
   * Checks that a connector may start with what the assistant wrote, before anything runs. Values of secrets are not looked at.
   * @returns one sentence for each field that names a path which the sandbox hides: why the connector may not find it
   * @throws SetupError `sandbox_missing`; InputError `local_path` with the fields
   */
  admit(admission: Admission): Promise<readonly string[]>;
  /** @returns undefined if there is no sandbox and none is required. @throws SetupError `sandbox_missing` */
  confine(run: ConfinedRun): Promise<Confined | undefined>;
}
