/** Facts about a column from its stream's schema. */

import { type Redactor, redactBeginning } from '../secrets/index.ts';
import type { KnownStream } from './bookkeeping/index.ts';
import type { ColumnSummary } from './types.ts';

const DATA = { level: 'data', shown: 300 } as const;

/** @param comment the database's comment on the column, used where the schema has no description */
export function columnFacts(
  name: string,
  stream: KnownStream | undefined,
  comment: string | null | undefined,
  redactor: Redactor,
): Pick<ColumnSummary, 'description' | 'field'> {
  const known = stream?.target.columns.find(({ column }) => column === name);
  const description = known?.description ?? comment;
  return {
    ...(known?.field !== undefined && known.field !== name ? { field: known.field } : {}),
    ...(description ? { description: redactBeginning(description, { ...DATA, redactor }).text } : {}),
  };
}
