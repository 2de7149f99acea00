/** Renders a plan as lines of text: DuckDB's own drawing wraps long values in adjacent boxes, where secrets would not be recognized. */
import { isObject, type JsonValue } from '../../protocol/index.ts';

/** @param json as `EXPLAIN (FORMAT json)` gives it */
export function planText(json: string): string {
  const plan = JSON.parse(json) as JsonValue;
  return (Array.isArray(plan) ? plan : [plan]).flatMap((node) => nodeLines(node, 0)).join('\n');
}

function nodeLines(node: JsonValue, depth: number): string[] {
  if (!isObject(node)) return [];
  const indent = '  '.repeat(depth);
  const facts = isObject(node.extra_info) ? Object.entries(node.extra_info) : [];
  const children = Array.isArray(node.children) ? node.children : [];
  return [
    `${indent}${String(node.name ?? '').trim()}`,
    ...facts.filter(([, value]) => value !== '').map(([key, value]) => `${indent}  ${key}: ${factText(value)}`),
    ...children.flatMap((child) => nodeLines(child, depth + 1)),
  ];
}

function factText(value: JsonValue): string {
  return Array.isArray(value)
    ? value.map(factText).join(', ')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
}
