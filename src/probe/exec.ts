import type { Container, ExecPlace, ExecResult, ToolkitPaths } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import { startDeadline } from './deadline.ts';
import { exitOutcome, failedOutcome } from './outcome.ts';
import type { Outcome, Probe } from './types.ts';

const DEFAULT_TIMEOUT_MS = 600_000;

/**
 * Puts a command under the tracer. Called once for every process started, with as whom and where that will be; each call
 * must give a command that writes a log of its own.
 */
export type TraceWrapper = (toolkit: ToolkitPaths, command: readonly string[], place: ExecPlace) => readonly string[];

/** What to run, as a command line, as whom and where, and what it reads from its standard input. */
export interface Program extends ExecPlace {
  command(toolkit: ToolkitPaths): readonly string[];
  readonly stdin?: Buffer;
  /** More environment, `NAME=value`. */
  readonly env?: readonly string[];
}

export interface ExecProbeOptions {
  readonly id: string;
  readonly program: Program;
  readonly trace: TraceWrapper;
  /** Default: ten minutes. */
  readonly timeoutMs?: number;
}

/**
 * A program run in the container. Its exit status is its outcome whatever it is: only a program that could not be
 * started, or that did not end in time, is not ok.
 */
export function execProbe({ id, program, trace, timeoutMs = DEFAULT_TIMEOUT_MS }: ExecProbeOptions): Probe {
  return {
    id,
    kind: 'exec',
    listeners: [],
    run: async (container, { signal }) => [await runTraced(container, { id, program, trace, timeoutMs, signal })],
  };
}

export interface TracedRun extends Required<ExecProbeOptions> {
  readonly signal: AbortSignal;
  /** Which exit statuses are ok. Default: every one. */
  readonly accepts?: (exitStatus: number) => boolean;
}

/** Runs a program under the tracer and waits for its end. Rejects when aborted or when the engine fails. */
export async function runTraced(container: Container, run: TracedRun): Promise<Outcome> {
  const { id, program, accepts = () => true } = run;
  const startedAt = performance.now();
  using deadline = startDeadline(run.signal, run.timeoutMs);
  try {
    const { command, ...given } = program;
    const result = await container.exec(
      { ...given, command: (toolkit) => run.trace(toolkit, command(toolkit), placeOf(program)) },
      { signal: deadline.signal },
    );
    run.signal.throwIfAborted();
    if (deadline.expired()) return failedOutcome(id, expiry(run), startedAt);
    const obstacle = startFailure(result, program);
    if (obstacle) return failedOutcome(id, `could not be run: ${obstacle}`, startedAt);
    return exitOutcome(id, result, startedAt, accepts(result.exitStatus));
  } catch (error) {
    run.signal.throwIfAborted();
    if (deadline.expired()) return failedOutcome(id, expiry(run), startedAt);
    const obstacle = startError(error, program);
    if (!obstacle) throw error;
    return failedOutcome(id, `could not be run: ${obstacle}`, startedAt);
  }
}

function placeOf({ user, workingDirectory }: Program): ExecPlace {
  return { ...(user !== undefined && { user }), ...(workingDirectory !== undefined && { workingDirectory }) };
}

/** What is the program's own fault although it is thrown. */
function startError(error: unknown, program: Program): string | undefined {
  if (!(error instanceof TraceSlimError)) return undefined;
  if (error.code === 'USER_NOT_FOUND') return `${error.message}: give a name that its account files have, or a number`;
  return error.code === 'ENGINE_FAILED' ? directoryFailure(error.message, program) : undefined;
}

function expiry({ timeoutMs }: TracedRun): string {
  return `no result within ${timeoutMs / 1000} s`;
}

/** What tracers and OCI runtimes print, and nothing else, when the program itself cannot be started. */
const START_FAILURES = [
  /^gate: \d+: exec: (.*)$/m,
  /^\S*strace: (Can't stat '.*': .*|exec: .*|Cannot find executable .*)$/m,
  /^(?:time=\S+ level=error msg=")?(?:exec failed|runc run failed): (.*)$/m,
  /^\S*(?:executable file .* not found in \$PATH.*|crun: .*: No such file or directory)$/m,
];

/** Exit statuses of a tracer or runtime that could not start a program. */
const START_FAILURE_STATUSES = new Set([1, 126, 127, 255]);

/** What OCI runtimes say, through a daemon's mouth or not, when the working directory cannot be entered. */
const NO_DIRECTORY = /\bchdir (?:to cwd .+ set in config\.json failed|(?:to )?`.+`): ([a-z ]+)/i;
const OUTSIDE_STATUSES = new Set([125, 126, 127, 255]);

function directoryFailure(text: string, { workingDirectory }: Program): string | undefined {
  const found = workingDirectory === undefined ? undefined : NO_DIRECTORY.exec(text);
  return found ? `its working directory ${workingDirectory}: ${found[1]?.toLowerCase()}` : undefined;
}

function startFailure({ exitStatus, stdout, stderr }: ExecResult, program: Program): string | undefined {
  if (OUTSIDE_STATUSES.has(exitStatus) && stdout.length + stderr.length <= 2000) {
    const failure = directoryFailure(`${stdout}${stderr}`, program);
    if (failure !== undefined) return failure;
  }
  if (!START_FAILURE_STATUSES.has(exitStatus) || stdout.length > 0 || stderr.length > 2000) return undefined;
  const text = stderr.toString('utf8').trim();
  if (text.includes('\n')) return undefined;
  for (const pattern of START_FAILURES) {
    const found = pattern.exec(text);
    if (found) return found[1] ?? found[0];
  }
  return undefined;
}
