import type { RuntimeConfig } from '../image/types.ts';
import { type ImagePath, parentOf } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { Access } from '../trace/trace.ts';
import { factsOf } from './facts.ts';
import { listingSeeds } from './listings.ts';
import { type MissedPath, type MissInput, sortedMisses } from './missed.ts';
import { isMountedOver } from './reach.ts';
import { tracedSeeds } from './traced.ts';

export interface ListingMissInput extends Omit<MissInput, 'slimRootfs'> {
  readonly config: RuntimeConfig;
  /** Look also at directories that the fat image's runs have listed: something must be why the images differ. */
  readonly isSuspect: boolean;
}

/**
 * What directories would have shown on the fat image: of those that only the slim image's run has listed, so that nothing
 * in them has been kept for it, as much as is kept of a directory that is listed on the fat one.
 */
export async function findUnlisted(input: ListingMissInput): Promise<MissedPath[]> {
  const { fatRootfs, keep, config, isSuspect } = input;
  const known = isSuspect ? new Set<ImagePath>() : new Set(listedIn(input.fatAccesses).keys());
  const listed = new Map([...listedIn(input.accesses)].filter(([directory]) => !known.has(directory)));
  if (listed.size === 0) return [];
  const traced = new Set(tracedSeeds(fatRootfs, input.fatAccesses).seeds.map(({ path }) => path));
  const { seeds } = await listingSeeds(factsOf(fatRootfs, config), [...listed.values()].flat(), traced);
  const misses = new Map<ImagePath, MissedPath>();
  for (const { path, reason } of seeds) {
    if (keep.has(path) || reason.kind !== 'rule' || reason.from === undefined) continue;
    const access = listed.get(reason.from)?.[0];
    if (access) misses.set(path, unlistedPath(path, [path], access));
  }
  if (isSuspect) {
    for (const [path, { needed, access }] of usedBelow(listed, traced, keep)) {
      misses.set(path, unlistedPath(path, needed, access));
    }
  }
  return sortedMisses([...misses.values()]);

  function listedIn(accesses: readonly Access[]): Map<ImagePath, Access[]> {
    const byDirectory = new Map<ImagePath, Access[]>();
    for (const access of accesses) {
      if (access.operation !== 'list' || access.errno !== undefined) continue;
      const { entry } = resolvePath(fatRootfs, access.resolved ?? access.asked);
      if (entry) byDirectory.set(entry.path, [...(byDirectory.get(entry.path) ?? []), access]);
    }
    return byDirectory;
  }
}

function unlistedPath(path: ImagePath, needed: readonly ImagePath[], access: Access): MissedPath {
  return { kind: 'unlisted', path, needed, lacks: [path], altered: [], access };
}

/** What the fat image's runs used in or below a listed directory that has no name for it any more: a program that lists first does not ask. */
function usedBelow(
  listed: ReadonlyMap<ImagePath, readonly Access[]>,
  used: ReadonlySet<ImagePath>,
  keep: MissInput['keep'],
): Map<ImagePath, { needed: ImagePath[]; access: Access }> {
  const found = new Map<ImagePath, { needed: ImagePath[]; access: Access }>();
  for (const path of used) {
    if (keep.has(path) || isMountedOver(path)) continue;
    let missing = path;
    while (!keep.has(parentOf(missing)) && missing !== '/') missing = parentOf(missing);
    const [access] = listed.get(parentOf(missing)) ?? [];
    if (access) found.set(missing, { access, needed: [...(found.get(missing)?.needed ?? []), path] });
  }
  return found;
}
