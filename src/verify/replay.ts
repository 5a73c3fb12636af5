import type { OpenedImage } from '../engine/types.ts';
import type { RuntimeConfig } from '../image/types.ts';
import { type Alteration, findAlterations } from '../keep/alterations.ts';
import { factsOf } from '../keep/facts.ts';
import type { KeepSet } from '../keep/keep-set.ts';
import { nameInterpreters } from '../keep/lacking.ts';
import { findMisses, type MissedPath } from '../keep/missed.ts';
import { findUnlisted } from '../keep/missed-listings.ts';
import { seenThrough } from '../keep/mounts.ts';
import { tracedSeeds } from '../keep/traced.ts';
import type { ProbeReport, Suspicion } from '../report/report.ts';
import { toImagePath } from '../rootfs/path.ts';
import type { RunSettings } from '../settings.ts';
import { checkTrace } from '../trace/observe.ts';
import type { RecordOptions, RunPlan, RunRecord } from '../trace/record.ts';
import { recordAll, withImageConfig } from '../trace/scenarios.ts';
import type { Access, Trace } from '../trace/trace.ts';
import { newErrorLines } from './log-errors.ts';
import { suspicionOf } from './suspicion.ts';
import { compareRuns } from './verify.ts';

/** What a slim image is held against, and how it is run. */
export interface ReplayInput {
  readonly fat: OpenedImage;
  readonly fatRuns: readonly [RunRecord, ...RunRecord[]];
  /** Runs the fat image some more times, when its runs do not account for what the slim image shows. */
  readonly observeAgain: () => Promise<readonly RunRecord[]>;
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
  /** What the fat image's runs used and the slim image has otherwise; looked for only when the images differ. */
  readonly altered: readonly Alteration[];
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
  const { config } = input.replay;
  const accesses = [...run.trace.accesses, ...accountLookups(run)];
  const missInput = { fatRootfs, keep, slimRootfs: slim.rootfs, fatAccesses: trace.accesses, accesses };
  const unlisted = (isSuspect: boolean) => findUnlisted({ ...missInput, config, isSuspect });
  const failed = await nameInterpreters(findMisses(missInput), factsOf(fatRootfs, config), {
    keep,
    signal: input.record.signal,
  });
  const certain = [...failed, ...(await unlisted(false))];
  const first = await judge(input, input.fatRuns, run, certain);
  if (first.isVerified) return checked(first, run, input);
  if (certain.length > 0) return withAlterations(first, slim, input);
  const last = await judgeByMore(input, run, first);
  if (last.isVerified) return checked(last, run, input);
  return withAlterations({ ...last, misses: await unlisted(true) }, slim, input);
}

/** Six runs of the fat image in all: of a value that is one of two by chance, all show the same one once in 32 times. */
const MORE_OBSERVATIONS = 2;

async function judgeByMore(input: ReplayInput, run: RunRecord, first: Replay): Promise<Replay> {
  let { fatRuns } = input;
  let judged = first;
  // Chance has no part in an application that cannot be probed at all.
  for (let more = 0; more < MORE_OBSERVATIONS && !judged.isVerified && !run.failure; more++) {
    fatRuns = [...fatRuns, ...(await input.observeAgain())];
    judged = await judge(input, fatRuns, run, []);
  }
  return judged;
}

/** Accounts are looked up before anything runs that could be traced. */
function accountLookups({ failure }: RunRecord): Access[] {
  if (failure?.code !== 'USER_NOT_FOUND') return [];
  return ACCOUNT_FILES.map((asked) => ({ ...ACCOUNT_LOOKUP, asked }));
}

const ACCOUNT_FILES = ['/etc/passwd', '/etc/group'].map(toImagePath);
const ACCOUNT_LOOKUP = {
  operation: 'open',
  errno: 'ENOENT',
  syscall: 'USER',
  pid: 0,
  phase: 'start',
  count: 1,
} as const;

/** What was used during the smallest probe that differs comes first. */
async function withAlterations(result: Replay, slim: OpenedImage, input: ReplayInput): Promise<Replay> {
  const { fat, trace, record } = input;
  const isSuspect = ({ phase }: Access) => phase === result.suspicion?.probe;
  const inOrder = [...trace.accesses.filter(isSuspect), ...trace.accesses];
  const fatRootfs = seenThrough(fat.rootfs, input.replay.container.mounts);
  const used = [...tracedSeeds(fatRootfs, inOrder).seeds.map(({ path }) => path), ...ACCOUNT_FILES];
  const paths = new Set(used);
  return { ...result, altered: await findAlterations(fatRootfs, slim.rootfs, { paths, signal: record.signal }) };
}

async function judge(
  { fat, trace, failOnLogErrors, record }: ReplayInput,
  fatRuns: ReplayInput['fatRuns'],
  run: RunRecord,
  misses: readonly MissedPath[],
): Promise<Replay> {
  const probes = await compareRuns(fatRuns, run, record.signal);
  const logErrors = newErrorLines(fatRuns, run);
  const isLogFine = !failOnLogErrors || logErrors.length === 0;
  const isVerified = misses.length === 0 && isLogFine && probes.every(({ equal }) => equal);
  const suspicion = suspicionOf(probes, {
    fatRootfs: fat.rootfs,
    fatAccesses: trace.accesses,
    accesses: run.trace.accesses,
  });
  return { misses, probes, logErrors, suspicion, altered: [], isVerified };
}

/** Nothing missed says nothing when not everything was seen. */
function checked(result: Replay, run: RunRecord, { allowIncomplete }: ReplayInput): Replay {
  if (result.isVerified) checkTrace(run.trace, { what: 'the trace of the replay', allowIncomplete });
  return result;
}
