/** Context for resolving one layer of a configuration: its rules and its problems. */
import type { Problem } from '../../errors.ts';
import { dottedPath, type FieldFacts, type FieldPath, fieldsAt, type JsonObject } from '../../protocol/index.ts';
import type { ConfigSpec, SecretKind } from '../types.ts';

export const PREFIX = 'secret_reference::';

export type Layer = 'config' | 'config_file' | 'config_secret';

export interface KnownSecret {
  readonly value: string;
  readonly kind: SecretKind;
}

export interface Rules extends ConfigSpec {
  /** All layers as written, merged, without the values of secrets: constants in it choose the branches of the spec. */
  readonly merged: JsonObject;
  readonly secrets: ReadonlyMap<string, KnownSecret>;
  /** Where the user writes a new secret, for messages. */
  readonly store: string;
  /** Called with each value at a secret field. */
  onSecret(name: string, value: string): void;
}

export interface LayerContext {
  readonly layer: Layer;
  /** The name under which the layer's own secrets are redacted, such as the name of the `config_secret`. */
  readonly source: string;
  readonly rules: Rules;
  readonly problems: Problem[];
  /** Set when a reference names a secret that no store has. */
  hasUnknownName: boolean;
}

/** Adds a problem; at most one for a `config_secret`, whose content is not shown, its keys and the names in it included. */
export function report(
  { layer, source, rules, problems }: LayerContext,
  path: FieldPath,
  text: ProblemText,
): undefined {
  if (layer === 'config_secret') {
    if (problems.length === 0) problems.push(unusableSecret(source, rules.store));
    return undefined;
  }
  // The path refers to the merged configuration, as in the schema's own problems.
  const message = layer === 'config_file' ? `In the ${layer}: ${text.message}` : text.message;
  problems.push({ path: dottedPath(path) || '(root)', message, fix: text.fix });
  return undefined;
}

export type ProblemText = Omit<Problem, 'path'>;

function unusableSecret(name: string, store: string): Problem {
  return {
    path: 'config_secret',
    message: `The configuration in the secret ${name} cannot be used as it is.`,
    fix: `Ask the user to correct it in ${store}: its references, and what it must hold for this connector.`,
  };
}

/** Facts from the spec about the field at a path, in the branches that the merged configuration selects. */
export function factsAt({ rules }: LayerContext, path: FieldPath): FieldFacts {
  return fieldsAt(rules.spec, path, rules.merged);
}

/** The names that a configuration may refer to: settings of this server are not among them. */
export function referableNames(secrets: ReadonlyMap<string, KnownSecret>): string[] {
  return [...secrets].filter(([, { kind }]) => kind !== 'setting').map(([name]) => name);
}

/** The last key of a path; indexes of lists are skipped. */
export function lastKey(path: FieldPath): string {
  return path.findLast((part) => typeof part === 'string') ?? '';
}
