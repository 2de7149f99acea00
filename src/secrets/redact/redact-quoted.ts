/** Masks unregistered values in a text that quotes them: by the names before them, and private keys by their shape. */
import { MASK } from '../mask/mask.ts';
import { valueBehind } from './shapes.ts';

const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY[\s\S]*?(?:-----END [A-Z0-9 ]*-----|$)/g;
const BEHIND_NAME = String.raw`)["'\\]*[ \t]*(?:=>|[:=])[ \t]*`;

/**
 * @param names configuration fields whose values are secret
 */
export function redactQuoted(text: string, names: ReadonlySet<string>): string {
  const withoutKeys = text.replace(PRIVATE_KEY, MASK);
  const known = [...names].filter((name) => /^[\w.-]+$/.test(name)).sort((a, b) => b.length - a.length);
  if (known.length === 0) return withoutKeys;
  const heads = new RegExp(`(?<![\\w.-])(?:${known.map(escaped).join('|')}${BEHIND_NAME}`, 'gi');
  let shown = '';
  let from = 0;
  for (let head = heads.exec(withoutKeys); head; head = heads.exec(withoutKeys)) {
    const { start, end } = valueBehind(withoutKeys, head.index, head.index + head[0].length);
    if (end <= start) continue;
    shown += `${withoutKeys.slice(from, start)}${MASK}`;
    from = end;
    heads.lastIndex = end;
  }
  return shown + withoutKeys.slice(from);
}

function escaped(name: string): string {
  return name.replace(/[.-]/g, '\\$&');
}
