import type { OpenedImage } from '../engine/types.ts';
import { type ChooseOptions, type ChosenObservation, observeSuitably } from './choose-tracing.ts';
import { mergeTraces } from './merge.ts';
import { checkTrace } from './observe.ts';
import { replayOf } from './plan-run.ts';
import { type RunRecord, recordRun } from './record.ts';
import { unstablePaths } from './unstable.ts';

export interface RepeatOptions extends ChooseOptions {
  /** How many more times the image is run. */
  readonly repeat: number;
}

/**
 * Observes an image, then runs it some more times under the tracer, one after another, and puts what was seen together.
 * What fails by chance in one of these runs fails nothing. Errors: those of `observeSuitably`.
 */
export async function observeRepeatedly(image: OpenedImage, options: RepeatOptions): Promise<ChosenObservation> {
  const seen = await observeSuitably(image, options);
  const { runs } = seen.observation;
  const again: RunRecord[] = [];
  while (again.length < options.repeat) {
    options.progress(`traced run ${again.length + 2} of ${options.repeat + 1}`);
    again.push(await recordRun(image, replayOf(seen.planned, runs[0]), options));
  }
  if (again.length === 0) return seen;
  const trace = mergeTraces([seen.observation.trace, ...again.map((run) => run.trace)]);
  checkTrace(trace, { what: 'the trace', allowIncomplete: options.allowIncomplete });
  const traces = [runs[0], ...again].map((run) => run.trace);
  const unstable = unstablePaths(image.rootfs, traces);
  return { ...seen, observation: { ...seen.observation, runs: [...runs, ...again], trace, unstable } };
}
