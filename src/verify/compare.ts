import type { Fact, Outcome } from '../probe/types.ts';
import type { Difference } from '../report/report.ts';
import { displayBytes, excerptOf } from './excerpt.ts';
import { compareDocuments, parseDocument } from './json.ts';
import { patternOfRuns } from './runs.ts';
import { maskByUser, pathMasks } from './user-masks.ts';

const MAX_SHOWN = 400;
const ABSENT = '(absent)';

/** What one run of an image gave. `startedAt` in milliseconds since 1970; without it every time is taken for a right one. */
export interface SeenOutcome {
  readonly outcome: Outcome;
  readonly startedAt?: number | undefined;
}

/**
 * Compares what one probe found on the slim image with what it found in runs of the fat one: what differs between any two
 * of these is volatile (see runs.ts); an exact fact may have any of their values. Text that is JSON in all of
 * them is compared by path. Empty when they are equal.
 */
export function compareOutcomes(fat: readonly SeenOutcome[], slim: SeenOutcome): Difference[] {
  const failure = failureDifference(fat, slim.outcome);
  if (failure) return [failure];
  const names = new Set([...fat, slim].flatMap(({ outcome }) => outcome.facts.map(({ name }) => name)));
  return [...names].flatMap((name) => compareFact(name, fat, slim));
}

/** A probe that gave no result on one image only: one difference says it all. */
function failureDifference(fat: readonly SeenOutcome[], slim: Outcome): Difference | undefined {
  if (fat.some(({ outcome }) => isFailure(outcome) === isFailure(slim))) return undefined;
  return differenceOf('outcome', fat[0]?.outcome.summary ?? ABSENT, slim.summary);
}

function isFailure(outcome: Outcome): boolean {
  return factOf(outcome, 'failure') !== undefined;
}

function factOf(outcome: Outcome, name: string): Fact | undefined {
  return outcome.facts.find((fact) => fact.name === name);
}

/** A fact that several runs gave. */
type SeenFact = { readonly fact: Fact; readonly startedAt?: number | undefined };

function compareFact(name: string, fat: readonly SeenOutcome[], slim: SeenOutcome): Difference[] {
  const seen = fat.flatMap(({ outcome, startedAt }) => {
    const fact = factOf(outcome, name);
    return fact ? [{ fact, startedAt }] : [];
  });
  const [first] = seen;
  const found = factOf(slim.outcome, name);
  if (!first) return isCompared(found) ? [differenceOf(name, ABSENT, found.value)] : [];
  if (seen.some(({ fact }) => !isCompared(fact))) return [];
  if (!isCompared(found))
    return seen.length < fat.length && !found ? [] : [differenceOf(name, first.fact.value, found?.value ?? ABSENT)];
  if (seen.some(({ fact }) => fact.value === found.value)) return [];
  if ([...seen.map(({ fact }) => fact), found].some(({ compare }) => compare === 'exact'))
    return compareExact(first.fact, seen, found);
  return compareText(seen, { fact: found, startedAt: slim.startedAt });
}

function compareText(fat: readonly SeenFact[], slim: SeenFact): Difference[] {
  const { name, masks = [] } = slim.fact;
  const textOf = ({ fact, startedAt }: SeenFact) => ({ text: maskByUser(fact.value, masks), startedAt });
  const [seen, found] = [fat.map(textOf), textOf(slim)];
  const documents = seen.map(({ text }) => parseDocument(text));
  const foundDocument = parseDocument(found.text);
  const clock = { fat: seen.map(({ startedAt }) => startedAt), slim: found.startedAt };
  if (foundDocument && documents.every((document) => document !== undefined)) {
    return compareDocuments(documents, foundDocument, { clock, masks: pathMasks(masks) }).map(
      ({ path, fat: known, slim: other }) => differenceOf(`${name} ${path}`, known ?? ABSENT, other ?? ABSENT),
    );
  }
  const pattern = patternOfRuns(
    seen.map(({ text }) => text),
    clock,
  );
  return pattern.fits(found.text) ? [] : [{ fact: name, ...excerptOf(pattern, found.text) }];
}

type ComparedFact = Fact & { readonly compare: 'exact' | 'text' };

function isCompared(fact: Fact | undefined): fact is ComparedFact {
  return fact !== undefined && fact.compare !== 'shown';
}

/** Bodies known by their digest and length only. */
const DIGEST = /^sha256:[\da-f]{64} (\d+) B$/;

/** Where digests differ between runs of the fat image, there is only the length left to go by. */
function compareExact(first: Fact, seen: readonly SeenFact[], slim: Fact): Difference[] {
  const lengths = seen.map(({ fact }) => Number(DIGEST.exec(fact.value)?.[1]));
  const length = Number(DIGEST.exec(slim.value)?.[1]);
  const isVolatile = seen.some(({ fact }) => fact.value !== first.value);
  const isAlike = 2 * length >= Math.min(...lengths) && length <= 2 * Math.max(...lengths);
  return isVolatile && isAlike ? [] : [differenceOf(slim.name, first.value, slim.value)];
}

/** A difference that is shown as a whole; values are byte strings. */
export function differenceOf(fact: string, fat: string, slim: string): Difference {
  const [shownFat, shownSlim] = [fat, slim].map((value) => displayBytes(value.slice(0, MAX_SHOWN))) as [string, string];
  return { fact, fat: shownFat, slim: shownSlim, diff: `- ${shownFat}\n+ ${shownSlim}` };
}
