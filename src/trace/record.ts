import type { Container, ExecPlace, ExecResult, Listener, OpenedImage, ToolkitPaths } from '../engine/types.ts';
import { EXIT, TraceSlimError } from '../errors.ts';
import type { RuntimeConfig } from '../image/types.ts';
import { masked } from '../probe/masks.ts';
import { failedOutcome } from '../probe/outcome.ts';
import { poll } from '../probe/poll.ts';
import { type Readiness, type ReadyConditions, waitReady } from '../probe/readiness.ts';
import type { Outcome, Probe } from '../probe/types.ts';
import { type Identity, resolveIdentity } from '../rootfs/identity.ts';
import { imagePathFromText } from '../rootfs/path.ts';
import type { ContainerSettings, RunSettings } from '../settings.ts';
import { untilQuiet } from './activity.ts';
import { AttachingTracer } from './attach.ts';
import { TraceCollector } from './collect.ts';
import { applicationDied, commandOutcome } from './command-outcome.ts';
import type { UserProgram } from './log-reader.ts';
import { PhaseLog } from './phases.ts';
import type { Trace } from './trace.ts';
import { type Tracing, tracedCommand } from './traced-command.ts';

/** What is done in one run of an image. The same plan is run on the fat and on the slim image. */
export interface RunPlan {
  readonly config: RuntimeConfig;
  /** The command line of the container; empty when only exec probes are wanted. */
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly container: ContainerSettings;
  /** Whether the command is traced. Programs that probes run always are. */
  readonly isTraced: boolean;
  readonly tracing: Tracing;
  /** From the stop signal until it is killed. */
  readonly stopTimeoutMs: number;
  readonly probes: readonly Probe[];
  /** What may differ in any outcome; see masks.ts. */
  readonly masks?: readonly string[];
  /** As whom and where programs of probes were executed, by the names of their logs. Grows while the plan is run. */
  readonly execs: ReadonlyMap<string, ExecPlace>;
  /** When the application can be probed. */
  readonly ready: ReadyConditions;
  /** Keeps the container running after the probes as long as the user wants. */
  hold(container: Container, signal: AbortSignal): Promise<void>;
  /** Where it is not the run that the command line describes: its name, and how the image is run. */
  readonly scenario?: { readonly name: string; readonly run: RunSettings };
  /** Further runs of the same image; see scenarios.ts. */
  readonly others?: readonly RunPlan[];
}

/** One run: what was seen and what came out, also when it went wrong. */
export interface RunRecord {
  readonly outcomes: readonly Outcome[];
  readonly trace: Trace;
  readonly executedByUsers?: readonly UserProgram[];
  readonly listening: readonly Listener[];
  /** Milliseconds from the start of the container until it was ready. */
  readonly readyMs: number;
  /** Why the probes could not be run: the application died, or never became ready. */
  readonly failure?: TraceSlimError;
  readonly durationMs: number;
  /** Milliseconds since 1970. */
  readonly startedAt?: number;
}

export interface RecordOptions {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
  /** Told of outcomes of probes as they come. */
  readonly found?: (outcomes: readonly Outcome[]) => void;
}

const COMMAND_LOG = 'main';

/** A command is taken for started up once it has touched no file for this long; only where nothing tells better. */
const STARTED_QUIET_MS = 200;
const STARTED_DEADLINE_MS = 10_000;
/** With nothing to probe, a command that runs on and touches no file for this long is taken for a service. */
const SERVICE_QUIET_MS = 5000;
const SERVICE_DEADLINE_MS = 600_000;

/** Runs an image under the tracer, does the probes, stops it, and reads the trace. */
export async function recordRun(image: OpenedImage, plan: RunPlan, options: RecordOptions): Promise<RunRecord> {
  const startedAt = performance.now();
  const clockAtStart = Date.now();
  const collector = new TraceCollector();
  const run: Run = { image, plan, options, collector, outcomes: [], losses: [], listening: [], readyMs: 0, startedAt };
  await runAll(run).catch((error: unknown) => {
    if (!(error instanceof TraceSlimError) || error.code !== 'USER_NOT_FOUND') throw error;
    run.failure = error;
  });
  const { listening, readyMs, failure } = run;
  const outcomes = run.outcomes.map((outcome) => masked(outcome, plan.masks ?? []));
  const trace = collector.finish({ losses: run.losses });
  const { executedByUsers } = collector;
  const durationMs = Math.round(performance.now() - startedAt);
  const seen = { outcomes, trace, executedByUsers, listening, readyMs, durationMs };
  return { ...seen, startedAt: clockAtStart, ...(failure ? { failure } : {}) };
}

async function runAll(run: Run): Promise<void> {
  const { plan } = run;
  const pending = plan.command.length > 0 ? await runCommand(run) : [...plan.probes];
  if (pending.length > 0 && !run.failure) await runKeptAlive(run, pending);
}

