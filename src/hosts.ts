/** Which hosts this process asked, and whether they answered: one that failed a moment ago is not recommended. */

export interface HostReport {
  /** With its port where that is not the usual one. */
  readonly host: string;
  readonly reached: boolean;
  /** When it was last asked, in milliseconds since 1970. */
  readonly at: number;
}

export interface HostMemory {
  reached(host: string): void;
  failed(host: string): void;
  /** When a host failed, where that is its latest answer and only minutes ago. */
  failedAt(host: string): number | undefined;
  /** The latest answer of every host, in the order of their names. */
  list(): readonly HostReport[];
}

/** A network that was repaired is noticed after this time at the latest. */
const REMEMBERED_MS = 5 * 60_000;
const MAX_HOSTS = 50;

export function createHostMemory(): HostMemory {
  const reports = new Map<string, HostReport>();
  const note = (host: string, reached: boolean): void => {
    reports.delete(host);
    reports.set(host, { host, reached, at: Date.now() });
    const [oldest] = reports.keys();
    if (reports.size > MAX_HOSTS && oldest !== undefined) reports.delete(oldest);
  };
  return {
    reached: (host) => note(host, true),
    failed: (host) => note(host, false),
    failedAt(host) {
      const report = reports.get(host);
      return report && !report.reached && Date.now() - report.at < REMEMBERED_MS ? report.at : undefined;
    },
    list: () => [...reports.values()].sort((one, other) => (one.host < other.host ? -1 : 1)),
  };
}

/** A time of this day as readers compare it: `14:05 UTC`. */
export function clockText(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}
