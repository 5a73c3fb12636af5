import { createRequire } from 'node:module';
import type { Builder, TestSuite } from 'junit-report-builder';
import { measuredText } from './budgets.ts';
import { failureLines } from './failure-lines.ts';
import { printable } from './format.ts';
import { missText } from './miss-text.ts';
import type { BudgetReport, FailureReport, Miss, ProbeReport, Report } from './report.ts';

const MAX_TEXT = 10_000;
const MAX_NAME = 500;

/**
 * A result as JUnit XML. Of a report: a test case for each probe, for the look-ups of the last replay, and for each budget.
 * Of a run without one: the probes that failed as failures, else what ended it as an error; probes without a verdict are
 * skipped.
 */
export function junitXml(result: Report | FailureReport): string {
  const builder: Builder = createRequire(import.meta.url)('junit-report-builder').newBuilder();
  const isError = result.status === 'error';
  const name = `trace-slim ${nameOf((isError ? result.source : result.fat.source) ?? '')}`.trimEnd();
  const suite = builder.name(name).testSuite().name(name);
  if (isError) addFailure(suite, result);
  else addReport(suite, result);
  return builder.build();
}

function addReport(suite: TestSuite, report: Report): void {
  suite.time(seconds(report.stages.reduce((sum, { durationMs }) => sum + durationMs, 0)));
  for (const probe of report.probes) addProbe(suite, probe);
  if (report.status !== 'not-verified') addMisses(suite, report.rounds.at(-1)?.misses ?? []);
  for (const budget of report.budgets) addBudget(suite, budget);
}

function addFailure(suite: TestSuite, { error, probes, failedProbes }: FailureReport): void {
  const text = section(failureLines(error).join('\n'));
  suite.time(seconds(probes.reduce((sum, { fat }) => sum + fat.durationMs, 0)));
  for (const { probe, fat, slim } of probes) {
    const test = suite.testCase().className('trace-slim.probe').name(nameOf(probe));
    test.time(seconds((slim ?? fat).durationMs));
    if (!failedProbes.includes(probe)) test.skipped();
    else test.failure(plain(`${fat.summary} on the original image`), error.code).stacktrace(text);
  }
  if (failedProbes.length > 0) return;
  const message = error.hint === null ? error.message : `${error.message}; ${error.hint}`;
  suite.testCase().className('trace-slim').name('run').error(plain(message), error.code, text);
}

function addProbe(suite: TestSuite, { probe, fat, slim, equal, differences }: ProbeReport): void {
  const test = suite.testCase().className('trace-slim.probe').name(nameOf(probe));
  test.time(seconds((slim ?? fat).durationMs));
  if (equal === null) test.skipped();
  if (equal !== false) return;
  test.failure(plain(`${fat.summary} on the fat image, ${slim?.summary ?? 'nothing'} on the slim one`), 'differs');
  test.stacktrace(section(differences.map(({ fact, diff }) => `${fact}:\n${diff}`).join('\n\n')));
}

function addMisses(suite: TestSuite, misses: readonly Miss[]): void {
  const test = suite.testCase().className('trace-slim').name('look-ups');
  if (misses.length === 0) return;
  test.failure(`${misses.length} missed on the slim image`, 'missed');
  test.stacktrace(section(misses.map(missText).join('\n')));
}

function addBudget(suite: TestSuite, { budget, actual, isExceeded, paths }: BudgetReport): void {
  const test = suite.testCase().className('trace-slim.budget').name(nameOf(budget));
  if (!isExceeded) return;
  test.failure(`it is ${measuredText({ budget, actual })}`, 'budget');
  if (paths.length > 0) test.stacktrace(section(paths.join('\n')));
}

/** For a CDATA section, of whose ends in a text the builder masks only the first. */
function section(text: string): string {
  return plain(text).replaceAll(']]>', ']]\\x3e');
}

function nameOf(text: string): string {
  return plain(text.slice(0, MAX_NAME)).replaceAll('\n', ' ');
}

/** XML 1.0 knows no control characters and no halves of characters. */
function plain(text: string): string {
  return printable(text.slice(0, MAX_TEXT)).replace(/[\ud800-\udfff\ufffe\uffff]/gu, '\ufffd');
}

function seconds(durationMs: number): number {
  return durationMs / 1000;
}
