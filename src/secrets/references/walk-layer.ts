/** Walks one layer of a configuration: replaces references by secrets, and reports values that are not allowed at their field. */
import type { Problem } from '../../errors.ts';
import {
  dottedPath,
  type FieldPath,
  heldOutline,
  heldValue,
  isObject,
  type JsonObject,
  type JsonValue,
} from '../../protocol/index.ts';
import type { ConfigSpec } from '../types.ts';
import { type Layer, type LayerContext, PREFIX, type Rules, report } from './layer-context.ts';
import { checkLiteral, isReportable, registerSecrets } from './literal-values.ts';
import { resolveReference } from './resolve-reference.ts';

export interface WalkedLayer {
  readonly config: JsonObject;
  /** The same with held values instead of everything that no answer may depend on. */
  readonly outline: JsonObject;
  readonly problems: readonly Problem[];
  /** Whether a reference names a secret that no store has. */
  readonly hasUnknownName: boolean;
}

interface WalkedValue {
  readonly resolved: JsonValue;
  readonly outline: JsonValue;
}

/** @param source the name under which the layer's own secrets are redacted, such as the name of the `config_secret` */
export function walkLayer(layer: Layer, written: JsonObject, source: string, rules: Rules): WalkedLayer {
  const context: LayerContext = { layer, source, rules, problems: [], hasUnknownName: false };
  const { resolved, outline } = walkValue(written, [], context);
  return {
    config: resolved as JsonObject,
    outline: layer === 'config_secret' ? heldOutline(written, rules.spec) : (outline as JsonObject),
    problems: context.problems,
    hasUnknownName: context.hasUnknownName,
  };
}

function walkValue(value: JsonValue, path: FieldPath, context: LayerContext): WalkedValue {
  if (Array.isArray(value)) {
    const items = value.map((item, index) => walkValue(item, [...path, index], context));
    return { resolved: items.map(({ resolved }) => resolved), outline: items.map(({ outline }) => outline) };
  }
  if (isObject(value)) return walkObject(value, path, context);
  if (typeof value === 'string' && value.includes(PREFIX)) {
    return { resolved: resolveReference(value, path, context) ?? null, outline: heldValue(dottedPath(path)) };
  }
  if (context.layer === 'config') checkLiteral(value, path, context);
  else registerSecrets(value, path, context.source, context);
  return { resolved: value, outline: isReportable(value, path, context) ? value : heldValue(dottedPath(path)) };
}

function walkObject(value: JsonObject, path: FieldPath, context: LayerContext): WalkedValue {
  const fields = Object.entries(value).map(([key, inner]) => {
    if (key.includes(PREFIX)) {
      report(context, path, { message: 'A key contains a reference.', fix: 'Only values may be references.' });
    }
    return [key, walkValue(inner, [...path, key], context)] as const;
  });
  return {
    resolved: Object.fromEntries(fields.map(([key, { resolved }]) => [key, resolved])),
    outline: Object.fromEntries(fields.map(([key, { outline }]) => [key, outline])),
  };
}

/** A layer as far as it may choose the branches of a spec. */
export function choosingPart(layer: Layer, written: JsonObject, { spec, isPublished }: ConfigSpec): JsonObject {
  return layer === 'config' || (layer === 'config_file' && isPublished) ? written : heldOutline(written, spec);
}
