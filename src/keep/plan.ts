import type { RuntimeConfig } from '../image/types.ts';
import type { ImagePath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { KeepSettings, MountSettings } from '../settings.ts';
import type { Access } from '../trace/trace.ts';
import { closeOver } from './closure.ts';
import { essentialSeeds } from './essentials.ts';
import { factsOf } from './facts.ts';
import { includeSeeds } from './include-seeds.ts';
import { KeepSet } from './keep-set.ts';
import { listingSeeds } from './listings.ts';
import { missingLibraryWarnings } from './missing-libraries.ts';
import { mountPointSeeds, seenThrough } from './mounts.ts';
import { importSeeds } from './python/import-seeds.ts';
import { isMountedOver, reached } from './reach.ts';
import { RULES } from './rules/rules.ts';
import type { Seed } from './seed.ts';
import { tracedSeeds } from './traced.ts';
import { unusedIncludeWarnings } from './unused-includes.ts';
import { exclude } from './user-list.ts';

export interface PlanInput {
  readonly rootfs: RootFs;
  readonly accesses: readonly Access[];
  readonly config: RuntimeConfig;
  readonly keepSettings: KeepSettings;
  /** What was mounted over the image while it was run. */
  readonly mounts?: readonly MountSettings[];
  /** What the user has changed in the slim image's configuration. */
  readonly edited?: RuntimeConfig;
  /** What replays of earlier slim images missed. */
  readonly healed?: readonly Seed[];
  readonly signal: AbortSignal;
}

export interface Plan {
  readonly keep: KeepSet;
  readonly warnings: readonly string[];
  /** What a pattern of the user has taken out, with the pattern. */
  readonly excluded: ReadonlyMap<ImagePath, string>;
}

/**
 * Decides what is kept: what was traced, what the user asked for, what every image needs, and everything that follows from
 * these by rule. What is put back is followed by every rule, also those that are switched off. Deterministic: neither the order of the accesses nor of the reads matters, and more accesses never keep
 * less.
 */
export async function planKeep(input: PlanInput): Promise<Plan> {
  const { rootfs, config, keepSettings, signal } = input;
  const image = factsOf(rootfs, config);
  const { mounts = [], edited } = input;
  const seen = seenThrough(rootfs, mounts);
  const traced = tracedSeeds(seen, input.accesses);
  const user = await includeSeeds(image, keepSettings.includes);
  const used = new Set(traced.seeds.map(({ path }) => path));
  const listed = await listingSeeds({ ...image, rootfs: seen }, input.accesses, used);
  const imports = await importSeeds({ ...image, rootfs: seen }, input.accesses, used);
  const keep = new KeepSet();
  const isEnabled = (rule: string) => !keepSettings.disabledRules?.includes(rule);
  const guesses = [...listed.seeds, ...imports].filter(
    ({ reason }) => reason.kind !== 'rule' || isEnabled(reason.rule),
  );
  for (const seed of [...traced.seeds, ...guesses]) addSeed(keep, seed);
  const needed = [
    ...(await essentialSeeds(rootfs, config)),
    ...(edited ? await essentialSeeds(rootfs, { Env: config.Env ?? [], ...edited }) : []),
  ];
  for (const { path, reason } of [...user.seeds, ...needed]) keep.add(path, reason);
  for (const seed of mountPointSeeds(rootfs, mounts)) addSeed(keep, seed);
  await closeOver(keep, { image, rules: RULES.filter(({ id }) => isEnabled(id)), from: keep.paths(), signal });
  const healed = healedSeeds(rootfs, input.healed ?? []);
  for (const seed of healed) addSeed(keep, seed);
  await closeOver(keep, { image, rules: RULES, from: [...new Set(healed.map(({ path }) => path))].sort(), signal });
  const { excluded, warnings } = exclude(keep, keepSettings.excludes);
  const missing = await missingLibraryWarnings(keep, image);
  const unused = unusedIncludeWarnings(keep, rootfs);
  return {
    keep,
    excluded,
    warnings: [...traced.warnings, ...user.warnings, ...listed.warnings(keep), ...warnings, ...missing, ...unused],
  };
}

function addSeed(keep: KeepSet, { path, reason }: Seed): void {
  if (!isMountedOver(path)) keep.add(path, reason);
}

function healedSeeds(rootfs: RootFs, healed: readonly Seed[]): Seed[] {
  return healed.flatMap(({ path, reason }) =>
    reached(resolvePath(rootfs, path, { followLast: false })).map((found) => ({ path: found, reason })),
  );
}
