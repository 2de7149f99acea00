/** Replaces one `secret_reference::NAME` by the value of its secret, or reports why it cannot be used. */
import { type FieldFacts, type FieldPath, type JsonValue, secretFields } from '../../protocol/index.ts';
import { atPointer, convert } from './convert.ts';
import {
  factsAt,
  type KnownSecret,
  type LayerContext,
  lastKey,
  PREFIX,
  type ProblemText,
  type Rules,
  referableNames,
  report,
} from './layer-context.ts';
import { registerSecrets } from './literal-values.ts';
import { nearSecrets } from './suggestions.ts';

const REFERENCE = /^secret_reference::([A-Za-z_][A-Za-z0-9_]{0,63})(?:#(\/[^\n]*)?)?$/;
const MAX_FIELDS = 8;

/**
 * @param text a text that contains `PREFIX`
 * @returns the value, in the type of the field; undefined if a problem was reported
 */
export function resolveReference(text: string, path: FieldPath, context: LayerContext): JsonValue | undefined {
  const [match, name = '', pointer] = REFERENCE.exec(text) ?? [];
  if (match === undefined) return report(context, path, malformed(text));
  const secret = context.rules.secrets.get(name);
  if (!secret) {
    context.hasUnknownName = true;
    return report(context, path, unknownName(name, context.rules));
  }
  const facts = factsAt(context, path);
  const refusal = refusalOf(name, secret, path, facts, context.rules);
  if (refusal) return report(context, path, refusal);
  const part = pointer ? atPointer(secret.value, pointer) : secret.value;
  if (part === undefined) {
    return report(context, path, {
      message: `The reference to ${name} does not resolve.`,
      fix: 'Correct the pointer, or refer to the whole secret.',
    });
  }
  // A value of the wrong type is passed on unchanged: the connector reports the problem.
  const converted = convert(part, facts.types) ?? part;
  if (secret.kind === 'plain') registerSecrets(converted, path, name, context);
  return converted;
}

function malformed(text: string): ProblemText {
  return {
    message: text.startsWith(PREFIX) ? 'This reference is not well formed.' : 'A reference is inside a longer text.',
    fix: `The whole value must be ${PREFIX}NAME, or ${PREFIX}NAME#/pointer for a part of a JSON value. Where a text has a secret in it, ask the user for a secret that holds the whole text.`,
  };
}

/** Why a known secret must not be used at a field; undefined if it may. */
function refusalOf(
  name: string,
  { kind, value }: KnownSecret,
  path: FieldPath,
  facts: FieldFacts,
  rules: Rules,
): ProblemText | undefined {
  if (kind === 'setting') {
    return {
      message: `${name} is a setting of this server, and connectors cannot refer to it.`,
      fix: `Ask the user to write the value under another name into ${rules.store}.`,
    };
  }
  if (value.trim() === '') {
    return { message: `The secret ${name} is empty.`, fix: `Ask the user to give ${name} a value in ${rules.store}.` };
  }
  const isAllowed = facts.secret || facts.freeForm || rules.secretKeys.has(lastKey(path));
  return kind === 'sensitive' && !isAllowed ? misplaced(name, path, rules) : undefined;
}

function unknownName(name: string, { secrets, store }: Rules): ProblemText {
  const near = nearSecrets(name, referableNames(secrets));
  return {
    message: `There is no secret named ${name}.`,
    fix:
      near.length > 0
        ? `Did you mean ${near.join(', ')}? list_secrets shows all names.`
        : `list_secrets shows all names. A new one is a line ${name}=… that the user writes into ${store}.`,
  };
}

function misplaced(name: string, path: FieldPath, { spec }: Rules): ProblemText {
  const all = secretFields(spec);
  const parent = path
    .slice(0, -1)
    .filter((part) => typeof part === 'string')
    .join('.');
  const near = all.filter((field) => parent !== '' && field.startsWith(parent));
  const fields = (near.length > 0 ? near : all).slice(0, MAX_FIELDS);
  const allowed =
    fields.length > 0
      ? `Sensitive secrets are allowed at ${fields.join(', ')}.`
      : 'This connector has no field for secrets.';
  return {
    message: `${name} is sensitive, and this field is not a secret field.`,
    fix: `${allowed} If the value is not sensitive, the user can list ${name} in SLUICE_PLAIN.`,
  };
}
