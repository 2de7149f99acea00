/** Walks one layer of a configuration: puts secrets in the place of references, and reports what may not stand where it stands. */
import type { Problem } from '../errors.ts';
import {
  dottedPath,
  type FieldFacts,
  type FieldPath,
  fieldsAt,
  isObject,
  type JsonObject,
  type JsonValue,
  secretFields,
} from '../protocol/index.ts';
import { atPointer, convert } from './convert.ts';
import { MIN_NEEDLE } from './needle-search.ts';
import { hasSensitiveShape, hasSensitiveWord } from './sensitive.ts';
import { fittingNames, nearNames, secretName } from './suggestions.ts';
import type { SecretKind } from './types.ts';

export type Layer = 'config' | 'config_file' | 'config_secret';

export interface KnownSecret {
  readonly value: string;
  readonly kind: SecretKind;
}

export interface Rules {
  readonly spec: JsonObject;
  readonly secretKeys: ReadonlySet<string>;
  /** All layers as written, merged: constants in it choose the branches of the spec. */
  readonly whole: JsonObject;
  readonly secrets: ReadonlyMap<string, KnownSecret>;
  /** Where a new secret is to be written, for the reader. */
  readonly store: string;
  /** Told each value that stands at a secret field. */
  onSecret(name: string, value: string): void;
}

export interface Walked {
  readonly config: JsonObject;
  readonly problems: readonly Problem[];
  /** Whether a reference names a secret that is in no store. */
  readonly unknownName: boolean;
}

