/** All settings, frozen at start. Contains no values of secrets, only their names. */
import type { Problem } from '../errors.ts';

/** Where a setting's value came from. */
export type Origin = 'argument' | 'environment' | 'env file' | 'default';

/** A variable's value and origin; an empty value counts as not set. */
export type Lookup = (name: string) => { readonly value: string; readonly origin: Origin } | undefined;

export interface Mode {
  readonly on: boolean;
  readonly variable: string;
  readonly origin: Origin;
}

export interface Modes {
  readonly safe: Mode;
  readonly readOnly: Mode;
}

export type Realm = 'local' | 'cloud';

/** A path setting. Where it cannot be used, `problem` gives the reason and the path is absent. */
export interface PathSetting {
  readonly path?: string;
  readonly origin: Origin;
  readonly problem?: Problem;
}

/** Whether connectors that run as processes must be confined, are confined where possible, or are not confined. */
export type SandboxSetting = 'require' | 'auto' | 'off';

/** The resources of one container, and the folders of this machine that it may read. */
export interface DockerSettings {
  readonly memoryBytes: number;
  /** Processors; may be a fraction. */
  readonly cpus: number;
  /** Processes and threads. */
  readonly pids: number;
  /** Folders of this machine that every container sees, read-only, at `target`. */
  readonly mounts: readonly { readonly folder: string; readonly target: string }[];
}

/** Airbyte Cloud or a self-managed Airbyte: addresses and ids; the credentials stay in the vault. */
export interface CloudSettings {
  /** Whether there are credentials: without them no cloud tool is listed. */
  readonly configured: boolean;
  /** Names of the cloud settings that are set. */
  readonly names: readonly string[];
  /** Base of the public API without a slash at its end; absent if the setting cannot be used. */
  readonly apiUrl?: string | undefined;
  /** The address as written, where it is a bare host: the public API may be at its root instead. */
  readonly bareUrl?: string | undefined;
  /** Base of the configuration API; absent if it is not given and cannot be derived. */
  readonly configApiUrl?: string | undefined;
  readonly workspaceId?: string | undefined;
  readonly organizationId?: string | undefined;
  /** Problems of the settings that prevent the use of the cloud. */
  readonly problems: readonly Problem[];
}

export interface Settings {
  readonly version: string;
  readonly envFile: PathSetting;
  readonly projectDirectory: PathSetting;
  /** The user's own data directory of Sluice: default project, and the list of known projects. */
  readonly userDataDirectory: string;
  readonly modes: Readonly<Record<Realm, Modes>>;
  readonly sensitiveNames: readonly string[];
  readonly plainNames: readonly string[];
  /** Absolute folders from which `config_file` and `manifest_path` may be read. */
  readonly configDirectories: readonly string[];
  /** Absolute folders whose programs the `executable` runtime may run. */
  readonly executableDirectories: readonly string[];
  readonly sandbox: SandboxSetting;
  /** Absolute folders that connectors which run as processes may read. */
  readonly readDirectories: readonly string[];
  /** Absolute folders that they may read and write. */
  readonly writeDirectories: readonly string[];
  /** Bytes of memory that a connector's processes on this machine may hold together; absent if there is no limit. */
  readonly connectorMemoryBytes?: number | undefined;
  /** The age, in milliseconds, at which a sync discovers a source's catalog again. */
  readonly schemaMaxAgeMs: number;
  /** The limits of one export. */
  readonly exportLimits: { readonly bytes: number; readonly rows: number };
  readonly docker: DockerSettings;
  /** URL or absolute path that replaces Airbyte's public registry. */
  readonly localRegistry?: string;
  readonly offline: boolean;
  /** `secret_reference::NAME` of a Postgres URL, where the cache is shared; `problem` where the setting holds anything else. */
  readonly sharedCache?: { readonly reference: string; readonly problem?: undefined } | { readonly problem: Problem };
  readonly cloud: CloudSettings;
  /** One sentence each, for `get_status` and the instructions. */
  readonly warnings: readonly string[];
}
