import { expect, test } from 'vitest';
import type { Modes } from '../config/index.ts';
import { EFFECTS, judge, type Operation, refusal } from './effects.ts';

const modes = (safe: boolean, readOnly: boolean): Modes => ({
  safe: { on: safe, variable: 'SLUICE_SAFE_MODE', origin: 'default' },
  readOnly: { on: readOnly, variable: 'SLUICE_READONLY_MODE', origin: 'env file' },
});
const allowed = (operation: Operation, safe: boolean, readOnly: boolean): boolean =>
  judge(operation, modes(safe, readOnly)).allowed;

test('the complete table, for objects that the session did not create', () => {
  const table = (['local', 'cloud'] as const).flatMap((realm) =>
    EFFECTS.map((effect) => {
      const operation = { realm, effect, ownWork: false };
      return `${realm} ${effect}: ${[allowed(operation, false, true), allowed(operation, true, false), allowed(operation, false, false)].map((yes) => (yes ? 'yes' : 'no')).join(' ')}`;
    }),
  );
  expect(table).toEqual([
    'local read: yes yes yes',
    'local run: no yes yes',
    'local create: no yes yes',
    'local change: no no yes',
    'local destroy: no no yes',
    'cloud read: yes yes yes',
    'cloud run: yes yes yes',
    'cloud create: no yes yes',
    'cloud change: no no yes',
    'cloud destroy: no no yes',
  ]);
});

test('safe mode lets a session change and destroy its own work; read-only wins over it', () => {
  for (const realm of ['local', 'cloud'] as const) {
    for (const effect of ['change', 'destroy'] as const) {
      expect(allowed({ realm, effect, ownWork: true }, true, false)).toBe(true);
      expect(allowed({ realm, effect, ownWork: true }, true, true)).toBe(false);
    }
  }
});

test('a refusal names the mode, where it was set, and how a person lifts it', () => {
  const operation = { realm: 'local', effect: 'destroy', ownWork: false } as const;
  const { readOnly, safe } = modes(true, true);
  const byHand = 'Or run "sluice-mcp remove" in a terminal.';
  const error = refusal(operation, readOnly, { tool: 'remove', byHand });
  expect(error.code).toBe('read_only_mode');
  expect(error.message).toContain('SLUICE_READONLY_MODE, set by the env file');
  expect(error.next).toContain('SLUICE_READONLY_MODE=0');
  const others = [{ realm: 'local', kind: 'source', id: '5b9c', name: 'shop' }] as const;
  const unsafe = refusal(operation, safe, { tool: 'remove', others, byHand });
  expect(unsafe.message).toContain('would destroy: source "shop"');
  expect(unsafe.message).not.toContain('5b9c');
  expect(unsafe.next).toContain('SLUICE_SAFE_MODE=0');
  expect(unsafe.next).toContain('sluice-mcp remove');
});
