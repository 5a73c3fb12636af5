import { buildImage, type SlimImage } from '../build/build-image.ts';
import type { Engine, OpenedImage } from '../engine/types.ts';
import type { KeepSet, Reason } from '../keep/keep-set.ts';
import { findMisses, type MissedPath } from '../keep/missed.ts';
import { type Plan, planKeep } from '../keep/plan.ts';
import type { Seed } from '../keep/seed.ts';
import type { Miss, ProbeReport } from '../report/report.ts';
import { displayPath } from '../rootfs/path.ts';
import type { BuildSettings, KeepSettings, RunSettings } from '../settings.ts';
import type { Stages } from '../stages.ts';
import { checkTrace } from '../trace/observe.ts';
import { type RecordOptions, type RunPlan, type RunRecord, recordRun } from '../trace/record.ts';
import { runConfig } from '../trace/run-config.ts';
import type { Trace } from '../trace/trace.ts';
import { compareRuns } from './verify.ts';

/** What a slim image is made from, and how it is tried. */
export interface HealInput {
  readonly engine: Engine;
  readonly fat: OpenedImage;
  readonly fatRuns: readonly [RunRecord, RunRecord];
  /** Runs the fat image once more, when two runs do not account for what the slim image shows. */
  readonly observeAgain: () => Promise<RunRecord>;
  readonly trace: Trace;
  readonly keepSettings: KeepSettings;
  readonly config: RunPlan['config'];
  readonly replay: RunPlan;
  /** The user's overrides of how an image is run. */
  readonly run: RunSettings;
  readonly maxRounds: number;
  readonly layers: BuildSettings['layers'];
  readonly createdSeconds: number;
  readonly version: string;
  readonly verify: boolean;
  /** Believe a replay whose trace may have lost events. */
  readonly allowIncomplete?: boolean;
  readonly record: RecordOptions;
  readonly stages: Stages;
}

interface Round {
  readonly round: number;
  readonly misses: readonly Miss[];
  readonly durationMs: number;
}

/** The last slim image that was built, and what its replay showed. The disposal removes its files. */
export interface HealResult {
  readonly slim: SlimImage;
  readonly keep: KeepSet;
  readonly warnings: readonly string[];
  readonly rounds: readonly Round[];
  /** Undefined when the image was not verified. */
  readonly probes: readonly ProbeReport[] | undefined;
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
  const rounds: Round[] = [];
  let plan = await planRound(input, healed);
  for (let round = 1; ; round++) {
    const startedAt = performance.now();
    const { keep, warnings } = plan;
    const slim = await stages.run(
      'pack',
      'packing the slim image',
      () => buildImage(fat, keep, { ...input, directory: input.engine.scratchDirectory, signal }),
      ({ layers }) => `${megabytes(layers)} MB in ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}`,
    );
    if (!input.verify) return { slim, keep, warnings, rounds, probes: undefined, isVerified: false };
    const { misses, probes } = await stages.run(
      'verify',
      'replaying the probes on the slim image',
      () => replay(input, slim, keep),
      summarise,
    );
    rounds.push({ round, misses: misses.map(reportMiss), durationMs: Math.round(performance.now() - startedAt) });
    for (const miss of misses) {
      healed.push(...miss.needed.map((path) => ({ path, reason: healedReason(miss, round) })));
    }
    const next = misses.length > 0 && round < input.maxRounds ? await planRound(input, healed) : plan;
    // What the user has excluded is missed again, however often it is put back.
    if (next.keep.size === keep.size) {
      const isVerified = misses.length === 0 && probes.every((probe) => probe.equal);
      return { slim, keep, warnings, rounds, probes, isVerified };
    }
    await slim[Symbol.asyncDispose]();
    plan = next;
  }
}

function planRound(input: HealInput, healed: readonly Seed[]): Promise<Plan> {
  const { fat, trace, config, keepSettings, record } = input;
  return input.stages.run(
    'plan',
    'deciding what to keep',
    () =>
      planKeep({
        rootfs: fat.rootfs,
        accesses: trace.accesses,
        config,
        keepSettings,
        healed,
        signal: record.signal,
      }),
    ({ keep }) => `${keep.size} of ${fat.rootfs.entryCount} paths kept`,
  );
}

async function replay(
  input: HealInput,
  slim: SlimImage,
  keep: KeepSet,
): Promise<{ misses: MissedPath[]; probes: ProbeReport[] }> {
  await using opened = await input.engine.open(slim.image, { signal: input.record.signal, temporary: true });
  // Its own configuration, so that a mistake in that shows too.
  const config = runConfig(slim.config.config ?? {}, input.run);
  const run = await recordRun(opened, { ...input.replay, config }, input.record);
  const misses = findMisses({ fatRootfs: input.fat.rootfs, keep, accesses: run.trace.accesses });
  let probes = compareRuns(input.fatRuns, run);
  if (misses.length > 0) return { misses, probes };
  if (!probes.every((probe) => probe.equal)) probes = compareRuns([...input.fatRuns, await input.observeAgain()], run);
  // Nothing missed says nothing when not everything was seen.
  if (probes.every((probe) => probe.equal)) {
    checkTrace(run.trace, { what: 'the trace of the replay', allowIncomplete: input.allowIncomplete ?? false });
  }
  return { misses, probes };
}

function summarise({ misses, probes }: { misses: readonly MissedPath[]; probes: readonly ProbeReport[] }): string {
  const equal = probes.filter((probe) => probe.equal).length;
  return `${equal} of ${probes.length} outcomes equal, ${misses.length} misses`;
}

function megabytes(layers: readonly { readonly sizeBytes: number }[]): string {
  return (layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6).toFixed(1);
}

function healedReason({ access }: MissedPath, round: number): Reason {
  const { syscall, phase, executable } = access;
  return { kind: 'healed', round, syscall, phase, ...(executable ? { executable } : {}) };
}

/** A miss as the report shows it. */
export function reportMiss({ path, access }: MissedPath): Miss {
  return {
    path: displayPath(path),
    syscall: access.syscall,
    errno: access.errno ?? '',
    executable: access.executable ? displayPath(access.executable) : null,
    phase: access.phase,
  };
}
