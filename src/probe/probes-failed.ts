import { TraceSlimError } from '../errors.ts';
import type { Outcome } from './types.ts';

const MAX_SHOWN = 10;

/** Probes have failed on the original image, and nobody has said that they may. Its code is PROBE_FAILED. */
export class ProbesFailed extends TraceSlimError {
  /** Those that failed. */
  readonly outcomes: readonly Outcome[];

  /** `log`: what the application printed last. */
  constructor(outcomes: readonly Outcome[], log: string) {
    super('PROBE_FAILED', failureText(outcomes), {
      hint: 'Mend the probe or the image, or say --allow-failing-probes when failing is what is expected.',
      context: { failed: outcomes.map(({ probe, summary }) => ({ probe, summary })), log },
    });
    this.outcomes = outcomes;
  }
}

function failureText(failed: readonly Outcome[]): string {
  const lines = failed.slice(0, MAX_SHOWN).map(({ probe, summary }) => `${probe}: ${summary}`);
  if (failed.length === 1) return `a probe fails on the original image: ${lines}`;
  const more = failed.length > MAX_SHOWN ? [`and ${failed.length - MAX_SHOWN} more`] : [];
  return [
    `${failed.length} probes fail on the original image:`,
    ...[...lines, ...more].map((line) => `  ${line}`),
  ].join('\n');
}
