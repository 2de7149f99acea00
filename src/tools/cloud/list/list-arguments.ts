/** Arguments of list_cloud_objects, and which of them go with which kind. */
import { JOB_STATES, type JobType } from '../../../cloud/index.ts';
import { InputError } from '../../../errors.ts';
import type { Kind } from './list-rows.ts';

export interface Asked {
  readonly kind: Kind;
  readonly search?: string | undefined;
  readonly connection_id?: string | undefined;
  readonly status?: string | undefined;
  readonly failing_only?: boolean | undefined;
  readonly job_type?: JobType | undefined;
  readonly oldest_first?: boolean | undefined;
  readonly workspace_id?: string | undefined;
}

/** Which arguments fit which kinds. */
const FITS: Record<Exclude<keyof Asked, 'kind'>, readonly Kind[]> = {
  search: ['workspace', 'organization', 'source', 'destination', 'connection', 'definition'],
  connection_id: ['job'],
  status: ['connection', 'job'],
  failing_only: ['connection'],
  job_type: ['job'],
  oldest_first: ['job'],
  workspace_id: ['source', 'destination', 'connection', 'job', 'definition'],
};
const CONNECTION_STATES = ['active', 'inactive', 'deprecated', 'locked'];

/** @throws InputError `argument_does_not_fit`, `bad_status` */
export function checkFit(asked: Asked): void {
  for (const [argument, kinds] of Object.entries(FITS) as [keyof typeof FITS, readonly Kind[]][]) {
    if (asked[argument] === undefined || asked[argument] === false || kinds.includes(asked.kind)) continue;
    throw new InputError(
      'argument_does_not_fit',
      `"${argument}" does not go with kind ${asked.kind}.`,
      `It is for kind ${kinds.join(', ')}. Leave it out, or change kind.`,
    );
  }
  const states: readonly string[] = asked.kind === 'job' ? JOB_STATES : CONNECTION_STATES;
  if (asked.status === undefined || states.includes(asked.status)) return;
  throw new InputError(
    'bad_status',
    `${JSON.stringify(asked.status.slice(0, 40))} is not a status of a ${asked.kind}.`,
    `Use one of: ${states.join(', ')}.`,
  );
}
