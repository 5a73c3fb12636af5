import { createRequire } from 'node:module';
import type { Builder, TestSuite } from 'junit-report-builder';
import { measuredText } from './budgets.ts';
import { printable } from './format.ts';
import type { BudgetReport, Miss, ProbeReport, Report } from './report.ts';

const MAX_TEXT = 10_000;

/** A report as JUnit XML: a test case for each probe, for the look-ups of the last replay, and for each budget. */
export function junitXml(report: Report): string {
  const builder: Builder = createRequire(import.meta.url)('junit-report-builder').newBuilder();
  const name = `trace-slim ${plain(report.fat.source)}`;
  const suite = builder
    .name(name)
    .testSuite()
    .name(name)
    .time(seconds(totalMs(report)));
  for (const probe of report.probes) addProbe(suite, probe);
  if (report.status !== 'not-verified') addMisses(suite, report.rounds.at(-1)?.misses ?? []);
  for (const budget of report.budgets) addBudget(suite, budget);
  return builder.build();
}

function addProbe(suite: TestSuite, { probe, fat, slim, equal, differences }: ProbeReport): void {
  const test = suite.testCase().className('trace-slim.probe').name(plain(probe));
  test.time(seconds((slim ?? fat).durationMs));
  if (equal === null) test.skipped();
  if (equal !== false) return;
  test.failure(plain(`${fat.summary} on the fat image, ${slim?.summary ?? 'nothing'} on the slim one`), 'differs');
  test.stacktrace(plain(differences.map(({ fact, diff }) => `${fact}:\n${diff}`).join('\n\n')));
}

function addMisses(suite: TestSuite, misses: readonly Miss[]): void {
  const test = suite.testCase().className('trace-slim').name('look-ups');
  if (misses.length === 0) return;
  test.failure(`${misses.length} missed on the slim image`, 'missed');
  test.stacktrace(plain(misses.map(({ path, syscall, errno }) => `${path} ${syscall} ${errno}`.trim()).join('\n')));
}

function addBudget(suite: TestSuite, { budget, actual, isExceeded, paths }: BudgetReport): void {
  const test = suite.testCase().className('trace-slim.budget').name(plain(budget));
  if (!isExceeded) return;
  test.failure(`it is ${measuredText({ budget, actual })}`, 'budget');
  if (paths.length > 0) test.stacktrace(plain(paths.join('\n')));
}

/** XML 1.0 knows no control characters. */
function plain(text: string): string {
  return printable(text.slice(0, MAX_TEXT)).replace(/[\ud800-\udfff\ufffe\uffff]/g, '\ufffd');
}

function totalMs({ stages }: Report): number {
  return stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function seconds(durationMs: number): number {
  return durationMs / 1000;
}
