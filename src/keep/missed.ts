import type { ImagePath } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { Access } from '../trace/trace.ts';
import type { KeepSet } from './keep-set.ts';
import { wayOf } from './traced.ts';

/** A look-up that failed on the slim image and leads to something on the fat one, or a creation that lacks its directory. */
export interface MissedPath {
  /** The path as it was asked for. */
  readonly path: ImagePath;
  /** What must be kept for it to lead where it leads on the fat image. */
  readonly needed: readonly ImagePath[];
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
    const { entry, paths } = wayOf(fatRootfs, access);
    const isExpected = entry !== undefined || access.operation === 'create';
    if (!isExpected || paths.every((path) => keep.has(path))) continue;
    misses.set(access.asked, { path: access.asked, needed: paths, access });
  }
  return [...misses.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
