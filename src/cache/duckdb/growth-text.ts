/** Refuses text that DuckDB's parser itself would blow up: it copies the operand of a simple CASE for each WHEN, and expands grouping sets. */
import { InputError } from '../../errors.ts';
import { sqlWords } from './sql-words.ts';

/** Words that the parser may produce from a text. */
const WORDS_CAP = 300_000;
/** Each may expand to 65,535 sets of columns. */
const SETS_CAP = 12;

interface Case {
  /** Words of the operand. */
  compared: number;
  others: number;
  whens: number;
}

export interface TextFacts {
  /** It holds NOT MATERIALIZED. */
  readonly notMaterialized: boolean;
}

/** Runs before the parser. @throws InputError `sql_too_wide` */
export function checkParsedSize(sql: string): TextFacts {
  const open: Case[] = [{ compared: 0, others: 0, whens: 1 }];
  let sets = 0;
  let before = '';
  let notMaterialized = false;
  for (const word of sqlWords(sql)) {
    // After these, a keyword is a name.
    const isName = before === 'AS' || before === '.';
    if (word === 'CUBE' || word === 'ROLLUP' || (word === 'SETS' && before === 'GROUPING')) sets += 1;
    if (word === 'MATERIALIZED' && before === 'NOT') notMaterialized = true;
    // After a field with the name "as", a keyword is still a keyword.
    before = isName && word === 'AS' ? '' : word;
    const here = open.at(-1) as Case;
    if (!isName && word === 'CASE') open.push({ compared: 0, others: 0, whens: 0 });
    else if (!isName && word === 'WHEN') here.whens += 1;
    else if (!isName && word === 'END' && open.length > 1) close(open);
    else count(here, 1);
  }
  while (open.length > 1) close(open);
  if (sets > SETS_CAP) throw tooManySets();
  if (sizeOf(open[0] as Case) > WORDS_CAP) throw tooManyCases();
  return { notMaterialized };
}

function close(open: Case[]): void {
  const closed = open.pop() as Case;
  count(open.at(-1) as Case, sizeOf(closed));
}

function count(where: Case, words: number): void {
  if (where.whens === 0) where.compared += words;
  else where.others += words;
}

function sizeOf({ compared, others, whens }: Case): number {
  return compared * Math.max(1, whens) + others + whens + 1;
}

function tooManyCases(): InputError {
  return new InputError(
    'sql_too_wide',
    'A CASE compares a long expression with many values; the expression would be copied for each of them.',
    'Compute the expression in a subquery (SELECT … AS x FROM …), and write CASE x WHEN … over it.',
  );
}

function tooManySets(): InputError {
  return new InputError(
    'sql_too_wide',
    `The query holds CUBE, ROLLUP or GROUPING SETS more than ${SETS_CAP} times.`,
    'Name the sets in one GROUPING SETS ((a, b), (a), ()), or split it into several queries.',
  );
}
