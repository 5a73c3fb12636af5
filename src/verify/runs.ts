import { plausibleReadings, type Reading } from './clock.ts';
import { readingsOf } from './mask.ts';
import { linesOf, type TextPattern, textPattern } from './text.ts';

/** When runs began, in milliseconds since 1970, where it is known. */
export interface RunClock {
  /** In the order of what the runs gave. */
  readonly fat: readonly (number | undefined)[];
  readonly slim: number | undefined;
}

/** More lines are compared by pairs of runs only. */
const MAX_LINES = 5000;

/**
 * What a text must look like, learnt from all runs of the fat image (byte strings): any two of them may account for it, or,
 * where every run has as many lines, any two for each line.
 */
export function patternOfRuns(fat: readonly string[], clock: RunClock): TextPattern {
  const runs = fat.map((text, run) => ({ readings: readingsOf(text), startedAt: clock.fat[run] }));
  const accepts = plausibleReadings(runs, clock.slim);
  const isProven = fat.length > 1;
  const texts = [...new Set(fat)];
  const patterns = patternsOf(texts, isProven, accepts);
  return {
    places: patterns[0]?.places ?? [],
    fits: (text) => patterns.some((pattern) => pattern.fits(text)) || fitsByLine(texts, text, accepts),
  };
}

function patternsOf(
  texts: readonly string[],
  isProven: boolean,
  accepts: (reading: Reading) => boolean,
): TextPattern[] {
  const [first = '', ...others] = texts;
  if (others.length === 0) return [textPattern(first, isProven ? first : undefined, accepts)];
  return texts.flatMap((one, at) => texts.slice(at + 1).map((other) => textPattern(one, other, accepts)));
}

function fitsByLine(texts: readonly string[], text: string, accepts: (reading: Reading) => boolean): boolean {
  const lines = linesOf(text);
  const runs = texts.map(linesOf);
  const isComparable = texts.length > 2 && lines.length > 1 && lines.length <= MAX_LINES;
  if (!isComparable || runs.some((run) => run.length !== lines.length)) return false;
  return lines.every((line, at) => {
    const seen = [...new Set(runs.map((run) => run[at] ?? ''))];
    return seen.includes(line) || patternsOf(seen, true, accepts).some((pattern) => pattern.fits(line));
  });
}
