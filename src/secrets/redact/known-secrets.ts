/** Everything the redactor searches for, derived from the added values; the tables are built at the next search. */

import type { RedactionLevel } from '../types.ts';
import type { Literal } from './literals.ts';
import { createNeedleSearch, MIN_NEEDLE, type Needle, type NeedleSearch } from './needle-search.ts';
import { allForms, textForms } from './secret-forms.ts';
import { partsOf } from './secret-parts.ts';
import { withoutInvisible } from './text-view.ts';

/** What one level searches for. */
export interface SearchTerm {
  readonly needles: readonly NeedleSearch[];
  readonly literals: readonly Literal[];
}

export interface KnownSecrets {
  add(name: string, value: string, sensitive: boolean): void;
  termsFor(level: RedactionLevel): SearchTerm;
  isName(name: string): boolean;
  /** Whether any value holds whitespace, which forms write as `+`. */
  readonly spaced: () => boolean;
}

/**
 * The longest needle and literal, in visible characters. A longer form is searched in chunks, so that a position this far
 * from the end of a text is a safe cut for any secrets.
 */
export const MAX_FORM_UNITS = 4_096;
const CHUNK_UNITS = 1_024;

const MIN_PLAIN_TOKEN = 3;
const NO_TOKENS = /^(?:true|false|yes|no|null)$/i;

interface TermSet {
  readonly needles: Map<string, Needle>;
  readonly literals: Map<string, Literal>;
  search?: NeedleSearch;
}

export function createKnownSecrets(): KnownSecrets {
  const sensitive = newTermSet();
  const plain = newTermSet();
  const names = new Set<string>();
  const added = new Set<string>();
  let spaced = false;
  const addForm = (terms: TermSet, name: string, form: string, asToken: boolean): void => {
    const text = withoutInvisible(form);
    terms.search = undefined;
    if (text.length >= MIN_NEEDLE && !asToken) {
      for (const needle of needlesOf(text, name))
        if (!terms.needles.has(needle.text)) terms.needles.set(needle.text, needle);
    } else if (text !== '' && !terms.literals.has(form)) {
      terms.literals.set(form, { text: form, name, asToken });
    }
  };
  const addValue = (terms: TermSet, name: string, part: string, forms: Set<string>): void => {
    spaced ||= withoutInvisible(part) !== part;
    // Encoded forms of a short value are still searched as tokens, whatever their length.
    for (const form of forms) addForm(terms, name, form, part.length < MIN_NEEDLE);
  };
  return {
    spaced: () => spaced,
    isName: (name) => names.has(name),
    add(name, value, isSensitive) {
      const trimmed = value.trim();
      const key = `${isSensitive ? 's' : 'p'} ${name} ${trimmed}`;
      if (trimmed === '' || added.has(key)) return;
      added.add(key);
      names.add(name);
      if (isSensitive) {
        for (const part of partsOf(trimmed)) addValue(sensitive, name, part, formsOf(part));
      } else if (trimmed.length >= MIN_PLAIN_TOKEN && !NO_TOKENS.test(trimmed)) {
        addValue(plain, name, trimmed, textForms(trimmed));
      }
    },
    termsFor(level) {
      const sets = level === 'data' ? [sensitive] : [sensitive, plain];
      const literals = sets.flatMap((terms) => [...terms.literals.values()]);
      return {
        needles: sets.map(searchOf).filter((search) => search.size > 0),
        literals: level === 'connector' ? literals : literals.filter((literal) => !literal.asToken),
      };
    },
  };
}

/** One needle, or consecutive chunks of a form that is too long for one; the last chunk is the longest. */
function needlesOf(text: string, name: string): Needle[] {
  if (text.length <= MAX_FORM_UNITS) return [{ text, name }];
  const count = Math.floor(text.length / CHUNK_UNITS);
  return Array.from({ length: count }, (_, index) => {
    const end = index === count - 1 ? text.length : (index + 1) * CHUNK_UNITS;
    return { text: text.slice(index * CHUNK_UNITS, end), name, isChunk: true };
  });
}

function newTermSet(): TermSet {
  return { needles: new Map(), literals: new Map() };
}

function searchOf(terms: TermSet): NeedleSearch {
  terms.search ??= createNeedleSearch([...terms.needles.values()]);
  return terms.search;
}

function formsOf(part: string): Set<string> {
  return part.length < MIN_NEEDLE ? textForms(part) : allForms(part);
}
