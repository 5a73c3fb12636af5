import { resolvePath } from '../../rootfs/resolve.ts';
import type { Entry } from '../../rootfs/rootfs.ts';
import { type Loader, rpathOf } from '../libraries.ts';
import type { ImageFacts, Rule } from '../rule.ts';

export const elfInterpreter: Rule = {
  id: 'elf-interpreter',
  because: 'loader of',
  follow: (_, { elf }) => (elf?.interpreter?.startsWith('/') ? [elf.interpreter] : []),
};

export const sharedLibraries: Rule = {
  id: 'shared-library',
  because: 'shared library needed by',
  follow: (entry, { elf }, image) =>
    elf ? neededBy({ entry, elf, inherited: [] }, image).then(({ paths }) => paths) : [],
};

/** DT_NEEDED names that the image has no library for, by the program that needs them. */
export async function missingLibraries(entry: Entry, image: ImageFacts): Promise<readonly string[]> {
  const elf = (await image.programs.read(entry)).elf;
  return elf ? (await neededBy({ entry, elf, inherited: [] }, image)).missing : [];
}

/**
 * The libraries an object needs. What is loaded inherits DT_RPATH, so that below an object with one the whole tree is
 * looked at from here; everywhere else each library is a kept file of its own and follows by itself.
 */
async function neededBy(start: Loader, image: ImageFacts): Promise<{ paths: string[]; missing: string[] }> {
  const paths = new Set<string>();
  const missing: string[] = [];
  const pending: Loader[] = [start];
  const seen = new Set<string>();
  for (let loader = pending.pop(); loader; loader = pending.pop()) {
    const inherited = rpathOf(loader);
    for (const name of loader.elf.needed) {
      const found = await image.libraries.find(name, loader);
      if (found.length === 0 && loader === start) missing.push(name);
      for (const path of found) paths.add(path);
      if (inherited.length > 0) pending.push(...(await unseenLoaders(found, inherited, seen, image)));
    }
  }
  return { paths: [...paths], missing };
}

async function unseenLoaders(
  found: readonly string[],
  inherited: readonly string[],
  seen: Set<string>,
  { rootfs, programs }: ImageFacts,
): Promise<Loader[]> {
  const loaders: Loader[] = [];
  for (const path of found) {
    const { entry } = resolvePath(rootfs, path);
    const elf = entry && (await programs.read(entry)).elf;
    if (!elf || seen.has(entry.path)) continue;
    seen.add(entry.path);
    loaders.push({ entry, elf, inherited });
  }
  return loaders;
}
