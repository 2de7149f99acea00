/** Jobs of connections, in the client's terms. */

export const JOB_TYPES = ['sync', 'reset', 'refresh', 'clear'] as const;
export type JobType = (typeof JOB_TYPES)[number];

/** `Merge` keeps the present rows, `Truncate` removes them once everything is read again. */
export type RefreshMode = 'Merge' | 'Truncate';

export interface StreamName {
  readonly name: string;
  readonly namespace?: string | undefined;
}

export const JOB_STATES = ['pending', 'queued', 'running', 'incomplete', 'failed', 'succeeded', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface Job {
  readonly id: number;
  readonly connectionId: string;
  /** One of `JOB_TYPES`, or a word that a later Airbyte has. */
  readonly type: string;
  /** One of `JOB_STATES`, or a word that a later Airbyte has. */
  readonly state: string;
  /** As the API writes it: ISO 8601. */
  readonly startedAt?: string | undefined;
  readonly updatedAt?: string | undefined;
  /** ISO 8601 duration, such as `PT8M12S`. */
  readonly duration?: string | undefined;
  readonly bytes?: number | undefined;
  readonly records?: number | undefined;
}

export interface JobFilter {
  readonly workspaceId?: string | undefined;
  readonly connectionId?: string | undefined;
  readonly state?: JobState | undefined;
  readonly type?: JobType | undefined;
  readonly oldestFirst?: boolean | undefined;
}

export interface Attempt {
  /** 0 is the first. */
  readonly number: number;
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly createdAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly bytes?: number | undefined;
  readonly records?: number | undefined;
  readonly streams: readonly {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly emitted?: number | undefined;
    readonly committed?: number | undefined;
  }[];
  readonly failures: readonly {
    readonly origin?: string | undefined;
    readonly type?: string | undefined;
    readonly message: string;
  }[];
}
