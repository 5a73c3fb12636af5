import type { ImagePath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { Access } from '../trace/trace.ts';
import type { KeepSet } from './keep-set.ts';

/** A look-up that failed on the slim image and leads to something on the fat one. */
export interface MissedPath {
  /** The path as it was asked for: what it leads to follows from it when it is kept. */
  readonly path: ImagePath;
  readonly access: Access;
}

export interface MissInput {
  readonly fatRootfs: RootFs;
  readonly keep: Pick<KeepSet, 'has'>;
  /** What the slim image's run did. */
  readonly accesses: readonly Access[];
}

/** How a missing file, a missing part of its way or a missing interpreter shows. */
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'ENOEXEC', 'ELIBBAD']);

/**
 * Look-ups that failed on the slim image although the fat one has what was asked for, one per path, sorted. A path that is
 * kept with everything on its way is no miss: the application itself has removed it.
 */
export function findMisses({ fatRootfs, keep, accesses }: MissInput): MissedPath[] {
  const misses = new Map<ImagePath, MissedPath>();
  for (const access of accesses) {
    if (!MISSING.has(access.errno ?? '') || misses.has(access.asked)) continue;
    const { entry, links } = resolvePath(fatRootfs, access.verbatim ?? access.asked, { followLast: !access.noFollow });
    if (!entry) continue;
    if (keep.has(entry.path) && links.every((link) => keep.has(link))) continue;
    misses.set(access.asked, { path: access.asked, access });
  }
  return [...misses.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
