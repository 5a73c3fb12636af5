import { readFile } from 'node:fs/promises';
import picomatch from 'picomatch';
import { z } from 'zod';
import { errnoOf, TraceSlimError } from '../errors.ts';
import { parseIncludeFile } from '../keep/user-list.ts';
import type { ShownPath } from './report.ts';

/** As much of a report as counts here: one of an earlier version of this program, committed long ago, will do. */
const earlierReport = z.object({
  schemaVersion: z.literal(1),
  tool: z.object({ name: z.literal('trace-slim') }),
  kept: z.array(z.object({ path: z.string() })),
});

/**
 * What an earlier result kept: of a report, the paths it says are kept; of an include list, one path or glob a line, all
 * that is named and everything below it. What names no path at all is a mistake.
 *
 * @throws CONFIG_INVALID
 */
export async function readBaseline(path: string): Promise<(path: ShownPath) => boolean> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unusable(path, errnoOf(error) === 'ENOENT' ? 'no such file' : (errnoOf(error) ?? 'unreadable'), error);
  });
  const content = text.replace(/^\ufeff/, '').trim();
  if (!content.startsWith('{')) {
    const lines = parseIncludeFile(content);
    if (!lines.some((line) => /^[/*]/.test(line))) throw unusable(path, 'it names no path');
    return listed(lines);
  }
  const kept = new Set(keptIn(path, content));
  if (kept.size === 0) throw unusable(path, 'it is a report in which nothing is kept');
  return (candidate) => kept.has(candidate);
}

function keptIn(path: string, content: string): ShownPath[] {
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch (error) {
    throw unusable(path, 'it is damaged JSON', error);
  }
  const parsed = earlierReport.safeParse(document);
  if (!parsed.success) throw unusable(path, 'it is no report of a build', parsed.error);
  return parsed.data.kept.map((row) => row.path);
}

function unusable(path: string, why: string, cause?: unknown): TraceSlimError {
  return new TraceSlimError('CONFIG_INVALID', `cannot use baseline ${path}: ${why}`, {
    hint: 'Name a report (--report FILE of an earlier build) or a list with one path a line.',
    cause,
  });
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
