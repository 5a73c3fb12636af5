import type { Container, ExecResult, Listener } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import { type Program, runTraced, type TraceWrapper } from './exec.ts';
import { lastLog } from './last-log.ts';
import { listenerName } from './listener.ts';
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
  /** What must be listened on. */
  readonly required: readonly Listener[];
  /** TCP ports of which one must be listened on; the others get a little more time and are then skipped. */
  readonly optionalPorts: readonly number[];
  readonly checks: readonly ReadyCheck[];
  readonly timeoutMs: number;
  /** How long it is then left alone. */
  readonly waitMs?: number;
}

export type Readiness =
  | { readonly state: 'ready'; readonly listening: readonly Listener[] }
  /** The container's first process ended meanwhile. */
  | { readonly state: 'ended'; readonly result: ExecResult; readonly listening: readonly Listener[] };

/**
 * Waits until an application is ready, or has ended. Errors: PORT_NEVER_OPENED, NOT_READY after `timeoutMs`, with the
 * application's last log lines as `context.log`.
 */
export async function waitReady(
  container: Container,
  { signal, ...conditions }: ReadyConditions & { readonly signal: AbortSignal },
): Promise<Readiness> {
  const { required, optionalPorts, timeoutMs } = conditions;
  const startedAt = performance.now();
  const patience = { leftMs: () => Math.max(0, startedAt + timeoutMs - performance.now()), signal };
  const wanted = [...new Set([...required, ...optionalPorts])];
  const open = await waitForListeners(container, wanted, isEnough(required, optionalPorts), patience);
  const isServing = required.every((listener) => open.includes(listener)) && (wanted.length === 0 || open.length > 0);
  for (const check of isServing ? conditions.checks : []) {
    if (!(await passes(container, check, patience))) throw notReady(container, check, timeoutMs);
  }
  if (isServing && conditions.waitMs) {
    await poll(async () => container.result() && true, { timeoutMs: conditions.waitMs, signal });
  }
  const result = container.result();
  if (result) return { state: 'ended', result, listening: [] };
  if (!isServing) throw neverOpened(container, conditions, open);
  return { state: 'ready', listening: open };
}

interface Patience {
  leftMs(): number;
  readonly signal: AbortSignal;
}

type IsEnough = (open: readonly Listener[], elapsedMs: number) => boolean;

function isEnough(required: readonly Listener[], optional: readonly number[]): IsEnough {
  let firstOpenMs: number | undefined;
  return (open, elapsedMs) => {
    if (!required.every((listener) => open.includes(listener))) return false;
    if (optional.every((port) => open.includes(port))) return true;
    if (!optional.some((port) => open.includes(port))) return false;
    firstOpenMs ??= elapsedMs;
    return elapsedMs - firstOpenMs >= Math.min(Math.max(firstOpenMs, LEAST_GRACE_MS), MOST_GRACE_MS);
  };
}

/** What is listened on once that is enough, the time is up or the container has ended. */
async function waitForListeners(
  container: Container,
  wanted: readonly Listener[],
  enough: IsEnough,
  { leftMs, signal }: Patience,
): Promise<Listener[]> {
  const startedAt = performance.now();
  let open: Listener[] = [];
  await poll(
    async () => {
      const listening = await Promise.all(wanted.map((listener) => container.isListening(listener)));
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
  { required, optionalPorts, timeoutMs }: ReadyConditions,
  open: readonly Listener[],
): TraceSlimError {
  const missing = required.filter((listener) => !open.includes(listener));
  const ports = missing.length > 0 ? missing : optionalPorts;
  const isSure = missing.length > 0 || ports.length === 1;
  const names = ports.map((listener) => (typeof listener === 'number' ? listener : listenerName(listener))).join(', ');
  const areSockets = ports.every((listener) => typeof listener === 'string');
  const subject = areSockets ? names : `port ${names}`;
  return new TraceSlimError(
    'PORT_NEVER_OPENED',
    `${isSure ? `${subject} never opened` : `none of the exposed ports ${names} was opened`} within ${timeoutMs / 1000} s`,
    {
      hint: areSockets ? SOCKET_HINT : PORT_HINT,
      context: { ports, log: lastLog(container) },
    },
  );
}

const PORT_HINT =
  'Name the port the application listens on with --http-probe-ports, or switch HTTP probes off with --http-probe=false.';
const SOCKET_HINT = 'Is this the path in the container, and is the server told to listen there?';
