/** The ports of the connectors module. */
import type { Readable, Writable } from 'node:stream';
import type { Problem } from '../errors.ts';
import type { HostReport } from '../hosts.ts';
import type { Catalog, ConfiguredStream, JsonObject } from '../protocol/index.ts';
import type { ResolvedConfig } from '../secrets/index.ts';
import type { ManifestDescription } from './manifest/description.ts';
import type { Runtime } from './runtime.ts';
import type { Admission, SandboxStatus } from './sandbox/index.ts';

export type { Runtime };

/** The connector that a caller names. */
export interface ConnectorRequest {
  /** Registry name, absolute path of a program for the `executable` runtime, or any name with `manifestPath`. */
  readonly connector: string;
  readonly version?: string | undefined;
  /** Absent: the cheapest one that works on this machine. */
  readonly runtime?: Runtime | undefined;
  /** Absolute path of a manifest of the user's own. */
  readonly manifestPath?: string | undefined;
}

/** Registry facts that a run needs; absent for a user's own program or manifest. */
export interface ConnectorFacts {
  /** The runtimes that the registry lists. */
  readonly runtimes?: readonly Runtime[];
  readonly pypiPackage?: string;
  /** The image's repository without its tag. */
  readonly repository?: string;
  /** The registry's version, the default. */
  readonly version?: string;
  /** The version of the CDK in the image that the makers build on. */
  readonly cdkVersion?: string;
  /** The host that `manifest` and `components` are fetched from. */
  readonly versionsHost?: string;
  /** The low-code manifest of one version. */
  readonly manifest?: (version: string, signal: AbortSignal) => Promise<string>;
  /** The Python code that the manifest of one version refers to, its checksum compared. */
  readonly components?: (version: string, signal: AbortSignal) => Promise<string>;
  /** The spec message of one version, as the registry has it. */
  readonly spec?: (version: string, signal: AbortSignal) => Promise<JsonObject>;
}

export interface ManifestFiles {
  /** YAML. */
  readonly manifest: string;
  /** Python code that the manifest refers to. */
  readonly components?: string;
}

/** A program of this machine. */
export interface ProcessStart {
  readonly kind: 'process';
  /** Program and leading arguments, before the verb. */
  readonly command: readonly [string, ...string[]];
  /** Arguments behind the verb and its files. */
  readonly trailing?: readonly string[];
  /** Files that every verb gets in addition to its own, by option; rewritten for each run, so that what was checked is what runs. */
  readonly files?: Readonly<Record<string, { readonly name: string; readonly text: string }>>;
  /** Variables over those that every connector gets. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** An image of the Docker engine. */
export interface ContainerStart {
  readonly kind: 'container';
  /** Its id, `sha256:…`: a tag could be moved meanwhile. */
  readonly image: string;
}

/** A connector that is installed and can be run. */
export interface Installed {
  readonly connector: string;
  /** The version that is installed, not the one asked for; `local` for a program or a manifest of the user's own. */
  readonly version: string;
  readonly runtime: Runtime;
  /** Why this runtime was chosen, if the caller did not name one; for the reader. */
  readonly reason?: string | undefined;
  /** Workaround that was applied because the usual way did not start, such as an older Python. */
  readonly note?: string | undefined;
  readonly start: ProcessStart | ContainerStart;
  /** Distinguishes builds of the same version; empty if the version identifies the build. */
  readonly stamp: string;
  /** The spec message, if known without running the connector. */
  readonly spec?: JsonObject | undefined;
  /** Whether this very call installed it. */
  readonly newlyInstalled: boolean;
  /** What this call installed for it besides: the environment that manifests share. */
  readonly alsoInstalled?: Pick<InstalledEntry, 'connector' | 'version' | 'runtime'>;
}

export interface RunControl {
  readonly signal: AbortSignal;
  /** Progress for the person who waits: finding, installing, starting; `done` of `total` if known. */
  progress(message: string, done?: number, total?: number): void;
}

export interface CheckResult {
  readonly succeeded: boolean;
  /** The message of the connector, redacted at level `connector`, bounded. */
  readonly message: string;
}

export interface ReadInputs {
  readonly config: ResolvedConfig;
  readonly streams: readonly ConfiguredStream[];
  /**
   * The text of the state file, written as it is (a parse would change numbers beyond 2^53): the protocol's list of STREAM or
   * GLOBAL states, or a LEGACY blob. Absent for a first read.
   */
  readonly stateText?: string;
}

export interface WriteInputs {
  readonly config: ResolvedConfig;
  /** The configured catalog as the destination reads it. */
  readonly catalog: JsonObject;
}

/** A limit that a tree of processes exceeded. */
export interface Overrun {
  readonly kind: 'processes' | 'memory';
  /** Continues "it" or "The connector". */
  readonly message: string;
  readonly next: string;
}

/** How a connector's process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether its memory limit ended it; `likely` if it was killed for an unknown reason. */
  readonly outOfMemory?: boolean | 'likely';
  /** Whether it continued while the connection that carries its output was cut: its output of that time is lost. */
  readonly outputCut?: boolean | undefined;
  /** Where Sluice ended it because it took more than it may. */
  readonly overrun?: Overrun | undefined;
  /** Redacted, bounded end of its stderr. */
  readonly stderrTail: string;
}

