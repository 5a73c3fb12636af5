import {
  formatAmount,
  formatBytes,
  formatDuration,
  formatTable,
  painter,
  printable,
  type TextOptions,
} from './format.ts';
import type { CleanReport, Diagnosis, TraceSummary } from './results.ts';

/** What `trace` found, for people. */
export function formatTrace(summary: TraceSummary, { width, color }: TextOptions): string {
  const paint = painter(color);
  const { accesses, completeness, outcomes, outputPath } = summary;
  const rows = outcomes.map((outcome) => [
    printable(outcome.probe),
    printable(outcome.summary),
    formatDuration(outcome.durationMs),
  ]);
  const state = completeness.complete ? paint('green', 'complete') : paint('yellow', 'INCOMPLETE');
  return [
    `${state}  ${formatAmount(accesses, 'distinct file access', 'distinct file accesses')} from ${formatAmount(completeness.lines, 'line')}`,
    ...completeness.losses.map((loss) => `${paint('yellow', 'warning:')} ${printable(loss)}`),
    ...formatTable(rows, width),
    `trace   ${outputPath}`,
  ].join('\n');
}

/** What `clean` did, for people. */
export function formatClean({ removed, kept, freedBytes }: CleanReport): string {
  const lines = [
    ...removed.map((line) => `removed ${printable(line)}`),
    ...kept.map((line) => `kept    ${printable(line)}`),
  ];
  const total = removed.length === 0 ? 'nothing to remove' : `${formatBytes(freedBytes)} freed`;
  return [...lines, total].join('\n');
}

/** What `doctor` found, for people: a line for each check, and what to do about those that failed. */
export function formatDiagnosis({ checks, engine, usable }: Diagnosis, { width, color }: TextOptions): string {
  const paint = painter(color);
  const rows = checks.map(({ name, ok, detail }) => [ok ? '✓' : '✗', name, printable(detail)]);
  const lines = formatTable(rows, width, (text, row, column) => {
    if (column !== 0) return text;
    return paint(checks[row]?.ok ? 'green' : 'red', text);
  });
  const withHints = lines.flatMap((line, row) => {
    const hint = checks[row]?.ok ? undefined : checks[row]?.hint;
    return hint === undefined ? [line] : [line, `   hint: ${printable(hint)}`];
  });
  const verdict = usable
    ? `${paint('green', 'usable')}  the ${engine} engine can build images here`
    : `${paint('red', 'NOT usable')}  the ${engine} engine cannot build images here`;
  return [verdict, ...withHints].join('\n');
}
