/** Who can fix an error: the caller, a person, a policy, the connector, a remote service, or nobody because a limit was reached. */
export type ErrorKind = 'input' | 'setup' | 'refused' | 'connector' | 'upstream' | 'limit';

/** Codes that have the same meaning and the same next step. */
export interface ErrorEntry {
  readonly codes: readonly string[];
  readonly kinds: readonly ErrorKind[];
  /** Markdown, in one line. */
  readonly meaning: string;
  /** Markdown, in one line. */
  readonly next: string;
}

export interface ErrorTopic {
  readonly title: string;
  readonly entries: readonly ErrorEntry[];
}