interface Run {
  readonly image: OpenedImage;
  readonly plan: RunPlan;
  readonly options: RecordOptions;
  readonly collector: TraceCollector;
  readonly outcomes: Outcome[];
  readonly losses: string[];
  readonly startedAt: number;
  listening: readonly Listener[];
  readyMs: number;
  failure?: TraceSlimError;
}

/** Runs the image's command and probes it. Gives the probes that are left because the command ended before them. */
async function runCommand(run: Run): Promise<Probe[]> {
  const { plan, options } = run;
  const startedAt = performance.now();
  await using container = await startContainer(run, (toolkit) =>
    plan.isTraced ? tracedCommand(toolkit, COMMAND_LOG, plan) : [...toolkit.unprivileged, ...plan.command],
  );
  await using tracer = startTracer(run, container);
  if (plan.isTraced) await tracer?.attached(COMMAND_LOG, options.signal);
  const phases = new PhaseLog(container);
  // A probe that cannot load says so when it runs.
  for (const probe of plan.probes) probe.prepare?.().catch(() => {});
  const readiness = await waitUntilReady(run, container);
  run.readyMs = performance.now() - run.startedAt;
  let pending: Probe[] = [];
  if (readiness) {
    run.listening = readiness.listening;
    const isReachable = (probe: Probe) => probe.listeners.every((listener) => readiness.listening.includes(listener));
    pending = await runProbes(run, container, phases, plan.probes.filter(isReachable));
    if (plan.probes.length === 0 && plan.isTraced) await watchUnprobed(container, options.signal);
    await plan.hold(container, options.signal);
    if (plan.isTraced && plan.probes.every((probe) => probe.listeners.length === 0))
      await untilStarted(container, options.signal);
  }
  options.signal.throwIfAborted();
  await phases.enter('stop');
  const isWatched = !plan.isTraced || container.result() !== undefined || (await container.isTraced());
  if (!isWatched) run.losses.push('the tracer was no longer attached to the application when the probes had ended');
  const endedByItself = wasStopped(run, pending) ? undefined : container.result();
  const result = endedByItself ?? (await container.stop({ timeoutMs: plan.stopTimeoutMs, signal: options.signal }));
  if (plan.isTraced && !(await phases.logs()).has(COMMAND_LOG)) run.losses.push('the trace log of the command is gone');
  await collectLogs(run, container, phases, endedByItself);
  run.outcomes.unshift(commandOutcome(result, endedByItself !== undefined, startedAt));
  if (endedByItself && !run.failure && hadToRun(run)) run.failure = applicationDied(result, container);
  run.outcomes.push(...pending.filter((probe) => probe.kind !== 'exec').map(notRun));
  return pending.filter((probe) => probe.kind === 'exec');
}

/** The last probe has stopped the application, which is no failure of it. */
function wasStopped({ plan, failure }: Run, pending: readonly Probe[]): boolean {
  const last = plan.probes.at(-1);
  return failure === undefined && last?.stops === true && !pending.includes(last);
}

/** Where a probe's signal has ended the application, or was in vain, that probe says more than that it has ended. */
function hadToRun({ plan, outcomes }: Run): boolean {
  const signals = new Set(plan.probes.flatMap(({ kind, id }) => (kind === 'signal' ? id : [])));
  if (outcomes.some(({ ok, probe }) => !ok && signals.has(probe))) return false;
  return plan.probes.some(({ listeners }) => listeners.length > 0);
}

/** A probe of a running application when there is none any more. Whether that is a failure, the command's outcome tells. */
function notRun({ id }: Probe): Outcome {
  const fact = { name: 'not run', value: 'the command had ended', compare: 'exact' } as const;
  return { probe: id, ok: true, summary: 'not run: the command had ended', durationMs: 0, facts: [fact] };
}

/** Exec probes in a container of the image in which nothing but the toolkit runs. */
async function runKeptAlive(run: Run, probes: readonly Probe[]): Promise<void> {
  await using container = await startContainer(run, ({ launcher, sleep }) => [...launcher, sleep, 'infinity']);
  await using _tracer = startTracer(run, container);
  const phases = new PhaseLog(container);
  const left = await runProbes(run, container, phases, probes);
  if (left[0]) run.failure = applicationDied(container.result(), container);
  // Where the command is not traced nobody looks on, and here there is no command to wait for.
  if (run.plan.isTraced) await run.plan.hold(container, run.options.signal);
  await container.stop({ timeoutMs: 0 });
  await collectLogs(run, container, phases);
}

function startContainer(run: Run, command: (toolkit: ToolkitPaths) => readonly string[]): Promise<Container> {
  const { config, env, container: settings } = run.plan;
  const hasTracer = run.plan.tracing === 'attach';
  const execUsers = run.plan.probes.flatMap(({ user }) => user ?? []);
  return run.image.start({ config, command, env, settings, hasTracer, execUsers }, run.options);
}

