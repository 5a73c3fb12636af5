import picomatch from 'picomatch';
import {
  bytesOf,
  displayPath,
  type ImagePath,
  joinPath,
  parentOf,
  parseDisplayPath,
  toImagePath,
} from '../rootfs/path.ts';
import { findProgram } from '../rootfs/programs.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { IncludeItem } from '../settings.ts';
import type { KeepSet } from './keep-set.ts';
import { reached } from './reach.ts';
import type { ImageFacts } from './rule.ts';
import type { Seed } from './seed.ts';

/** A shell and what people expect to type into it. */
const SHELL_PROGRAMS =
  'sh bash ls cat cp mv rm mkdir rmdir ln echo env pwd ps grep sed head tail wc sort find stat chmod chown touch date sleep test true false which id du df more less'.split(
    ' ',
  );

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

/** What the user asked for, directories whole; with a warning for each item that the image has nothing for. */
export function userSeeds(image: ImageFacts, includes: readonly IncludeItem[]): { seeds: Seed[]; warnings: string[] } {
  const seeds: Seed[] = [];
  const warnings: string[] = [];
  for (const { option, kind, value } of includes) {
    const paths = FINDERS[kind](image, value);
    const typed = kind === 'shell' ? option : `${option} ${value}`;
    if (paths.length === 0) warnings.push(`${typed} matches nothing in the image`);
    const reason = { kind: 'user', option, pattern: value } as const;
    for (const path of paths) seeds.push({ path, reason });
  }
  return { seeds, warnings };
}

/** Libraries of what is found follow by rule. */
const FINDERS: Readonly<Record<IncludeItem['kind'], (image: ImageFacts, value: string) => ImagePath[]>> = {
  path: ({ rootfs }, value) => findPaths(rootfs, value),
  binary: ({ rootfs }, value) => findPaths(rootfs, value),
  executable: findExecutable,
  shell: (image) => SHELL_PROGRAMS.flatMap((name) => findExecutable(image, name)),
};

function findPaths(rootfs: RootFs, value: string): ImagePath[] {
  const plain = resolvePath(rootfs, parseDisplayPath(value), { followLast: false });
  if (plain.entry) return [...reached(plain), ...wholeTree(rootfs, plain.entry.path)];
  if (!picomatch.scan(value).isGlob) return [];
  const matches = picomatch(bytesOf(value), GLOB_OPTIONS);
  const found: ImagePath[] = [];
  for (const { path } of rootfs.entries()) if (matches(path)) found.push(path, ...wholeTree(rootfs, path));
  return [...new Set(found)];
}

/** Everything below a directory; when a link is asked for, below what it leads to. */
function wholeTree(rootfs: RootFs, path: ImagePath): ImagePath[] {
  const start = resolvePath(rootfs, path);
  const found = reached(start);
  for (const pending = start.entry ? [start.entry.path] : []; pending.length > 0; ) {
    const at = pending.pop() as ImagePath;
    for (const name of rootfs.childrenOf(at)) {
      const child = joinPath(at, name);
      found.push(child);
      if (rootfs.get(child)?.type === 'directory') pending.push(child);
    }
  }
  return found;
}

function findExecutable({ rootfs, config }: ImageFacts, name: string): ImagePath[] {
  const found = findProgram(rootfs, name, { env: config.Env ?? [], cwd: config.WorkingDir });
  if (found === undefined) return [];
  const path = joinPath(toImagePath(bytesOf(config.WorkingDir || '/')), bytesOf(found));
  return reached(resolvePath(rootfs, path));
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
