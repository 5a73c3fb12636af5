import type { ImagePath } from '../../rootfs/path.ts';
import { readSmallFile } from '../../rootfs/read-file.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import type { Access } from '../../trace/trace.ts';
import { isUsable } from '../listings.ts';
import type { ImageFacts } from '../rule.ts';
import type { Seed } from '../seed.ts';
import { PythonModules, rootOf, sourceOf } from './modules.ts';
import { type PythonSource, readPythonSource } from './source.ts';

/** Sources read together: enough to hide the latency of reads. */
const BATCH = 64;
/**
 * What one loaded module may bring along, without compiled forms. More is a choice among many that is made in a function,
 * as that of one version of an API.
 */
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_SOURCE_BYTES = 1024 * 1024;
/** The standard library, which knows of many modules for the rare programs that need them. */
const STANDARD_LIBRARY = /\/python\d\.\d+$/;

/** The ids that reasons name. */
export const PYTHON_RULES = ['python-import', 'python-name'] as const;

/**
 * Modules that what was loaded may yet load: those that its functions import and those it names in texts, as settings do,
 * with all that these import while they are loaded. Error handling is what is loaded last. Nothing is added for what the
 * standard library may yet load, nor for what modules that are added here may. `used` are the paths that were seen in use.
 */
export async function importSeeds(
  image: ImageFacts,
  accesses: readonly Access[],
  used: ReadonlySet<ImagePath>,
): Promise<Seed[]> {
  const { rootfs } = image;
  const loaded = loadedModules(rootfs, accesses);
  const roots = new Map(loaded.map((path) => [path, rootOf(rootfs, path)]));
  const modules = new PythonModules(rootfs, [...new Set(roots.values())].sort());
  const starts = loaded.filter((path) => !STANDARD_LIBRARY.test(roots.get(path) ?? ''));
  const isLoaded = new Set(loaded);
  const imports = await readImports(rootfs, starts, { modules, isLoaded });
  const known = new Set(loaded);
  const seeds: Seed[] = [];
  for (const start of starts) {
    const brought = broughtBy(start, imports, isLoaded);
    const sizeBytes = brought.reduce((sum, { path }) => sum + (rootfs.get(path)?.sizeBytes ?? 0), 0);
    if (sizeBytes <= MAX_BYTES) seeds.push(...brought.filter(({ path }) => !known.has(path) && known.add(path)));
  }
  return whichUsable(seeds, image, used);
}

/** Leaves out extension modules that would bring along libraries that nothing has used. */
async function whichUsable(seeds: readonly Seed[], image: ImageFacts, used: ReadonlySet<ImagePath>): Promise<Seed[]> {
  const entries = seeds.map(({ path }) => image.rootfs.get(path));
  const usable = await Promise.all(entries.map((entry) => entry && isUsable(entry, image, used)));
  return seeds.filter((_, index) => usable[index]);
}

/** Sources of the modules that were read, in byte order. */
function loadedModules(rootfs: RootFs, accesses: readonly Access[]): ImagePath[] {
  const sources = accesses
    .filter(({ operation, errno }) => operation === 'open' && errno === undefined)
    .map(({ asked, resolved }) => sourceOf(resolved ?? asked))
    .filter((path) => path !== undefined && rootfs.get(path)?.type === 'file');
  return [...new Set(sources as ImagePath[])].sort();
}

type Imports = ReadonlyMap<ImagePath, readonly Seed[]>;

/** What each of `starts` may yet import, and what all modules that this leads to, but for loaded ones, import themselves. */
async function readImports(
  rootfs: RootFs,
  starts: readonly ImagePath[],
  { modules, isLoaded }: { modules: PythonModules; isLoaded: ReadonlySet<ImagePath> },
): Promise<Imports> {
  const imports = new Map<ImagePath, readonly Seed[]>();
  const pending = new Set(starts);
  while (pending.size > 0) {
    const batch = [...pending].slice(0, BATCH);
    const texts = await Promise.all(batch.map((path) => readSource(rootfs, path)));
    for (const [index, from] of batch.entries()) {
      pending.delete(from);
      const seeds = seedsOf(from, readPythonSource(texts[index] ?? ''), { modules, isLoaded: isLoaded.has(from) });
      imports.set(from, seeds);
      for (const { path } of seeds) {
        if (path.endsWith('.py') && !isLoaded.has(path) && !imports.has(path)) pending.add(path);
      }
    }
  }
  return imports;
}

/** Empty for what no person has written. */
function readSource(rootfs: RootFs, path: ImagePath): Promise<string> {
  const sizeBytes = rootfs.get(path)?.sizeBytes ?? 0;
  return sizeBytes > MAX_SOURCE_BYTES ? Promise.resolve('') : readSmallFile(rootfs, path);
}

/** All that a module leads to, but for what `loaded` has. */
function broughtBy(start: ImagePath, imports: Imports, loaded: ReadonlySet<ImagePath>): Seed[] {
  const brought = new Map<ImagePath, Seed>();
  for (const pending = [start]; pending.length > 0; ) {
    for (const seed of imports.get(pending.pop() as ImagePath) ?? []) {
      if (loaded.has(seed.path) || brought.has(seed.path)) continue;
      brought.set(seed.path, seed);
      pending.push(seed.path);
    }
  }
  return [...brought.values()];
}

function seedsOf(
  from: ImagePath,
  { imports, dotted }: PythonSource,
  { modules, isLoaded }: { modules: PythonModules; isLoaded: boolean },
): Seed[] {
  const [importRule, nameRule] = PYTHON_RULES;
  const imported = imports
    .filter(({ isLazy }) => isLoaded || !isLazy)
    .flatMap((one) => modules.imported(from, one))
    .map((path): Seed => ({ path, reason: { kind: 'rule', rule: importRule, because: 'imported by', from } }));
  const named = (isLoaded ? dotted : [])
    .flatMap((text) => modules.named(text))
    .map((path): Seed => ({ path, reason: { kind: 'rule', rule: nameRule, because: 'module named in', from } }));
  return [...imported, ...named];
}
