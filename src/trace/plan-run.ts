import { setTimeout as delay } from 'node:timers/promises';
import type { Container, ExecPlace, OpenedImage } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import { effectiveCommand } from '../image/config.ts';
import type { TraceWrapper } from '../probe/exec.ts';
import { planProbes } from '../probe/plan.ts';
import { poll } from '../probe/poll.ts';
import type { ReadyConditions } from '../probe/readiness.ts';
import { findProgram } from '../rootfs/programs.ts';
import type { ProbeSettings, RunSettings } from '../settings.ts';
import type { RunPlan, RunRecord } from './record.ts';
import { runConfig } from './run-config.ts';
import { type Tracing, tracedCommand } from './traced-command.ts';

export interface PlanRunOptions {
  readonly run: RunSettings;
  readonly probes: ProbeSettings;
  /** Default: `wrap`. */
  readonly tracing?: Tracing;
  /** Resolves when the user says that the container has been watched long enough. */
  readonly userSignal?: (kind: 'enter' | 'signal') => Promise<void>;
}

/** Docker's. */
const STOP_TIMEOUT_SECONDS = 10;

/** What will be done with an image, and what a user should know about it. */
export interface PlannedRun {
  readonly plan: RunPlan;
  readonly notes: readonly string[];
  /** The application is given the time to end by itself. */
  readonly untilExit?: boolean;
}

/**
 * Settles how an image is run and probed. Errors: COMMAND_NOT_FOUND when the image lacks the program it would run,
 * USAGE_INVALID when there is nothing to run.
 */
export function planRun(image: OpenedImage, options: PlanRunOptions): PlannedRun {
  const config = runConfig(image.image.config.config ?? {}, options.run);
  const command = effectiveCommand(config);
  const { probes: settings, tracing = 'wrap' } = options;
  const env = [...(config.Env ?? []), ...options.run.env];
  const find = (program: string) => findProgram(image.rootfs, program, { env, cwd: config.WorkingDir });
  const execs = new Map<string, ExecPlace>();
  const trace: TraceWrapper = (toolkit, probeCommand, place) => {
    const name = `exec-${execs.size + 1}`;
    execs.set(name, place);
    return tracedCommand(toolkit, name, { tracing, command: probeCommand, config, env: options.run.env });
  };
  const planned = planProbes(settings, config, { trace, programs: { find } });
  checkCommand(command, find, planned.probes.length);
  const { ready, notes } = planned;
  const byHand = settings.continueAfter.some((condition) => condition === 'enter' || condition === 'signal');
  return {
    untilExit: settings.continueAfter.includes('exit'),
    notes: byHand
      ? [...notes, 'What is done by hand while the image runs is kept, but is not replayed and not verified.']
      : notes,
    plan: {
      config,
      command,
      env: options.run.env,
      container: options.run.container,
      isTraced: true,
      tracing,
      stopTimeoutMs: options.run.stopTimeoutMs ?? (config.StopTimeout ?? STOP_TIMEOUT_SECONDS) * 1000,
      probes: planned.probes,
      execs,
      ...(settings.masks && { masks: settings.masks }),
      ready,
      hold: (container, signal) => hold(container, options, signal),
    },
  };
}

function checkCommand(
  command: readonly string[],
  find: (program: string) => string | undefined,
  probeCount: number,
): void {
  const [program] = command;
  if (program === undefined) {
    if (probeCount > 0) return;
    throw new TraceSlimError('USAGE_INVALID', 'the image has no command of its own and no probe was given', {
      hint: 'Name a command with --cmd, or probe it with --exec or --exec-file.',
    });
  }
  if (find(program) !== undefined) return;
  throw new TraceSlimError('COMMAND_NOT_FOUND', `the image has no program ${program}, which it would run`, {
    hint: 'Name the right one with --entrypoint or --cmd.',
  });
}

async function hold(container: Container, options: PlanRunOptions, signal: AbortSignal): Promise<void> {
  for (const condition of options.probes.continueAfter) {
    if (typeof condition === 'object') {
      await Promise.race([container.ended, delay(condition.timeoutMs, undefined, { signal })]);
    } else if (condition === 'enter' || condition === 'signal') {
      await Promise.race([container.ended, options.userSignal?.(condition)]);
    } else if (condition === 'exit') {
      await untilEnded(container, { timeoutMs: EXIT_TIMEOUT_MS, signal });
    }
    signal.throwIfAborted();
  }
}

/** A day: whoever waits for an end that never comes presses ^C long before. */
const EXIT_TIMEOUT_MS = 86_400_000;

async function untilEnded(
  container: Container,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  await poll(async () => container.result() && true, { timeoutMs, signal });
}

/** A replay is given a multiple of the time the fat image took to become ready, and this much more. */
const REPLAY_READY_FACTOR = 5;
const REPLAY_READY_MS = 5000;

/** The same plan for a replay: nobody is waited for, and the ports that opened on the fat image must open again. */
export function replayOf(
  { plan, untilExit = false }: PlannedRun,
  fat: Pick<RunRecord, 'listening' | 'readyMs' | 'durationMs'>,
): RunPlan {
  const exitTimeoutMs = REPLAY_READY_MS + REPLAY_READY_FACTOR * fat.durationMs;
  const timeoutMs = Math.min(plan.ready.timeoutMs, REPLAY_READY_MS + REPLAY_READY_FACTOR * fat.readyMs);
  const ready: ReadyConditions = { ...plan.ready, required: fat.listening, optionalPorts: [], timeoutMs };
  return {
    ...plan,
    ready,
    hold: async (container, signal) => {
      if (untilExit) await untilEnded(container, { timeoutMs: exitTimeoutMs, signal });
    },
  };
}
