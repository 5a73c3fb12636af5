import type { RunRecord } from '../trace/record.ts';
import { displayBytes } from './excerpt.ts';
import { maskVolatile, shapeOf } from './mask.ts';
import { linesOf } from './text.ts';

/** How applications report that something went wrong. */
const ERROR = /\b(?:error|exception|traceback|fatal|panic)|(?:Error|Exception)\b/i;

const MAX_LINES = 20;
/** Of one run; a log can be long. */
const MAX_ERROR_LINES = 5000;
const MAX_WIDTH = 300;

/**
 * The lines of the application's own log that report errors and have none like them in any run of the fat image: times,
 * numbers and IDs aside. Bounded, safe for terminals. What a command prints before it ends is compared anyway.
 */
export function newErrorLines(fatRuns: readonly RunRecord[], slim: RunRecord): string[] {
  const known = new Set(fatRuns.flatMap(errorLines).map(likeness));
  const found = new Map<string, string>();
  for (const line of errorLines(slim)) {
    const key = likeness(line);
    if (!known.has(key) && !found.has(key)) found.set(key, displayBytes(line));
    if (found.size === MAX_LINES) break;
  }
  return [...found.values()];
}

function errorLines({ outcomes }: RunRecord): string[] {
  const logs = outcomes
    .flatMap(({ facts }) => facts)
    .filter(({ name, compare }) => compare === 'shown' && (name === 'stdout' || name === 'stderr'));
  const lines = logs.flatMap(({ value }) => linesOf(value)).filter((line) => ERROR.test(line));
  return [...new Set(lines.map((line) => line.slice(0, MAX_WIDTH)))].slice(0, MAX_ERROR_LINES);
}

function likeness(line: string): string {
  return shapeOf(maskVolatile(line, { proven: false })).trim();
}
