/** `sluice-mcp remove KIND NAME`: shows everything that will be removed, asks, then removes it. */

import { nearest } from '../protocol/index.ts';
import { planRemoval, REMOVABLE, remove, type Services } from '../tools/index.ts';
import type { Typed } from './arguments.ts';
import { confirmed } from './confirm.ts';
import { createOutput, hasProject, MISTAKE, tellError } from './output.ts';

/** @returns the exit status */
export async function runRemove(
  services: Services,
  { words: [word = '', name = ''], yes, json }: Typed,
): Promise<number> {
  const output = createOutput(services, json);
  if (!hasProject(services, output)) return MISTAKE;
  const kind = REMOVABLE.find((known) => known === word);
  if (!kind) {
    const [near] = nearest(word, REMOVABLE, 1);
    const message = `There is no kind "${word}": it is one of ${REMOVABLE.join(', ')}.`;
    const next = `Did you mean ${near}?`;
    output.json({ type: 'error', exit_status: MISTAKE, error: { kind: 'input', code: 'unknown_kind', message, next } });
    output.complain(`${message} ${next}`);
    return MISTAKE;
  }
  try {
    const plan = await planRemoval(services, kind, name);
    const { targets } = plan;
    if (!yes) {
      // Show what will be removed before asking, with --json too.
      for (const { kind: what, id, name: reported = id } of targets)
        process.stderr.write(output.clean(`  ${what} ${reported}\n`));
      if (!(await confirmed(output.clean(`Remove ${targets.length === 1 ? 'it' : `these ${targets.length}`}?`)))) {
        const message = 'Nothing was removed.';
        const next = process.stdin.isTTY ? 'Answer y to remove it.' : 'There is no terminal to ask on: add --yes.';
        const error = { kind: 'input', code: 'not_confirmed', message, next };
        output.json({ type: 'error', exit_status: MISTAKE, error });
        output.complain(`${message} ${next}`);
        return MISTAKE;
      }
    }
    const { removed, kept } = await remove(services, plan);
    output.json({ type: 'removed', exit_status: 0, kind, name, removed, kept });
    output.say(`Removed: ${removed.join('; ')}.`);
    if (kept.length > 0) output.say(`Kept: ${kept.join('; ')}.`);
    return 0;
  } catch (error) {
    return tellError(error, output);
  }
}
