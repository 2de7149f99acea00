/** Whether two texts hold the same state: destinations reprint states with another key order, spacing and number format. */
import { readString, skipSpace, walkList, walkObject } from '../../protocol/index.ts';

/** How numbers are compared: by every digit, or with the precision of a double. */
export type Exactness = 'digits' | 'doubles';

/** One spelling for all texts that mean the same JSON value; members that are null count as absent. */
export function spelling(text: string, exactness: Exactness): string {
  const bytes = Buffer.from(text, 'utf8');
  const start = skipSpace(bytes, 0, bytes.length);
  let end = bytes.length;
  while (end > start && isSpace(bytes[end - 1])) end -= 1;
  return spell(bytes, start, end, exactness);
}

function spell(bytes: Buffer, start: number, end: number, exactness: Exactness): string {
  switch (bytes[start]) {
    case 0x7b: {
      const members: string[] = [];
      walkObject(bytes, start, end, (key, from, to) => {
        const value = spell(bytes, from, to, exactness);
        if (value !== 'null') members.push(`${JSON.stringify(key)}:${value}`);
      });
      return `{${members.sort().join(',')}}`;
    }
    case 0x5b: {
      const elements: string[] = [];
      walkList(bytes, start, end, (from, to) => elements.push(spell(bytes, from, to, exactness)));
      return `[${elements.join(',')}]`;
    }
    case 0x22:
      return JSON.stringify(readString(bytes, start, end) ?? bytes.toString('utf8', start, end));
    default:
      return spellScalar(bytes.toString('utf8', start, end).trim(), exactness);
  }
}

function spellScalar(token: string, exactness: Exactness): string {
  const [, sign = '', integer = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  if (integer === '') return token;
  if (exactness === 'doubles') return String(Number(token));
  const digits = (integer + fraction).replace(/^0+/, '');
  if (digits === '') return '0';
  const significant = digits.replace(/0+$/, '');
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
