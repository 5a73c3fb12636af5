import type { Outcome } from '../probe/types.ts';
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
import type { ProbeReport, Report } from './report.ts';

export interface ReportTextOptions extends TextOptions {
  /** Where the report is, for the reader to find. */
  readonly reportPath: string;
}

const MAX_MISSES_SHOWN = 10;
const MAX_DIFF_LINES = 20;

/** A report for people, without a last line end. The first line is the verdict. */
export function formatReport(report: Report, options: ReportTextOptions): string {
  const paint = painter(options.color);
  const sections = [
    [verdict(report, paint)],
    sizes(report, options.width),
    probes(report, options.width, paint),
    differences(report, paint),
    rounds(report),
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
  const ratio = reduction === null ? '' : `${reduction.toFixed(1)} times smaller`;
  const rows = [
    ['', 'fat', 'slim', ''],
    ['size', formatBytes(fat.sizeBytes), slim ? formatBytes(slim.sizeBytes) : '-', ratio],
    ['paths', formatCount(fat.entries), slim ? formatCount(slim.entries) : '-', ''],
    ['layers', formatCount(fat.layers), slim ? formatCount(slim.layers) : '-', ''],
  ];
  return formatTable(rows, width);
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

function differences(report: Report, paint: Paint): string[] {
  const different = report.probes.filter((probe) => probe.equal === false);
  return different.flatMap((probe) => [
    paint('bold', `difference in ${printable(probe.probe)}`),
    ...probe.differences.flatMap(({ fact, diff }) => [`  ${printable(fact)}:`, ...diffLines(diff, paint)]),
  ]);
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

/** What the slim image was missing, round by round. */
function rounds(report: Report): string[] {
  return report.rounds
    .filter(({ misses }) => misses.length > 0)
    .flatMap(({ round, misses, durationMs }) => {
      const left = misses.length - MAX_MISSES_SHOWN;
      const lines = misses
        .slice(0, MAX_MISSES_SHOWN)
        .map(
          (miss) =>
            `  ${miss.path}  ${miss.syscall} ${miss.errno}${by(miss.executable)} during ${printable(miss.phase)}`,
        );
      const more = left > 0 ? [`  … ${formatAmount(left, 'more path')} in the report`] : [];
      return [
        `round ${round}: ${formatAmount(misses.length, 'path')} missed, ${formatDuration(durationMs)}`,
        ...lines,
        ...more,
      ];
    });
}

function by(executable: string | null): string {
  return executable === null ? '' : ` by ${executable}`;
}

function stages(report: Report): string[] {
  const totalMs = report.stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const rows = report.stages.map(({ stage, durationMs }) => [stage, formatDuration(durationMs).padStart(8)]);
  return rows.length === 0
    ? []
    : formatTable([...rows, ['total', formatDuration(totalMs).padStart(8)]], Number.POSITIVE_INFINITY);
}

function warnings(report: Report, paint: Paint): string[] {
  return [...report.trace.losses.map((loss) => `incomplete trace: ${loss}`), ...report.warnings].map(
    (text) => `${paint('yellow', 'warning:')} ${printable(text)}`,
  );
}

function places(report: Report, { width, reportPath }: ReportTextOptions): string[] {
  const rows = [
    ...report.outputs.map(({ destination, digest }) => ['image', destination, digest]),
    ...(report.tags.length > 0 ? [['tags', report.tags.join(', ')]] : []),
    ...(report.status === 'differs' ? [['image', 'none written']] : []),
    ['report', reportPath],
  ];
  return rows
    .map(([label = '', ...values]) => `${label.padEnd(8)}${printable(values.join('  '))}`)
    .map((line) => fit(line, width));
}

/** A destination must stay whole to be copied; only the digest behind it may be cut. */
function fit(line: string, width: number): string {
  const digestAt = line.lastIndexOf('  sha256:');
  if (line.length <= width || digestAt < 0) return line;
  return digestAt + 20 <= width ? `${line.slice(0, width - 1)}…` : line.slice(0, digestAt);
}

/** How each kind of output gets into an engine. */
const LOAD_COMMANDS: Readonly<Record<string, (path: string) => string>> = {
  'docker-archive': (path) => `docker load -i ${path}`,
  'oci-archive': (path) => `podman load -i ${path}`,
  oci: (path) => `skopeo inspect oci:${path}`,
};

function nextCommands(report: Report): string[] {
  const loads = report.outputs.flatMap(({ destination }) => {
    const [, transport = '', path = ''] = /^([a-z-]+):(.*)$/s.exec(destination) ?? [];
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
