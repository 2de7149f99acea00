import { InputError } from '../errors.ts';

const SQL_CAP = 100_000;

/** @throws InputError for SQL that no database is asked about */
export function checkText(sql: string): void {
  if (sql.length > SQL_CAP) {
    throw new InputError(
      'sql_too_long',
      `The SQL has ${sql.length} characters; at most ${SQL_CAP} are read.`,
      'Shorten it: use joins or ranges in place of long lists.',
    );
  }
  // What is judged and what is run would differ: C interfaces end at a NUL.
  if (sql.includes('\0') || /\p{Surrogate}/u.test(sql)) {
    throw new InputError(
      'sql_characters',
      'The SQL holds a NUL or half a character.',
      'Remove that character and call again.',
    );
  }
}
