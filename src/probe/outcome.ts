import type { ExecResult } from '../engine/types.ts';
import { bytesOf } from '../rootfs/path.ts';
import type { Outcome } from './types.ts';

/** The outcome of a probe that gave no result to compare, with why as its only fact. `startedAt` as `performance.now()`. */
export function failedOutcome(probe: string, failure: string, startedAt: number): Outcome {
  return {
    probe,
    ok: false,
    summary: failure,
    durationMs: since(startedAt),
    facts: [{ name: 'failure', value: bytesOf(failure), compare: 'exact' }],
  };
}

/** The outcome of a program that ran to its end. `ok` is the caller's to judge. */
export function exitOutcome(probe: string, result: ExecResult, startedAt: number, ok: boolean): Outcome {
  return {
    probe,
    ok,
    summary: `exit ${result.exitStatus}${result.truncated ? ' (output cut)' : ''}`,
    durationMs: since(startedAt),
    facts: [
      { name: 'exit status', value: String(result.exitStatus), compare: 'exact' },
      { name: 'stdout', value: result.stdout.toString('latin1'), compare: 'text' },
      { name: 'stderr', value: result.stderr.toString('latin1'), compare: 'text' },
    ],
  };
}

/** Whole milliseconds since a `performance.now()`. */
export function since(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}
