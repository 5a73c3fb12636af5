import type { Engine, OpenedImage } from '../engine/types.ts';
import type { Image } from '../image/types.ts';
import type { Measured } from '../report/budgets.ts';
import { summaryOf } from '../report/build-report.ts';
import type { Report } from '../report/report.ts';
import { saveReport } from '../report/write.ts';
import { displayPath } from '../rootfs/path.ts';
import type { CheckSettings } from '../settings.ts';
import type { Observation } from '../trace/observe.ts';
import type { Replay } from '../verify/replay.ts';
import { shownAlteration } from '../verify/shown-lookup.ts';

const MAX_UNSTABLE = 100;
const MAX_ALTERED = 100;

/** What is known once the fat image has been observed. */
export function baseReport(
  version: string,
  engine: Engine,
  image: Image,
  fat: OpenedImage,
  { trace, tracing, unstable = [] }: Observation,
): Report {
  const { complete, losses, notes, lines, unparsedLines, unparsedSamples } = trace.completeness;
  return {
    schemaVersion: 1,
    tool: { name: 'trace-slim', version },
    status: 'not-verified',
    fat: summaryOf(image, fat.rootfs),
    slim: null,
    reduction: null,
    outputs: [],
    tags: [],
    engine: engine.name,
    tracer: 'strace',
    tracing,
    stages: [],
    trace: { complete, losses, notes, lines, unparsedLines, unparsedSamples, accesses: trace.accesses.length },
    probes: [],
    rounds: [],
    suspicion: null,
    altered: { total: 0, paths: [] },
    logErrors: [],
    unstable: { total: unstable.length, paths: unstable.slice(0, MAX_UNSTABLE).map(displayPath) },
    budgets: [],
    kept: [],
    removed: [],
    excluded: [],
    permissions: [],
    warnings: [],
  };
}

/** Completes and saves a report. */
export async function finish(report: Report, reportPath: string | undefined): Promise<Report> {
  const reduction = report.slim && report.slim.sizeBytes > 0 ? report.fat.sizeBytes / report.slim.sizeBytes : null;
  const whole = { ...report, reduction };
  await saveReport(whole, reportPath);
  return whole;
}

/** What a replay has found out besides outcomes and misses. */
export function replayFindings(result: Replay | undefined): Pick<Report, 'suspicion' | 'altered' | 'logErrors'> {
  const { suspicion = null, altered = [], logErrors = [] } = result ?? {};
  const paths = altered.slice(0, MAX_ALTERED).map(shownAlteration);
  return { suspicion, altered: { total: altered.length, paths }, logErrors };
}

/** Opened before the work, so that a file that cannot be read ends it at once. */
export async function openBaseline({ baselinePath }: CheckSettings): Promise<Measured['baseline']> {
  if (baselinePath === undefined) return undefined;
  const { readBaseline } = await import('../report/baseline.ts');
  return readBaseline(baselinePath);
}
