import type { OpenedImage } from '../engine/types.ts';
import type { RuntimeConfig } from '../image/types.ts';
import type { KeepSet } from '../keep/keep-set.ts';
import { findMisses, type MissedPath } from '../keep/missed.ts';
import { findUnlisted } from '../keep/missed-listings.ts';
import { seenThrough } from '../keep/mounts.ts';
import type { ProbeReport, Suspicion } from '../report/report.ts';
import type { RunSettings } from '../settings.ts';
import { checkTrace } from '../trace/observe.ts';
import type { RecordOptions, RunPlan, RunRecord } from '../trace/record.ts';
import { recordAll, withImageConfig } from '../trace/scenarios.ts';
import type { Trace } from '../trace/trace.ts';
import { newErrorLines } from './log-errors.ts';
import { suspicionOf } from './suspicion.ts';
import { compareRuns } from './verify.ts';

/** What a slim image is held against, and how it is run. */
export interface ReplayInput {
  readonly fat: OpenedImage;
  readonly fatRuns: readonly [RunRecord, ...RunRecord[]];
  /** Runs the fat image once more, when its runs do not account for what the slim image shows. */
  readonly observeAgain: () => Promise<RunRecord>;
  /** What the fat image's runs have done. */
  readonly trace: Trace;
  readonly replay: RunPlan;
  /** The user's overrides of how an image is run. */
  readonly run: RunSettings;
  /** The slim image's configuration as it was before the user's edits. Absent: its own. */
  readonly slimConfig?: RuntimeConfig;
  /** Believe a replay whose trace may have lost events. */
  readonly allowIncomplete: boolean;
  /** Lines in which an application newly reports errors count as a difference. */
  readonly failOnLogErrors: boolean;
  readonly record: RecordOptions;
}

/** What the replay on a slim image has shown. */
export interface Replay {
  readonly misses: readonly MissedPath[];
  readonly probes: readonly ProbeReport[];
  /** Lines in which only the slim image's application reports errors. */
  readonly logErrors: readonly string[];
  /** Where to look first; null when every outcome is equal. */
  readonly suspicion: Suspicion | null;
  /** Nothing missed and every outcome equal. */
  readonly isVerified: boolean;
}

/**
 * Does on a slim image what was done on the fat one, and compares. `keep` tells what the slim image has. Fails with
 * TRACE_INCOMPLETE when nothing was missed in a trace that may have lost events.
 */
export async function replay(slim: OpenedImage, keep: Pick<KeepSet, 'has'>, input: ReplayInput): Promise<Replay> {
  const { fat, trace } = input;
  // Its own configuration, so that a mistake in that shows too.
  const plan = withImageConfig(input.replay, input.slimConfig ?? slim.image.config.config ?? {}, input.run);
  const run = await recordAll(slim, plan, input.record);
  const fatRootfs = seenThrough(fat.rootfs, input.replay.container.mounts);
  const missInput = { fatRootfs, keep, fatAccesses: trace.accesses, accesses: run.trace.accesses };
  const unlisted = (isSuspect: boolean) => findUnlisted({ ...missInput, config: input.replay.config, isSuspect });
  const certain = [...findMisses(missInput), ...(await unlisted(false))];
  const first = judge(input, input.fatRuns, run, certain);
  if (certain.length > 0 || first.isVerified) return checked(first, run, input);
  const second = judge(input, [...input.fatRuns, await input.observeAgain()], run, []);
  if (second.isVerified) return checked(second, run, input);
  return { ...second, misses: await unlisted(true) };
}

function judge(
  { trace, failOnLogErrors }: ReplayInput,
  fatRuns: ReplayInput['fatRuns'],
  run: RunRecord,
  misses: readonly MissedPath[],
): Replay {
  const probes = compareRuns(fatRuns, run);
  const logErrors = newErrorLines(fatRuns, run);
  const isLogFine = !failOnLogErrors || logErrors.length === 0;
  const isVerified = misses.length === 0 && isLogFine && probes.every(({ equal }) => equal);
  const suspicion = suspicionOf(probes, { fatAccesses: trace.accesses, accesses: run.trace.accesses });
  return { misses, probes, logErrors, suspicion, isVerified };
}

/** Nothing missed says nothing when not everything was seen. */
function checked(result: Replay, run: RunRecord, { allowIncomplete }: ReplayInput): Replay {
  if (result.isVerified) checkTrace(run.trace, { what: 'the trace of the replay', allowIncomplete });
  return result;
}
