import type { Fact, Outcome } from '../probe/types.ts';
import type { Difference } from '../report/report.ts';
import { displayBytes, excerptOf } from './excerpt.ts';
import { compareDocuments, parseDocument } from './json.ts';
import { textPattern } from './text.ts';
import { maskByUser, pathMasks } from './user-masks.ts';

const MAX_SHOWN = 400;
const ABSENT = '(absent)';

/**
 * Compares what one probe found on the slim image with what it found on the fat one. `fatB` is a second run of the fat
 * image: what differs between the two is volatile (see {@link textPattern}); an exact fact may then have either value. Text
 * that is JSON in all of them is compared by path.
 * Empty when they are equal.
 */
export function compareOutcomes(fatA: Outcome, fatB: Outcome | undefined, slim: Outcome): Difference[] {
  const failure = failureDifference([fatA, fatB], slim);
  if (failure) return [failure];
  const names = new Set([...fatA.facts, ...slim.facts].map(({ name }) => name));
  return [...names].flatMap((name) => compareFact(name, factOf(fatA, name), fatB, factOf(slim, name)));
}

/** A probe that gave no result on one image only: one difference says it all. */
function failureDifference(fat: readonly (Outcome | undefined)[], slim: Outcome): Difference | undefined {
  const known = fat.filter((outcome) => outcome !== undefined);
  if (known.some((outcome) => isFailure(outcome) === isFailure(slim))) return undefined;
  return differenceOf('outcome', known[0]?.summary ?? ABSENT, slim.summary);
}

function isFailure(outcome: Outcome): boolean {
  return factOf(outcome, 'failure') !== undefined;
}

function factOf(outcome: Outcome, name: string): Fact | undefined {
  return outcome.facts.find((fact) => fact.name === name);
}

type ComparedFact = Fact & { readonly compare: 'exact' | 'text' };

function compareFact(
  name: string,
  a: Fact | undefined,
  fatB: Outcome | undefined,
  slim: Fact | undefined,
): Difference[] {
  const b = fatB ? factOf(fatB, name) : a;
  if (!a && !b) return isCompared(slim) ? [differenceOf(name, ABSENT, slim.value)] : [];
  if (!isCompared(a) || !isCompared(b)) return [];
  if (!isCompared(slim)) return [differenceOf(name, a.value, slim?.value ?? ABSENT)];
  if (slim.value === a.value || slim.value === b.value) return [];
  if ([a, b, slim].some((fact) => fact.compare === 'exact')) return compareExact(name, a, b, slim);
  return compareText(a, b, slim, fatB !== undefined);
}

/** `isProven`: `b` comes from a second run. */
function compareText(a: Fact, b: Fact, slim: Fact, isProven: boolean): Difference[] {
  const { name, masks = [] } = a;
  const [textA, textB, textSlim] = [a, b, slim].map(({ value }) => maskByUser(value, masks)) as [
    string,
    string,
    string,
  ];
  const [documentA, documentB, documentSlim] = [textA, textB, textSlim].map(parseDocument);
  if (documentA && documentB && documentSlim) {
    const options = { proven: isProven, masks: pathMasks(masks) };
    return compareDocuments(documentA, documentB, documentSlim, options).map(({ path, fat, slim: found }) =>
      differenceOf(`${name} ${path}`, fat ?? ABSENT, found ?? ABSENT),
    );
  }
  const pattern = textPattern(textA, isProven ? textB : undefined);
  return pattern.fits(textSlim) ? [] : [{ fact: name, ...excerptOf(pattern, textSlim) }];
}

function isCompared(fact: Fact | undefined): fact is ComparedFact {
  return fact !== undefined && fact.compare !== 'shown';
}

/** Bodies known by their digest only. When two runs of the fat image differ in it, there is nothing left to compare. */
const DIGEST = /^sha256:[\da-f]{64} \d+ B$/;

function compareExact(name: string, a: Fact, b: Fact, slim: Fact): Difference[] {
  const isVolatile = a.value !== b.value && [a, b, slim].every(({ value }) => DIGEST.test(value));
  return isVolatile ? [] : [differenceOf(name, a.value, slim.value)];
}

/** A difference that is shown as a whole; values are byte strings. */
export function differenceOf(fact: string, fat: string, slim: string): Difference {
  const [shownFat, shownSlim] = [fat, slim].map((value) => displayBytes(value.slice(0, MAX_SHOWN))) as [string, string];
  return { fact, fat: shownFat, slim: shownSlim, diff: `- ${shownFat}\n+ ${shownSlim}` };
}
