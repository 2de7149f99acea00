/** What a stream's schema said about a column of its table. */
import type { KnownStream } from './bookkeeping/index.ts';
import type { ColumnSummary } from './types.ts';

const DESCRIPTION_CAP = 300;

/** @param comment the database's own word on the column, where the schema has none */
export function columnFacts(
  name: string,
  stream: KnownStream | undefined,
  comment: string | null | undefined,
): Pick<ColumnSummary, 'description' | 'field'> {
  const known = stream?.target.columns.find(({ column }) => column === name);
  const description = known?.description ?? comment;
  return {
    ...(known?.field !== undefined && known.field !== name ? { field: known.field } : {}),
    ...(description ? { description: description.slice(0, DESCRIPTION_CAP) } : {}),
  };
}