/** A running `read`, passed to a callback; when the callback returns, the entire process tree is ended. */
export interface ConnectorRun {
  /** Raw protocol lines. Not reading it holds the connector back. */
  readonly stdout: Readable;
  /** Settles when the process has ended; never rejects. */
  readonly exit: Promise<Exit>;
  /** Each piece of stderr as it comes, from the first on, raw: redact it before it is shown or written. */
  onStderr(listener: (text: string) => void): void;
}

/** A running `write`: messages go in at stdin, whose end signals the destination that no more messages follow. */
export interface DestinationRun extends ConnectorRun {
  /** Writing to an exited destination emits `error` here, never throws. */
  readonly stdin: Writable;
}

/** A manifest of the user's own: absolute path of its file, or the manifest itself. */
export type OwnManifest = { readonly path: string } | { readonly document: JsonObject };

/** A catalog, and whether the connector was just queried for it. */
export interface Discovered extends Catalog {
  readonly asked: boolean;
}

export interface Connectors {
  /**
   * Finds or installs a connector. Two calls at once install once.
   * @throws InputError, SetupError, UpstreamError, ConnectorError with the redacted end of the installer's output
   */
  install(request: ConnectorRequest, facts: ConnectorFacts, control: RunControl): Promise<Installed>;
  /**
   * Checks, before anything runs, that a connector may start with what the assistant wrote; every verb checks it again.
   * @returns one sentence for each field that names a path which the sandbox hides
   * @throws SetupError `sandbox_missing`; InputError `local_path`
   */
  admit(admission: Admission): Promise<readonly string[]>;
  /** How a connector would run here, for each runtime that the registry offers, the cheapest first. Nothing is installed. */
  runtimesFor(
    request: ConnectorRequest,
    facts: ConnectorFacts,
    signal: AbortSignal,
  ): Promise<readonly RuntimeVerdict[]>;
  /** Asks the package index whether it answers. @returns a note about the connection, if any. @throws UpstreamError */
  askPackageIndex(signal: AbortSignal): Promise<string | undefined>;
  /** What runs connectors here before any is named, and which connectors are installed. Nothing is installed. */
  here(signal: AbortSignal): Promise<Here>;
  /** The spec message of a manifest of the user's own; nothing is installed or run. @throws as `install` */
  manifestSpec(request: ConnectorRequest): Promise<JsonObject>;
  /** What a manifest of the user's own offers; nothing is installed or run. @throws as `install` */
  manifestDescription(request: ConnectorRequest): Promise<ManifestDescription>;
  /**
   * A manifest as an Airbyte takes it, checked; nothing is installed or run.
   * @throws InputError `bad_manifest`, `manifest_unreadable`, `manifest_brings_code`; RefusedError `manifest_outside`
   */
  publishable(manifest: OwnManifest): Promise<JsonObject>;
  /** The connector's own spec message (`{connectionSpecification, …}`), cached per connector version. */
  spec(installed: Installed, control: RunControl): Promise<JsonObject>;
  /** What a destination's configuration would lose in its runtime: files written inside a container. */
  lostBy(installed: Installed, config: ResolvedConfig): Problem[];
  check(installed: Installed, config: ResolvedConfig, control: RunControl): Promise<CheckResult>;
  /** The catalog, cached per connector version and configuration; refreshed if older than `maxAgeMs` (0: always). */
  discover(installed: Installed, config: ResolvedConfig, control: RunControl, maxAgeMs?: number): Promise<Discovered>;
  /** Records that did not fit the cached catalog: if new, the next `discover` with an age asks the connector again. */
  noteMisfits(installed: Installed, config: ResolvedConfig, misfits: readonly string[]): Promise<void>;
  read<T>(
    installed: Installed,
    inputs: ReadInputs,
    control: RunControl,
    body: (run: ConnectorRun) => Promise<T>,
  ): Promise<T>;
  write<T>(
    installed: Installed,
    inputs: WriteInputs,
    control: RunControl,
    body: (run: DestinationRun) => Promise<T>,
  ): Promise<T>;
  /** Removes one version in one runtime, after `authorize` approved it; undefined if it is not installed. @throws LimitError `locked` while it is being installed */
  remove(entry: Pick<InstalledEntry, 'name'>, authorize: (entry: InstalledEntry) => void): Promise<Removed | undefined>;
  /** Drops the cached catalogs of a connector: its sources are queried again at their next use. */
  removeCatalogs(connector: string): Promise<void>;
  /** Installed connectors, without checking which runtimes work. */
  installed(): Promise<readonly InstalledEntry[]>;
  /** Installed connectors of this project: for `get_status` and to find out which runtimes work. */
  status(): Promise<ConnectorsStatus>;
  /** Ends every process that is running now; for shutdown. Resolves when all have exited, after about 800 ms at most. */
  endAll(): Promise<void>;
}