function startTracer({ plan }: Run, container: Container): AttachingTracer | undefined {
  return plan.tracing === 'attach' ? new AttachingTracer(container) : undefined;
}

/** Undefined when the application cannot be probed; `run.failure` then says why. */
async function waitUntilReady(run: Run, container: Container): Promise<Readiness | undefined> {
  const { plan, options } = run;
  try {
    const readiness = await waitReady(container, { ...plan.ready, signal: options.signal });
    const tellsNothing = readiness.listening.length === 0 && plan.probes.length > 0;
    if (readiness.state === 'ready' && tellsNothing) await untilStarted(container, options.signal);
    if (readiness.state === 'ended' && plan.probes.some((probe) => probe.listeners.length > 0)) {
      run.failure = applicationDied(await container.ended, container);
      return undefined;
    }
    return readiness;
  } catch (error) {
    if (!(error instanceof TraceSlimError) || error.exitStatus !== EXIT.fatProbesFail) throw error;
    run.failure = error;
    return undefined;
  }
}

/** Runs probes one after another; gives those that could not be run because the container has ended. */
async function runProbes(run: Run, container: Container, phases: PhaseLog, probes: readonly Probe[]): Promise<Probe[]> {
  const { signal, progress } = run.options;
  for (const [index, probe] of probes.entries()) {
    if (container.result()) return probes.slice(index);
    await phases.enter(probe.id);
    progress(probe.id);
    const startedAt = performance.now();
    try {
      const outcomes = await probe.run(container, { signal, enter: (outcome) => phases.enter(outcome) });
      if (probe.kind === 'exec' && (await wasCutShort(outcomes, container, signal))) return probes.slice(index);
      add(run, outcomes);
    } catch (error) {
      signal.throwIfAborted();
      if (probe.kind === 'exec' && (await endsNow(container, signal))) return probes.slice(index);
      if (!(error instanceof TraceSlimError) || isHostFailure(error)) throw error;
      add(run, [failedOutcome(probe.id, error.message, startedAt)]);
    }
  }
  return [];
}

function add(run: Run, outcomes: readonly Outcome[]): void {
  run.outcomes.push(...outcomes);
  run.options.found?.(outcomes);
}

/** The end of a container's first process kills everything that runs in it; that it has ended is known a little later. */
async function wasCutShort(outcomes: readonly Outcome[], container: Container, signal: AbortSignal): Promise<boolean> {
  const facts = outcomes.flatMap((outcome) => outcome.facts);
  const wasKilled = facts.some(({ name, value }) => name === 'exit status' && value === KILLED);
  return wasKilled && (await endsNow(container, signal));
}

const KILLED = '137';
const ENDING_MS = 1000;

async function endsNow(container: Container, signal: AbortSignal): Promise<boolean> {
  const isEnded = async () => container.result() && true;
  return (await poll(isEnded, { timeoutMs: ENDING_MS, signal })) ?? false;
}

/** What would go wrong with any image says nothing about this one. */
function isHostFailure({ code, exitStatus }: TraceSlimError): boolean {
  return exitStatus === EXIT.engine && code !== 'ENGINE_FAILED';
}

function untilStarted(container: Container, signal: AbortSignal): Promise<boolean> {
  return untilQuiet(container, { quietMs: STARTED_QUIET_MS, deadlineMs: STARTED_DEADLINE_MS, signal });
}

function watchUnprobed(container: Container, signal: AbortSignal): Promise<boolean> {
  return untilQuiet(container, { quietMs: SERVICE_QUIET_MS, deadlineMs: SERVICE_DEADLINE_MS, signal });
}

/** `ended` is what came of the command when it ended by itself: then its last call must be in its log. */
async function collectLogs(run: Run, container: Container, phases: PhaseLog, ended?: ExecResult): Promise<void> {
  const { config, tracing, execs } = run.plan;
  const { prefix, shim } = container.toolkit;
  const identities = new Map<string, Identity>();
  for (const [name, starts] of await phases.logs()) {
    const { user = config.User ?? '', workingDirectory } = execs.get(name) ?? {};
    const identity = identities.get(user) ?? (await resolveIdentity(run.image.rootfs, user));
    identities.set(user, identity);
    const { hasExited } = await run.collector.addLog({
      stream: container.openLog(name),
      phases: starts,
      prefix,
      shim,
      cwd: imagePathFromText(workingDirectory ?? (config.WorkingDir || '/')),
      usesCwd: workingDirectory !== undefined,
      uid: identity.uid,
      isGated: tracing === 'attach',
    });
    const mustHaveExited = name === COMMAND_LOG && ended !== undefined && ended.exitStatus < KILLED_BY_SIGNAL;
    if (mustHaveExited && !hasExited) run.losses.push('the tracer was gone before the command ended');
  }
}

/** Statuses from here on are those of processes that a signal has ended, in the middle of anything. */
const KILLED_BY_SIGNAL = 128;
