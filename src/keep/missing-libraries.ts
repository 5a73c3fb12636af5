import { baseName, displayPath, type ImagePath } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { KeepSet } from './keep-set.ts';
import type { ImageFacts } from './rule.ts';
import { missingLibraries } from './rules/elf-rules.ts';

const MAX_WARNINGS = 10;

/**
 * Warnings about libraries that a kept program needs, that the image has, but not where the loader looks: then something at
 * run time says where, which only a trace can show. What the image does not have at all is no loss.
 */
export async function missingLibraryWarnings(keep: KeepSet, image: ImageFacts): Promise<string[]> {
  const kept = keep.paths();
  const names = new Set(kept.map(baseName));
  const neededBy = new Map<string, ImagePath>();
  for (const path of kept) {
    const entry = image.rootfs.get(path);
    const missing = entry?.type === 'file' ? await missingLibraries(entry, image) : [];
    for (const name of missing) if (!names.has(name) && !neededBy.has(name)) neededBy.set(name, path);
  }
  if (neededBy.size === 0) return [];
  return elsewhere(image.rootfs, neededBy)
    .map(
      ({ place, program }) =>
        `${displayPath(program)} needs ${displayPath(baseName(place))}, which was never loaded; ` +
        `if it should be, keep it with --include-path ${displayPath(place)}`,
    )
    .slice(0, MAX_WARNINGS);
}

function elsewhere(
  rootfs: RootFs,
  neededBy: ReadonlyMap<string, ImagePath>,
): { place: ImagePath; program: ImagePath }[] {
  const found: { place: ImagePath; program: ImagePath }[] = [];
  for (const { path, type } of rootfs.entries()) {
    const program = type === 'directory' ? undefined : neededBy.get(baseName(path));
    if (program !== undefined) found.push({ place: path, program });
  }
  return found;
}
