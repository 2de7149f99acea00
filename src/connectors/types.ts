/** The ports of the connectors room. */
import type { Readable } from 'node:stream';
import type { Catalog, ConfiguredStream, JsonObject } from '../protocol/index.ts';
import type { ResolvedConfig } from '../secrets/index.ts';

export type Runtime = 'python' | 'docker' | 'manifest' | 'executable';

/** Which connector is meant, as a caller says it. */
export interface ConnectorRequest {
  /** Registry name, or absolute path of a program for the `executable` runtime. */
  readonly connector: string;
  readonly version?: string;
  readonly runtime?: Runtime;
}

/** What the registry knows that running needs; absent for an executable. */
export interface PackageFacts {
  readonly pypiPackage?: string;
  /** The registry's version, taken when the caller names none. */
  readonly version?: string;
}

/** A connector that is installed and can be run. */
export interface Installed {
  readonly connector: string;
  /** The version that is installed, not the one asked for; `local` for an executable. */
  readonly version: string;
  readonly runtime: Runtime;
  /** Program and leading arguments. */
  readonly command: readonly [string, ...string[]];
  /** Whether this very call installed it. */
  readonly newlyInstalled: boolean;
}

export interface RunControl {
  readonly signal: AbortSignal;
  /** What happens now, for the person who waits: finding, installing, starting. */
  progress(message: string): void;
}

export interface CheckResult {
  readonly succeeded: boolean;
  /** The connector's own words, sealed at level `connector`, bounded. */
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

/** How a connector's process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Sealed, bounded end of its stderr. */
  readonly stderrTail: string;
}

/** A running `read`, lent to a callback; when the callback is over the whole process tree is ended. */
export interface ConnectorRun {
  /** Raw protocol lines. Not reading it holds the connector back. */
  readonly stdout: Readable;
  /** Settles when the process has ended; never rejects. */
  readonly exit: Promise<Exit>;
  /** Each piece of stderr as it comes, raw: seal it before it is shown or written. */
  onStderr(listener: (text: string) => void): void;
}

export interface Connectors {
  /**
   * Finds or installs a connector. Two calls at once install once.
   * @throws InputError, SetupError, UpstreamError, ConnectorError with the sealed end of the installer's output
   */
  install(request: ConnectorRequest, facts: PackageFacts, control: RunControl): Promise<Installed>;
  /** The connector's own spec message (`{connectionSpecification, …}`), kept per connector version. */
  spec(installed: Installed, control: RunControl): Promise<JsonObject>;
  check(installed: Installed, config: ResolvedConfig, control: RunControl): Promise<CheckResult>;
  /** The catalog, kept per connector version and configuration; `refresh` asks the connector again. */
  discover(installed: Installed, config: ResolvedConfig, control: RunControl, refresh?: boolean): Promise<Catalog>;
  read<T>(
    installed: Installed,
    inputs: ReadInputs,
    control: RunControl,
    body: (run: ConnectorRun) => Promise<T>,
  ): Promise<T>;
  /** Removes one version's environment; undefined where it is not installed. @throws LimitError `locked` while it is being installed */
  remove(connector: string, version: string): Promise<InstalledEntry | undefined>;
  /** Forgets the kept catalogs of a connector: its sources ask again at their next use. */
  forgetCatalogs(connector: string): Promise<void>;
  /** What is installed, without asking which runtimes work. */
  installed(): Promise<readonly InstalledEntry[]>;
  /** What is installed in this project: for `get_status` and for telling which runtimes work. */
  status(): Promise<ConnectorsStatus>;
  /** Ends every process that is running now; for shutdown. Resolves when all are gone, at most some 800 ms. */
  endAll(): Promise<void>;
}

export interface InstalledEntry {
  readonly connector: string;
  readonly version: string;
  readonly runtime: Runtime;
  readonly bytes: number;
}

export interface ToolFound {
  readonly name: 'uv' | 'python' | 'docker';
  readonly found: boolean;
  readonly path?: string;
  readonly version?: string;
  /** What to install, where it is missing. */
  readonly fix?: string;
}

export interface ConnectorsStatus {
  readonly runtimes: readonly ToolFound[];
  readonly installed: readonly InstalledEntry[];
}
