/** Values that are written out instead of referred to: refused from the assistant at secret fields, redacted from a person. */
import { dottedPath, type FieldPath, isObject, type JsonValue } from '../../protocol/index.ts';
import { hasSensitiveShape, hasSensitiveWord } from '../vault/sensitive.ts';
import { factsAt, type LayerContext, lastKey, PREFIX, type Rules, referableNames, report } from './layer-context.ts';
import { fittingNames, secretName } from './suggestions.ts';

/** Reports a value that the assistant wrote and that must not be in a configuration. */
export function checkLiteral(value: JsonValue, path: FieldPath, context: LayerContext): void {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    report(context, path, {
      message: 'An integer beyond ±9007199254740991 has lost its last digits on the way here.',
      fix: 'Write it as a text in quotes where the connector takes one; else ask the user to write it into a config_file or a secret.',
    });
    return;
  }
  // Never compare it with a secret: the answer would reveal which guess is right.
  const isText = typeof value === 'string' && value.trim() !== '';
  if ((!isText && typeof value !== 'number') || !factsAt(context, path).secret) return;
  report(context, path, {
    message: 'Secret fields must not contain literal values.',
    fix: referenceFix(lastKey(path), context.rules),
  });
}

function referenceFix(key: string, { secrets, store }: Rules): string {
  const fitting = fittingNames(key, referableNames(secrets));
  if (fitting.length > 0) {
    return `Write ${fitting.map((name) => `"${PREFIX}${name}"`).join(' or ')} instead; list_secrets shows all names.`;
  }
  const name = secretName(key);
  return `Ask the user to write a line ${name}=… into ${store}, and write "${PREFIX}${name}" here.`;
}

/** Registers for redaction the parts of a person's own value that are secret by field, key or shape. */
export function registerSecrets(value: JsonValue, path: FieldPath, name: string, context: LayerContext): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) registerSecrets(item, [...path, index], name, context);
  } else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) registerSecrets(inner, [...path, key], name, context);
  } else if ((typeof value === 'string' || typeof value === 'number') && isSecretValue(value, path, context)) {
    const label = context.layer === 'config_file' ? `config_file.${dottedPath(path)}` : name;
    context.rules.onSecret(label, String(value));
  }
}

/** Whether problems with a value may be reported: yes for the assistant's values, and for a person's plain values with a published spec. */
export function isReportable(value: JsonValue, path: FieldPath, context: LayerContext): boolean {
  if (context.layer === 'config') return true;
  return context.layer === 'config_file' && context.rules.isPublished && !isSecretValue(value, path, context);
}

function isSecretValue(value: JsonValue, path: FieldPath, context: LayerContext): boolean {
  const key = lastKey(path);
  const isNamed = context.layer !== 'config' && (context.rules.secretKeys.has(key) || hasSensitiveWord(key));
  return isNamed || factsAt(context, path).secret || hasSensitiveShape(String(value));
}
