import type { OpenedImage } from '../engine/types.ts';
import { isMountedOver } from '../keep/reach.ts';
import type { ImagePath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import { type ChooseOptions, type ChosenObservation, observeSuitably } from './choose-tracing.ts';
import { mergeTraces } from './merge.ts';
import { checkTrace } from './observe.ts';
import { replayOf } from './plan-run.ts';
import { type RunRecord, recordRun } from './record.ts';
import type { Trace } from './trace.ts';

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

/** Files of the image, directories aside, that some of the traces used and others did not, in byte order. */
export function unstablePaths(rootfs: RootFs, traces: readonly Trace[]): ImagePath[] {
  const counts = new Map<ImagePath, number>();
  for (const trace of traces)
    for (const path of usedFiles(rootfs, trace)) counts.set(path, (counts.get(path) ?? 0) + 1);
  return [...counts].flatMap(([path, count]) => (count < traces.length ? [path] : [])).sort();
}

function usedFiles(rootfs: RootFs, { accesses }: Trace): Set<ImagePath> {
  const used = new Set<ImagePath>();
  for (const { asked, verbatim, resolved, errno, noFollow } of accesses) {
    if (errno !== undefined) continue;
    const { entry } = resolvePath(rootfs, resolved ?? verbatim ?? asked, { followLast: !noFollow });
    if (entry && entry.type !== 'directory' && !isMountedOver(entry.path)) used.add(entry.path);
  }
  return used;
}
