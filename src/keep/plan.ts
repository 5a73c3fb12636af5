import type { RuntimeConfig } from '../image/types.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { KeepSettings } from '../settings.ts';
import type { Access } from '../trace/trace.ts';
import { closeOver } from './closure.ts';
import { essentialSeeds } from './essentials.ts';
import { KeepSet } from './keep-set.ts';
import { LibrarySearch } from './libraries.ts';
import { listingSeeds } from './listings.ts';
import { missingLibraryWarnings } from './missing-libraries.ts';
import { Programs } from './programs.ts';
import { isMountedOver, reached } from './reach.ts';
import type { ImageFacts } from './rule.ts';
import { RULES } from './rules/rules.ts';
import type { Seed } from './seed.ts';
import { tracedSeeds } from './traced.ts';
import { exclude, userSeeds } from './user-list.ts';

export interface PlanInput {
  readonly rootfs: RootFs;
  readonly accesses: readonly Access[];
  readonly config: RuntimeConfig;
  readonly keepSettings: KeepSettings;
  /** What replays of earlier slim images missed. */
  readonly healed?: readonly Seed[];
  readonly signal: AbortSignal;
}

export interface Plan {
  readonly keep: KeepSet;
  readonly warnings: readonly string[];
}

/**
 * Decides what is kept: what was traced, what the user asked for, what every image needs, and everything that follows from
 * these by rule. Deterministic: neither the order of the accesses nor of the reads matters, and more accesses never keep
 * less.
 */
export async function planKeep(input: PlanInput): Promise<Plan> {
  const { rootfs, config, keepSettings, signal } = input;
  const image = factsOf(rootfs, config);
  const traced = tracedSeeds(rootfs, input.accesses);
  const user = userSeeds(image, keepSettings.includes);
  const listed = await listingSeeds(image, input.accesses, new Set(traced.seeds.map(({ path }) => path)));
  const keep = new KeepSet();
  const seeds = [...traced.seeds, ...healedSeeds(rootfs, input.healed ?? []), ...listed.seeds];
  for (const { path, reason } of seeds) if (!isMountedOver(path)) keep.add(path, reason);
  for (const { path, reason } of [...user.seeds, ...(await essentialSeeds(rootfs, config))]) keep.add(path, reason);
  await closeOver(keep, { image, rules: RULES, signal });
  const excluded = exclude(keep, keepSettings.excludes);
  const missing = await missingLibraryWarnings(keep, image);
  return { keep, warnings: [...traced.warnings, ...user.warnings, ...listed.warnings(keep), ...excluded, ...missing] };
}

function factsOf(rootfs: RootFs, config: RuntimeConfig): ImageFacts {
  const programs = new Programs(rootfs);
  return { rootfs, config, programs, libraries: new LibrarySearch(rootfs, programs, config.Env ?? []) };
}

function healedSeeds(rootfs: RootFs, healed: readonly Seed[]): Seed[] {
  return healed.flatMap(({ path, reason }) =>
    reached(resolvePath(rootfs, path, { followLast: false })).map((found) => ({ path: found, reason })),
  );
}
