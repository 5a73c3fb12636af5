import { setTimeout as delay } from 'node:timers/promises';
import type { Container, OpenedImage } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import { lastLines } from '../probe/last-log.ts';
import { ProbesFailed } from '../probe/probes-failed.ts';
import type { Outcome } from '../probe/types.ts';
import type { ImagePath } from '../rootfs/path.ts';
import type { ContainerSettings } from '../settings.ts';
import { COMMAND_PROBE, hasCrashed, hasEnded } from './command-outcome.ts';
import { mergeTraces } from './merge.ts';
import { type RecordOptions, type RunPlan, type RunRecord, recordRun } from './record.ts';
import type { Trace } from './trace.ts';

/**
 * The fat image seen twice, its command under the tracer and without it: what differs between the two runs is no property of the image,
 * and what is the same does not come from the tracing.
 */
export interface Observation {
  readonly runs: readonly [RunRecord, RunRecord, ...RunRecord[]];
  readonly tracing: RunPlan['tracing'];
  /** All traces together. */
  readonly trace: Trace;
  /** What only some of several traced runs used. */
  readonly unstable?: readonly ImagePath[];
}

export interface ObserveOptions extends RecordOptions {
  /** Failing probes are expected. */
  readonly allowFailing: boolean;
  /** Go on with a trace that may have lost events. */
  readonly allowIncomplete: boolean;
}

/**
 * Runs the fat image twice, at the same time unless both would want the same ports or write the same files of a host. Errors: PROBE_FAILED,
 * APPLICATION_DIED and the like when it does not do what is expected; TRACE_EMPTY, TRACE_INCOMPLETE.
 */
export async function observe(image: OpenedImage, plan: RunPlan, options: ObserveOptions): Promise<Observation> {
  return observationOf(await runTwice(image, plan, options), plan, options);
}

/** The first half of {@link observe}: whatever comes of the two runs. */
export async function runTwice(
  image: OpenedImage,
  plan: RunPlan,
  options: RecordOptions,
): Promise<Observation['runs']> {
  const first = recordRun(image, plan, options);
  const unattended: RunPlan = {
    ...plan,
    isTraced: false,
    hold: (container, signal) => untilDoneAs(first, container, signal),
  };
  if (sharesWithOthers(plan.container)) await first.catch(() => {});
  return bothOf(first, recordRun(image, unattended, { ...options, progress: () => {}, found: () => {} }));
}

/** Networks in which a container meets nobody it knows. */
const ISOLATED: ReadonlySet<string | undefined> = new Set([undefined, 'none', 'bridge', 'default', 'private']);

/** Whether two such containers would meet: at ports of a host, at others in a network, or in files that outlive them. */
export function sharesWithOthers({ network, publish, mounts }: ContainerSettings): boolean {
  const writesOutside = mounts.some((mount) => mount.type !== 'tmpfs' && mount.source !== '' && !mount.readOnly);
  return !ISOLATED.has(network) || publish.length > 0 || writesOutside;
}

/** The second half: whether the two runs are what is expected. */
export function observationOf(runs: Observation['runs'], plan: RunPlan, options: ObserveOptions): Observation {
  checkOutcomes(runs, plan, options.allowFailing);
  const trace = mergeTraces(runs.map((run) => run.trace));
  checkTrace(trace, { what: 'the trace', allowIncomplete: options.allowIncomplete });
  return { runs, tracing: plan.tracing, trace };
}

const LAG_MS = 10_000;

/**
 * Nothing tells when a command that is not traced has done its work: it is given until the traced one is done, and longer
 * when that one ended by itself.
 */
async function untilDoneAs(other: Promise<RunRecord>, container: Container, signal: AbortSignal): Promise<void> {
  const record = await Promise.race([container.ended.then(() => undefined), other.catch(() => undefined)]);
  if (!record || container.result() || !hasEnded(record.outcomes)) return;
  const timeLimit = new AbortController();
  const limit = delay(LAG_MS + record.durationMs, undefined, { signal: AbortSignal.any([signal, timeLimit.signal]) });
  await Promise.race([container.ended, limit]);
  timeLimit.abort();
  await limit.catch(() => {});
}

/** Waits for both also when one fails, so that nothing of a failed run goes on in the background. */
async function bothOf(first: Promise<RunRecord>, second: Promise<RunRecord>): Promise<[RunRecord, RunRecord]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

/** What fails under the tracer only, failing or not being expected, says more about the tracer than about the image. */
function checkOutcomes([traced, untraced]: Observation['runs'], plan: RunPlan, allowFailing: boolean): void {
  const [failure, untracedFailure] = [failureOf(traced, plan), failureOf(untraced, plan)];
  if (failure && !untracedFailure) {
    throw new TraceSlimError('TRACE_INCOMPLETE', `it works without the tracer, but not under it: ${failure.message}`, {
      hint: 'Run it again; when it stays so, something kills the tracer, or the application cannot be traced.',
      context: failure.context,
    });
  }
  if (endedBySignal(traced) && !endedBySignal(untraced)) {
    throw new TraceSlimError('TRACE_INCOMPLETE', 'under the tracer a signal ended the command, and without it not', {
      hint: 'Run it again; when it stays so, something kills the tracer, or the application cannot be traced.',
      context: { log: lastOutput(traced.outcomes) },
    });
  }
  const found = failure ?? untracedFailure;
  if (found && !allowFailing) throw found;
}

/** A command that was not stopped, but died in the middle of something: so it does when its tracer is killed. */
function endedBySignal(run: RunRecord): boolean {
  const facts = run.outcomes.find((outcome) => outcome.probe === COMMAND_PROBE)?.facts ?? [];
  return hasEnded(run.outcomes) && facts.some(({ name, value }) => name === 'exit status' && Number(value) > 128);
}

/** What went wrong in a run, as an error; undefined when all is well. */
function failureOf(run: RunRecord, plan: RunPlan): TraceSlimError | undefined {
  if (run.failure) return run.failure;
  const failed = run.outcomes.filter(
    ({ ok, probe }) => !ok && (probe !== COMMAND_PROBE || plan.probes.length === 0 || hasCrashed(run.outcomes)),
  );
  return failed.length > 0 ? new ProbesFailed(failed, lastOutput(run.outcomes)) : undefined;
}

/** What the application printed last, for error messages. */
function lastOutput(outcomes: readonly Outcome[]): string {
  const facts = outcomes.find((outcome) => outcome.probe === COMMAND_PROBE)?.facts ?? [];
  const printed = facts.filter((fact) => fact.name === 'stdout' || fact.name === 'stderr').map((fact) => fact.value);
  return lastLines(Buffer.from(printed.join(''), 'latin1').toString('utf8'));
}

/** What was not traced cannot be relied on. `what` begins the message. Errors: TRACE_EMPTY, TRACE_INCOMPLETE. */
export function checkTrace(trace: Trace, { what, allowIncomplete }: { what: string; allowIncomplete: boolean }): void {
  if (trace.accesses.length === 0) {
    throw new TraceSlimError('TRACE_EMPTY', 'the tracer saw no file access at all', {
      hint: 'Run `trace-slim doctor` to see whether programs can be traced on this host.',
    });
  }
  const { complete, losses } = trace.completeness;
  if (complete || allowIncomplete) return;
  throw new TraceSlimError('TRACE_INCOMPLETE', `${what} is not complete: ${losses.join('; ')}`, {
    hint: 'Run it again, or accept that files may be missing with --allow-incomplete-trace.',
    context: { losses, samples: trace.completeness.unparsedSamples },
  });
}
