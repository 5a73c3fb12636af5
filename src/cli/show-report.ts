import { appendFile } from 'node:fs/promises';
import { EXIT, errnoOf } from '../errors.ts';
import type { Report } from '../report/report.ts';
import { latestReportPath } from '../state.ts';
import type { Console } from './console.ts';

export interface ShowOptions {
  /** Where the report has been written to besides the usual place. */
  readonly reportPath: string | undefined;
  readonly junit: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** Prints a report and puts it where continuous integration looks for it; its verdict is the exit status. */
export async function showReport(report: Report, options: ShowOptions, console: Console<unknown>): Promise<number> {
  const { reportPath, junit, env } = options;
  if (junit !== undefined) await writeJunit(report, junit);
  if (env.GITHUB_STEP_SUMMARY) await appendSummary(report, env.GITHUB_STEP_SUMMARY, console);
  const { formatOutputs, formatReport } = await import('../report/text.ts');
  console.result(report, (layout) =>
    console.quiet
      ? formatOutputs(report)
      : formatReport(report, { ...layout, reportPath: reportPath ?? latestReportPath() }),
  );
  if (report.status === 'differs') return EXIT.slimDiffers;
  return report.budgets.some(({ isExceeded }) => isExceeded) ? EXIT.budget : EXIT.ok;
}

async function writeJunit(report: Report, path: string): Promise<void> {
  const [{ junitXml }, { writeReportFile }] = await Promise.all([
    import('../report/junit.ts'),
    import('../report/write.ts'),
  ]);
  await writeReportFile(path, junitXml(report), '--junit FILE');
}

/** Nobody has asked for the summary by name: a result does not fail for want of it. */
async function appendSummary(report: Report, path: string, console: Console<unknown>): Promise<void> {
  const { stepSummary } = await import('../report/step-summary.ts');
  try {
    await appendFile(path, stepSummary(report));
  } catch (error) {
    console.notice(`the summary could not be appended to ${path}: ${errnoOf(error) ?? error}`);
  }
}