export interface RuntimeVerdict {
  readonly runtime: Runtime;
  readonly works: boolean;
  readonly state: 'ready' | 'download' | 'unreachable' | 'missing';
  /** How it would run, or why it does not; no full sentence. */
  readonly reason: string;
  /** What a person can do if it does not work. */
  readonly fix?: string;
}

/** The runtimes available on this machine, independent of a connector. */
export interface Here {
  /** One for each runtime of the registry, the cheapest first; none is `ready`. */
  readonly runtimes: readonly RuntimeVerdict[];
  /** Names of connectors that are installed in a runtime, such as `python source-faker`. */
  readonly installed: ReadonlySet<string>;
}

export interface InstalledEntry {
  /** Made at its installation; absent for what an earlier version installed. */
  readonly id?: string;
  /** Such as `source-faker@7.2.1 (python)`: what `remove` and the ledger call it. */
  readonly name: string;
  readonly connector: string;
  readonly version: string;
  readonly runtime: Runtime;
  readonly bytes: number;
  /** Its user or owner, if several are possible. */
  readonly note?: string;
}

export interface Removed {
  readonly entry: InstalledEntry;
  /** What of it stays on this machine, and why. */
  readonly stays?: string | undefined;
}

export interface ToolFound {
  readonly name: 'uv' | 'python' | 'docker';
  /** Whether it can be used: what is here and cannot has a path too. */
  readonly found: boolean;
  readonly path?: string;
  readonly version?: string;
  /** What to do if it cannot be used. */
  readonly fix?: string;
}

export interface ConnectorsStatus {
  readonly runtimes: readonly ToolFound[];
  /** Hosts that were contacted, with their latest answer. */
  readonly hosts: readonly HostReport[];
  readonly installed: readonly InstalledEntry[];
  readonly sandbox: SandboxStatus;
}
