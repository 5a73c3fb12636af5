import type { RuntimeConfig } from '../image/types.ts';
import type { ImagePath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { Access } from '../trace/trace.ts';
import { factsOf } from './facts.ts';
import { listingSeeds } from './listings.ts';
import { type MissedPath, type MissInput, sortedMisses } from './missed.ts';
import { tracedSeeds } from './traced.ts';

export interface ListingMissInput extends MissInput {
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
    if (access) misses.set(path, { kind: 'unlisted', path, needed: [path], access });
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
