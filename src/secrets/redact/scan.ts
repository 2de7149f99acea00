/** One pass over a text: which ranges are secret, and where the text can be cut without splitting a secret. */

import type { RedactionLevel } from '../types.ts';
import { type KnownSecrets, MAX_FORM_UNITS } from './known-secrets.ts';
import { findLiterals } from './literals.ts';
import { findShapes, openShapeFrom, type Shape } from './shapes.ts';
import { allViews, plainView, type Range, type TextView } from './text-view.ts';

/** A range to replace with `label`; the heaviest of overlapping ones gives the label. */
export interface Hit extends Range {
  readonly label: string;
  readonly weight: number;
  /** Whether it is a part of a long form: the next part of the same one belongs to it. */
  readonly isChunk?: boolean | undefined;
}

export interface Scan {
  /** In order, merged, never overlapping. */
  readonly hits: readonly Hit[];
  /** Number of secret values in the text, including those already marked. */
  readonly secrets: number;
  /**
   * The position before which later text cannot change the hits: as far from the end as the longest form
   * reaches. It depends only on the text and complete hits: a possible beginning of a secret does not move it.
   */
  settledTo(): number;
}

const MARK = /\[secret:([\w.-]+)\]|\[redacted\]/g;
const MARK_TAIL = 100;

/** @param before up to two characters before the text, to decide whether a token begins there */
export function scan(text: string, level: RedactionLevel, known: KnownSecrets, before = ''): Scan {
  const { needles, literals } = known.termsFor(level);
  const marks = findMarks(text, known);
  const views = needles.length > 0 ? allViews(plainView(text, marks), known.spaced() && text.includes('+')) : [];
  const hits: Hit[] = [];
  for (const view of views) {
    for (const search of needles) {
      search.find(view, (start, end, { name, isChunk }) => {
        const range = { start: fromOf(view, start), end: toOf(view, end - 1) };
        hits.push({ ...range, label: mark(name), weight: end - start, isChunk });
      });
    }
  }
  for (const { start, end, literal } of findLiterals(text, literals, before)) {
    if (marks.some((range) => start < range.end && end > range.start)) continue;
    hits.push({ start, end, label: mark(literal.name), weight: end - start });
  }
  const shapes = level === 'connector' ? findShapes(text) : [];
  for (const { start, end } of shapes) {
    if (end > start) hits.push({ start, end, label: '[redacted]', weight: 0 });
  }
  const merged = merge(hits);
  return {
    hits: merged,
    secrets: marks.length + merged.filter(({ weight }) => weight > 0).length,
    settledTo() {
      // All views, independent of the secrets: the distance from the end must not depend on them.
      const all = allViews(plainView(text, marks), text.includes('+'));
      const open = shapes.filter((shape) => shape.open).map(({ keyStart }) => keyStart);
      const shape = level === 'connector' ? openShapeFrom(text) : text.length;
      const cut = Math.min(text.length, openMarkFrom(text), shape, ...open, ...all.map(beforeLongestForm));
      return beforeAnything(cut, [...merged, ...marks, ...shapes.map(extent)], all);
    },
  };
}

/** Start of the last characters that could belong to a form that the text cuts off. */
function beforeLongestForm(view: TextView): number {
  return Math.min(view.openFrom, fromOf(view, Math.max(0, view.length - MAX_FORM_UNITS)));
}

/** The text with every hit replaced. */
export function replaceHits(text: string, hits: readonly Hit[]): string {
  if (hits.length === 0) return text;
  let result = '';
  let at = 0;
  for (const { start, end, label } of hits) {
    result += text.slice(at, start) + label;
    at = end;
  }
  return result + text.slice(at);
}

function mark(name: string): string {
  return `[secret:${name}]`;
}

function extent(shape: Shape): Range {
  return { start: shape.keyStart, end: shape.end };
}

/** Marks with known names: redacted text is not searched again. */
function findMarks(text: string, known: KnownSecrets): Range[] {
  if (!text.includes('[secret:') && !text.includes('[redacted]')) return [];
  return [...text.matchAll(MARK)]
    .filter(([, name]) => name === undefined || known.isName(name))
    .map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

function openMarkFrom(text: string): number {
  const at = text.lastIndexOf('[');
  if (at < 0 || text.length - at > MARK_TAIL) return text.length;
  const tail = text.slice(at);
  const open = '[secret:'.startsWith(tail) || '[redacted]'.startsWith(tail) || /^\[secret:[\w.-]*$/.test(tail);
  return open && tail !== '[redacted]' ? at : text.length;
}

function merge(hits: Hit[]): Hit[] {
  hits.sort((a, b) => a.start - b.start || b.end - a.end);
  const merged: Hit[] = [];
  for (const hit of hits) {
    const last = merged.at(-1);
    const continued = last?.isChunk && hit.isChunk && hit.label === last.label && hit.start === last.end;
    if (!last || (hit.start >= last.end && !continued)) {
      merged.push(hit);
      continue;
    }
    const heavier = hit.weight > last.weight ? hit : last;
    const end = Math.max(last.end, hit.end);
    merged[merged.length - 1] = { ...heavier, start: last.start, end };
  }
  return merged;
}

/** Moves a cut to the left until it splits no range, no unit of a view and no escape. */
function beforeAnything(limit: number, ranges: readonly Range[], views: readonly TextView[]): number {
  let cut = limit;
  for (let moved = true; moved; ) {
    const last = cut;
    for (const { start, end } of ranges) if (start < cut && cut < end) cut = start;
    for (const view of views) {
      const index = lastFrom(view, cut);
      if (index >= 0 && toOf(view, index) > cut) cut = fromOf(view, index);
      for (let gap = 0; gap < view.gaps.length; gap += 2) {
        const start = view.gaps[gap] ?? 0;
        if (start < cut && cut < (view.gaps[gap + 1] ?? 0)) cut = start;
      }
    }
    moved = cut < last;
  }
  return cut;
}

/** The last unit that begins before `cut`, or -1. */
function lastFrom(view: TextView, cut: number): number {
  let low = 0;
  let high = view.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fromOf(view, middle) < cut) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function fromOf(view: TextView, index: number): number {
  return view.from[index] ?? 0;
}

function toOf(view: TextView, index: number): number {
  return view.to[index] ?? 0;
}
