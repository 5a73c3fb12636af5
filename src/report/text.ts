import type { Outcome } from '../probe/types.ts';
import { measuredText } from './budgets.ts';
import {
  formatAmount,
  formatBytes,
  formatCount,
  formatDuration,
  formatTable,
  type Paint,
  painter,
  printable,
  type TextOptions,
} from './format.ts';
import { alteredText, lookupText, missText } from './miss-text.ts';
import { formatPermissionEdits } from './permission-edits.ts';
import type { ProbeReport, Report } from './report.ts';

export interface ReportTextOptions extends TextOptions {
  /** Where the report is, for the reader to find. */
  readonly reportPath: string;
}

const MAX_MISSES_SHOWN = 10;
const MAX_DIFF_LINES = 20;
const MAX_DIFFERENCES_SHOWN = 5;
const MAX_BUDGET_PATHS = 5;

/** A report for people, without a last line end. The first line is the verdict. */
export function formatReport(report: Report, options: ReportTextOptions): string {
  const paint = painter(options.color);
  const sections = [
    [verdict(report, paint)],
    sizes(report, options.width),
    probes(report, options.width, paint),
    differences(report, paint),
    suspicion(report),
    altered(report),
    logErrors(report, paint),
    rounds(report),
    budgets(report, paint),
    unstable(report),
    formatPermissionEdits(report),
    stages(report),
    warnings(report, paint),
    places(report, options),
    nextCommands(report),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** Only where the slim image is: a destination and its digest a line. */
export function formatOutputs(report: Report): string {
  return report.outputs.map(({ destination, digest }) => `${destination} ${digest}`).join('\n');
}

function verdict(report: Report, paint: Paint): string {
  const equal = report.probes.filter((probe) => probe.equal).length;
  const all = formatAmount(report.probes.length, 'probe');
  if (report.status === 'verified') {
    return `${paint('green', 'verified')}  ${equal} of ${all} the same on the fat and the slim image`;
  }
  if (report.status === 'not-verified') {
    return `${paint('yellow', 'NOT verified')}  the slim image was not run; the fat image was, with ${all}`;
  }
  const but = equal === report.probes.length ? ', but look-ups fail on the slim image that succeed on the fat one' : '';
  return `${paint('red', 'DIFFERS')}  ${equal} of ${all} the same on the fat and the slim image${but}`;
}

function sizes({ fat, slim, reduction }: Report, width: number): string[] {
  const rows = [
    ['', 'fat', 'slim', ''],
    ['size', formatBytes(fat.sizeBytes), slim ? formatBytes(slim.sizeBytes) : '-', ratioText(reduction)],
    ['paths', formatCount(fat.entries), slim ? formatCount(slim.entries) : '-', ''],
    ['layers', formatCount(fat.layers), slim ? formatCount(slim.layers) : '-', ''],
  ];
  return formatTable(rows, width);
}

function ratioText(reduction: number | null): string {
  if (reduction === null) return '';
  return reduction >= 1 ? `${reduction.toFixed(1)} times smaller` : `${(1 / reduction).toFixed(1)} times larger`;
}

function probes(report: Report, width: number, paint: Paint): string[] {
  if (report.probes.length === 0) return ['no probes: only the start of the image was watched'];
  const rows = report.probes.map((probe) => [
    printable(probe.probe),
    shown(probe.fat),
    probe.slim ? shown(probe.slim) : '-',
    verdictOf(probe),
  ]);
  const colour = { same: 'green', DIFFERS: 'red', '-': 'dim' } as const;
  return formatTable([['probe', 'fat', 'slim', ''], ...rows], width, (text, row, column) => {
    if (row === 0) return paint('bold', text);
    return column === 3 && text in colour ? paint(colour[text as keyof typeof colour], text) : text;
  });
}

function shown(outcome: Outcome): string {
  return `${printable(outcome.summary)}, ${formatDuration(outcome.durationMs)}`;
}

function verdictOf({ equal }: ProbeReport): string {
  if (equal === null) return '-';
  return equal ? 'same' : 'DIFFERS';
}

/** The smallest difference first; the rest as far as there is room. */
function differences(report: Report, paint: Paint): string[] {
  const different = report.probes.filter((probe) => probe.equal === false);
  const isFirst = ({ probe }: ProbeReport) => probe === report.suspicion?.probe;
  const inOrder = [...different.filter(isFirst), ...different.filter((probe) => !isFirst(probe))];
  const lines = inOrder
    .slice(0, MAX_DIFFERENCES_SHOWN)
    .flatMap((probe) => [
      paint('bold', `difference in ${printable(probe.probe)}`),
      ...probe.differences.flatMap(({ fact, diff }) => [`  ${printable(fact)}:`, ...diffLines(diff, paint)]),
    ]);
  const left = different.length - MAX_DIFFERENCES_SHOWN;
  return left > 0 ? [...lines, `… ${formatAmount(left, 'more probe')} in the report`] : lines;
}

/** What failed on the slim image only, while the smallest difference came about. */
function suspicion({ suspicion: found }: Report): string[] {
  if (!found || found.lookups.length === 0) return [];
  const shownLookups = found.lookups.slice(0, MAX_MISSES_SHOWN).map((lookup) => `  ${lookupText(lookup)}`);
  const left = found.lookups.length - MAX_MISSES_SHOWN;
  return [
    `look-ups that failed only there, for ${printable(found.probe)}:`,
    ...shownLookups,
    ...(left > 0 ? [`  … ${formatAmount(left, 'more look-up')} in the report`] : []),
  ];
}

/** What is there and is not the same: it fails no look-up, or in a way that says little. */
function altered({ altered: { total, paths } }: Report): string[] {
  if (total === 0) return [];
  const left = total - MAX_MISSES_SHOWN;
  return [
    'used by the probes, and not the same on the slim image:',
    ...paths.slice(0, MAX_MISSES_SHOWN).map((path) => `  ${alteredText(path)}`),
    ...(left > 0 ? [`  … ${formatAmount(left, 'more difference')} in the report`] : []),
  ];
}

function logErrors({ logErrors: lines }: Report, paint: Paint): string[] {
  if (lines.length === 0) return [];
  return [paint('yellow', 'new in the log of the slim image:'), ...lines.map((line) => `  ${printable(line)}`)];
}

function diffLines(diff: string, paint: Paint): string[] {
  const lines = printable(diff).trimEnd().split('\n');
  const painted = lines.slice(0, MAX_DIFF_LINES).map((line) => {
    const style = line.startsWith('-') ? 'red' : line.startsWith('+') ? 'green' : undefined;
    return `    ${style ? paint(style, line) : line}`;
  });
  const left = lines.length - MAX_DIFF_LINES;
  return left > 0 ? [...painted, `    … ${formatAmount(left, 'more line')} in the report`] : painted;
}

/** What the slim image was missing, round by round, and what was put back. */
function rounds(report: Report): string[] {
  return report.rounds
    .filter(({ misses }) => misses.length > 0)
    .flatMap(({ round, misses, durationMs, added }) => {
      const left = misses.length - MAX_MISSES_SHOWN;
      const putBack =
        added.paths > 0 ? `, ${formatAmount(added.paths, 'path')} put back (${formatBytes(added.sizeBytes)})` : '';
      return [
        `round ${round}: ${formatAmount(misses.length, 'path')} missed${putBack}, ${formatDuration(durationMs)}`,
        ...misses.slice(0, MAX_MISSES_SHOWN).map((miss) => `  ${missText(miss)}`),
        ...(left > 0 ? [`  … ${formatAmount(left, 'more path')} in the report`] : []),
      ];
    });
}

function budgets({ budgets: judged }: Report, paint: Paint): string[] {
  return judged.map(({ budget, actual, isExceeded, paths }) => {
    const found = measuredText({ budget, actual });
    const state = isExceeded ? paint('red', 'OVER BUDGET') : paint('green', 'within budget');
    const left = paths.length - MAX_BUDGET_PATHS;
    const names = isExceeded && paths.length > 0 ? `: ${paths.slice(0, MAX_BUDGET_PATHS).join(', ')}` : '';
    return `${state}  ${budget} (it is ${found}${names}${left > 0 && isExceeded ? ', …' : ''})`;
  });
}

function unstable({ unstable: { total, paths } }: Report): string[] {
  if (total === 0) return [];
  const left = total - MAX_MISSES_SHOWN;
  return [
    `${formatAmount(total, 'file was', 'files were')} used in some of the runs only; all are kept:`,
    ...paths.slice(0, MAX_MISSES_SHOWN).map((path) => `  ${path}`),
    ...(left > 0 ? [`  … ${formatAmount(left, 'more file')} in the report`] : []),
  ];
}

function stages(report: Report): string[] {
  const totalMs = report.stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const rows = report.stages.map(({ stage, durationMs }) => [stage, formatDuration(durationMs).padStart(8)]);
  return rows.length === 0
    ? []
    : formatTable([...rows, ['total', formatDuration(totalMs).padStart(8)]], Number.POSITIVE_INFINITY);
}

function warnings(report: Report, paint: Paint): string[] {
  const { losses, notes } = report.trace;
  return [...losses.map((loss) => `incomplete trace: ${loss}`), ...notes, ...report.warnings].map(
    (text) => `${paint('yellow', 'warning:')} ${printable(text)}`,
  );
}

function places(report: Report, { width, reportPath }: ReportTextOptions): string[] {
  const rows = [
    ...report.outputs.map(({ destination, digest }) => ['image', destination, digest]),
    ...(report.tags.length > 0 ? [['tags', report.tags.join(', ')]] : []),
    ...(isRefused(report) && report.kept.length > 0 && report.outputs.length === 0 ? [['image', 'none written']] : []),
    ['report', reportPath],
  ];
  return rows
    .map(([label = '', ...values]) => `${label.padEnd(8)}${printable(values.join('  '))}`)
    .map((line) => fit(line, width));
}

/** Whether a slim image was not accepted, for what it does or for what it costs. */
function isRefused({ status, budgets: judged }: Report): boolean {
  return status === 'differs' || judged.some(({ isExceeded }) => isExceeded);
}

/** A destination must stay whole to be copied; only the digest behind it may be cut. */
function fit(line: string, width: number): string {
  const digestAt = line.lastIndexOf('  sha256:');
  if (line.length <= width || digestAt < 0) return line;
  return digestAt + 20 <= width ? `${line.slice(0, width - 1)}…` : line.slice(0, digestAt);
}

/** How each kind of output gets into an engine, by its path; behind that may stand a name. */
const LOAD_COMMANDS: Readonly<Record<string, (path: string) => string>> = {
  'docker-archive': (path) => `docker load -i ${path}`,
  'oci-archive': (path) => `podman load -i ${path}`,
  oci: (path) => `skopeo inspect oci:${path}`,
};

function nextCommands(report: Report): string[] {
  const loads = report.outputs.flatMap(({ destination }) => {
    const [, transport = '', path = ''] = /^([a-z-]+):([^:]*)/.exec(destination) ?? [];
    const command = LOAD_COMMANDS[transport];
    return command ? [`  ${command(quote(path))}`] : [];
  });
  const example = exampleToExplain(report);
  const explain = example === undefined ? [] : [`  trace-slim explain ${quote(example)}`];
  const lines = [...loads, ...explain];
  return lines.length === 0 ? [] : ['next:', ...lines];
}

/** What healing added, else the largest file, is what people ask about first. */
function exampleToExplain(report: Report): string | undefined {
  // Of two images that were only held against each other nothing is kept or removed.
  if (report.kept.length === 0) return undefined;
  const files = report.kept.filter(({ type }) => type === 'file');
  const largest = files.reduce<(typeof files)[number] | undefined>(
    (best, file) => (best && best.sizeBytes >= file.sizeBytes ? best : file),
    undefined,
  );
  return report.rounds[0]?.misses[0]?.path ?? largest?.path;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${printable(word).replaceAll("'", "'\\''")}'`;
}
