/** Normalises requests that deviate from the protocol but have only one possible meaning. */
import { isObject } from '../../protocol/index.ts';
import { brokenBound, MESSAGE_BOUNDS } from './json-bounds.ts';

type Fields = Record<string, unknown>;

/**
 * The request as the protocol writes it.
 * @returns what is wrong with the parameters, if they cannot be normalised
 */
export function normaliseRequest(request: Fields): { readonly request: Fields } | { readonly wrong: string } {
  const { params, ...rest } = request;
  // Some languages write an empty object as an empty array.
  if (params === undefined || params === null || isEmptyArray(params)) return withParams(rest, {}, false);
  return isObject(params) ? withParams(rest, params, true) : { wrong: 'params must be an object.' };
}

function withParams(rest: Fields, given: Fields, wereGiven: boolean): ReturnType<typeof normaliseRequest> {
  const params = withoutNulls(given);
  if ('_meta' in params) params._meta = isObject(params._meta) ? withoutNulls(params._meta) : {};
  if (rest.method === 'initialize') return { request: { ...rest, params: initializeParams(params) } };
  if (rest.method !== 'tools/call') return { request: wereGiven ? { ...rest, params } : rest };
  if (typeof params.name !== 'string') {
    return { wrong: 'tools/call needs the name of a tool as a text; tools/list has the names.' };
  }
  const args = toolArguments(params.arguments);
  if (args === undefined) {
    return { wrong: `the arguments of ${JSON.stringify(params.name.slice(0, 80))} must be a JSON object {…}.` };
  }
  return { request: { ...rest, params: { ...params, arguments: args } } };
}

/** A client that names no version gets the answer to one that names an unknown version: the newest supported one. */
function initializeParams({ protocolVersion, capabilities, clientInfo, ...rest }: Fields): Fields {
  const { name, version, ...info } = isObject(clientInfo) ? withoutNulls(clientInfo) : ({} as Fields);
  const text = (value: unknown): string => (typeof value === 'string' ? value : 'unknown');
  return {
    ...rest,
    protocolVersion: text(protocolVersion),
    capabilities: isObject(capabilities) ? withoutNulls(capabilities) : {},
    clientInfo: { ...info, name: text(name), version: text(version) },
  };
}

/** An object, also given as JSON text; undefined stays undefined. */
function toolArguments(given: unknown): Fields | undefined {
  if (given === undefined || isEmptyArray(given)) return {};
  if (isObject(given)) return given;
  if (typeof given !== 'string') return undefined;
  if (given.trim() === '') return {};
  if (brokenBound(Buffer.from(given), MESSAGE_BOUNDS) !== undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(given);
    return parsed === null || isEmptyArray(parsed) ? {} : isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function isEmptyArray(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