const PREFIX = 'secret_reference::';
const REFERENCE = /^secret_reference::([A-Za-z_][A-Za-z0-9_]{0,63})(?:#(\/[^\n]*)?)?$/;

/** @param source the name under which the layer's own secrets are sealed, such as the name of the `config_secret` */
export function resolveLayer(layer: Layer, written: JsonObject, source: string, rules: Rules): Walked {
  const problems: Problem[] = [];
  let hasUnknownName = false;
  const report = (path: FieldPath, message: string, fix: string): undefined => {
    // The path is that of the merged configuration, as the schema's own problems have it.
    problems.push({
      path: dottedPath(path) || '(root)',
      message: layer === 'config' ? message : `In the ${layer}: ${message}`,
      fix,
    });
    return undefined;
  };

  const walk = (value: JsonValue, path: FieldPath): JsonValue => {
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (isObject(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => {
          if (key.includes(PREFIX)) report(path, 'A key holds a reference.', 'Only values may be references.');
          return [key, walk(inner, [...path, key])];
        }),
      );
    }
    if (typeof value === 'string' && value.includes(PREFIX)) return reference(value, path) ?? null;
    if (layer === 'config') checkLiteral(value, path);
    else tellSecrets(value, path, source);
    return value;
  };

  const reference = (text: string, path: FieldPath): JsonValue | undefined => {
    const [match, name = '', pointer] = REFERENCE.exec(text) ?? [];
    if (match === undefined) {
      return report(
        path,
        text.startsWith(PREFIX) ? 'This reference is not well formed.' : 'A reference stands inside a longer text.',
        `The whole value must be ${PREFIX}NAME, or ${PREFIX}NAME#/pointer for a part of a JSON value. Where a text has a secret in it, ask the user for a secret that holds the whole text.`,
      );
    }
    const secret = rules.secrets.get(name);
    if (!secret) return unknownName(name, path);
    if (secret.kind === 'setting') {
      return report(
        path,
        `${name} is a setting of this server, and connectors cannot refer to it.`,
        `Ask the user to write the value under another name into ${rules.store}.`,
      );
    }
    if (secret.value.trim() === '') {
      return report(path, `The secret ${name} is empty.`, `Ask the user to give ${name} a value in ${rules.store}.`);
    }
    const facts = factsAt(path);
    if (secret.kind === 'sensitive' && !isAllowed(facts, path)) return misplaced(name, path);
    const part = pointer ? atPointer(secret.value, pointer) : secret.value;
    if (part === undefined || part === null) {
      return report(
        path,
        `The secret ${name} is no JSON, or has nothing at ${pointer}.`,
        'Correct the pointer, or refer to the whole secret.',
      );
    }
    const converted = convert(part, facts.types);
    if (converted === undefined) {
      return report(
        path,
        `The value of ${name} does not fit: this field takes ${facts.types.join(' or ')}.`,
        `Ask the user to correct ${name} in ${rules.store}, or refer to another secret.`,
      );
    }
    if (secret.kind === 'plain') tellSecrets(converted, path, name);
    return converted;
  };

  const unknownName = (name: string, path: FieldPath): undefined => {
    hasUnknownName = true;
    const near = nearNames(name, referable());
    return report(
      path,
      `There is no secret named ${name}.`,
      near.length > 0
        ? `Did you mean ${near.join(', ')}? list_secrets shows all names.`
        : `list_secrets shows all names. A new one is a line ${name}=… that the user writes into ${rules.store}.`,
    );
  };

  const misplaced = (name: string, path: FieldPath): undefined => {
    const all = secretFields(rules.spec);
    const parent = path
      .slice(0, -1)
      .filter((part) => typeof part === 'string')
      .join('.');
    const near = all.filter((field) => parent !== '' && field.startsWith(parent));
    const fields = (near.length > 0 ? near : all).slice(0, 8);
    return report(
      path,
      `${name} is sensitive, and this field is not one for secrets.`,
      `${fields.length > 0 ? `Sensitive secrets may stand at ${fields.join(', ')}.` : 'This connector has no field for secrets.'} If the value is not sensitive, the user can list ${name} in SLUICE_PLAIN.`,
    );
  };

  const checkLiteral = (value: JsonValue, path: FieldPath): void => {
    // It would be saved as it stands, and shown to whoever reads the file.
    const held = [...rules.secrets].find(([, secret]) => isValueOf(secret, String(value)));
    if (held && !factsAt(path).secret) {
      const fix = `Write "${PREFIX}${held[0]}" instead, where the connector has a field for secrets; list_secrets shows all names.`;
      report(path, `The value of the secret ${held[0]} stands here as a literal.`, fix);
      return;
    }
    const isText = typeof value === 'string' && value.trim() !== '';
    if ((!isText && typeof value !== 'number') || !factsAt(path).secret) return;
    const key = lastKey(path);
    const fitting = fittingNames(key, referable());
    const write = fitting.map((name) => `"${PREFIX}${name}"`).join(' or ');
    report(
      path,
      'A literal value stands at a field for secrets.',
      fitting.length > 0
        ? `Write ${write} instead; list_secrets shows all names.`
        : `Ask the user to write a line ${secretName(key)}=… into ${rules.store}, and write "${PREFIX}${secretName(key)}" here.`,
    );
  };

  /** A literal of the person's own: sealed where its field, its key or its shape says that it is secret. */
  const tellSecrets = (value: JsonValue, path: FieldPath, name: string): void => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) tellSecrets(item, [...path, index], name);
    } else if (isObject(value)) {
      for (const [key, inner] of Object.entries(value)) tellSecrets(inner, [...path, key], name);
    } else if (typeof value === 'string' || typeof value === 'number') {
      const text = String(value);
      const own = layer !== 'config' && (rules.secretKeys.has(lastKey(path)) || hasSensitiveWord(lastKey(path)));
      if (own || factsAt(path).secret || hasSensitiveShape(text)) {
        rules.onSecret(layer === 'config_file' ? `config_file.${dottedPath(path)}` : name, text);
      }
    }
  };

  const factsAt = (path: FieldPath): FieldFacts => fieldsAt(rules.spec, path, rules.whole);
  const isAllowed = (facts: FieldFacts, path: FieldPath): boolean =>
    facts.secret || facts.freeForm || rules.secretKeys.has(lastKey(path));
  const referable = (): string[] =>
    [...rules.secrets].filter(([, { kind }]) => kind !== 'setting').map(([name]) => name);

  const config = walk(written, []);
  return { config: isObject(config) ? config : {}, problems, unknownName: hasUnknownName };
}

/** Short values are found in innocent texts too. */
function isValueOf({ value, kind }: KnownSecret, text: string): boolean {
  return kind === 'sensitive' && value.trim().length >= MIN_NEEDLE && text.includes(value.trim());
}

function lastKey(path: FieldPath): string {
  return path.findLast((part) => typeof part === 'string') ?? '';
}
