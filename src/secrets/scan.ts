/** One pass over a text: which stretches are secret, and up to where the text can be cut without cutting a secret. */
import type { KnownSecrets } from './known-secrets.ts';
import { findLiterals, openLiteralFrom } from './literals.ts';
import { findShapes, openShapeFrom, type Shape } from './shapes.ts';
import { allViews, plainView, type Range, settledLength, type TextView } from './text-view.ts';
import type { SealLevel } from './types.ts';

/** A stretch to replace by `label`; of overlapping ones the heaviest names the whole. */
export interface Hit extends Range {
  readonly label: string;
  readonly weight: number;
}

export interface Scan {
  /** In order, merged, never overlapping. */
  readonly hits: readonly Hit[];
  /** The largest place up to which nothing that may still come can change what was found. */
  settledTo(): number;
}

const MARK = /\[secret:([\w.-]+)\]|\[sealed\]/g;
const MARK_TAIL = 100;

/** @param before the characters before the text, two at most, for judging whether a token begins there */
export function scan(text: string, level: SealLevel, known: KnownSecrets, before = ''): Scan {
  const { needles, literals } = known.wanted(level);
  const marks = findMarks(text, known);
  const views = needles.length > 0 ? allViews(plainView(text, marks), known.spaced() && text.includes('+')) : [];
  const hits: Hit[] = [];
  for (const view of views) {
    for (const search of needles) {
      search.find(view, (start, end, { name }) => {
        hits.push({ start: fromOf(view, start), end: toOf(view, end - 1), label: mark(name), weight: end - start });
      });
    }
  }
  for (const { start, end, literal } of findLiterals(text, literals, before)) {
    if (marks.some((range) => start < range.end && end > range.start)) continue;
    hits.push({ start, end, label: mark(literal.name), weight: end - start });
  }
  const shapes = level === 'connector' ? findShapes(text) : [];
  for (const { start, end } of shapes) {
    if (end > start) hits.push({ start, end, label: '[sealed]', weight: 0 });
  }
  const merged = merge(hits);
  return {
    hits: merged,
    settledTo() {
      let cut = Math.min(text.length, openMarkFrom(text), openLiteralFrom(text, literals));
      if (level === 'connector') cut = Math.min(cut, openShapeFrom(text));
      for (const shape of shapes) if (shape.open) cut = Math.min(cut, shape.keyStart);
      for (const view of views) {
        cut = Math.min(cut, view.openFrom);
        for (const search of needles) {
          for (const length of new Set([view.length, settledLength(view)])) {
            const open = search.openFrom(view, length);
            if (open < length) cut = Math.min(cut, fromOf(view, open));
          }
        }
      }
      return beforeAnything(cut, [...merged, ...marks, ...shapes.map(extent)], views);
    },
  };
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

/** Marks of names that are known: what was sealed once is not searched again. */
function findMarks(text: string, known: KnownSecrets): Range[] {
  if (!text.includes('[se')) return [];
  return [...text.matchAll(MARK)]
    .filter(([, name]) => name === undefined || known.isName(name))
    .map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

function openMarkFrom(text: string): number {
  const at = text.lastIndexOf('[');
  if (at < 0 || text.length - at > MARK_TAIL) return text.length;
  const tail = text.slice(at);
  const open = '[secret:'.startsWith(tail) || '[sealed]'.startsWith(tail) || /^\[secret:[\w.-]*$/.test(tail);
  return open && tail !== '[sealed]' ? at : text.length;
}

function merge(hits: Hit[]): Hit[] {
  hits.sort((a, b) => a.start - b.start || b.end - a.end);
  const merged: Hit[] = [];
  for (const hit of hits) {
    const last = merged.at(-1);
    if (!last || hit.start >= last.end) {
      merged.push(hit);
      continue;
    }
    const heavier = hit.weight > last.weight ? hit : last;
    const end = Math.max(last.end, hit.end);
    merged[merged.length - 1] = { start: last.start, end, label: heavier.label, weight: heavier.weight };
  }
  return merged;
}

/** Moves a cut to the left until it splits no range, no unit of a view and no escape. */
function beforeAnything(wanted: number, ranges: readonly Range[], views: readonly TextView[]): number {
  let cut = wanted;
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
