import type { Container } from '../../engine/types.ts';
import { startDeadline } from '../deadline.ts';
import type { ProbeItem } from '../file/probe-file.ts';
import { masked } from '../masks.ts';
import { failedOutcome } from '../outcome.ts';
import { poll } from '../poll.ts';
import type { Outcome, RunProbeOptions } from '../types.ts';
import { judged } from './expect.ts';
import type { MadeProbe, ProbeKind } from './kind.ts';
import { fillIn, type Session } from './session.ts';

/** An item of a probe file with all that running it takes. */
export interface Runnable {
  readonly id: string;
  readonly item: ProbeItem;
  readonly kind: ProbeKind<unknown>;
  readonly made: MadeProbe<unknown>;
  /** Names that other items of its sequence capture. */
  readonly names: readonly string[];
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Does what an item says, again while it may be tried again, and judges what came of it. */
export async function runItem(
  runnable: Runnable,
  container: Container,
  { session, ...options }: RunProbeOptions & { readonly session: Session },
): Promise<Outcome[]> {
  const { signal } = options;
  let last: Outcome[] = [];
  const attempt = async () => {
    const outcomes = await runOnce(runnable, container, session, options);
    last = judge(runnable, outcomes, session);
    return last.every(({ ok }) => ok) || container.result() ? last : undefined;
  };
  await poll(attempt, { timeoutMs: runnable.item.retryMs, signal });
  return last.map((outcome) => masked(outcome, runnable.item.masks));
}

async function runOnce(
  { id, item, kind, made, names }: Runnable,
  container: Container,
  session: Session,
  options: RunProbeOptions,
): Promise<Outcome[]> {
  const { signal } = options;
  const timeoutMs = item.timeoutMs ?? made.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const startedAt = performance.now();
  const missing = new Set<string>();
  const filled = kind.isLiteral ? [] : names;
  const spec = fillIn(item.spec, filled, session, (name) => missing.add(name));
  if (missing.size > 0) return [failedOutcome(id, `nothing was captured as ${[...missing].join(', ')}`, startedAt)];
  const expect = kind.judges && item.expect !== 'failing' ? fillIn(item.expect, names, session, () => {}) : undefined;
  using deadline = startDeadline(signal, timeoutMs);
  const given = { id, spec, session, timeoutMs, ...(expect && { expect }) };
  try {
    return await made.run(container, { ...options, ...given, signal: deadline.signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.expired()) throw error;
    return [failedOutcome(id, `no result within ${timeoutMs / 1000} s`, startedAt)];
  }
}

function judge({ item, kind, names }: Runnable, outcomes: readonly Outcome[], session: Session): Outcome[] {
  const expect = fillIn(item.expect, names, session, () => {});
  if (expect === 'failing') return outcomes.map(expectFailing);
  if (expect === undefined || kind.judges) return [...outcomes];
  return outcomes.map((outcome) => judged(outcome, expect, kind.decides));
}

function expectFailing(outcome: Outcome): Outcome {
  if (outcome.ok) return { ...outcome, ok: false, summary: `${outcome.summary}: expected to fail` };
  return { ...outcome, ok: true, summary: `${outcome.summary}, as expected` };
}
