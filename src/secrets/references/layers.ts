/** Merges the layers of a configuration in the order file, config, secret. */
import type { Settings } from '../../config/index.ts';
import type { Problem } from '../../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import type { ConfigLayers, Resolution } from '../types.ts';
import { type LoadedLayer, readConfigFile, readConfigSecret } from './config-file.ts';
import { type KnownSecret, type Layer, type Rules, referableNames } from './layer-context.ts';
import { resolvedConfig } from './resolved-config.ts';
import { nearSecrets } from './suggestions.ts';
import { choosingPart, walkLayer } from './walk-layer.ts';

/** Later ones win. */
const ORDER: readonly Layer[] = ['config_file', 'config', 'config_secret'];

export interface LayerRules extends Omit<Rules, 'merged'> {
  readonly settings: Settings;
  /** Why stores cannot be read, if so: reported if a name is missing. */
  readonly storeProblems: readonly Problem[];
  /** By name, why a value may differ from what its author meant. */
  readonly suspicions: ReadonlyMap<string, string>;
}

export async function resolveLayers(layers: ConfigLayers, rules: LayerRules): Promise<Resolution> {
  const { written, problems } = await readLayers(layers, rules);
  const merged = mergeConfigs(ORDER.map((layer) => choosingPart(layer, written.get(layer) ?? {}, rules)));
  const walked = ORDER.flatMap((layer) => {
    const config = written.get(layer);
    return config ? [walkLayer(layer, config, layers.configSecret ?? layer, { ...rules, merged })] : [];
  });
  problems.push(...walked.flatMap((result) => result.problems));
  if (walked.some(({ hasUnknownName }) => hasUnknownName)) problems.push(...rules.storeProblems);
  return {
    problems,
    suspicions: suspicionsOf(layers, [...written.values()], rules.suspicions),
    config: resolvedConfig(mergeConfigs(walked.map(({ config }) => config)), {
      outline: mergeConfigs(walked.map(({ outline }) => outline)),
      written: [...written],
      literals: layers.config,
    }),
  };
}

interface WrittenLayers {
  /** The layers that could be read, references as they are. */
  readonly written: ReadonlyMap<Layer, JsonObject>;
  readonly problems: Problem[];
}

async function readLayers(layers: ConfigLayers, rules: LayerRules): Promise<WrittenLayers> {
  const problems: Problem[] = [];
  const written = new Map<Layer, JsonObject>();
  const add = (layer: Layer, loaded: LoadedLayer): void => {
    if ('problem' in loaded) problems.push(loaded.problem);
    else written.set(layer, loaded.config);
  };
  if (layers.config) written.set('config', layers.config);
  if (layers.configFile !== undefined) add('config_file', await readConfigFile(layers.configFile, rules.settings));
  if (layers.configSecret !== undefined) add('config_secret', await readSecretLayer(layers.configSecret, rules));
  return { written, problems };
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

async function readSecretLayer(name: string, { secrets, store }: LayerRules): Promise<LoadedLayer> {
  const secret: KnownSecret | undefined = secrets.get(name);
  if (!secret || secret.kind === 'setting') return { problem: unknownSecretLayer(name, secret, secrets) };
  if (secret.value.trim() === '') {
    const fix = `Ask the user to give it a value in ${store}.`;
    return { problem: { path: 'config_secret', message: `The secret ${name} is empty.`, fix } };
  }
  return readConfigSecret(name, secret.value);
}

function unknownSecretLayer(
  name: string,
  setting: KnownSecret | undefined,
  secrets: ReadonlyMap<string, KnownSecret>,
): Problem {
  const near = setting ? [] : nearSecrets(name, referableNames(secrets));
  return {
    path: 'config_secret',
    message: setting
      ? `${name} is a setting of this server, not a secret.`
      : `There is no secret named ${JSON.stringify(name.slice(0, 80))}.`,
    fix: near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'list_secrets shows all names.',
  };
}

/** Objects are merged key by key; any other value is replaced by that of the later configuration. */
function mergeConfigs(configs: readonly JsonObject[]): JsonObject {
  return configs.reduce<JsonObject>((below, above) => {
    const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
    return Object.fromEntries([...keys].map((key) => [key, overlaid(own(below, key), own(above, key))]));
  }, {});
}

function overlaid(below: JsonValue | undefined, above: JsonValue | undefined): JsonValue {
  if (isObject(below) && isObject(above)) return mergeConfigs([below, above]);
  return above ?? below ?? null;
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
