import {
  formatAmount,
  formatBytes,
  formatDuration,
  formatTable,
  painter,
  printable,
  type TextOptions,
} from './format.ts';
import type { CleanReport, DaemonCheck, Diagnosis, TraceSummary } from './results.ts';

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
export function formatDiagnosis({ daemons, local, usable }: Diagnosis, options: TextOptions): string {
  const paint = painter(options.color);
  const engines = [...(local.usable ? ['the built-in engine'] : []), ...daemons.filter(({ ok }) => ok).map(nameOf)];
  const verdict = usable
    ? `${paint('green', 'usable')}  images can be built here with ${engines.join(', ')}`
    : `${paint('red', 'NOT usable')}  no engine can build images here`;
  const hostRows = local.checks.map(({ name, detail }) => [name, printable(detail)]);
  const daemonRows = daemons.map(({ origin, address, detail }) => [origin, address, detail].map(printable));
  return [
    verdict,
    ...section('the built-in engine', local.checks, hostRows, options),
    ...section('daemons, in the order they are tried', daemons, daemonRows, options),
  ].join('\n');
}

function nameOf({ address, detail }: DaemonCheck): string {
  return `${printable(detail.split(',')[0] ?? '')} at ${printable(address)}`;
}

/** A heading and a row for each check, with what to do below those that failed. Nothing for no checks. */
function section(
  heading: string,
  checks: readonly { readonly ok: boolean; readonly hint?: string }[],
  rows: readonly string[][],
  { width, color }: TextOptions,
): string[] {
  if (rows.length === 0) return [];
  const paint = painter(color);
  const marked = rows.map((row, at) => [checks[at]?.ok ? '✓' : '✗', ...row]);
  const lines = formatTable(marked, width, (text, row, column) => {
    if (column !== 0) return text;
    return paint(checks[row]?.ok ? 'green' : 'red', text);
  });
  const withHints = lines.flatMap((line, row) => {
    const hint = checks[row]?.ok ? undefined : checks[row]?.hint;
    return hint === undefined ? [line] : [line, `   hint: ${printable(hint)}`];
  });
  return ['', paint('bold', heading), ...withHints];
}
