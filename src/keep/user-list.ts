import picomatch from 'picomatch';
import { bytesOf, displayPath, type ImagePath, parentOf } from '../rootfs/path.ts';
import type { KeepSet } from './keep-set.ts';

/** Globs here see every name, hidden ones too. */
const GLOB_OPTIONS = { dot: true } as const;

/** The entries of an include file: one a line; empty lines and lines that start with `#` are left out. */
export function parseIncludeFile(text: string): string[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * Takes out what matches a pattern, with everything below it. Directories that hold something else that is kept stay.
 * Gives what was taken out, by which pattern, and a warning for each pattern that took out something that was traced.
 */
export function exclude(
  keep: KeepSet,
  patterns: readonly string[],
): { excluded: Map<ImagePath, string>; warnings: string[] } {
  const matchers = patterns.map((pattern) => ({ pattern, matches: picomatch(bytesOf(pattern), GLOB_OPTIONS) }));
  const patternOf = new Map<ImagePath, string>();
  const paths = keep.paths();
  for (const path of paths) {
    const pattern = patternOf.get(parentOf(path)) ?? matchers.find(({ matches }) => matches(path))?.pattern;
    if (pattern !== undefined && path !== '/') patternOf.set(path, pattern);
  }
  const needed = new Set(paths.filter((path) => !patternOf.has(path)).map(parentOf));
  const excluded = new Map<ImagePath, string>();
  const traced = new Map<string, ImagePath[]>();
  for (const path of paths.reverse()) {
    const pattern = patternOf.get(path);
    if (pattern === undefined) continue;
    if (needed.has(path)) {
      needed.add(parentOf(path));
      continue;
    }
    if (keep.reasonsFor(path).some(({ kind }) => kind === 'traced'))
      traced.set(pattern, [...(traced.get(pattern) ?? []), path]);
    keep.delete(path);
    excluded.set(path, pattern);
  }
  return { excluded, warnings: exclusionWarnings(traced) };
}

function exclusionWarnings(traced: ReadonlyMap<string, readonly ImagePath[]>): string[] {
  return [...traced].sort().map(([pattern, [last = '/', ...others]]) => {
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    return `--exclude-pattern ${pattern} leaves out ${displayPath(last as ImagePath)}${more}, which was used`;
  });
}
