import picomatch from 'picomatch';
import { bytesOf, type ImagePath, joinPath, parseDisplayPath, toImagePath } from '../rootfs/path.ts';
import { findProgram } from '../rootfs/programs.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { IncludeItem } from '../settings.ts';
import { INCLUDE_SETS } from './include-sets.ts';
import { nodeAppDirectories, nodePackageDirectories } from './node-includes.ts';
import { reached } from './reach.ts';
import type { ImageFacts } from './rule.ts';
import type { Seed } from './seed.ts';

/** A shell and what people expect to type into it. */
const SHELL_PROGRAMS =
  'sh bash ls cat cp mv rm mkdir rmdir ln echo env pwd ps grep sed head tail wc sort find stat chmod chown touch date sleep test true false which id du df more less'.split(
    ' ',
  );

/** What the user asked for, directories whole; with a warning for each item that the image has nothing for. */
export async function includeSeeds(
  image: ImageFacts,
  includes: readonly IncludeItem[],
): Promise<{ seeds: Seed[]; warnings: string[] }> {
  const seeds: Seed[] = [];
  const warnings: string[] = [];
  for (const { option, kind, value } of includes) {
    const paths = await FINDERS[kind](image, value);
    const pattern = isNamedByOption(kind) ? '' : value;
    // Lists that machines have made name what was there at another time.
    if (paths.length === 0 && kind !== 'entry')
      warnings.push(`${`${option} ${pattern}`.trim()} matches nothing in the image`);
    const reason = { kind: 'user', option, pattern } as const;
    for (const path of paths) seeds.push({ path, reason });
  }
  return { seeds, warnings };
}

type Finder = (image: ImageFacts, value: string) => readonly ImagePath[] | Promise<readonly ImagePath[]>;

/** Libraries of what is found follow by rule. */
const FINDERS: Readonly<Record<IncludeItem['kind'], Finder>> = {
  path: ({ rootfs }, value) => findPaths(rootfs, value),
  entry: ({ rootfs }, value) => reached(resolvePath(rootfs, parseDisplayPath(value), { followLast: false })),
  binary: ({ rootfs }, value) => findPaths(rootfs, value),
  executable: findExecutable,
  shell: (image) => SHELL_PROGRAMS.flatMap((name) => findExecutable(image, name)),
  'binaries-in': findBinaries,
  workdir: ({ rootfs, config }) => withoutRoot(findPaths(rootfs, config.WorkingDir ?? '')),
  'node-package': ({ rootfs }, name) => whole(rootfs, nodePackageDirectories(rootfs, bytesOf(name))),
  'node-app': ({ rootfs }, name) => whole(rootfs, nodeAppDirectories(rootfs, name)),
  set: ({ rootfs }, name) => (INCLUDE_SETS[name] ?? []).flatMap((path) => findPaths(rootfs, path)),
  // Resolved into entries before an image is planned: only there are its layers at hand.
  layers: () => [],
};

function isNamedByOption(kind: IncludeItem['kind']): boolean {
  return kind === 'shell' || kind === 'workdir' || kind === 'set' || kind === 'node-app';
}

function findPaths(rootfs: RootFs, value: string): ImagePath[] {
  const plain = resolvePath(rootfs, parseDisplayPath(value), { followLast: false });
  if (plain.entry) return [...reached(plain), ...wholeTree(rootfs, plain.entry.path)];
  if (!picomatch.scan(value).isGlob) return [];
  // Hidden names too.
  const matches = picomatch(bytesOf(value), { dot: true });
  const found: ImagePath[] = [];
  for (const { path } of rootfs.entries()) if (matches(path)) found.push(path, ...wholeTree(rootfs, path));
  return [...new Set(found)];
}

function whole(rootfs: RootFs, directories: readonly ImagePath[]): ImagePath[] {
  const existing = directories.filter((path) => resolvePath(rootfs, path).entry);
  return existing.flatMap((path) => [...reached(resolvePath(rootfs, path)), ...wholeTree(rootfs, path)]);
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

/** A working directory that is the root says nothing about what is needed. */
function withoutRoot(paths: readonly ImagePath[]): readonly ImagePath[] {
  return paths.includes('/' as ImagePath) ? [] : paths;
}

function findExecutable({ rootfs, config }: ImageFacts, name: string): ImagePath[] {
  const found = findProgram(rootfs, name, { env: config.Env ?? [], cwd: config.WorkingDir });
  if (found === undefined) return [];
  const path = joinPath(toImagePath(bytesOf(config.WorkingDir || '/')), bytesOf(found));
  return reached(resolvePath(rootfs, path));
}

async function findBinaries({ rootfs, programs }: ImageFacts, directory: string): Promise<ImagePath[]> {
  const found: ImagePath[] = [];
  for (const path of findPaths(rootfs, directory)) {
    const entry = rootfs.get(path);
    if (entry && (await programs.read(entry)).elf) found.push(path);
  }
  return found;
}
