import type { Container, ExecResult } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import { lastLog } from '../probe/last-log.ts';
import type { Outcome } from '../probe/types.ts';

/** Id of the outcome of the container's own command. */
export const COMMAND_PROBE = 'command';

const ENDED = 'ended';

/** True when the command of a run with these outcomes ended by itself. */
export function hasEnded(outcomes: readonly Outcome[]): boolean {
  const command = outcomes.find((outcome) => outcome.probe === COMMAND_PROBE);
  return command?.facts.some((fact) => fact.name === 'state' && fact.value === ENDED) ?? false;
}

/** Signals that end a program in the middle of what it does, by the exit status that stands for them. */
const CRASHES: ReadonlyMap<number, string> = new Map([
  [132, 'SIGILL'],
  [133, 'SIGTRAP'],
  [134, 'SIGABRT'],
  [135, 'SIGBUS'],
  [136, 'SIGFPE'],
  [137, 'SIGKILL'],
  [139, 'SIGSEGV'],
  [159, 'SIGSYS'],
]);

/** True when the command of a run with these outcomes was not stopped and crashed, or was killed. */
export function hasCrashed(outcomes: readonly Outcome[]): boolean {
  const command = outcomes.find((outcome) => outcome.probe === COMMAND_PROBE);
  const status = command?.facts.find(({ name }) => name === 'exit status')?.value;
  return hasEnded(outcomes) && CRASHES.has(Number(status));
}

/** What came of the container's own command. `startedAt` as `performance.now()`. */
export function commandOutcome(result: ExecResult, endedByItself: boolean, startedAt: number): Outcome {
  const { exitStatus, stdout, stderr } = result;
  const state = endedByItself ? ENDED : 'ran until it was stopped';
  // What a service logs while it is probed depends on timing; what a command prints before it ends is its result.
  const compare = endedByItself ? 'text' : 'shown';
  return {
    probe: COMMAND_PROBE,
    ok: exitStatus === 0 || !endedByItself,
    summary: endedByItself ? `exit ${exitStatus}${causeOf(result)}` : `runs, exit ${exitStatus} when stopped`,
    durationMs: Math.round(performance.now() - startedAt),
    facts: [
      { name: 'state', value: state, compare: 'exact' },
      { name: 'exit status', value: String(exitStatus), compare: 'exact' },
      { name: 'stdout', value: stdout.toString('latin1'), compare },
      { name: 'stderr', value: stderr.toString('latin1'), compare },
    ],
  };
}

function causeOf({ exitStatus, outOfMemory }: ExecResult): string {
  if (outOfMemory) return ', for lack of memory';
  const signal = CRASHES.get(exitStatus);
  return signal ? `, ended by ${signal}` : '';
}

/** Why an application cannot be probed any more. The error is APPLICATION_DIED, with the end of its log. */
export function applicationDied(result: ExecResult | undefined, container: Container): TraceSlimError {
  if (result?.outOfMemory) return outOfMemory(container);
  const how = result ? `ended with exit status ${result.exitStatus}` : 'ended';
  return new TraceSlimError('APPLICATION_DIED', `the application ${how} before it could be probed`, {
    hint: 'Give it what it needs with --env, --cmd or --user, or switch HTTP probes off with --http-probe=false.',
    context: { exitStatus: result?.exitStatus, log: lastLog(container) },
  });
}

function outOfMemory(container: Container): TraceSlimError {
  return new TraceSlimError('APPLICATION_DIED', 'the application was killed for lack of memory', {
    hint: "Free memory on the engine's machine, or raise what its virtual machine or control group may use.",
    context: { log: lastLog(container) },
  });
}
