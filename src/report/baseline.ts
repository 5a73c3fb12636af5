import { readFile } from 'node:fs/promises';
import picomatch from 'picomatch';
import { errnoOf, TraceSlimError } from '../errors.ts';
import { parseIncludeFile } from '../keep/user-list.ts';
import { readReport } from './read.ts';
import type { ShownPath } from './report.ts';

/**
 * What an earlier result kept: of a report, the paths it says are kept; of an include list, one path or glob a line, all
 * that is named and everything below it.
 *
 * @throws CONFIG_INVALID
 */
export async function readBaseline(path: string): Promise<(path: ShownPath) => boolean> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = errnoOf(error) === 'ENOENT' ? 'no such file' : (errnoOf(error) ?? 'unreadable');
    throw new TraceSlimError('CONFIG_INVALID', `cannot read baseline ${path}: ${why}`, {
      hint: 'Name a report (--report FILE of an earlier run) or a list with one path a line.',
      cause: error,
    });
  });
  if (!text.trimStart().startsWith('{')) return listed(parseIncludeFile(text));
  const kept = new Set((await readReport(path)).kept.map((row) => row.path));
  return (candidate) => kept.has(candidate);
}

function listed(lines: readonly string[]): (path: ShownPath) => boolean {
  const isGlob = (line: string) => picomatch.scan(line).isGlob;
  const named = new Set(lines.filter((line) => !isGlob(line)).map((line) => line.replace(/\/+$/, '')));
  const globs = lines.filter(isGlob).map((line) => picomatch(line, { dot: true }));
  return (path) => {
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      if (named.has(at) || globs.some((matches) => matches(at))) return true;
    }
    return false;
  };
}
