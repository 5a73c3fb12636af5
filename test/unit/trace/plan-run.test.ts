import { expect, test } from 'vitest';
import type { Container, ExecResult } from '../../../src/engine/types.ts';
import { replayOf } from '../../../src/trace/plan-run.ts';
import type { RunPlan } from '../../../src/trace/record.ts';

const PLAN = { ready: { timeoutMs: 1000, required: [], optionalPorts: [], checks: [] } } as unknown as RunPlan;
const FAT = { listening: [], readyMs: 1, durationMs: 20 };

/** A container whose command has ended when it is asked for the third time. */
function endingContainer(): { container: Container; asked: () => number } {
  let asked = 0;
  const result = (): ExecResult | undefined => (++asked < 3 ? undefined : ({ exitStatus: 0 } as ExecResult));
  return { container: { result } as Container, asked: () => asked };
}

test('a replay waits for the end of the application where the original was given the time to end', async () => {
  const { container, asked } = endingContainer();
  await replayOf({ plan: PLAN, notes: [], untilExit: true }, FAT).hold(container, new AbortController().signal);
  expect(asked()).toBe(3);
});

test('a replay waits for nothing else', async () => {
  const { container, asked } = endingContainer();
  await replayOf({ plan: PLAN, notes: [] }, FAT).hold(container, new AbortController().signal);
  expect(asked()).toBe(0);
});
