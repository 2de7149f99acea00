/** What DuckDB's parser itself makes large: it copies what a simple CASE compares for each WHEN, and spells out grouping sets. */
import { InputError } from '../../errors.ts';
import { sqlWords } from './sql-words.ts';

/** Words that the parser may make of a text. */
const WORDS_CAP = 300_000;
/** Each may stand for 65,535 sets of columns. */
const SETS_CAP = 12;

interface Case {
  /** Words of what is compared. */
  compared: number;
  others: number;
  whens: number;
}

export interface TextFacts {
  /** It holds NOT MATERIALIZED. */
  readonly notMaterialized: boolean;
}

/** @throws InputError `sql_too_wide` before the parser is asked */
export function checkParsedSize(sql: string): TextFacts {
  const open: Case[] = [{ compared: 0, others: 0, whens: 1 }];
  let sets = 0;
  let before = '';
  let notMaterialized = false;
  for (const word of sqlWords(sql)) {
    // After these a keyword is a name.
    const isName = before === 'AS' || before === '.';
    if (word === 'CUBE' || word === 'ROLLUP' || (word === 'SETS' && before === 'GROUPING')) sets += 1;
    if (word === 'MATERIALIZED' && before === 'NOT') notMaterialized = true;
    // A field that is called "as" makes no name of what follows.
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
    'A CASE compares something long with many values; it would be copied for each of them.',
    'Compute what is compared in a subquery (SELECT … AS x FROM …), and write CASE x WHEN … over that.',
  );
}

function tooManySets(): InputError {
  return new InputError(
    'sql_too_wide',
    `The query holds CUBE, ROLLUP or GROUPING SETS more than ${SETS_CAP} times.`,
    'Name the sets in one GROUPING SETS ((a, b), (a), ()), or ask in several queries.',
  );
}
