import type { KeptPath, ReasonReport, RemovedGroup, Report, ShownPath } from '../report/report.ts';
import { displayPath } from '../rootfs/path.ts';
import type { Operation } from '../trace/trace.ts';
import type { Reason } from './keep-set.ts';

const VERBS: Readonly<Record<Operation, string>> = {
  open: 'opened',
  write: 'opened for writing',
  create: 'opened or created',
  execute: 'executed',
  stat: 'looked at',
  access: 'checked for access',
  readlink: 'read as a link',
  list: 'listed',
  directory: 'entered',
  xattr: 'asked for attributes',
  change: 'changed',
  link: 'linked',
  remove: 'removed',
  socket: 'used as a socket',
};

/** A reason as a sentence, with the kept path it follows from. */
export function reasonText(reason: Reason): ReasonReport {
  switch (reason.kind) {
    case 'traced': {
      const who = reason.executable ? displayPath(reason.executable) : `process ${reason.pid}`;
      const how = `${reason.syscall} ${displayPath(reason.asked)}`;
      return { kind: 'traced', text: `${VERBS[reason.operation]} by ${who} during ${reason.phase} (${how})` };
    }
    case 'rule':
      return {
        kind: 'rule',
        text: `${reason.because}${reason.from ? ` ${displayPath(reason.from)}` : ''} (rule ${reason.rule})`,
        ...(reason.from ? { from: displayPath(reason.from) } : {}),
      };
    case 'user':
      return { kind: 'user', text: `asked for with ${reason.option} ${reason.pattern}` };
    case 'healed': {
      const who = reason.executable ? ` by ${displayPath(reason.executable)}` : '';
      return {
        kind: 'healed',
        text: `missed${who} during ${reason.phase} in round ${reason.round} (${reason.syscall})`,
      };
    }
  }
}

/**
 * Why a path is in the slim image, or that it is not: the chain of reasons back to what was seen, or the package a removed
 * path came with.
 */
export function explainPath(report: Report, path: ShownPath): string {
  const kept = new Map(report.kept.map((row) => [row.path, row]));
  const row = kept.get(path);
  if (row)
    return [`${path} is kept (${row.type}${sizeText(row)}), because`, ...chain(row, kept), ...below(report, path)].join(
      '\n',
    );
  const group = report.removed.find((candidate) => candidate.paths.includes(path));
  const exclusion = report.excluded.find(({ paths }) => paths.includes(path));
  if (exclusion) {
    const text = `${path} is removed: --exclude-pattern ${exclusion.pattern} leaves it out.`;
    return [text, ...missedText(report, path), ...below(report, path)].join('\n');
  }
  if (group) return [`${path} is removed: nothing used it. ${ownerText(group)}`, ...below(report, path)].join('\n');
  return `${path} is not in the image ${report.fat.source}`;
}

/** What a replay has shown about a path that was left out. */
function missedText(report: Report, path: ShownPath): string[] {
  const misses = report.rounds.at(-1)?.misses.filter((miss) => miss.path === path) ?? [];
  return misses.map(
    ({ syscall, executable, phase }) =>
      `The slim image misses it: ${syscall}${executable === null ? '' : ` by ${executable}`} during ${phase}.`,
  );
}

/** Every reason of a path; the first one is followed to its end. */
function chain(start: KeptPath, kept: ReadonlyMap<ShownPath, KeptPath>): string[] {
  const lines: string[] = [];
  const seen = new Set<ShownPath>([start.path]);
  let row: KeptPath | undefined = start;
  for (let depth = 1; row; depth++) {
    const indent = '  '.repeat(depth);
    const isFirst = row === start;
    const direct: ReasonReport | undefined = row.reasons.find((reason) => !reason.from) ?? row.reasons[0];
    const shown: readonly ReasonReport[] = isFirst ? row.reasons : direct ? [direct] : [];
    for (const reason of shown) lines.push(`${indent}${reason.text}`);
    const from: ShownPath | undefined = direct?.from;
    row = from !== undefined && !seen.has(from) ? kept.get(from) : undefined;
    if (!row) break;
    seen.add(row.path);
    lines.push(`${indent}${row.path} is kept, because`);
  }
  return lines;
}

/** What became of everything below a directory. */
function below(report: Report, path: ShownPath): string[] {
  const prefix = path === '/' ? '/' : `${path}/`;
  const kept = report.kept.filter((row) => row.path.startsWith(prefix)).length;
  const removed = report.removed.flatMap((group) => group.paths.filter((name) => name.startsWith(prefix))).length;
  return kept + removed === 0 ? [] : [`Below it: ${kept} paths kept, ${removed} removed.`];
}

function ownerText({ package: name, version, keptFiles }: RemovedGroup): string {
  if (name === null) return 'No package owns it.';
  const rest = keptFiles === 0 ? 'of which no file is kept' : `of which ${keptFiles} files are kept`;
  return `It came with the package ${name} ${version ?? ''}, ${rest}.`;
}

function sizeText({ type, sizeBytes }: KeptPath): string {
  return type === 'file' ? `, ${sizeBytes} B` : '';
}
