/** Lays configurations over each other: file, then config, then secret. */
import type { Settings } from '../../config/index.ts';
import type { Problem } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import type { ConfigLayers, Resolution } from '../types.ts';
import { type LoadedLayer, readConfigFile, readConfigSecret } from './config-file.ts';
import { choosingPart, type KnownSecret, type Layer, type Rules, resolveLayer } from './references.ts';
import { resolvedConfig } from './resolved-config.ts';
import { nearNames } from './suggestions.ts';

/** Later ones win. */
const ORDER: readonly Layer[] = ['config_file', 'config', 'config_secret'];

export interface LayerRules extends Omit<Rules, 'whole'> {
  readonly settings: Settings;
  /** What keeps the stores from being read, if anything does: told where a name is missing. */
  readonly storeProblems: readonly Problem[];
  /** By name, what of a value may not be as it was meant. */
  readonly suspicions: ReadonlyMap<string, string>;
}

export async function resolveLayers(layers: ConfigLayers, rules: LayerRules): Promise<Resolution> {
  const problems: Problem[] = [];
  const written = new Map<Layer, JsonObject>();
  const keep = (layer: Layer, loaded: LoadedLayer): void => {
    if ('problem' in loaded) problems.push(loaded.problem);
    else written.set(layer, loaded.config);
  };
  if (layers.config) written.set('config', layers.config);
  if (layers.configFile !== undefined) keep('config_file', await readConfigFile(layers.configFile, rules.settings));
  if (layers.configSecret !== undefined) keep('config_secret', await readSecretLayer(layers.configSecret, rules));
  const whole = merged(ORDER.map((layer) => choosingPart(layer, written.get(layer) ?? {}, rules)));
  const walked = ORDER.flatMap((layer) => {
    const config = written.get(layer);
    return config ? [{ layer, ...resolveLayer(layer, config, layers.configSecret ?? layer, { ...rules, whole }) }] : [];
  });
  problems.push(...walked.flatMap((result) => result.problems));
  const isUnknown = walked.some(({ unknownName }) => unknownName);
  const outline = merged(walked.map((result) => result.outline));
  return {
    problems: isUnknown ? [...problems, ...rules.storeProblems] : problems,
    warnings: [],
    suspicions: suspicionsOf(layers, [...written.values()], rules.suspicions),
    config: resolvedConfig(merged(walked.map(({ config }) => config)), {
      outline,
      written: [...written],
      literals: layers.config,
    }),
  };
}

/** Of the secrets that the configuration refers to. */
function suspicionsOf(
  { configSecret }: ConfigLayers,
  written: readonly JsonObject[],
  suspicions: ReadonlyMap<string, string>,
): string[] {
  const text = JSON.stringify(written);
  const isUsed = (name: string): boolean =>
    name === configSecret || new RegExp(`"secret_reference::${name}["#]`).test(text);
  return [...suspicions].filter(([name]) => isUsed(name)).map(([, suspicion]) => suspicion);
}

async function readSecretLayer(name: string, rules: LayerRules): Promise<LoadedLayer> {
  const path = 'config_secret';
  const secret: KnownSecret | undefined = rules.secrets.get(name);
  if (!secret || secret.kind === 'setting') {
    const names = [...rules.secrets].filter(([, { kind }]) => kind !== 'setting').map(([known]) => known);
    const near = secret ? [] : nearNames(name, names);
    const message = secret
      ? `${name} is a setting of this server, not a secret.`
      : `There is no secret named ${JSON.stringify(name.slice(0, 80))}.`;
    const fix = near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'list_secrets shows all names.';
    return { problem: { path, message, fix } };
  }
  if (secret.value.trim() === '') {
    return {
      problem: {
        path,
        message: `The secret ${name} is empty.`,
        fix: `Ask the user to give it a value in ${rules.store}.`,
      },
    };
  }
  return readConfigSecret(name, secret.value);
}

/** Objects are merged key by key; anything else is replaced by what is laid over it. */
function merged(configs: readonly JsonObject[]): JsonObject {
  return configs.reduce<JsonObject>((below, above) => {
    const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
    return Object.fromEntries([...keys].map((key) => [key, overlaid(own(below, key), own(above, key))]));
  }, {});
}

function overlaid(below: JsonValue | undefined, above: JsonValue | undefined): JsonValue {
  if (isObject(below) && isObject(above)) return merged([below, above]);
  return above ?? below ?? null;
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
