import { appendFile } from 'node:fs/promises';
import { EXIT, errnoOf } from '../errors.ts';
import type { RunContext } from '../pipeline.ts';
import type { FailureReport, Report } from '../report/report.ts';
import { latestReportPath } from '../state.ts';
import type { Console } from './console.ts';
import { describeFailure } from './failure.ts';
import { OutcomeLog } from './outcome-log.ts';
import type { Session } from './session.ts';
import { checkNewFile } from './values.ts';

export interface ShowOptions {
  /** The original image, as the user named it. */
  readonly source: string;
  /** Where the report is written to besides the usual place. */
  readonly reportPath: string | undefined;
  readonly junit: string | undefined;
}

/**
 * Does what gives a report, prints that, and puts it where continuous integration looks for it; its verdict is the exit
 * status. A run that ends without a report is told in the same places.
 *
 * @throws USAGE_INVALID before anything is done, for files that cannot be written
 */
export async function showReport(
  run: (context: RunContext) => Promise<Report>,
  { source, reportPath, junit }: ShowOptions,
  console: Console<unknown>,
  session: Session,
): Promise<number> {
  if (reportPath !== undefined) await checkNewFile('--report', reportPath);
  if (junit !== undefined) await checkNewFile('--junit', junit);
  const log = new OutcomeLog();
  const { context } = console;
  let report: Report;
  try {
    report = await run({ ...context, progress: log.before(context.progress) });
  } catch (thrown) {
    const failure = describeFailure(thrown, session, { source, probes: log.rows() });
    if (failure.document) await publishFailure(failure.document, junit, console, session);
    return console.fail(failure);
  }
  if (junit !== undefined) await writeJunit(report, junit);
  await appendSummary(report, console, session);
  const { formatOutputs, formatReport } = await import('../report/text.ts');
  console.result(report, (layout) =>
    console.quiet
      ? formatOutputs(report)
      : formatReport(report, { ...layout, reportPath: reportPath ?? latestReportPath() }),
  );
  if (report.status === 'differs') return EXIT.slimDiffers;
  return report.budgets.some(({ isExceeded }) => isExceeded) ? EXIT.budget : EXIT.ok;
}

/** Whatever comes of this, the failure itself is what the user has to be told. */
async function publishFailure(
  failure: FailureReport,
  junit: string | undefined,
  console: Console<unknown>,
  session: Session,
): Promise<void> {
  try {
    if (junit !== undefined) await writeJunit(failure, junit);
  } catch (error) {
    console.notice(error instanceof Error ? error.message : String(error));
  }
  await appendSummary(failure, console, session);
}

async function writeJunit(result: Report | FailureReport, path: string): Promise<void> {
  const [{ junitXml }, { writeReportFile }] = await Promise.all([
    import('../report/junit.ts'),
    import('../report/write.ts'),
  ]);
  await writeReportFile(path, junitXml(result), '--junit FILE');
}

/** Nobody has asked for the summary by name: a result does not fail for want of it. */
async function appendSummary(
  result: Report | FailureReport,
  console: Console<unknown>,
  { env: { GITHUB_STEP_SUMMARY: path } }: Session,
): Promise<void> {
  if (!path) return;
  const { stepSummary } = await import('../report/step-summary.ts');
  try {
    await appendFile(path, stepSummary(result));
  } catch (error) {
    console.notice(`the summary could not be appended to ${path}: ${errnoOf(error) ?? error}`);
  }
}
