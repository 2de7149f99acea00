/** Walks one layer of a configuration: puts secrets in the place of references, and reports what may not stand where it stands. */
import type { Problem } from '../../errors.ts';
import {
  dottedPath,
  type FieldFacts,
  type FieldPath,
  fieldsAt,
  heldOutline,
  heldValue,
  isObject,
  type JsonObject,
  type JsonValue,
  secretFields,
} from '../../protocol/index.ts';
import type { ConfigSpec, SecretKind } from '../types.ts';
import { hasSensitiveShape, hasSensitiveWord } from '../vault/sensitive.ts';
import { atPointer, convert } from './convert.ts';
import { fittingNames, nearNames, secretName } from './suggestions.ts';

export type Layer = 'config' | 'config_file' | 'config_secret';

export interface KnownSecret {
  readonly value: string;
  readonly kind: SecretKind;
}

export interface Rules extends ConfigSpec {
  /** All layers as written, merged, without the values of secrets: constants in it choose the branches of the spec. */
  readonly whole: JsonObject;
  readonly secrets: ReadonlyMap<string, KnownSecret>;
  /** Where a new secret is to be written, for the reader. */
  readonly store: string;
  /** Told each value that stands at a secret field. */
  onSecret(name: string, value: string): void;
}

export interface Walked {
  readonly config: JsonObject;
  /** The same with held values in the place of all that no answer may depend on. */
  readonly outline: JsonObject;
  readonly problems: readonly Problem[];
  /** Whether a reference names a secret that is in no store. */
  readonly unknownName: boolean;
}

const PREFIX = 'secret_reference::';
const REFERENCE = /^secret_reference::([A-Za-z_][A-Za-z0-9_]{0,63})(?:#(\/[^\n]*)?)?$/;

interface Leaf {
  readonly resolved: JsonValue;
  readonly outline: JsonValue;
}

/** @param source the name under which the layer's own secrets are sealed, such as the name of the `config_secret` */
export function resolveLayer(layer: Layer, written: JsonObject, source: string, rules: Rules): Walked {
  const problems: Problem[] = [];
  let hasUnknownName = false;
  const report = (path: FieldPath, message: string, fix: string): undefined => {
    // The path is that of the merged configuration, as the schema's own problems have it.
    if (layer === 'config') problems.push({ path: dottedPath(path) || '(root)', message, fix });
    else if (layer === 'config_file')
      problems.push({ path: dottedPath(path) || '(root)', message: `In the ${layer}: ${message}`, fix });
    // What a secret holds is not shown, its keys and the names in it included.
    else if (problems.length === 0) problems.push(wrongInSecret(source, rules.store));
    return undefined;
  };

  const walk = (value: JsonValue, path: FieldPath): Leaf => {
    if (Array.isArray(value)) {
      const items = value.map((item, index) => walk(item, [...path, index]));
      return {
        resolved: items.map(({ resolved }) => resolved),
        outline: items.map(({ outline }) => outline),
      };
    }
    if (isObject(value)) {
      const fields = Object.entries(value).map(([key, inner]) => {
        if (key.includes(PREFIX)) report(path, 'A key holds a reference.', 'Only values may be references.');
        return [key, walk(inner, [...path, key])] as const;
      });
      return {
        resolved: Object.fromEntries(fields.map(([key, { resolved }]) => [key, resolved])),
        outline: Object.fromEntries(fields.map(([key, { outline }]) => [key, outline])),
      };
    }
    if (typeof value === 'string' && value.includes(PREFIX))
      return { resolved: reference(value, path) ?? null, outline: heldValue(dottedPath(path)) };
    if (layer === 'config') checkLiteral(value, path);
    else registerSecrets(value, path, source);
    return { resolved: value, outline: isOpen(value, path) ? value : heldValue(dottedPath(path)) };
  };

  /** Whether what is wrong with a value may be told: what the assistant wrote, and a person's plain values against a published spec. */
  const isOpen = (value: JsonValue, path: FieldPath): boolean =>
    layer === 'config' || (layer === 'config_file' && rules.isPublished && !isOwnSecret(value, path));

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
    if (part === undefined) {
      return report(
        path,
        `The reference to ${name} does not resolve.`,
        'Correct the pointer, or refer to the whole secret.',
      );
    }
    // What does not fit continues as it is: the connector says what it thinks of it.
    const converted = convert(part, facts.types) ?? part;
    if (secret.kind === 'plain') registerSecrets(converted, path, name);
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
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
      report(
        path,
        'An integer beyond ±9007199254740991 has lost its last digits on the way here.',
        'Write it as a text in quotes where the connector takes one; else ask the user to write it into a config_file or a secret.',
      );
      return;
    }
    // It is compared with no secret: the answer would tell which guess is right.
    const isText = typeof value === 'string' && value.trim() !== '';
    if ((!isText && typeof value !== 'number') || !factsAt(path).secret) return;
    const key = lastKey(path);
    const fitting = fittingNames(key, referable());
    const write = fitting.map((name) => `"${PREFIX}${name}"`).join(' or ');
    report(
      path,
      'Secret fields must not contain literal values.',
      fitting.length > 0
        ? `Write ${write} instead; list_secrets shows all names.`
        : `Ask the user to write a line ${secretName(key)}=… into ${rules.store}, and write "${PREFIX}${secretName(key)}" here.`,
    );
  };

  /** A value of the person's own: sealed where its field, its key or its shape says that it is secret. */
  const registerSecrets = (value: JsonValue, path: FieldPath, name: string): void => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) registerSecrets(item, [...path, index], name);
    } else if (isObject(value)) {
      for (const [key, inner] of Object.entries(value)) registerSecrets(inner, [...path, key], name);
    } else if ((typeof value === 'string' || typeof value === 'number') && isOwnSecret(value, path)) {
      rules.onSecret(layer === 'config_file' ? `config_file.${dottedPath(path)}` : name, String(value));
    }
  };

  const isOwnSecret = (value: JsonValue, path: FieldPath): boolean => {
    const key = lastKey(path);
    const isNamed = layer !== 'config' && (rules.secretKeys.has(key) || hasSensitiveWord(key));
    return isNamed || factsAt(path).secret || hasSensitiveShape(String(value));
  };

  const factsAt = (path: FieldPath): FieldFacts => fieldsAt(rules.spec, path, rules.whole);
  const isAllowed = (facts: FieldFacts, path: FieldPath): boolean =>
    facts.secret || facts.freeForm || rules.secretKeys.has(lastKey(path));
  const referable = (): string[] =>
    [...rules.secrets].filter(([, { kind }]) => kind !== 'setting').map(([name]) => name);

  const { resolved, outline } = walk(written, []);
  return {
    config: resolved as JsonObject,
    outline: layer === 'config_secret' ? heldOutline(written, rules.spec) : (outline as JsonObject),
    problems,
    unknownName: hasUnknownName,
  };
}

/** A layer as far as it may choose the branches of a spec. */
export function choosingPart(layer: Layer, written: JsonObject, { spec, isPublished }: ConfigSpec): JsonObject {
  return layer === 'config' || (layer === 'config_file' && isPublished) ? written : heldOutline(written, spec);
}

function wrongInSecret(name: string, store: string): Problem {
  return {
    path: 'config_secret',
    message: `The configuration in the secret ${name} cannot be used as it is.`,
    fix: `Ask the user to correct it in ${store}: its references, and what it must hold for this connector.`,
  };
}

function lastKey(path: FieldPath): string {
  return path.findLast((part) => typeof part === 'string') ?? '';
}
