/** What the tests of the cloud read in its tools' answers. */

export interface JobAnswer {
  readonly job_id: number;
  readonly type: string;
  readonly state: string;
  readonly records?: number;
  readonly already_running?: boolean;
  readonly cancelled?: boolean;
  readonly attempts?: {
    attempt: number;
    state: string;
    streams: { stream: string; records_committed?: number }[];
    failures: { from?: string; message: string }[];
  }[];
  readonly error?: string;
  readonly log?: string[];
  readonly log_offset?: number;
  readonly log_total?: number;
  readonly next_log_offset?: number;
  readonly warnings: string[];
  readonly next: string;
}

interface Row {
  readonly id?: string;
  readonly job_id?: number;
  readonly name?: string;
  readonly type?: string;
  readonly status?: string;
  readonly last_job?: { job_id: number; state: string };
}
export interface Listed {
  readonly objects: Row[];
  readonly total?: number;
  readonly looked_at: number;
  readonly next_cursor?: string;
}
