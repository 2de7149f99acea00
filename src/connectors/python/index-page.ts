/** A package's page on an index, as JSON (PEP 691) or, on many a mirror, as HTML (PEP 503). */
import { valid } from '@renovatebot/pep440';
import { isObject } from '../../protocol/index.ts';
import type { Release } from './versions.ts';

interface IndexFile {
  readonly name: string;
  readonly requiresPython?: string;
  readonly yanked: boolean;
}

/** One release for each version that has a file; `requires-python` and `yanked` stand at the files. */
export function releasesOnPage(page: string): Release[] {
  const found = new Map<string, Release>();
  for (const { name, requiresPython, yanked } of page.trimStart().startsWith('{') ? jsonFiles(page) : htmlFiles(page)) {
    const version = versionInName(name);
    if (!version || !valid(version)) continue;
    const before = found.get(version);
    found.set(version, {
      version,
      requiresPython: requiresPython ?? before?.requiresPython,
      yanked: yanked && (before?.yanked ?? true),
    });
  }
  return [...found.values()];
}

function jsonFiles(page: string): IndexFile[] {
  const body: unknown = JSON.parse(page);
  const files = isObject(body) && Array.isArray(body.files) ? body.files : [];
  return files.filter(isObject).flatMap(({ filename, yanked, 'requires-python': requires }) => {
    if (typeof filename !== 'string') return [];
    const requiresPython = typeof requires === 'string' ? requires : undefined;
    return [{ name: filename, requiresPython, yanked: yanked !== undefined && yanked !== false }];
  });
}

function htmlFiles(page: string): IndexFile[] {
  return [...page.matchAll(/<a\s([^>]*)>([^<]*)<\/a>/gi)].map(([, attributes = '', text = '']) => {
    const requires = /data-requires-python\s*=\s*("([^"]*)"|'([^']*)')/i.exec(attributes);
    const requiresPython = requires ? plain(requires[2] ?? requires[3] ?? '') : undefined;
    return { name: plain(text.trim()), requiresPython, yanked: /\bdata-yanked\b/i.test(attributes) };
  });
}

function versionInName(name: string): string | undefined {
  if (name.endsWith('.whl')) return name.split('-')[1];
  return /-([^-]+)\.(tar\.gz|zip|tar\.bz2)$/.exec(name)?.[1];
}

function plain(html: string): string {
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" };
  return html.replace(/&(lt|gt|quot|amp|#39);/g, (_all, name: string) => entities[name] ?? '');
}
