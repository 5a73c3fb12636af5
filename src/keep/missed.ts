import type { ImagePath } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { Access } from '../trace/trace.ts';
import { type Alteration, alteredWay } from './alterations.ts';
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
  /** What of that the slim image does not have; for a program that cannot be started, what runs it. */
  readonly lacks: readonly ImagePath[];
  /** What is there, but otherwise, and kept the look-up from leading where it leads on the fat image. */
  readonly altered: readonly Alteration[];
  readonly access: Access;
}

export interface MissInput {
  readonly fatRootfs: RootFs;
  readonly keep: Pick<KeepSet, 'has'>;
  readonly slimRootfs: Pick<RootFs, 'get'>;
  /** What the runs of the fat image did. */
  readonly fatAccesses: readonly Access[];
  /** What the slim image's run did. */
  readonly accesses: readonly Access[];
}

/** How a missing file, a missing part of its way or a missing interpreter shows. */
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'ENOEXEC', 'ELIBBAD']);

const OTHER_PLACE: readonly Alteration['what'][] = ['type', 'target'];
const OTHER_RIGHTS: readonly Alteration['what'][] = [...OTHER_PLACE, 'mode', 'owner'];

/** What of a path or its way explains a failure if it is not as on the fat image. */
const EXPLAINED: ReadonlyMap<string | undefined, readonly Alteration['what'][]> = new Map([
  ['ENOENT', OTHER_PLACE],
  ['ENOTDIR', OTHER_PLACE],
  ['EISDIR', OTHER_PLACE],
  ['ELOOP', OTHER_PLACE],
  ['ENXIO', OTHER_PLACE],
  ['EACCES', OTHER_RIGHTS],
  ['EPERM', OTHER_RIGHTS],
]);

/**
 * Look-ups that failed on the slim image although the fat one has what was asked for, creations that lacked their
 * directory, and creations of what the fat image has already; one miss per path, sorted. A path that is kept with
 * everything on its way is no miss, since the application itself has removed it; but for a program that only the slim image
 * cannot start, since it lacks what runs it, and where something on the way is otherwise and explains the failure.
 */
export function findMisses(input: MissInput): MissedPath[] {
  const misses = new Map<ImagePath, MissedPath>();
  const startable = startablePrograms(input.fatAccesses);
  const failures = new Set(input.fatAccesses.map(failureOf));
  for (const access of input.accesses) {
    if (!couldBeMiss(access) || misses.has(access.asked)) continue;
    const miss = missOf(access, input, { startable, failures });
    if (miss) misses.set(access.asked, miss);
  }
  return sortedMisses([...misses.values()]);
}

/** In byte order of the paths. */
export function sortedMisses(misses: readonly MissedPath[]): MissedPath[] {
  return [...misses].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function couldBeMiss({ operation, errno }: Access): boolean {
  return errno === undefined ? operation === 'create' : MISSING.has(errno) || EXPLAINED.has(errno);
}

interface FatRuns {
  /** What they have executed and never failed to. */
  readonly startable: ReadonlySet<ImagePath>;
  readonly failures: ReadonlySet<string>;
}

function missOf(
  access: Access,
  { fatRootfs, keep, slimRootfs }: MissInput,
  { startable, failures }: FatRuns,
): MissedPath | undefined {
  const { asked, operation, errno } = access;
  const { entry, paths } = wayOf(fatRootfs, access);
  if (!entry && (errno === undefined || operation !== 'create')) return undefined;
  const lacks = paths.filter((path) => !keep.has(path) && !isMountedOver(path));
  const isNew = errno !== undefined && !failures.has(failureOf(access));
  const explaining = EXPLAINED.get(errno) ?? [];
  const altered = isNew ? alteredWay(fatRootfs, slimRootfs, paths).filter(({ what }) => explaining.includes(what)) : [];
  const isUnstartable = operation === 'execute' && startable.has(asked);
  const isLacking = (errno === undefined || MISSING.has(errno)) && (lacks.length > 0 || isUnstartable);
  if (!isLacking && altered.length === 0) return undefined;
  return { kind: errno === undefined ? 'overwritten' : 'failed', path: asked, needed: paths, lacks, altered, access };
}

function startablePrograms(accesses: readonly Access[]): Set<ImagePath> {
  const executed = accesses.filter(({ operation }) => operation === 'execute');
  const started = new Set(executed.filter(({ errno }) => errno === undefined).map(({ asked }) => asked));
  for (const { asked, errno } of executed) if (errno !== undefined) started.delete(asked);
  return started;
}

function failureOf({ asked, errno }: Access): string {
  return `${errno} ${asked}`;
}
