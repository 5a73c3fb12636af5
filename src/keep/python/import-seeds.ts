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
  const known = new Set(loaded);
  const seeds: Seed[] = [];
  let wave = loaded.filter((path) => !STANDARD_LIBRARY.test(roots.get(path) ?? ''));
  for (let isLoaded = true; wave.length > 0; isLoaded = false) {
    const found: Seed[] = [];
    await readEach(rootfs, wave, (path, source) => found.push(...seedsOf(path, source, { modules, isLoaded })));
    const added = found.filter(({ path }) => !known.has(path) && known.add(path));
    seeds.push(...added);
    wave = added.map(({ path }) => path).filter((path) => path.endsWith('.py'));
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

async function readEach(
  rootfs: RootFs,
  paths: readonly ImagePath[],
  use: (path: ImagePath, source: PythonSource) => void,
): Promise<void> {
  for (let at = 0; at < paths.length; at += BATCH) {
    const batch = paths.slice(at, at + BATCH);
    const texts = await Promise.all(batch.map((path) => readSmallFile(rootfs, path)));
    for (const [index, path] of batch.entries()) use(path, readPythonSource(texts[index] ?? ''));
  }
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
