import { buildImage, type SlimImage } from '../build/build-image.ts';
import type { Engine, OpenedImage } from '../engine/types.ts';
import { changesBetween, editConfig } from '../image/config-edits.ts';
import type { KeepSet, Reason } from '../keep/keep-set.ts';
import type { MissedPath } from '../keep/missed.ts';
import { type Plan, planKeep } from '../keep/plan.ts';
import type { Seed } from '../keep/seed.ts';
import type { RoundReport } from '../report/report.ts';
import type { BuildSettings, KeepSettings } from '../settings.ts';
import type { Stages } from '../stages.ts';
import type { RunPlan } from '../trace/record.ts';
import { type Replay, type ReplayInput, replay } from './replay.ts';
import { shownMiss } from './shown-lookup.ts';

/** What a slim image is made from, and how it is tried. */
export interface HealInput extends ReplayInput {
  readonly engine: Engine;
  readonly keepSettings: KeepSettings;
  readonly config: RunPlan['config'];
  readonly edits: BuildSettings['edits'];
  readonly maxRounds: number;
  readonly layers: BuildSettings['layers'];
  readonly createdSeconds: number;
  readonly version: string;
  readonly verify: boolean;
  readonly stages: Stages;
}

/** The last slim image that was built, and what its replay showed. The disposal removes its files. */
export interface HealResult extends Plan {
  readonly slim: SlimImage;
  readonly rounds: readonly RoundReport[];
  /** Undefined when the image was not verified. */
  readonly replay: Replay | undefined;
  readonly isVerified: boolean;
}

/**
 * Plans, builds and replays, putting back what the replay missed, until a round misses nothing, there is nothing to put
 * back, or the rounds are used up. Verified means: nothing missed and every outcome equal.
 */
export async function buildAndHeal(input: HealInput): Promise<HealResult> {
  const { fat, stages, record } = input;
  const { signal } = record;
  const healed: Seed[] = [];
  const rounds: RoundReport[] = [];
  let plan = await planRound(input, healed);
  for (let round = 1; ; round++) {
    const startedAt = performance.now();
    const { keep } = plan;
    const slim = await stages.run(
      'pack',
      'packing the slim image',
      () => buildImage(fat, keep, { ...input, directory: input.engine.scratchDirectory, signal }),
      ({ layers }) => `${megabytes(layers)} MB in ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}`,
    );
    if (!input.verify) return { ...plan, slim, rounds, replay: undefined, isVerified: false };
    const last = await stages.run(
      'verify',
      'replaying the probes on the slim image',
      () => replayOn(slim, keep, input),
      summarise,
    );
    const durationMs = Math.round(performance.now() - startedAt);
    for (const miss of last.misses) {
      healed.push(...miss.needed.map((path) => ({ path, reason: healedReason(miss, round) })));
    }
    const next = last.misses.length > 0 && round < input.maxRounds ? await planRound(input, healed) : plan;
    const misses = last.misses.map((miss) => shownMiss(miss, plan.excluded));
    rounds.push({ round, misses, durationMs, added: addedBy(fat, keep, next.keep) });
    // What the user has excluded is missed again, however often it is put back.
    if (next.keep.size === keep.size) return { ...plan, slim, rounds, replay: last, isVerified: last.isVerified };
    await slim[Symbol.asyncDispose]();
    plan = next;
  }
}

function planRound(input: HealInput, healed: readonly Seed[]): Promise<Plan> {
  const { fat, trace, config, keepSettings, record } = input;
  const own = fat.image.config.config ?? {};
  const edited = changesBetween(own, editConfig(own, input.edits, input.run));
  return input.stages.run(
    'plan',
    'deciding what to keep',
    () =>
      planKeep({
        rootfs: fat.rootfs,
        accesses: trace.accesses,
        config,
        keepSettings,
        mounts: input.replay.container.mounts,
        ...(Object.keys(edited).length > 0 ? { edited } : {}),
        healed,
        signal: record.signal,
      }),
    ({ keep }) => `${keep.size} of ${fat.rootfs.entryCount} paths kept`,
  );
}

async function replayOn(slim: SlimImage, keep: KeepSet, input: HealInput): Promise<Replay> {
  await using opened = await input.engine.open(slim.image, { signal: input.record.signal, temporary: true });
  return await replay(opened, keep, { ...input, slimConfig: slim.unedited.config ?? {} });
}

function summarise({ misses, probes }: Replay): string {
  const equal = probes.filter((probe) => probe.equal).length;
  return `${equal} of ${probes.length} outcomes equal, ${misses.length} misses`;
}

function addedBy({ rootfs }: OpenedImage, before: KeepSet, after: KeepSet): RoundReport['added'] {
  const added = after.size > before.size ? after.paths().filter((path) => !before.has(path)) : [];
  const entries = added.map((path) => rootfs.get(path));
  const sizeBytes = entries.reduce((sum, entry) => sum + (entry?.type === 'file' ? entry.sizeBytes : 0), 0);
  return { paths: added.length, sizeBytes };
}

function megabytes(layers: readonly { readonly sizeBytes: number }[]): string {
  return (layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6).toFixed(1);
}

function healedReason({ access }: MissedPath, round: number): Reason {
  const { syscall, phase, executable } = access;
  return { kind: 'healed', round, syscall, phase, ...(executable ? { executable } : {}) };
}
