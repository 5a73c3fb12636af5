import type { ImagePath } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { Access } from '../trace/trace.ts';
import type { KeepSet } from './keep-set.ts';
import { isMountedOver } from './reach.ts';
import { wayOf } from './traced.ts';

/**
 * How a file that is missing has shown. `failed`: it was looked up in vain; `unlisted`: its directory was listed without
 * it; `overwritten`: something new was created in its place.
 */
type MissKind = 'failed' | 'unlisted' | 'overwritten';

/** Something that the slim image lacks and that was asked for there. */
export interface MissedPath {
  readonly kind: MissKind;
  /** The path as it was asked for; of what was not listed, where it is. */
  readonly path: ImagePath;
  /** What must be kept for it to lead where it leads on the fat image. */
  readonly needed: readonly ImagePath[];
  readonly access: Access;
}

export interface MissInput {
  readonly fatRootfs: RootFs;
  readonly keep: Pick<KeepSet, 'has'>;
  /** What the runs of the fat image did. */
  readonly fatAccesses: readonly Access[];
  /** What the slim image's run did. */
  readonly accesses: readonly Access[];
}

/** How a missing file, a missing part of its way or a missing interpreter shows. */
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'ENOEXEC', 'ELIBBAD']);

/**
 * Look-ups that failed on the slim image although the fat one has what was asked for, creations that lacked their
 * directory, and creations of what the fat image has already; one miss per path, sorted. A path that is kept with
 * everything on its way is no miss, since the application itself has removed it; but for a program that only the slim image
 * cannot start: it lacks what runs it.
 */
export function findMisses({ fatRootfs, keep, fatAccesses, accesses }: MissInput): MissedPath[] {
  const misses = new Map<ImagePath, MissedPath>();
  const startable = startablePrograms(fatAccesses);
  for (const access of accesses) {
    const kind = access.errno === undefined ? 'overwritten' : 'failed';
    if (!couldBeMiss(access) || misses.has(access.asked)) continue;
    const { entry, paths } = wayOf(fatRootfs, access);
    const isExpected = entry !== undefined || (kind === 'failed' && access.operation === 'create');
    const isComplete = paths.every((path) => keep.has(path) || isMountedOver(path));
    const isUnstartable = access.operation === 'execute' && startable.has(access.asked);
    if (!isExpected || (isComplete && !isUnstartable)) continue;
    misses.set(access.asked, { kind, path: access.asked, needed: paths, access });
  }
  return sortedMisses([...misses.values()]);
}

/** In byte order of the paths. */
export function sortedMisses(misses: readonly MissedPath[]): MissedPath[] {
  return [...misses].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function couldBeMiss({ operation, errno }: Access): boolean {
  return errno === undefined ? operation === 'create' : MISSING.has(errno);
}

/** What the fat image has executed and never failed to. */
function startablePrograms(accesses: readonly Access[]): Set<ImagePath> {
  const executed = accesses.filter(({ operation }) => operation === 'execute');
  const started = new Set(executed.filter(({ errno }) => errno === undefined).map(({ asked }) => asked));
  for (const { asked, errno } of executed) if (errno !== undefined) started.delete(asked);
  return started;
}
