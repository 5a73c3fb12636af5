import type { Container, ExecResult } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import { type Program, runTraced, type TraceWrapper } from './exec.ts';
import { lastLog } from './last-log.ts';
import { poll } from './poll.ts';

/** The ports that opened last of several get as long again as the first one took, within these limits. */
const LEAST_GRACE_MS = 500;
const MOST_GRACE_MS = 5_000;

/** A program that exits 0 once the application is ready. */
export interface ReadyCheck {
  /** Ends the sentence "not ready within N s according to". */
  readonly name: string;
  readonly program: Program;
  /** For one attempt. */
  readonly timeoutMs: number;
  readonly trace: TraceWrapper;
}

/** When an application counts as ready: all of these hold, `timeoutMs` after the wait began at the latest. */
export interface ReadyConditions {
  /** TCP ports that must be listening. */
  readonly requiredPorts: readonly number[];
  /** TCP ports of which one must be listening; the others get a little more time and are then skipped. */
  readonly optionalPorts: readonly number[];
  readonly checks: readonly ReadyCheck[];
  readonly timeoutMs: number;
  /** How long it is then left alone. */
  readonly waitMs?: number;
}

export type Readiness =
  | { readonly state: 'ready'; readonly openPorts: readonly number[]; readonly skippedPorts: readonly number[] }
  /** The container's first process ended meanwhile. */
  | { readonly state: 'ended'; readonly result: ExecResult; readonly openPorts: readonly number[] };

/**
 * Waits until an application is ready, or has ended. Errors: PORT_NEVER_OPENED, NOT_READY after `timeoutMs`, with the
 * application's last log lines as `context.log`.
 */
export async function waitReady(
  container: Container,
  { signal, ...conditions }: ReadyConditions & { readonly signal: AbortSignal },
): Promise<Readiness> {
  const { requiredPorts, optionalPorts, timeoutMs } = conditions;
  const startedAt = performance.now();
  const patience = { leftMs: () => Math.max(0, startedAt + timeoutMs - performance.now()), signal };
  const wanted = [...new Set([...requiredPorts, ...optionalPorts])];
  const open = await waitForPorts(container, wanted, isEnough(requiredPorts, optionalPorts), patience);
  const isServing = requiredPorts.every((port) => open.includes(port)) && (wanted.length === 0 || open.length > 0);
  for (const check of isServing ? conditions.checks : []) {
    if (!(await passes(container, check, patience))) throw notReady(container, check, timeoutMs);
  }
  if (isServing && conditions.waitMs) {
    await poll(async () => container.result() && true, { timeoutMs: conditions.waitMs, signal });
  }
  const result = container.result();
  if (result) return { state: 'ended', result, openPorts: [] };
  if (!isServing) throw neverOpened(container, conditions, open);
  return { state: 'ready', openPorts: open, skippedPorts: wanted.filter((port) => !open.includes(port)) };
}

interface Patience {
  leftMs(): number;
  readonly signal: AbortSignal;
}

type IsEnough = (open: readonly number[], elapsedMs: number) => boolean;

function isEnough(required: readonly number[], optional: readonly number[]): IsEnough {
  let firstOpenMs: number | undefined;
  return (open, elapsedMs) => {
    if (!required.every((port) => open.includes(port))) return false;
    if (optional.every((port) => open.includes(port))) return true;
    if (!optional.some((port) => open.includes(port))) return false;
    firstOpenMs ??= elapsedMs;
    return elapsedMs - firstOpenMs >= Math.min(Math.max(firstOpenMs, LEAST_GRACE_MS), MOST_GRACE_MS);
  };
}

/** The ports that are listening once that is enough, the time is up or the container has ended. */
async function waitForPorts(
  container: Container,
  wanted: readonly number[],
  enough: IsEnough,
  { leftMs, signal }: Patience,
): Promise<number[]> {
  const startedAt = performance.now();
  let open: number[] = [];
  await poll(
    async () => {
      const listening = await Promise.all(wanted.map((port) => container.isListening(port)));
      open = wanted.filter((_, index) => listening[index]);
      return enough(open, performance.now() - startedAt) || container.result() ? open : undefined;
    },
    { timeoutMs: leftMs(), signal },
  );
  return open;
}

/** False when the time is up first; true also when the container has ended. */
async function passes(container: Container, check: ReadyCheck, { leftMs, signal }: Patience): Promise<boolean> {
  const { program, trace } = check;
  const accepts = (exitStatus: number) => exitStatus === 0;
  const passed = await poll(
    async () => {
      if (container.result()) return true;
      const timeoutMs = Math.max(1, Math.min(check.timeoutMs, leftMs()));
      const outcome = await runTraced(container, { id: 'ready', program, trace, timeoutMs, signal, accepts });
      return outcome.ok || undefined;
    },
    { timeoutMs: leftMs(), signal },
  );
  return passed ?? false;
}

function notReady(container: Container, check: ReadyCheck, timeoutMs: number): TraceSlimError {
  return new TraceSlimError('NOT_READY', `not ready within ${timeoutMs / 1000} s according to ${check.name}`, {
    hint: 'Give it more time with --ready-timeout, or see its last output for what is wrong.',
    context: { log: lastLog(container) },
  });
}

function neverOpened(
  container: Container,
  { requiredPorts, optionalPorts, timeoutMs }: ReadyConditions,
  open: readonly number[],
): TraceSlimError {
  const missing = requiredPorts.filter((port) => !open.includes(port));
  const ports = missing.length > 0 ? missing : optionalPorts;
  const subject = missing.length > 0 || ports.length === 1 ? 'port' : 'none of the exposed ports';
  const never = subject === 'port' ? 'never opened' : 'was opened';
  return new TraceSlimError(
    'PORT_NEVER_OPENED',
    `${subject} ${ports.join(', ')} ${never} within ${timeoutMs / 1000} s`,
    {
      hint: 'Name the port the application listens on with --http-probe-ports, or switch HTTP probes off with --http-probe=false.',
      context: { ports, log: lastLog(container) },
    },
  );
}
