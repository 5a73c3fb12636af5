import { measuredText } from './budgets.ts';
import { failureLines } from './failure-lines.ts';
import { formatAmount, formatBytes, formatDuration, printable } from './format.ts';
import { missText } from './miss-text.ts';
import type { FailureReport, ProbeReport, Report } from './report.ts';

const MAX_ROWS = 50;
const MAX_CELL = 120;
const MAX_DIFF = 4000;

/** A result as GitHub-flavoured Markdown, for the summary of a workflow step. Some 30 kB at most. */
export function stepSummary(result: Report | FailureReport): string {
  const sections = result.status === 'error' ? ofFailure(result) : ofReport(result);
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${text.join('\n\n')}\n`;
}

function ofReport(report: Report): string[][] {
  return [
    [`### ${headingOf(report)}: ${code(report.fat.source)}`],
    sizes(report),
    budgets(report),
    probeTable(report.probes, ({ equal }) => (equal === null ? '-' : equal ? 'same' : '**differs**')),
    firstDifference(report),
    misses(report),
    report.logErrors.length > 0 ? ['New in the log of the slim image:', ...fenced(report.logErrors.join('\n'))] : [],
  ];
}

function ofFailure({ source, error, exitStatus, probes: rows, failedProbes }: FailureReport): string[][] {
  return [
    [`### ❌ No result: ${code(source ?? '')}`],
    [`Exit status ${exitStatus}, ${code(error.code)}`],
    fenced(failureLines(error).join('\n')),
    probeTable(rows, ({ probe }) => (failedProbes.includes(probe) ? '**fails**' : '-')),
  ];
}

const HEADINGS: Readonly<Record<Report['status'], string>> = {
  verified: '✅ Verified',
  'not-verified': '⚠️ Not verified',
  differs: '❌ Differs',
};

function headingOf({ status, budgets: judged }: Report): string {
  const isOver = judged.some(({ isExceeded }) => isExceeded);
  return isOver && status !== 'differs' ? '❌ Over budget' : HEADINGS[status];
}

function sizes({ fat, slim, reduction, outputs }: Report): string[] {
  const times = reduction === null ? '' : `${reduction.toFixed(1)} times smaller`;
  return [
    ...table(
      ['', 'fat', 'slim', ''],
      [
        ['size', formatBytes(fat.sizeBytes), slim ? formatBytes(slim.sizeBytes) : '-', times],
        ['paths', String(fat.entries), slim ? String(slim.entries) : '-', ''],
      ],
    ),
    ...outputs.map(({ destination, digest }) => `\nWritten: ${code(destination)} ${code(digest)}`),
  ];
}

function budgets({ budgets: judged }: Report): string[] {
  return judged.map(({ budget, actual, isExceeded, paths }) => {
    const names = isExceeded && paths.length > 0 ? `: ${paths.map(code).join(', ')}` : '';
    return `- ${isExceeded ? '❌ over budget' : '✅ within budget'} ${code(budget)}, it is ${measuredText({ budget, actual })}${names}`;
  });
}

/** Those with something to say of first. */
function probeTable(rows: readonly ProbeReport[], verdictOf: (row: ProbeReport) => string): string[] {
  if (rows.length === 0) return [];
  const judged = rows.map((row) => ({ ...row, verdict: verdictOf(row) }));
  const isBad = ({ verdict }: { readonly verdict: string }) => verdict.startsWith('**');
  const cells = [...judged.filter(isBad), ...judged.filter((row) => !isBad(row))]
    .slice(0, MAX_ROWS)
    .map(({ probe, fat, slim, verdict }) => [
      code(probe),
      shown(fat.summary, fat.durationMs),
      slim ? shown(slim.summary, slim.durationMs) : '-',
      verdict,
    ]);
  const left = rows.length - MAX_ROWS;
  const more = left > 0 ? [`\n… ${formatAmount(left, 'more probe')}`] : [];
  return [...table(['probe', 'fat', 'slim', ''], cells), ...more];
}

function shown(summary: string, durationMs: number): string {
  return `${code(summary)} ${formatDuration(durationMs)}`;
}

function firstDifference({ probes: rows, suspicion }: Report): string[] {
  const row = rows.find(({ probe, equal }) => equal === false && probe === suspicion?.probe);
  if (!row) return [];
  const text = row.differences.map(({ fact, diff }) => `${fact}:\n${diff}`).join('\n');
  return [`Smallest difference, in ${code(row.probe)}:`, ...fenced(text, 'diff')];
}

function misses({ rounds }: Report): string[] {
  return rounds
    .filter((round) => round.misses.length > 0)
    .flatMap(({ round, misses: missed, added }) => {
      const left = missed.length - MAX_ROWS;
      return [
        `\nRound ${round}: ${formatAmount(missed.length, 'path')} missed, ${formatAmount(added.paths, 'path')} put back`,
        ...missed.slice(0, MAX_ROWS).map((miss) => `- ${code(missText(miss))}`),
        ...(left > 0 ? [`- … ${formatAmount(left, 'more path')} in the report`] : []),
      ];
    });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** Text of an image can end no code span, cell or line. */
function code(text: string): string {
  const line = printable(text)
    .replace(/[\n|`]/g, ' ')
    .trim()
    .slice(0, MAX_CELL);
  return line === '' ? '' : `\`${line}\``;
}

function fenced(text: string, language = ''): string[] {
  return [`\`\`\`\`${language}`, printable(text.slice(0, MAX_DIFF)).replaceAll('````', "''''"), '````'];
}
